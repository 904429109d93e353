"""``pfnscope simulate``."""

from argparse import Namespace

from pfnscope.cli.common import assumptions, read, render, status
from pfnscope.cli.parsing import Parser, add_assumptions, add_fail_on, add_layout_format, add_look
from pfnscope.cli.terminal import WrongUsage, look, show, working


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("log", "[FILE|-]", nargs="?")
    parser.option("--append", metavar="ARGS", default="", help="Arguments to add to the log's command line.")
    parser.option(
        "--remove",
        metavar="NAME",
        action="append",
        default=[],
        help="An argument to take away, by name or as written.",
    )
    parser.option("--set", dest="full", metavar="LINE", help="The whole command line, in place of the log's.")
    add_fail_on(parser)
    add_layout_format(parser)
    add_assumptions(parser)
    add_look(parser)
    parser.show_examples(
        "pfnscope simulate dmesg.txt --append 'memmap=1G!5G'",
        "pfnscope simulate dmesg.txt --remove memmap --kernel 6.12",
    )


def run(args: Namespace) -> int:
    """Report on the machine of the boot log FILE as it would boot with another command line.

    Without a change it shows the log's own command line, simulated. Exit status: 0 simulated, 1 as bad as --fail-on
    says, 2 wrong usage or nothing that a simulation could start from, 3 no memory layout in the text.
    """
    from pfnscope.service.whatif import Change, simulated_beside

    if args.full is not None and (args.append or args.remove):
        raise WrongUsage("--set gives the whole command line; it goes with neither --append nor --remove.")
    change = Change(args.full, tuple(args.remove), args.append)
    text = read(args.log or "-")
    with working("simulating"):
        today, document = simulated_beside(text, change, assumptions(args))
    rendered = render(document, args.form, look(args.width, args.color), text, today)
    show(rendered, painted=args.form == "text")
    return status(document, args.fail_on)
