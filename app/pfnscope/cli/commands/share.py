"""``pfnscope share``."""

import os
from argparse import Namespace

from pfnscope.cli.common import assumptions, read
from pfnscope.cli.parsing import Parser, Whole, add_assumptions, add_format
from pfnscope.cli.startup import run_long
from pfnscope.cli.terminal import say, show, working

SERVER = "PFNSCOPE_SERVER"
_DAY = 86400


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
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
    add_format(parser, "text", "json")
    add_assumptions(parser)
    parser.show_examples("pfnscope share dmesg.txt --server http://127.0.0.1:8000 --days 7")


def run(args: Namespace) -> None:
    """Send the memory lines of the boot log FILE to a server; print the permalink and the token that deletes it.

    All other lines stay here: they are blanked before anything is sent. Exit status: 0 shared, 2 unreadable input,
    or the server cannot be reached or refuses, 3 no memory layout in the text.
    """
    run_long()
    from pfnscope.service.analyzing import encode
    from pfnscope.service.sending import share
    from pfnscope.words import printable

    text = read(args.log)
    with working("sending"):
        seconds = args.days and args.days * _DAY
        shared = share(text, args.server, assumptions(args), title=args.title, expires_in=seconds)
    url, token, until = (printable(text) for text in (shared.url, shared.delete_token, shared.expires_at))
    answer = f"{url}\ndelete token: {token}\nkept until {until}\n"
    show(encode(shared) if args.form == "json" else answer.encode())
    say(f"pfnscope: sent {shared.kept_lines} of {shared.lines} lines, those about memory")
