"""``pfnscope lookup``."""

from argparse import Namespace

from pfnscope.cli import parsing
from pfnscope.cli.common import assumed, read
from pfnscope.cli.parsing import Parser
from pfnscope.cli.terminal import look, show


def configure(parser: Parser) -> None:
    """Its operands and options."""
    parser.operand("log", "FILE|-")
    parser.operand("where", "WHERE")
    parsing.form(parser, "text", "json")
    parsing.assumptions(parser)
    parsing.look(parser)


def run(args: Namespace) -> None:
    """Show what is at WHERE: an address (0xbffd7000, 4G), pfn:0xbffd7, or page:0xffffea0002fff5c0."""
    from pfnscope.formats.lookup_text import render
    from pfnscope.service.analyzing import analyze, encode
    from pfnscope.service.lookup import lookup

    found = lookup(analyze(read(args.log), assumed(args)).document, args.where)
    show(encode(found) if args.form == "json" else render(found, look(args.width, args.color)).encode())
