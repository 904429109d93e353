"""``pfnscope serve``."""

from argparse import Namespace

from pfnscope.cli.parsing import Parser, Whole
from pfnscope.cli.startup import run_long
from pfnscope.cli.terminal import Refusal, say


def configure(parser: Parser) -> None:
    """Declare its options."""
    parser.option(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="Address to listen at; the default is for this machine only, 0.0.0.0 for all that reach it.",
    )
    parser.option("--port", type=Whole(0, 65535), metavar="N", default=8000, help="Port to listen at.")
    parser.option("--workers", type=Whole(1, 64), metavar="N", default=1, help="Server processes.")
    parser.show_examples("pfnscope serve --port 8001", "PFNSCOPE_RETENTION_DAYS=30 pfnscope serve --workers 2")


def run(args: Namespace) -> None:
    """Serve the web pages and the API until Ctrl+C.

    The database, limits and addresses are settings: environment variables such as PFNSCOPE_DATABASE_URL (a file
    below var/ by default), PFNSCOPE_MAX_BODY_BYTES, PFNSCOPE_RATE_LIMIT, PFNSCOPE_RETENTION_DAYS, PFNSCOPE_BASE_URL and
    PFNSCOPE_TRUSTED_PROXIES; docs/settings.md has all. Exit status: 2 where a setting, the storage or the port forbids
    it.
    """
    run_long()
    from pfnscope.extras import needs

    with needs("server"):
        from pfnscope.web.server import CannotServe, serve
    try:
        serve(args.host, args.port, args.workers, say)
    except CannotServe as error:
        raise Refusal(str(error)) from error
