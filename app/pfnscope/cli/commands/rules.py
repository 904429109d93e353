"""``pfnscope rules``."""

from argparse import Namespace

from pfnscope.cli.parsing import Parser, add_format
from pfnscope.cli.terminal import show


def configure(parser: Parser) -> None:
    """Declare its options."""
    add_format(parser, "text", "json")
    parser.show_examples("pfnscope rules | less")


def run(args: Namespace) -> None:
    """List the struct-page rules by kernel release, with their sources."""
    from pfnscope.formats.rulebook import render, rules
    from pfnscope.service.analyzing import encode

    show(encode(rules()) if args.form == "json" else render(rules()).encode())
