# PYTHON_ARGCOMPLETE_OK
"""The command line: picks the command and imports that one alone, because its start is what a user waits for."""

import gc
import os
import sys

COMMANDS = {
    "analyze": "Report on a boot log, or on many.",
    "capture": "Record this machine into a folder.",
    "compare": "Show what changed between two boot logs.",
    "completion": "Print a script for the shell that completes words.",
    "lookup": "Show what is at an address, page frame or struct page.",
    "place": "Show where a memmap= region can go without a dangerous hole.",
    "rules": "List the struct-page rules by kernel release.",
    "scan": "Analyse many boot logs into one Parquet table.",
    "serve": "Serve the web pages and the API.",
    "share": "Send a log's memory lines to a server; print the permalink.",
    "simulate": "Report on a boot with another command line.",
    "verify": "Hold the analysis against a record, or this machine.",
}
"""Each is a module of ``pfnscope.cli.commands``."""

USAGE = "Usage: pfnscope [OPTIONS] COMMAND [ARGS]..."
HELP = f"""{USAGE}

Show which page frames a Linux boot log gives a struct page, and what that
kernel did with it.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
"""
EXIT_USAGE, EXIT_NO_LAYOUT, EXIT_INTERRUPTED = 2, 3, 130


def main() -> None:
    """Entry point."""
    gc.disable()  # before anything is imported: imports and one report make no garbage worth half a start of Python
    from pfnscope.cli.startup import leave

    if "_ARGCOMPLETE" in os.environ:
        from pfnscope.cli.commands.completion import complete

        complete()
    leave(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Do what the words say: every refusal becomes one line on standard error and a documented exit status."""
    from pfnscope.cli.terminal import Refusal, say

    try:
        return _run(words)
    except SystemExit as left:  # of argparse, when it has shown its help
        return left.code if isinstance(left.code, int) else 0
    except KeyboardInterrupt:
        say("")
        return EXIT_INTERRUPTED
    except Refusal as error:
        say(f"Error: {error}")
        return EXIT_USAGE
    except BrokenPipeError:  # the reader of our output has had enough
        if sys.stderr is not None:
            sys.stderr.close()
    except OSError as error:
        sys.stdout = None  # else the interpreter tries once more on its way out
        say(f"Error: cannot write: {error.strerror}")
        return EXIT_USAGE
    except Exception as error:
        from pfnscope.service.errors import NoMemoryLayout, ServiceError

        if not isinstance(error, ServiceError):
            raise
        say(f"pfnscope: {error}")
        return EXIT_NO_LAYOUT if isinstance(error, NoMemoryLayout) else EXIT_USAGE
    return 0


def _run(words: list[str]) -> int:
    from pfnscope.cli.terminal import WrongUsage, say, show

    if not words:
        say(_help(), end="")
        return EXIT_USAGE
    first = words[0]
    if first in COMMANDS:
        return _command(first, words[1:])
    if first in {"-h", "--help"}:
        show(_help().encode())
    elif first == "--version":
        from pfnscope import __version__

        show(f"pfnscope {__version__}\n".encode())
    else:
        from pfnscope.cli.parsing import nearest

        known = ("--help", "--version") if first.startswith("-") else COMMANDS
        say(f"{USAGE}\nTry 'pfnscope --help' for help.\n")
        kind = "option" if first.startswith("-") else "command"
        raise WrongUsage(f"no such {kind} {first!r}{nearest(first, known)}")
    return 0


def _command(name: str, words: list[str]) -> int:
    from pfnscope.cli.parsing import Parser, command_of
    from pfnscope.cli.startup import import_msgspec
    from pfnscope.cli.terminal import WrongUsage, say

    command, parser = command_of(name), Parser(f"pfnscope {name}")
    parser.take(command)
    try:
        args = parser.read(words)
        import_msgspec()
        return command.run(args) or 0
    except WrongUsage:
        say(f"Usage: {parser.usage}\nTry 'pfnscope {name} --help' for help.\n")
        raise


def _help() -> str:
    return HELP + "".join(f"  {name:10}  {line}\n" for name, line in COMMANDS.items())
