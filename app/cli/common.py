"""What the commands share: reading a log, printing a report, and their common options."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from app.cli.terminal import is_terminal, working

if TYPE_CHECKING:
    from app.report.document import Document
    from app.report.plain import Look

EXIT_FINDING = 1
FORMATS = ("text", "json", "markdown", "svg", "png", "csv", "html")
_PICTURES = ("png",)

Command = TypeVar("Command", bound=Callable[..., object])

log_file = click.Path(allow_dash=True)
"""A file or standard input; that it is there is seen when it is read. Shells complete it by their files."""
log_argument = click.argument("log", type=log_file, metavar="[FILE|-]", default="-")
kernel_option = click.option("--kernel", metavar="RELEASE", help="Assume this kernel release.")
arch_option = click.option(
    "--arch",
    metavar="ARCH",
    help="Assume this architecture.",
    shell_complete=lambda _context, _option, begun: [name for name in _architectures() if name.startswith(begun)],
)
fail_option = click.option(
    "--fail-on", type=click.Choice(("danger", "caution", "info")), help="Exit 1 at this severity or worse."
)
boot_option = click.option("--boot", type=int, metavar="N", help="Which boot of the text, from 1.")


def _architectures() -> list[str]:
    from app.service.analyzing import ARCHITECTURES

    return sorted(ARCHITECTURES)


def format_option(*names: str) -> Callable[[Command], Command]:
    """``--format`` with the forms that a command has, the first its default."""
    return click.option("--format", "form", type=click.Choice(names), default=names[0], help="Form of the report.")


def fail(document: "Document", severity: str | None) -> None:
    """Leave with status 1 where a document is as bad as ``severity`` or worse."""
    if is_bad(document, severity):
        sys.exit(EXIT_FINDING)


def is_bad(document: "Document", severity: str | None) -> bool:
    """Whether a document is as bad as ``severity`` or worse; none is where no severity is named."""
    from app.analysis.model import SEVERITIES

    ranks: list[str] = [*SEVERITIES]
    return severity is not None and ranks.index(document.verdict.severity) <= ranks.index(severity)


def read(log: str) -> bytes:
    """The text of a file or of standard input, unpacked; a ClickException where it cannot be read."""
    from app.service.unpacking import read_log

    try:
        if log == "-":
            if sys.stdin is None:
                raise click.ClickException("standard input is closed")
            if is_terminal(sys.stdin):
                click.echo("pfnscope: reading a log from the terminal; Ctrl-D ends it", err=True)
            return read_log(sys.stdin.buffer)
        with (
            working(f"reading {log}"),
            open(log, "rb") as file,  # noqa: PTH123 - importing pathlib takes 3 ms of the 120 that a report may take
        ):
            return read_log(file)
    except OSError as error:
        raise click.ClickException(f"cannot read {log}: {error.strerror}") from error


def render(document: "Document", form: str, look: "Look", text: bytes, today: "Document | None" = None) -> bytes:
    """A document in one of :data:`FORMS`, see ``app.service.writing``. A ClickException where it cannot be."""
    if form in _PICTURES and is_terminal(sys.stdout):
        raise click.ClickException(f"a terminal cannot show {form}; send it to a file: > layout.{form}")
    from app.service.writing import written

    if form != "png":
        return written(form, document, text=text, today=today, look=look)
    from app.report.raster import CannotDraw

    try:
        return written(form, document, today=today)
    except CannotDraw as error:
        raise click.ClickException(str(error)) from error


def hint(document: "Document", boot: int | None) -> None:
    """Tell on standard error what an option could add: another boot, or what the text does not prove."""
    count, index, kernel = document.boot.count, document.boot.index, document.kernel
    if count > 1 and boot is None:
        other = index - 1 if index > 1 else index + 1
        pair = f"{min(index, other)},{max(index, other)}"
        click.echo(
            f"pfnscope: boot {index} of {count}; --boot {other} shows another, compare --boots {pair} what differs",
            err=True,
        )
    if document.node_ranges and kernel.arch is None:
        click.echo("pfnscope: the text names no architecture; --arch ARCH judges it as one", err=True)
    if document.node_ranges and kernel.release is None:
        click.echo("pfnscope: the text names no release; --kernel RELEASE judges it as one", err=True)


def show(data: bytes) -> None:
    """Write to standard output; a ClickException where that fails."""
    if sys.stdout is None:
        raise click.ClickException("standard output is closed")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = None  # else the interpreter tries once more on its way out
        raise click.ClickException(f"cannot write: {error.strerror}") from error
