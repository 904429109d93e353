"""The commands that ask what if: ``simulate``, ``compare`` and ``place``."""

import sys
from typing import Literal

import click

from app.cli.common import (
    EXIT_FINDING,
    FORMATS,
    arch_option,
    boot_option,
    fail,
    fail_option,
    format_option,
    kernel_option,
    log_argument,
    log_file,
    read,
    render,
    show,
)
from app.cli.terminal import look, look_options, working


@click.command()
@log_argument
@click.option("--append", metavar="ARGS", default="", help="Arguments to add to the log's command line.")
@click.option("--remove", metavar="NAME", multiple=True, help="An argument to take away, by name or as written.")
@click.option("--set", "full", metavar="LINE", help="The whole command line, in place of the log's.")
@fail_option
@format_option(*FORMATS)
@kernel_option
@arch_option
@boot_option
@look_options
def simulate(
    log: str,
    append: str,
    remove: tuple[str, ...],
    full: str | None,
    fail_on: str | None,
    form: str,
    kernel: str | None,
    arch: str | None,
    boot: int | None,
    width: int | None,
    colour: str,
) -> None:
    """Report on the machine of the boot log FILE as it would boot with another command line.

    Without a change it shows the log's own command line, simulated. Exit status: 0 simulated, 1 as bad as --fail-on
    says, 2 wrong usage or nothing that a simulation could start from, 3 no memory layout in the text.
    """
    from app.service.analyzing import Options
    from app.service.simulating import Change, simulated_beside

    if full is not None and (append or remove):
        raise click.UsageError("--set gives the whole command line; it goes with neither --append nor --remove.")
    change = Change(full, remove, append)
    text = read(log)
    with working("simulating"):
        today, document = simulated_beside(text, change, Options(kernel=kernel, arch=arch, boot=boot))
    show(render(document, form, look(width, colour), text, today))
    fail(document, fail_on)


@click.command()
@click.argument("first", type=log_file, metavar="A")
@click.argument("second", type=log_file, metavar="[B]", required=False)
@click.option("--boots", metavar="N,M", help="Compare two boots of A, or boot N of A with boot M of B.")
@format_option("text", "json")
@kernel_option
@look_options
def compare(
    first: str, second: str | None, boots: str | None, form: str, kernel: str | None, width: int | None, colour: str
) -> None:
    """Show what changed in memory between the boot logs A and B, or between two boots in one text."""
    from app.report.compared import compared
    from app.report.compared_text import render as told
    from app.service.analyzing import encode
    from app.service.comparing import documents, parse_boots

    text = read(first)
    one, other = parse_boots(boots, same_text=second is None)
    with working("comparing"):
        both = documents(text, read(second) if second is not None else text, one, other, kernel=kernel)
    show(encode(compared(*both)) if form == "json" else told(*both, look(width, colour)).encode())


@click.command()
@click.argument("log", type=log_file, metavar="FILE|-")
@click.option("--size", metavar="SIZE", required=True, help="Size of the region, such as 1G.")
@click.option("--kind", type=click.Choice(("!", "$")), default="!", show_default=True, help="As in memmap=SIZE!START.")
@click.option("--align", metavar="SIZE", help="Alignment of the start; by default a memory section.")
@click.option("--fail-on", type=click.Choice(("danger",)), help="Exit 1 where every place makes a danger.")
@format_option("text", "json")
@kernel_option
@arch_option
@boot_option
@look_options
def place(
    log: str,
    size: str,
    kind: Literal["!", "$"],
    align: str | None,
    fail_on: str | None,
    form: str,
    kernel: str | None,
    arch: str | None,
    boot: int | None,
    width: int | None,
    colour: str,
) -> None:
    """Show where a memmap= region can go on the machine of the boot log FILE without making a dangerous hole.

    Exit status: 0 looked, 1 no place is safe and --fail-on is given, 2 wrong usage or nothing to look in, 3 no memory
    layout in the text.
    """
    from app.report.placed_text import render as told
    from app.service.analyzing import Options, encode
    from app.service.placing import placed_beside

    text = read(log)
    with working("looking for places"):
        document, found = placed_beside(text, size, kind, align, Options(kernel=kernel, arch=arch, boot=boot))
    show(encode(found) if form == "json" else told(document, found, look(width, colour)).encode())
    if fail_on and not any(item.safe for item in found.placements):
        sys.exit(EXIT_FINDING)
