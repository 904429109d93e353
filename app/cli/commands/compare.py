"""``pfnscope compare``."""

from argparse import Namespace

from app.cli import options
from app.cli.common import read
from app.cli.parsing import Parser
from app.cli.streams import show
from app.cli.terminal import look, working


def configure(parser: Parser) -> None:
    """Its operands and options."""
    parser.operand("first", "A")
    parser.operand("second", "[B]", nargs="?")
    parser.option("--boots", metavar="N,M", help="Compare two boots of A, or boot N of A with boot M of B.")
    options.form(parser, "text", "json")
    options.kernel(parser)
    options.look(parser)


def run(args: Namespace) -> None:
    """Show what changed in memory between the boot logs A and B, or between two boots in one text."""
    from app.report.compared import compared
    from app.report.compared_text import render
    from app.service.analyzing import encode
    from app.service.comparing import documents, parse_boots

    text = read(args.first)
    one, other = parse_boots(args.boots, same_text=args.second is None)
    with working("comparing"):
        second = text if args.second is None else read(args.second)
        both = documents(text, second, one, other, kernel=args.kernel)
    show(encode(compared(*both)) if args.form == "json" else render(*both, look(args.width, args.color)).encode())
