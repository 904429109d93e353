"""``pfnscope lookup``."""

from argparse import Namespace

from pfnscope.cli import options
from pfnscope.cli.common import assumed, read
from pfnscope.cli.parsing import Parser
from pfnscope.cli.streams import show
from pfnscope.cli.terminal import look


def configure(parser: Parser) -> None:
    """Its operands and options."""
    parser.operand("log", "FILE|-")
    parser.operand("where", "WHERE")
    options.form(parser, "text", "json")
    options.assumptions(parser)
    options.look(parser)


def run(args: Namespace) -> None:
    """Show what is at WHERE: an address (0xbffd7000, 4G), pfn:0xbffd7, or page:0xffffea0002fff5c0."""
    from pfnscope.report.found import render
    from pfnscope.service.analyzing import analyze, encode
    from pfnscope.service.lookup import lookup

    found = lookup(analyze(read(args.log), assumed(args)).document, args.where)
    show(encode(found) if args.form == "json" else render(found, look(args.width, args.color)).encode())
