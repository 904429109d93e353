"""The findings of a document as a page shows them: the first as headline, the others in a line each."""

import msgspec

from pfnscope.model.document import Document
from pfnscope.model.findings import Finding
from pfnscope.pages.presenting import Piece, coded
from pfnscope.report import headline


class FindingRow(msgspec.Struct, frozen=True):
    """One finding, its sentences cut into pieces; ``command_line`` is to be copied.

    ``in_front``: it has a line in front of the bars; ``index`` is its place among those that are shown.
    """

    index: int
    in_front: bool
    code: str
    severity: str
    text: list[Piece]
    cause: list[Piece]
    remedy: list[Piece]
    command_line: str
    details: list[list[Piece]]
    lines: tuple[int, ...]


def finding_rows(document: Document) -> list[FindingRow]:
    """The findings that are to be shown, most important first: what is harmless only where it is the headline."""
    first, *others = document.findings
    shown = [first, *(item for item in others if item.severity != "none")]
    front, _ = headline.in_front(document)
    return [_row(index, item, any(item is one for one in front)) for index, item in enumerate(shown)]


def _row(index: int, finding: Finding, in_front: bool) -> FindingRow:
    remedy = finding.remedy
    return FindingRow(
        index=index,
        in_front=in_front,
        code=finding.code,
        severity=finding.severity,
        text=coded(finding.text),
        cause=coded(finding.cause) if finding.cause else [],
        remedy=coded(remedy.text) if remedy else [],
        command_line=(remedy.command_line or "") if remedy else "",
        details=[coded(sentence) for sentence in finding.details],
        lines=finding.lines,
    )
