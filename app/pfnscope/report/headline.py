"""What every form of a document begins with: the first finding, its cause and remedy, the other findings in a line."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.model.document import Document
from pfnscope.model.findings import Finding
from pfnscope.report.words import VERDICTS

MOST_OTHERS = 6
"""Further findings that stand in front of the bars; the others follow behind them."""


class Line(Struct, frozen=True):
    """A sentence and the role that colours it; ``first``: it is the headline."""

    role: str
    text: str
    first: bool = False


def headline(document: Document) -> list[Line]:
    """The first finding, its cause and what to do; a worse boot of the text; then the other findings by severity."""
    first, *others = document.findings
    lines = [Line(VERDICTS[first.severity][1], VERDICTS[first.severity][0] + first.text, first=True)]
    lines += [Line("", text) for text in answers(first)]
    lines += [Line("danger", text) for text in worse_boot(document)]
    shown = [finding for finding in others if finding.severity != "none"]
    lines += [Line(item.severity, f"{_OTHERS[item.severity]}: {item.text}") for item in shown[:MOST_OTHERS]]
    more = len(shown) - MOST_OTHERS
    return [*lines, *([Line("dim", f"{more} more below.")] if more > 0 else [])]


_OTHERS = {"danger": "Danger", "caution": "Caution", "info": "Worth knowing", "none": "Harmless"}


def answers(finding: Finding) -> Iterator[str]:
    """Why, and what to do."""
    if finding.cause:
        yield f"Cause: {finding.cause}"
    if finding.remedy:
        yield f"What to do: {finding.remedy.text}"


def worse_boot(document: Document) -> tuple[str, ...]:
    """That another boot of the text is worse than the one shown."""
    return document.verdict.details[:1] if document.verdict.details[:1] != document.findings[0].details[:1] else ()


def in_full(document: Document) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """Each finding with what the headline leaves out of it; those with nothing more are left out."""
    for at, finding in enumerate(document.findings):
        why = () if at == 0 else tuple(answers(finding))
        shown = at <= MOST_OTHERS and finding.severity != "none"
        if why or finding.details or not (at == 0 or shown):
            yield finding, (*why, *finding.details)


def sentences(document: Document) -> list[str]:
    """All that the findings say, of a text that gives nothing to draw: the first in front, without its mark."""
    out: list[str] = []
    for finding in document.findings:
        if finding.severity != "none" or not out:
            out += [finding.text, *answers(finding), *finding.details]
    return out
