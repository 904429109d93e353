"""``pfnscope verify``."""

from argparse import Namespace

from pfnscope.cli import parsing
from pfnscope.cli.common import EXIT_FINDING, EXIT_USAGE, assumed
from pfnscope.cli.parsing import Parser
from pfnscope.cli.startup import take_time
from pfnscope.cli.terminal import WrongUsage, say, show


def configure(parser: Parser) -> None:
    """Its operands and options."""
    parser.operand("folder", "[DIR]", nargs="?")
    parser.option("--live", action="store_true", help="Capture this machine now and verify that.")
    parsing.root(parser)
    parsing.form(parser, "text", "json")
    parsing.assumptions(parser)


def run(args: Namespace) -> int:
    """Hold the analysis of DIR/dmesg.txt against the other files of DIR, a record that capture made.

    Exit status: 0 all that was compared agrees, 1 something differs, 2 nothing could be compared, 3 no memory layout
    in the log.
    """
    if args.live == (args.folder is not None):
        raise WrongUsage("give a folder, or --live")
    take_time()
    from pathlib import Path

    from pfnscope.formats.verified_text import render
    from pfnscope.service.analyzing import encode
    from pfnscope.service.verifying import verify_folder, verify_live

    if args.live:
        found = verify_live(Path(args.root), assumed(args), say)
    else:
        found = verify_folder(Path(args.folder), assumed(args))
    show(encode(found) if args.form == "json" else render(found).encode())
    if not found.compared:
        say("pfnscope: nothing could be compared")
        return EXIT_USAGE
    return 0 if found.agrees else EXIT_FINDING
