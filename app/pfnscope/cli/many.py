"""Many files, a line of JSON each: ``analyze FILE... --format jsonl``."""

import os
from collections.abc import Sequence

import msgspec

from pfnscope.cli.common import EXIT_FINDING, EXIT_NO_LAYOUT, EXIT_USAGE, read, status
from pfnscope.cli.terminal import Refusal, counted, show
from pfnscope.model.document import Document
from pfnscope.service.analyzing import Options, analyze, encode
from pfnscope.service.errors import NoMemoryLayout, ServiceError

_WORST_FIRST = (EXIT_USAGE, EXIT_NO_LAYOUT, EXIT_FINDING)


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is printed for one file: its document, or why there is none."""

    file: str
    document: Document | None = None
    error: str | None = None


def analyze_each(logs: Sequence[str], options: Options, fail_on: str | None) -> int:
    """Print a line for each file as soon as it is analysed; the exit status of all, the worst that any gives."""
    found = {0}
    for number, log in enumerate(logs, 1):
        line, worst = _one(log, options, fail_on)
        found.add(worst)
        show(encode(line))
        counted(number, len(logs))
    return next((worst for worst in _WORST_FIRST if worst in found), 0)


def _one(log: str, options: Options, fail_on: str | None) -> tuple[Line, int]:
    name = os.fsencode(log).decode("utf-8", "replace")
    try:
        document = analyze(read(log), options).document
    except NoMemoryLayout as error:
        return Line(name, error=str(error)), EXIT_NO_LAYOUT
    except (ServiceError, Refusal) as error:
        return Line(name, error=str(error)), EXIT_USAGE
    return Line(name, document), status(document, fail_on)
