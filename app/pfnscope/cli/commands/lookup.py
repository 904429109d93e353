"""``pfnscope lookup``."""

from argparse import Namespace

from pfnscope.cli.common import assumptions, read
from pfnscope.cli.parsing import Parser, add_assumptions, add_format, add_look, add_memory_model
from pfnscope.cli.terminal import look, show


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("log", "FILE|-")
    parser.operand("where", "WHERE")
    add_format(parser, "text", "json")
    add_assumptions(parser)
    add_memory_model(parser)
    add_look(parser)
    parser.show_examples("pfnscope lookup dmesg.txt 0xbffd7000", "pfnscope lookup dmesg.txt page:0xffffea0002fff5c0")


def run(args: Namespace) -> None:
    """Show what is at WHERE: an address (0xbffd7000, 4G), pfn:0xbffd7, or page:0xffffea0002fff5c0."""
    from pfnscope.formats.answers import lookup_text
    from pfnscope.service.analyzing import analyze, encode
    from pfnscope.service.lookup import lookup

    place = lookup(analyze(read(args.log), assumptions(args)).document, args.where)
    if args.form == "json":
        show(encode(place))
    else:
        show(lookup_text(place, look(args.width, args.color)).encode(), painted=True)
