"""``pfnscope completion``, and the answers that the script it prints asks for at each tab: argcomplete's."""

from argparse import Action, ArgumentParser, Namespace

from argcomplete.completers import FilesCompleter
from argcomplete.finders import CompletionFinder
from argcomplete.shell_integration import shellcode

from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.parsing import Parser, load
from pfnscope.cli.terminal import show

SHELLS = ("bash", "zsh", "fish")
_FILE_VALUES = {"DIR", "FILE.parquet"}
"""Metavars of options whose values are files."""


def configure(parser: Parser) -> None:
    """Declare its operand."""
    parser.operand("shell", "|".join(SHELLS), choices=SHELLS)
    parser.show_examples("source <(pfnscope completion bash)")


def run(args: Namespace) -> None:
    """Print a script that makes the shell complete commands, options, their values and files."""
    show(shellcode(["pfnscope"], shell=args.shell).encode())


def complete() -> None:
    """Answer the shell's request for completions and end the process."""
    _Finder()(all_commands(), always_complete_options=False)


class _Finder(CompletionFinder):
    """Completes operands behind options, too, where argparse expects none."""

    def collect_completions(
        self, active_parsers: list[ArgumentParser], parsed_args: Namespace, cword_prefix: str
    ) -> list[str]:
        words = super().collect_completions(active_parsers, parsed_args, cword_prefix)
        if words or cword_prefix.startswith("-") or active_parsers[-1].active_actions:  # type: ignore[attr-defined]
            return words
        return FilesCompleter()(cword_prefix)


def all_commands() -> Parser:
    """One parser of all commands; everything but completion parses a single command."""
    root = Parser("pfnscope")
    for name, text in (("--version", "Show the version and exit."), ("--help", "Show the commands and exit.")):
        root.option(name, action="store_true", help=text)
    commands = root.add_subparsers()
    for name, line in COMMANDS.items():
        parser: Parser = commands.add_parser(name, help=line)
        parser.configure(load(name))
        for option in parser.options:
            _add_completer(option)
    return root


def _add_completer(option: Action) -> None:
    """Complete ``--arch`` by architectures, options of files by files, other values not at all."""
    if option.dest == "arch":
        option.completer = _architectures  # type: ignore[attr-defined] # as argcomplete documents it
    elif option.nargs != 0 and not option.choices and option.metavar not in _FILE_VALUES:
        option.completer = _nothing  # type: ignore[attr-defined]


def _architectures(**_: object) -> list[str]:
    from pfnscope.service.analyzing import ARCHITECTURES

    return sorted(ARCHITECTURES)


def _nothing(**_: object) -> list[str]:
    return []
