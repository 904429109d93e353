"""``pfnscope compare``."""

from argparse import Namespace

from pfnscope.cli.common import read
from pfnscope.cli.parsing import Parser, add_format, add_kernel, add_look
from pfnscope.cli.terminal import look, show, working


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("first", "A")
    parser.operand("second", "[B]", nargs="?")
    parser.option("--boots", metavar="N,M", help="Compare two boots of A, or boot N of A with boot M of B.")
    add_format(parser, "text", "json")
    add_kernel(parser)
    add_look(parser)


def run(args: Namespace) -> None:
    """Show what changed in memory between the boot logs A and B, or between two boots in one text."""
    from pfnscope.formats.answers import compared_text
    from pfnscope.report.compared import compared
    from pfnscope.service.analyzing import documents, encode, parse_boots

    text = read(args.first)
    one, other = parse_boots(args.boots, same_text=args.second is None)
    with working("comparing"):
        second = text if args.second is None else read(args.second)
        both = documents(text, second, one, other, kernel=args.kernel)
    show(
        encode(compared(*both)) if args.form == "json" else compared_text(*both, look(args.width, args.color)).encode()
    )
