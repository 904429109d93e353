"""``pfnscope completion``."""

from argparse import Namespace

from pfnscope.cli.parsing import Parser
from pfnscope.cli.streams import show

SHELLS = ("bash", "zsh", "fish")


def configure(parser: Parser) -> None:
    """Its operand."""
    parser.operand("shell", "|".join(SHELLS), choices=SHELLS)


def run(args: Namespace) -> None:
    """Print a script that makes the shell complete commands, options, their values and files."""
    from argcomplete.shell_integration import shellcode

    show(shellcode(["pfnscope"], shell=args.shell).encode())
