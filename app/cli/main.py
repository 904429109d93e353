"""The command line: one function a command, everything heavy imported only by the command that needs it."""

import gc
import os
import sys
from importlib import import_module
from typing import ClassVar

import click

from app import __version__
from app.cli.common import (
    FORMATS,
    arch_option,
    boot_option,
    fail,
    fail_option,
    format_option,
    hint,
    kernel_option,
    log_file,
    read,
    render,
    show,
)
from app.cli.terminal import look, look_options, working

EXIT_USAGE, EXIT_NO_LAYOUT = 2, 3


class Rooms(click.Group):
    """Commands that live in modules of their own, each imported when it is called or listed."""

    elsewhere: ClassVar = {
        "capture": "machine",
        "compare": "whatif",
        "place": "whatif",
        "scan": "fleet",
        "share": "share",
        "simulate": "whatif",
        "verify": "machine",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, for help and completion."""
        return sorted({*super().list_commands(ctx), *self.elsewhere})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in self.elsewhere:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(f"app.cli.{self.elsewhere[cmd_name]}"), cmd_name)
        return found


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pfnscope", message="%(prog)s %(version)s")
def cli() -> None:
    """Show which page frames a Linux boot log gives a struct page, and what that kernel did with it."""


@cli.command()
@click.argument("logs", type=log_file, nargs=-1, metavar="[FILE|-]...")
@format_option(*FORMATS, "jsonl")
@kernel_option
@arch_option
@boot_option
@fail_option
@look_options
def analyze(
    logs: tuple[str, ...],
    form: str,
    kernel: str | None,
    arch: str | None,
    boot: int | None,
    fail_on: str | None,
    width: int | None,
    colour: str,
) -> None:
    """Report on the boot log FILE, or on standard input; with --format jsonl on many, a line each.

    Exit status: 0 analysed, 1 as bad as --fail-on says, 2 a FILE cannot be read, 3 no memory layout in it. Of many
    files, the first of 2, 3, 1 that any of them gives.
    """
    from app.service.analyzing import Options

    options = Options(kernel=kernel, arch=arch, boot=boot)
    if form == "jsonl":
        from app.cli.many import analyze_each

        sys.exit(analyze_each(logs or ("-",), options, fail_on))
    if len(logs) > 1:
        raise click.UsageError("more than one FILE needs --format jsonl")
    _without_collections()
    from app.service.analyzing import analyze as run

    text = read(logs[0] if logs else "-")
    with working("analysing"):
        document = run(text, options).document
    show(render(document, form, look(width, colour), text))
    if form == "text":
        hint(document, boot)
    fail(document, fail_on)


@cli.command()
@click.argument("log", type=log_file, metavar="FILE|-")
@click.argument("where")
@format_option("text", "json")
@kernel_option
@arch_option
@boot_option
@look_options
def lookup(
    log: str,
    where: str,
    form: str,
    kernel: str | None,
    arch: str | None,
    boot: int | None,
    width: int | None,
    colour: str,
) -> None:
    """Show what is at WHERE: an address (0xbffd7000, 4G), pfn:0xbffd7, or page:0xffffea0002fff5c0."""
    from app.report.found import render as told
    from app.service.analyzing import Options, encode
    from app.service.analyzing import analyze as run
    from app.service.lookup import lookup as find

    document = run(read(log), Options(kernel=kernel, arch=arch, boot=boot)).document
    found = find(document, where)
    show(encode(found) if form == "json" else told(found, look(width, colour)).encode())


@cli.command()
@format_option("text", "json")
def rules(form: str) -> None:
    """List the struct-page rules by kernel release, with their sources."""
    from app.report.rulebook import render as told
    from app.report.rulebook import rules as every
    from app.service.analyzing import encode

    show(encode(every()) if form == "json" else told(every()).encode())


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Server processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the web pages and the API."""
    from app.web.server import CannotServe
    from app.web.server import serve as run

    try:
        run(host, port, workers)
    except CannotServe as error:
        raise click.ClickException(str(error)) from error


def _without_collections() -> None:
    """One report makes no garbage worth collecting: looking for it takes a tenth of the whole run."""
    gc.disable()


def main() -> None:
    """Entry point: every refusal becomes one line on stderr and a documented exit status."""
    status = _status()
    if gc.isenabled():
        sys.exit(status)
    os._exit(status)  # all is written; taking the interpreter apart would take a twentieth of the whole run


def _status() -> int:
    try:
        cli.main(standalone_mode=False)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except BrokenPipeError:  # the reader of our output has had enough
        sys.stderr.close()
    except OSError as error:
        sys.stdout = None  # else the interpreter tries once more on its way out
        click.echo(f"Error: cannot write: {error.strerror}", err=True)
        return EXIT_USAGE
    except Exception as error:
        from app.service.errors import NoMemoryLayout, ServiceError

        if not isinstance(error, ServiceError):
            raise
        click.echo(f"pfnscope: {error}", err=True)
        return EXIT_NO_LAYOUT if isinstance(error, NoMemoryLayout) else EXIT_USAGE
    return 0
