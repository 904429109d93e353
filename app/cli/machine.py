"""The commands about a running machine: ``capture`` and ``verify``."""

import sys
from typing import TYPE_CHECKING

import click

from app.cli.common import EXIT_FINDING, arch_option, boot_option, format_option, kernel_option, show

if TYPE_CHECKING:
    from app.recording.reading import Summary

EXIT_USAGE = 2

FOLDER = click.Path()
"""That it is there is seen when it is read. Shells complete it."""

root_option = click.option(
    "--root",
    type=FOLDER,
    metavar="DIR",
    default="/",
    help="Take /proc, /sys and /dev from below DIR, such as a host's in a container.",
)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@root_option
def capture(folder: str, root: str) -> None:
    """Record this machine into the new folder DIR: its log, /proc/kpageflags and other files of /proc and /sys.

    Nothing is changed, and no frame is read that could hurt: those whose struct page nothing may have written are
    left out. Needs root for all of it; what is refused is told with the reason.
    """
    from pathlib import Path

    from app.service.recording import capture as record

    summary = record(Path(folder), Path(root), _say)
    _tell(summary)
    _say(f"recorded in {folder}; next: pfnscope verify {folder}")


@click.command()
@click.argument("folder", metavar="[DIR]", type=FOLDER, required=False)
@click.option("--live", is_flag=True, help="Capture this machine now and verify that.")
@root_option
@format_option("text", "json")
@kernel_option
@arch_option
@boot_option
def verify(
    folder: str | None, live: bool, root: str, form: str, kernel: str | None, arch: str | None, boot: int | None
) -> None:
    """Hold the analysis of DIR/dmesg.txt against the other files of DIR, a record that capture made.

    Exit status: 0 all that was compared agrees, 1 something differs, 2 nothing could be compared, 3 no memory layout
    in the log.
    """
    from pathlib import Path

    from app.report.verified import render
    from app.service.analyzing import Options, encode
    from app.service.verifying import verify_folder, verify_live

    if live == (folder is not None):
        raise click.UsageError("give a folder, or --live")
    options = Options(kernel=kernel, arch=arch, boot=boot)
    found = verify_live(Path(root), options, _say) if live else verify_folder(Path(folder or ""), options)
    show(encode(found) if form == "json" else render(found).encode())
    if not found.compared:
        click.echo("pfnscope: nothing could be compared", err=True)
        sys.exit(EXIT_USAGE)
    if not found.agrees:
        sys.exit(EXIT_FINDING)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _tell(summary: "Summary") -> None:
    """What is not in the record, and what only in part."""
    for heading, items in (("not recorded", summary.not_recorded), ("in part", summary.partly_recorded)):
        for name, why in items.items():
            _say(f"{heading}: {name}: {why}")
