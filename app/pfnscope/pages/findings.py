"""The findings of a document as a page shows them: the first as headline, the others in a line each."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from pfnscope.kernel.command_line import arguments
from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.model.findings import Finding, Remedy
from pfnscope.pages.places import question_of
from pfnscope.pages.presenting import Piece, coded
from pfnscope.pages.query import encoded
from pfnscope.report.headline import answers
from pfnscope.report.words import first_sentence


class RemedyRow(msgspec.Struct, frozen=True):
    """What helps: its first sentence and the others, cut into pieces; ``command_line`` is to be copied.

    ``query`` asks the page what that changes, empty where the simulator did not try it.
    """

    text: list[Piece]
    more: list[Piece]
    command_line: str
    query: str


class FindingRow(msgspec.Struct, frozen=True):
    """One finding, its sentences cut into pieces; ``index`` is its place among those that are shown.

    ``mail`` is what to send somebody: the finding, its cause and what helps as plain lines. ``placing`` asks the page
    where the memory would lie that the kernel did not find; empty where it is no such finding.
    """

    index: int
    code: str
    severity: str
    text: list[Piece]
    cause: list[Piece]
    remedy: RemedyRow | None
    details: list[list[Piece]]
    lines: tuple[int, ...]
    mail: str
    placing: str


def finding_rows(document: Document) -> list[FindingRow]:
    """The findings that are to be shown, most important first: what is harmless only where it is the headline."""
    first, *others = document.findings
    shown = [first, *(item for item in others if item.severity != "none")]
    return [_row(index, item, question_of(document, item.code)) for index, item in enumerate(shown)]


def _row(index: int, finding: Finding, placing: str) -> FindingRow:
    return FindingRow(
        index=index,
        code=finding.code,
        severity=finding.severity,
        text=coded(finding.text),
        cause=coded(finding.cause) if finding.cause else [],
        remedy=_remedy(finding.remedy) if finding.remedy else None,
        details=[coded(sentence) for sentence in finding.details],
        lines=finding.lines,
        mail="\n".join((finding.text, *answers(finding))),
        placing=placing,
    )


def _remedy(remedy: Remedy) -> RemedyRow:
    first, more = first_sentence(remedy.text)
    return RemedyRow(coded(first), coded(more) if more else [], remedy.command_line or "", _trial(remedy))


def _trial(remedy: Remedy) -> str:
    """The question that boots a remedy in the simulator; empty where that shows nothing of it."""
    texts = " ".join((*remedy.instead, remedy.command_line or ""))
    if not remedy.checked or not any(item.shapes_layout for item in arguments(texts)):
        return ""
    pairs = [("remove", text) for text in remedy.instead]
    return encoded([*pairs, ("append", remedy.command_line)] if remedy.command_line else pairs)


def others_words(rows: Iterable[FindingRow], names: dict[str, str]) -> str:
    """How many worth an alarm follow the first: ``1 danger, 1 caution``; empty where none does."""
    _, *others = rows
    counts = Counter(row.severity for row in others if row.severity in ALARMS)
    return ", ".join(f"{count} {names[severity]}" for severity, count in counts.items())
