"""``pfnscope place``."""

from argparse import Namespace

from pfnscope.cli.common import assumptions, read
from pfnscope.cli.parsing import Parser, add_assumptions, add_format, add_look, add_memory_model
from pfnscope.cli.startup import EXIT_FINDING
from pfnscope.cli.terminal import WrongUsage, look, show, working
from pfnscope.kernel.region_kinds import PLACEABLE


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("log", "FILE|-")
    parser.option("--size", metavar="SIZE", help="Size of the region, such as 1G.")
    parser.option("--move", metavar="ARGUMENT", help="Place this argument of the log elsewhere: memmap=1G!4G.")
    parser.option("--kind", choices=PLACEABLE, default="!", help="As in memmap=SIZE!START.")
    parser.option("--align", metavar="SIZE", help="Alignment of the start; by default a memory section.")
    parser.option("--fail-on", choices=("danger",), help="Exit 1 where every place makes a danger.")
    add_format(parser, "text", "json")
    add_assumptions(parser)
    add_memory_model(parser)
    add_look(parser)
    parser.show_examples("pfnscope place dmesg.txt --size 1G", "pfnscope place dmesg.txt --move 'memmap=1G!4G'")


def run(args: Namespace) -> int:
    """Show where a memmap= region can go on the machine of the boot log FILE without making a dangerous hole.

    With --size it is a new region, with --move one that the log's command line has, which gives size and kind.

    Exit status: 0 looked, 1 no place is safe and --fail-on is given, 2 wrong usage or nothing to look in, 3 no memory
    layout in the text.
    """
    from pfnscope.formats.answers import placed_text
    from pfnscope.service.analyzing import encode
    from pfnscope.service.places import Reservation, placed_beside

    if not args.size and not args.move:
        raise WrongUsage("--size SIZE or --move ARGUMENT is needed")
    reservation = Reservation(args.size or "", args.kind, args.align, args.move or "")
    text = read(args.log)
    with working("looking for places"):
        document, places = placed_beside(text, reservation, assumptions(args))
    if args.form == "json":
        show(encode(places))
    else:
        show(placed_text(document, places, look(args.width, args.color)).encode(), painted=True)
    return EXIT_FINDING if args.fail_on and not any(item.safe for item in places.placements) else 0
