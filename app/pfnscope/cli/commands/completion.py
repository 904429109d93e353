"""``pfnscope completion``."""

from argparse import Namespace

from pfnscope.cli.completions import SHELLS
from pfnscope.cli.parsing import Parser
from pfnscope.cli.terminal import show


def configure(parser: Parser) -> None:
    """Declare its operand."""
    parser.operand("shell", "|".join(SHELLS), choices=SHELLS)
    parser.show_examples("source <(pfnscope completion bash)")


def run(args: Namespace) -> None:
    """Print a script that makes the shell complete commands, options, their values and files."""
    show(SHELLS[args.shell]().encode())
