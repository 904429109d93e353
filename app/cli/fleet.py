"""The command about many logs: ``scan``."""

import signal
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.fleet.scan import State

EXIT_USAGE = 2
EXTRA = {"aiohttp", "cryptography", "dask", "distributed", "fsspec", "gcsfs", "pyarrow", "s3fs"}
_STEP = {True: 0.2, False: 10.0}
"""Seconds between two words about the progress, on a terminal and elsewhere."""


@click.command()
@click.argument("paths", metavar="PATH...", type=click.Path(), nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(), required=True, metavar="FILE.parquet", help="The table; one that is there is completed."
)
@click.option("--scheduler", metavar="ADDRESS", help="Use the Dask cluster there, such as tcp://10.0.0.1:8786.")
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes of this machine; else its cores.")
def scan(paths: tuple[str, ...], out: str, scheduler: str | None, workers: int | None) -> None:
    """Analyse many boot logs into one Parquet table, a row each: files, folders, tar and zip archives, and URLs
    (s3://, gs://, https://).

    A log that cannot be analysed becomes a row that says why. Run again with the same --out, it goes on where it
    stopped.
    """  # noqa: D205 - click takes the first paragraph for the list of commands
    from pathlib import Path

    if "://" in out:
        raise click.ClickException("--out must be a file of this machine")
    try:
        from app.fleet.scan import scan as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        from app.resources import installing

        raise click.ClickException(
            f"scan needs packages that the base install leaves out ({error.name}): {installing('fleet')}"
        ) from error
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # of batch systems: end as by Ctrl-C, with all rows kept
    progress = _Progress(sys.stderr is not None and sys.stderr.isatty())
    try:
        state = run(paths, Path(out), scheduler, workers, progress.tell)
    except KeyboardInterrupt:
        progress.say("interrupted; run it again to go on")
        raise
    progress.say(_sum(state))
    progress.say(f"{out}: {state.rows:,} row{'' if state.rows == 1 else 's'}")
    if state.done and set(state.done) == {"unreadable"} and not state.skipped:
        click.echo("pfnscope: no log could be read; the table says why", err=True)
        sys.exit(EXIT_USAGE)


class _Progress:
    """Tells on standard error how far a scan is: in one line of a terminal, in a line now and then elsewhere."""

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._began = self._told = time.monotonic()
        self._open = False

    def tell(self, state: "State") -> None:
        if not state.done:
            if state.known:
                others = f", {state.of_other_versions:,} of them of another pfnscope" if state.of_other_versions else ""
                logs = "1 log is" if state.known == 1 else f"{state.known:,} logs are"
                self.say(f"going on: {logs} done{others}")
            return
        now = time.monotonic()
        if now - self._told >= _STEP[self._terminal]:
            self._told = now
            speed = state.done.total() / (now - self._began)
            text = f"{_sum(state)}, {speed:,.0f} a second"
            click.echo(f"\r{text}\x1b[K" if self._terminal else text, err=True, nl=not self._terminal)
            self._open = self._terminal

    def say(self, text: str) -> None:
        click.echo(f"\n{text}" if self._open else text, err=True)
        self._open = False


def _sum(state: "State") -> str:
    """``4,990 of 5,000 logs analysed, 7 no-layout, 3 damaged``."""
    total = state.done.total()
    others = "".join(f", {count:,} {name}" for name, count in sorted(state.done.items()) if name != "analysed")
    skipped = f", {state.skipped:,} done before" if state.skipped else ""
    return f"{state.done['analysed']:,} of {total:,} log{'' if total == 1 else 's'} analysed{others}{skipped}"
