"""``pfnscope share``."""

import os
from argparse import Namespace

from pfnscope.cli import parsing
from pfnscope.cli.common import assumed, read
from pfnscope.cli.parsing import Parser, Whole
from pfnscope.cli.startup import take_time
from pfnscope.cli.terminal import say, show, working

SERVER = "PFNSCOPE_SERVER"
_DAY = 86400


def configure(parser: Parser) -> None:
    """Its operands and options."""
    server = os.environ.get(SERVER) or None
    parser.operand("log", "FILE|-")
    parser.option(
        "--server",
        metavar="URL",
        default=server,
        required=server is None,
        help=f"Address of the server; also from {SERVER}.",
    )
    parser.option("--title", metavar="TEXT", default="", help="Title of the page.")
    parser.option("--days", type=Whole(1, 3650), metavar="N", help="Days to keep it; the server sets the most.")
    parsing.form(parser, "text", "json")
    parsing.assumptions(parser)


def run(args: Namespace) -> None:
    """Send the memory lines of the boot log FILE to a server; print the permalink and the token that deletes it.

    All other lines stay here: they are blanked before anything is sent. Exit status: 0 shared, 2 unreadable input,
    or the server cannot be reached or refuses, 3 no memory layout in the text.
    """
    take_time()
    from pfnscope.service.analyzing import encode
    from pfnscope.service.sending import share

    text = read(args.log)
    with working("sending"):
        made = share(text, args.server, assumed(args), title=args.title, expires_in=args.days and args.days * _DAY)
    told = f"{made.url}\ndelete token: {made.delete_token}\nkept until {made.expires_at}\n"
    show(encode(made) if args.form == "json" else told.encode())
    say(f"pfnscope: sent {made.sent} of {made.lines} lines, those about memory")
