"""``pfnscope scan``."""

import signal
import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from pfnscope.cli.parsing import Parser, Whole
from pfnscope.cli.startup import EXIT_FINDING, EXIT_USAGE, run_long
from pfnscope.cli.terminal import Refusal, overwrite, say
from pfnscope.words import counted

if TYPE_CHECKING:
    from pfnscope.fleet.scan import State

_STEP = {True: 0.2, False: 10.0}
"""Seconds between two reports of progress, by whether they go to a terminal."""


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("paths", "PATH...", nargs="+")
    parser.option("--out", metavar="FILE.parquet", required=True, help="The table; one that is there is completed.")
    parser.option("--scheduler", metavar="ADDRESS", help="Use the Dask cluster there, such as tcp://10.0.0.1:8786.")
    parser.option("--workers", type=Whole(1, 1024), metavar="N", help="Processes of this machine; else its cores.")
    parser.show_examples("pfnscope scan /var/crash --out fleet.parquet")


def run(args: Namespace) -> int:
    """Analyse many boot logs into one Parquet table, a row each: files, folders, tar and zip archives, and URLs
    (s3://, gs://, https://).

    A log that cannot be analysed becomes a row that says why. Run again with the same --out, it goes on where it
    stopped. Exit status: 0 the table is whole, 1 the workers of --scheduler do not see the files, 2 nothing could be
    scanned or read.
    """  # noqa: D205 - the first paragraph is what the command does
    run_long()
    from pathlib import Path

    from pfnscope.extras import needs

    if "://" in args.out:
        raise Refusal("--out must be a file of this machine")
    with needs("fleet"):
        from pfnscope.fleet.scan import scan
        from pfnscope.fleet.source import FilesNotShared
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # of batch systems: as Ctrl-C, which keeps all rows
    progress = _Progress(sys.stderr is not None and sys.stderr.isatty())
    try:
        state = scan(tuple(args.paths), Path(args.out), args.scheduler, args.workers, progress.report)
    except KeyboardInterrupt:
        progress.say("interrupted; run it again to go on")
        raise
    except FilesNotShared as error:
        progress.say(f"pfnscope: {error}")
        return EXIT_FINDING
    progress.say(_summary(state))
    progress.say(f"{args.out}: {counted(state.rows or 0, 'row')}")
    if state.done and set(state.done) == {"unreadable"} and not state.skipped:
        say("pfnscope: no log could be read; the table says why")
        return EXIT_USAGE
    return 0


class _Progress:
    """Reports on standard error how far a scan is: in one line of a terminal, elsewhere in a line every ten seconds."""

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._start = self._last = time.monotonic()
        self._open_line = False

    def report(self, state: "State") -> None:
        if not state.done:
            if state.known:
                others = f", {state.of_other_versions:,} of them of another pfnscope" if state.of_other_versions else ""
                logs = "1 log is" if state.known == 1 else f"{state.known:,} logs are"
                self.say(f"going on: {logs} done{others}")
            return
        now = time.monotonic()
        if now - self._last >= _STEP[self._terminal]:
            self._last = now
            speed = state.done.total() / (now - self._start)
            text = f"{_summary(state)}, {speed:,.0f} a second"
            (overwrite if self._terminal else say)(text)
            self._open_line = self._terminal

    def say(self, text: str) -> None:
        say(f"\n{text}" if self._open_line else text)
        self._open_line = False


def _summary(state: "State") -> str:
    """``4,990 of 5,000 logs analysed, 7 no-layout, 3 damaged``."""
    total = state.done.total()
    others = "".join(f", {count:,} {name}" for name, count in sorted(state.done.items()) if name != "analysed")
    skipped = f", {state.skipped:,} done before" if state.skipped else ""
    return f"{state.done['analysed']:,} of {counted(total, 'log')} analysed{others}{skipped}"
