"""``pfnscope compare``."""

from argparse import Namespace

from pfnscope.cli.common import read
from pfnscope.cli.parsing import Parser, add_format, add_kernel, add_look
from pfnscope.cli.terminal import look, show, working


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("first", "A")
    parser.operand("others", "[B ...]", nargs="*")
    parser.option(
        "--boots", metavar="N,M,...", help="Compare these boots of A, or boot N of A with boot M of B and so on."
    )
    add_format(parser, "text", "json")
    add_kernel(parser)
    add_look(parser)
    parser.show_examples("pfnscope compare before.txt after.txt", "pfnscope compare both.txt --boots 1,2")


def run(args: Namespace) -> None:
    """Show what changed in memory between the boot logs A and B and others, or between the boots of one text.

    The first sentence says what differs. Where the firmware's map moves from boot to boot of one machine, the report
    says what moved, whether the kernel resumes from hibernation, and ends with a report for the maker of the firmware.
    """
    from pfnscope.formats.compared import compared_text
    from pfnscope.report.compared import compared
    from pfnscope.service.analyzing import documents, encode, parse_boots

    files = (args.first, *args.others)
    boots = parse_boots(args.boots, len(files))
    with working("comparing"):
        texts = [read(file) for file in files]
        all_ = documents(*texts, boots=boots, kernel=args.kernel)
    if args.form == "json":
        show(encode(compared(*all_)))
    else:
        show(compared_text(all_, look(args.width, args.color)).encode(), painted=True)
