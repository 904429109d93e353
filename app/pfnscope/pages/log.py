"""The lines of a log on a page: of a layout, and of a text that is about to be stored."""

import msgspec

from pfnscope.bootlog.text.plain import as_utf8
from pfnscope.model.document import Document
from pfnscope.report.log_lines import LogRow, log_rows
from pfnscope.words import counted

_MOST_LINES = 2_000
_MOST_LETTERS = 150_000
_BEFORE = 20
_MOST_KEPT = 5_000


class LogPart(msgspec.Struct, frozen=True):
    """Lines of the log that one page holds; ``earlier`` and ``later`` are where its neighbours begin."""

    rows: list[LogRow]
    earlier: int | None
    later: int | None


def log_part(text: bytes, document: Document, *, everything: bool, line: int = 1) -> LogPart:
    """The recognised lines of the log with their numbers, or all that are not blank: as many as a page holds.

    ``line`` is among them, with some before it.
    """
    rows = log_rows(text, document, everything=everything)
    at = next((i for i, row in enumerate(rows) if row.number >= line), len(rows))
    first = max(0, at - _BEFORE) if line > 1 else 0
    end = first
    letters = 0
    while end < len(rows) and end - first < _MOST_LINES and letters < _MOST_LETTERS:
        letters += len(rows[end].text) + 40
        end += 1
    earlier = max(1, rows[max(0, first - _MOST_LINES)].number) if first else None
    later = next((row.number for row in rows[end:] if row.number), None)
    return LogPart(rows[first:end], earlier, later)


def has_more(text: bytes, document: Document) -> bool:
    """Whether the text has lines that were not recognised, beside blank ones."""
    known = set(document.recognised_lines)
    return any(line.strip() and number not in known for number, line in enumerate(as_utf8(text).split(b"\n"), 1))


def kept_rows(kept: bytes) -> list[LogRow]:
    """The lines of a text that would be stored, with their numbers; runs of blank ones as a row of number 0."""
    rows: list[LogRow] = []
    blank = 0
    for number, line in enumerate(kept.decode("utf-8", "replace").split("\n"), 1):
        if not line.strip():
            blank += 1
            continue
        if blank:
            rows.append(LogRow(0, f"{counted(blank, 'line')} dropped or blank"))
            blank = 0
        if len(rows) >= _MOST_KEPT:
            rows.append(LogRow(0, "more lines are not shown"))
            break
        rows.append(LogRow(number, line.rstrip("\r")))
    return rows


def dropped(text: bytes, kept: bytes) -> int:
    """How many lines with something in them would not be kept."""
    before, after = (sum(1 for line in lines.split(b"\n") if line.strip()) for lines in (text, kept))
    return max(0, before - after)
