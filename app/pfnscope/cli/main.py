"""The command line. Imports only the module of the command that was typed: start-up time is measured."""

import gc
import sys

from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.startup import EXIT_INTERRUPTED, EXIT_NO_LAYOUT, EXIT_USAGE, import_msgspec, leave

USAGE = "Usage: pfnscope [OPTIONS] COMMAND [ARGS]..."
HELP = f"""{USAGE}

Show which page frames a Linux boot log gives a struct page, and what that
kernel did with it.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
"""


def main() -> None:
    """Entry point."""
    gc.disable()
    leave(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run a command line; the exit status. Every error becomes one line on standard error."""
    from pfnscope.cli.terminal import Refusal, say

    try:
        return _run(words)
    except SystemExit as error:  # of argparse, after --help
        return error.code if isinstance(error.code, int) else 0
    except KeyboardInterrupt:
        say("")
        return EXIT_INTERRUPTED
    except Refusal as error:
        say(f"Error: {error}")
        return EXIT_USAGE
    except BrokenPipeError:  # such as of ``| head``
        if sys.stderr is not None:
            sys.stderr.close()
    except OSError as error:
        sys.stdout = None  # else the interpreter flushes it once more when it ends
        say(f"Error: cannot write: {error.strerror}")
        return EXIT_USAGE
    except Exception as error:
        from pfnscope.errors import ServiceError
        from pfnscope.opening.errors import NoLog
        from pfnscope.service.errors import NoMemoryLayout

        if not isinstance(error, ServiceError):
            raise
        say(f"pfnscope: {error}")
        return EXIT_NO_LAYOUT if isinstance(error, NoMemoryLayout | NoLog) else EXIT_USAGE
    return 0


def _run(words: list[str]) -> int:
    from pfnscope.cli.terminal import say, show

    if not words:
        say(_help().rstrip("\n"))
        return EXIT_USAGE
    first = words[0]
    if first in COMMANDS:
        return _run_command(first, words[1:])
    if first in {"-h", "--help"}:
        show(_help().encode())
    elif first == "--version":
        from pfnscope import __version__

        show(f"pfnscope {__version__}\n".encode())
    else:
        _refuse(first)
    return 0


def _refuse(word: str) -> None:
    from pfnscope.cli.parsing import nearest
    from pfnscope.cli.terminal import WrongUsage, say

    kind, names = ("option", ("--help", "--version")) if word.startswith("-") else ("command", COMMANDS)
    say(f"{USAGE}\nTry 'pfnscope --help' for help.\n")
    raise WrongUsage(f"no such {kind} {word!r}{nearest(word, names)}")


def _run_command(name: str, words: list[str]) -> int:
    from pfnscope.cli.parsing import Parser, load
    from pfnscope.cli.terminal import WrongUsage, say

    command, parser = load(name), Parser(f"pfnscope {name}")
    parser.configure(command)
    try:
        args = parser.read(words)
        import_msgspec()
        return command.run(args) or 0
    except WrongUsage:
        say(f"Usage: {parser.usage}\nTry 'pfnscope {name} --help' for help.\n")
        raise


def _help() -> str:
    return HELP + "".join(f"  {name:10}  {line}\n" for name, line in COMMANDS.items())
