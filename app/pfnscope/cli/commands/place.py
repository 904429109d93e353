"""``pfnscope place``."""

from argparse import Namespace

from pfnscope.cli.common import assumptions, read
from pfnscope.cli.parsing import Parser, Whole, add_assumptions, add_format, add_look, add_memory_model
from pfnscope.cli.startup import EXIT_FINDING
from pfnscope.cli.terminal import WrongUsage, look, show, working
from pfnscope.kernel.region_kinds import PLACEABLE


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("log", "FILE|-")
    parser.option("--size", metavar="SIZE", help="A new memmap= region of this size, such as 1G.")
    parser.option("--move", metavar="ARGUMENT", help="This memmap= argument of the log, elsewhere: memmap=1G!4G.")
    parser.option(
        "--crashkernel", metavar="VALUE", help="A crash kernel: 512M[,high|,low|,cma], 512M@64M or 2G-64G:256M,64G-:1G."
    )
    parser.option("--cma", metavar="VALUE", help="Memory of cma=, such as 256M.")
    parser.option("--reserve-mem", metavar="VALUE", help="A region of reserve_mem=: SIZE:ALIGN:NAME.")
    parser.option("--hugetlb-cma", metavar="VALUE", help="Memory of hugetlb_cma=: 4G, or 0:2G,1:2G by node.")
    parser.option("--gigantic", action="store_true", help="Pages of 1 GiB at boot: how many each node can give.")
    parser.option("--node", type=Whole(0, 1023), metavar="N", help="With --gigantic, of this node only.")
    parser.option(
        "--bad",
        nargs="+",
        action="extend",
        default=[],
        metavar="ADDRESS",
        help="Addresses of bad memory, as memtest86+ or the kernel prints them.",
    )
    parser.option("--kind", choices=PLACEABLE, help="With --size, as in memmap=SIZE!START: ! if it is not given.")
    parser.option("--align", metavar="SIZE", help="With --size or --move, alignment of the start: else a section.")
    parser.option("--fail-on", choices=("danger",), help="Exit 1 where nothing fits, or no place is safe.")
    add_format(parser, "text", "json")
    add_assumptions(parser)
    add_memory_model(parser)
    add_look(parser)
    parser.show_examples(
        "pfnscope place dmesg.txt --move 'memmap=1G!4G'",
        "pfnscope place dmesg.txt --crashkernel 512M,high",
        "pfnscope place dmesg.txt --gigantic --node 0",
        "pfnscope place dmesg.txt --bad 0x7ddf0000 0x140004000",
    )


def run(args: Namespace) -> int:
    """Show where a reservation would land on the machine of the boot log FILE, or why it fails, before a reboot.

    A memmap= region goes where it makes no dangerous hole: --size is a new one, --move one that the log's command line
    has. The kernel itself places crash kernels, CMA, reserve_mem= and pages of 1 GiB: the answer says where, what is in
    the way, and which form would fit. For bad memory it is the shortest safe memmap= line.

    Exit status: 0 looked, 1 nothing fits or no place is safe and --fail-on is given, 2 wrong usage or nothing to look
    in, 3 no memory layout in the text.
    """
    from pfnscope.formats.places import placed_text
    from pfnscope.service.analyzing import encode
    from pfnscope.service.places import KINDS, Reservation, placed_beside

    _check(args, [name for name in KINDS if getattr(args, name)])
    values = {name: value for name in (*KINDS, "kind", "align", "node") if (value := getattr(args, name)) is not None}
    reservation = Reservation(**values | {"bad": tuple(args.bad)})
    text = read(args.log)
    with working("looking for places"):
        document, places = placed_beside(text, reservation, assumptions(args))
    if args.form == "json":
        show(encode(places))
    else:
        show(placed_text(document, places, look(args.width, args.color)).encode(), painted=True)
    return EXIT_FINDING if args.fail_on and not places.safe else 0


def _check(args: Namespace, names: list[str]) -> None:
    """Raise WrongUsage unless one thing is to be placed, with options of its own."""
    kinds = [f"--{name.replace('_', '-')}" for name in names]
    if not kinds:
        raise WrongUsage("--size SIZE, --move ARGUMENT, --crashkernel VALUE or another thing to place is needed")
    if len(kinds) > 1:
        raise WrongUsage(f"one thing is placed at a time, not {' and '.join(kinds)}")
    own = {"kind": ("--size",), "align": ("--size", "--move"), "node": ("--gigantic",)}
    for name, needed in own.items():
        if getattr(args, name) is not None and kinds[0] not in needed:
            raise WrongUsage(f"--{name} goes with {' and '.join(needed)}, not with {kinds[0]}")
