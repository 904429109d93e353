"""``pfnscope verify``."""

from argparse import Namespace

from pfnscope.cli.common import assumptions
from pfnscope.cli.parsing import Parser, add_assumptions, add_format, add_root
from pfnscope.cli.startup import EXIT_FINDING, EXIT_USAGE, run_long
from pfnscope.cli.terminal import WrongUsage, say, show


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("report", "[DIR|REPORT]", nargs="?")
    parser.option("--live", action="store_true", help="Capture this machine now and verify that.")
    add_root(parser)
    add_format(parser, "text", "json")
    add_assumptions(parser)
    parser.show_examples("sudo pfnscope verify --live", "pfnscope verify record", "pfnscope verify sosreport.tar.xz")


def run(args: Namespace) -> int:
    """Hold the analysis of a log against the other files of a record that capture made, or of a REPORT.

    A REPORT is a sosreport or supportconfig, as a folder or as an archive.

    Exit status: 0 all that was compared agrees, 1 something differs, 2 nothing could be compared, 3 no memory layout
    in the log.
    """
    if args.live == (args.report is not None):
        raise WrongUsage("give a folder or a report, or --live")
    run_long()
    from pathlib import Path

    from pfnscope.formats.answers import verified_text
    from pfnscope.service.analyzing import encode
    from pfnscope.service.recording import verify_live, verify_path

    if args.live:
        result = verify_live(Path(args.root), assumptions(args), say)
    else:
        result = verify_path(Path(args.report), assumptions(args))
    show(encode(result) if args.form == "json" else verified_text(result).encode())
    if not result.compared:
        say("pfnscope: nothing could be compared")
        return EXIT_USAGE
    return 0 if result.agrees else EXIT_FINDING
