"""``pfnscope completion``."""

from argparse import Action, ArgumentParser, Namespace

from argcomplete.completers import FilesCompleter
from argcomplete.finders import CompletionFinder

from pfnscope.cli.main import COMMANDS
from pfnscope.cli.parsing import Parser, command_of
from pfnscope.cli.terminal import show

SHELLS = ("bash", "zsh", "fish")


def configure(parser: Parser) -> None:
    """Its operand."""
    parser.operand("shell", "|".join(SHELLS), choices=SHELLS)


def run(args: Namespace) -> None:
    """Print a script that makes the shell complete commands, options, their values and files."""
    from argcomplete.shell_integration import shellcode

    show(shellcode(["pfnscope"], shell=args.shell).encode())


_FILES = {"DIR", "FILE.parquet"}
"""Values of options that are files."""


def complete() -> None:
    """Answer the shell and end."""
    _Finder()(parser(), always_complete_options=False)


class _Finder(CompletionFinder):
    """Knows that operands may stand behind options, too, where argparse expects none."""

    def collect_completions(
        self, active_parsers: list[ArgumentParser], parsed_args: Namespace, cword_prefix: str
    ) -> list[str]:
        found = super().collect_completions(active_parsers, parsed_args, cword_prefix)
        if found or cword_prefix.startswith("-") or active_parsers[-1].active_actions:  # type: ignore[attr-defined]
            return found
        return FilesCompleter()(cword_prefix)


def parser() -> Parser:
    """One parser of all commands, which only completion needs."""
    root = Parser("pfnscope")
    for name, text in (("--version", "Show the version and exit."), ("--help", "Show the commands and exit.")):
        root.option(name, action="store_true", help=text)
    commands = root.add_subparsers()
    for name, line in COMMANDS.items():
        found: Parser = commands.add_parser(name, help=line)
        found.take(command_of(name))
        for option in found.options:
            _prepare(option)
    return root


def _prepare(option: Action) -> None:
    """An option without choices has architectures, files, or whatever its user knows."""
    if option.dest == "arch":
        option.completer = _architectures  # type: ignore[attr-defined] # as argcomplete documents it
    elif option.nargs != 0 and not option.choices and option.metavar not in _FILES:
        option.completer = _nothing  # type: ignore[attr-defined]


def _architectures(**_: object) -> list[str]:
    from pfnscope.service.analyzing import ARCHITECTURES

    return sorted(ARCHITECTURES)


def _nothing(**_: object) -> list[str]:
    return []
