"""Lines of a log as they are shown beside its bars: the recognised ones with their numbers, gaps counted."""

import msgspec

from pfnscope.bootlog.text.plain import as_utf8
from pfnscope.model.document import Document
from pfnscope.model.sources import source_of
from pfnscope.words import counted


class LogRow(msgspec.Struct, frozen=True):
    """A line of the log, or with ``number`` 0 the words for lines left out, or the name of the file that follows."""

    number: int
    text: str
    style: str = ""
    note: str = ""


def log_rows(text: bytes, document: Document, *, everything: bool = False) -> list[LogRow]:
    """The recognised lines and those with a warning, or with ``everything`` all that are not blank."""
    marks = {line: f"of-{hole.severity}" for hole in document.holes for line in hole.lines}
    odd = {note.line: note.message for note in document.diagnostics if note.line and note.severity != "info"}
    known = set(document.recognised_lines)
    rows: list[LogRow] = []
    left_out, before = 0, None
    for number, raw in enumerate(as_utf8(text).decode("utf-8", "replace").split("\n"), 1):
        if not (number in known or number in odd or (everything and raw.strip())):
            left_out += 1
            continue
        if left_out and rows:
            rows.append(LogRow(0, f"{counted(left_out, 'line')} not shown"))
        left_out = 0
        source = source_of(number, document.sources)
        if source is not None and source is not before:
            rows.append(LogRow(0, source.name))
        before = source
        style = "odd" if number in odd else marks.get(number, "" if number in known else "other")
        rows.append(LogRow(number, raw.rstrip("\r"), style, odd.get(number, "")))
    return rows
