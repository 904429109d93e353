"""``pfnscope serve``."""

from argparse import Namespace

from pfnscope.cli.parsing import Parser, Whole
from pfnscope.cli.startup import run_long
from pfnscope.cli.terminal import Refusal


def configure(parser: Parser) -> None:
    """Declare its options."""
    parser.option("--host", metavar="ADDRESS", default="127.0.0.1", help="Address to listen at.")
    parser.option("--port", type=Whole(0, 65535), metavar="N", default=8000, help="Port to listen at.")
    parser.option("--workers", type=Whole(1, 64), metavar="N", default=1, help="Server processes.")


def run(args: Namespace) -> None:
    """Serve the web pages and the API."""
    run_long()
    from pfnscope.web.server import CannotServe, serve

    try:
        serve(args.host, args.port, args.workers)
    except CannotServe as error:
        raise Refusal(str(error)) from error
