"""The command line: one function a command, everything heavy imported only by the command that needs it."""

import atexit
import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from app import __version__
from app.cli import machine

if TYPE_CHECKING:
    from app.report.document import Document

EXIT_FINDING, EXIT_USAGE, EXIT_NO_LAYOUT = 1, 2, 3
FORMATS = ("text", "json", "markdown", "svg", "csv")

Command = TypeVar("Command", bound=Callable[..., object])

log_argument = click.argument("log", metavar="[FILE|-]", default="-")
kernel_option = click.option("--kernel", metavar="RELEASE", help="Assume this kernel release.")
arch_option = click.option("--arch", metavar="ARCH", help="Assume this architecture.")
boot_option = click.option("--boot", type=int, metavar="N", help="Which boot of the text, from 1.")


def _format_option(*names: str) -> Callable[[Command], Command]:
    return click.option("--format", "form", type=click.Choice(names), default="text", help="Form of the report.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pfnscope", message="%(prog)s %(version)s")
def cli() -> None:
    """Show which page frames a Linux boot log gives a struct page, and what that kernel did with it."""


@cli.command()
@log_argument
@_format_option(*FORMATS)
@kernel_option
@arch_option
@boot_option
@click.option("--fail-on", type=click.Choice(("danger", "caution", "info")), help="Exit 1 at this severity or worse.")
def analyze(log: str, form: str, kernel: str | None, arch: str | None, boot: int | None, fail_on: str | None) -> None:
    """Report on the boot log FILE, or on standard input."""
    _without_collections()
    from app.analysis.model import SEVERITIES
    from app.service.analyzing import Options
    from app.service.analyzing import analyze as run

    document = run(_read(log), Options(kernel=kernel, arch=arch, boot=boot)).document
    _print(_render(document, form))
    if fail_on and SEVERITIES.index(document.verdict.severity) <= SEVERITIES.index(fail_on):
        sys.exit(EXIT_FINDING)


@cli.command()
@click.argument("log", metavar="FILE|-")
@click.argument("where")
@_format_option("text", "json")
@kernel_option
@arch_option
@boot_option
def lookup(log: str, where: str, form: str, kernel: str | None, arch: str | None, boot: int | None) -> None:
    """Show what is at WHERE: an address (0xbffd7000, 4G), pfn:0xbffd7, or page:0xffffea0002fff5c0."""
    from app.report.found import render
    from app.service.analyzing import Options, encode
    from app.service.analyzing import analyze as run
    from app.service.lookup import lookup as find

    document = run(_read(log), Options(kernel=kernel, arch=arch, boot=boot)).document
    found = find(document, where)
    _print(encode(found) + b"\n" if form == "json" else render(found).encode())


@cli.command()
@_format_option("text", "json")
def rules(form: str) -> None:
    """List the struct-page rules by kernel release, with their sources."""
    from app.report.rulebook import render
    from app.report.rulebook import rules as every
    from app.service.analyzing import encode

    _print(encode(every()) + b"\n" if form == "json" else render(every()).encode())


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the web pages and the API."""
    from app.web.server import CannotServe
    from app.web.server import serve as run

    try:
        run(host, port)
    except CannotServe as error:
        raise click.ClickException(str(error)) from error


cli.add_command(machine.capture)
cli.add_command(machine.verify)


def _without_collections() -> None:
    """One report makes no garbage worth collecting: looking for it, now and at exit, takes a tenth of the whole run."""
    gc.disable()
    atexit.register(gc.freeze)


def main() -> None:
    """Entry point: every refusal becomes one line on stderr and a documented exit status."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:  # the reader of our output has had enough
        sys.stderr.close()
    except Exception as error:
        from app.service.errors import NoMemoryLayout, ServiceError

        if not isinstance(error, ServiceError):
            raise
        click.echo(f"pfnscope: {error}", err=True)
        sys.exit(EXIT_NO_LAYOUT if isinstance(error, NoMemoryLayout) else EXIT_USAGE)


def _read(log: str) -> bytes:
    from app.service.unpacking import read_log

    try:
        if log == "-":
            if sys.stdin is None:
                raise click.ClickException("standard input is closed")
            return read_log(sys.stdin.buffer)
        with open(log, "rb") as file:  # noqa: PTH123 - importing pathlib takes 3 ms of the 120 that a report may take
            return read_log(file)
    except OSError as error:
        raise click.ClickException(f"cannot read {log}: {error.strerror}") from error


def _render(document: "Document", form: str) -> bytes:
    if form == "json":
        from app.service.analyzing import encode

        return encode(document) + b"\n"
    from importlib import import_module

    module = {"text": "text", "markdown": "markdown", "csv": "sheet", "svg": "svg"}[form]
    text: str = import_module(f"app.report.{module}").render(document)
    return text.encode()


def _print(data: bytes) -> None:
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
