"""``pfnscope capture``."""

from argparse import Namespace

from pfnscope.cli.parsing import Parser, add_root
from pfnscope.cli.startup import run_long
from pfnscope.cli.terminal import say


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("folder", "DIR")
    add_root(parser)
    parser.show_examples("sudo pfnscope capture record")


def run(args: Namespace) -> None:
    """Record this machine into the new folder DIR: its log, /proc/kpageflags and other files of /proc and /sys.

    Nothing is changed, and no frame is read that could hurt: those whose struct page nothing may have written are
    left out. Needs root for all of it; what is refused is told with the reason.
    """
    run_long()
    from pathlib import Path

    from pfnscope.service.recording import capture

    summary = capture(Path(args.folder), Path(args.root), say)
    for heading, items in (("not recorded", summary.not_recorded), ("in part", summary.partly_recorded)):
        for name, why in items.items():
            say(f"{heading}: {name}: {why}")
    say(f"recorded in {args.folder}; next: pfnscope verify {args.folder}")
