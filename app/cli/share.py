"""The command that sends a log's memory lines to a server: ``share``."""

import click

from app.cli.common import arch_option, boot_option, format_option, kernel_option, log_file, read, show
from app.cli.terminal import working

_DAY = 86400


@click.command()
@click.argument("log", type=log_file, metavar="FILE|-")
@click.option(
    "--server",
    metavar="URL",
    required=True,
    envvar="PFNSCOPE_SERVER",
    help="Address of the server; also from PFNSCOPE_SERVER.",
)
@click.option("--title", metavar="TEXT", default="", help="Title of the page.")
@click.option("--days", type=click.IntRange(1, 3650), metavar="N", help="Days to keep it; the server sets the most.")
@format_option("text", "json")
@kernel_option
@arch_option
@boot_option
def share(
    log: str,
    server: str,
    title: str,
    days: int | None,
    form: str,
    kernel: str | None,
    arch: str | None,
    boot: int | None,
) -> None:
    """Send the memory lines of the boot log FILE to a server; print the permalink and the token that deletes it.

    All other lines stay here: they are blanked before anything is sent. Exit status: 0 shared, 2 unreadable input,
    or the server cannot be reached or refuses, 3 no memory layout in the text.
    """
    from app.service.analyzing import Options, encode
    from app.service.sending import share as send

    text = read(log)
    options = Options(kernel=kernel, arch=arch, boot=boot)
    with working("sending"):
        made = send(text, server, options, title=title, expires_in=days and days * _DAY)
    told = f"{made.url}\ndelete token: {made.delete_token}\nkept until {made.expires_at}\n"
    show(encode(made) if form == "json" else told.encode())
    click.echo(f"pfnscope: sent {made.sent} of {made.lines} lines, those about memory", err=True)
