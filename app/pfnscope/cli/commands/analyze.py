"""``pfnscope analyze``."""

import os
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pfnscope.cli.common import assumptions, hint, read, render, status
from pfnscope.cli.parsing import Parser, add_assumptions, add_fail_on, add_layout_format, add_look, add_memory_model
from pfnscope.cli.startup import EXIT_FINDING, EXIT_NO_LAYOUT, EXIT_USAGE, run_long
from pfnscope.cli.terminal import Refusal, WrongUsage, look, show, show_count, working

if TYPE_CHECKING:
    from pfnscope.model.analysis import Severity
    from pfnscope.service.analyzing import Options

_WORST_FIRST = (EXIT_USAGE, EXIT_NO_LAYOUT, EXIT_FINDING, 0)


def configure(parser: Parser) -> None:
    """Declare its operands and options."""
    parser.operand("logs", "[FILE|-]...", nargs="*")
    add_layout_format(parser, "jsonl")
    add_assumptions(parser)
    add_memory_model(parser)
    add_fail_on(parser)
    add_look(parser)
    parser.option("--full", action="store_true", help="All tables, also where there is nothing to do.")
    parser.show_examples("dmesg | pfnscope analyze", "pfnscope analyze dmesg.txt --width 72")


def run(args: Namespace) -> int:
    """Report on the boot log FILE, or on standard input; with --format jsonl on many, a line each.

    Exit status: 0 analysed, 1 as bad as --fail-on says, 2 a FILE cannot be read, 3 nothing about memory in it. Of many
    files, the first of 2, 3, 1 that any of them gives.
    """
    logs = args.logs or ["-"]
    if args.form == "jsonl":
        run_long()
        return _print_lines(logs, assumptions(args), args.fail_on)
    if len(logs) > 1:
        raise WrongUsage("more than one FILE needs --format jsonl")
    from msgspec.structs import replace

    from pfnscope.service.analyzing import analyze

    text = read(logs[0])
    with working("analysing"):
        document = analyze(text, assumptions(args)).document
    rendered = render(document, args.form, replace(look(args.width, args.color), full=args.full), text)
    show(rendered, painted=args.form == "text")
    if args.form == "text":
        hint(document, args.boot)
    return status(document, args.fail_on)


def _print_lines(logs: Sequence[str], options: "Options", fail_on: "Severity | None") -> int:
    """Print a line of JSON for each file as soon as it is analysed; the worst exit status of all."""
    from pfnscope.service.analyzing import encode

    statuses = {0}
    for number, log in enumerate(logs, 1):
        line, exit_status = _line(log, options, fail_on)
        statuses.add(exit_status)
        show(encode(line))
        show_count(number, len(logs))
    return next(exit_status for exit_status in _WORST_FIRST if exit_status in statuses)


def _line(log: str, options: "Options", fail_on: "Severity | None") -> tuple[dict[str, object], int]:
    """What is printed for one file, its document or the error, and the exit status for it alone."""
    from pfnscope.errors import ServiceError
    from pfnscope.opening.errors import NoLog
    from pfnscope.service.analyzing import analyze
    from pfnscope.service.errors import NoMemoryLayout

    file = os.fsencode(log).decode("utf-8", "replace")
    try:
        document = analyze(read(log), options).document
    except (NoMemoryLayout, NoLog) as error:
        return {"file": file, "error": str(error)}, EXIT_NO_LAYOUT
    except (ServiceError, Refusal) as error:
        return {"file": file, "error": str(error)}, EXIT_USAGE
    return {"file": file, "document": document}, status(document, fail_on)
