"""The command line: one function a command, everything heavy imported only by the command that needs it."""

import atexit
import gc
import sys

import click

from app import __version__
from app.cli import machine, whatif
from app.cli.common import (
    FORMATS,
    arch_option,
    boot_option,
    fail,
    fail_option,
    format_option,
    kernel_option,
    log_argument,
    read,
    render,
    show,
)

EXIT_USAGE, EXIT_NO_LAYOUT = 2, 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pfnscope", message="%(prog)s %(version)s")
def cli() -> None:
    """Show which page frames a Linux boot log gives a struct page, and what that kernel did with it."""


@cli.command()
@log_argument
@format_option(*FORMATS)
@kernel_option
@arch_option
@boot_option
@fail_option
def analyze(log: str, form: str, kernel: str | None, arch: str | None, boot: int | None, fail_on: str | None) -> None:
    """Report on the boot log FILE, or on standard input."""
    _without_collections()
    from app.service.analyzing import Options
    from app.service.analyzing import analyze as run

    document = run(read(log), Options(kernel=kernel, arch=arch, boot=boot)).document
    show(render(document, form))
    fail(document, fail_on)


@cli.command()
@click.argument("log", metavar="FILE|-")
@click.argument("where")
@format_option("text", "json")
@kernel_option
@arch_option
@boot_option
def lookup(log: str, where: str, form: str, kernel: str | None, arch: str | None, boot: int | None) -> None:
    """Show what is at WHERE: an address (0xbffd7000, 4G), pfn:0xbffd7, or page:0xffffea0002fff5c0."""
    from app.report.found import render as told
    from app.service.analyzing import Options, encode
    from app.service.analyzing import analyze as run
    from app.service.lookup import lookup as find

    document = run(read(log), Options(kernel=kernel, arch=arch, boot=boot)).document
    found = find(document, where)
    show(encode(found) + b"\n" if form == "json" else told(found).encode())


@cli.command()
@format_option("text", "json")
def rules(form: str) -> None:
    """List the struct-page rules by kernel release, with their sources."""
    from app.report.rulebook import render as told
    from app.report.rulebook import rules as every
    from app.service.analyzing import encode

    show(encode(every()) + b"\n" if form == "json" else told(every()).encode())


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


cli.add_command(whatif.simulate)
cli.add_command(whatif.compare)
cli.add_command(whatif.place)
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
