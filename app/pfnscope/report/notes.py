"""What a document notes about its own reading: those of one text told once, with all their lines."""

from collections.abc import Iterable, Sequence

import msgspec

from pfnscope.model.document import Document
from pfnscope.model.log import Diagnostic
from pfnscope.report.findings import BY_CODE
from pfnscope.words import plural

_MOST_LINES = 8


class NoteRow(msgspec.Struct, frozen=True):
    """Notes of one text, told once, with all their lines. ``then`` is what helps, where anything does."""

    severity: str
    message: str
    lines: tuple[int, ...]
    then: str = ""


def note_rows(notes: Iterable[Diagnostic]) -> list[NoteRow]:
    """The diagnostics in their order, those of one text together."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for note in notes:
        key = note.severity, note.message, note.code
        groups.setdefault(key, []).extend([note.line] if note.line else [])
    helps = {code: finding.then for code, finding in BY_CODE.items()}
    return [
        NoteRow(severity, message, tuple(sorted(lines)), helps.get(code, ""))
        for (severity, message, code), lines in groups.items()
    ]


def sentences(document: Document) -> list[str]:
    """The notes for a report that tells verdict and counts besides, and so not again what these say."""
    said = {document.verdict.summary, *document.verdict.details}
    kept = (note for note in document.diagnostics if note.code != "check-differs" and note.message not in said)
    return [(f"{_lines(row.lines)}: " if row.lines else "") + row.message for row in note_rows(kept)]


def _lines(lines: Sequence[int]) -> str:
    """``line 3``, ``lines 3, 7-9``, of many the first ones."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and runs[-1][-1] == line - 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    words = ["-".join(map(str, run)) for run in runs[:_MOST_LINES]]
    more = " and others" if len(runs) > _MOST_LINES else ""
    return f"{plural(len(set(lines)), 'line')} {', '.join(words)}{more}"
