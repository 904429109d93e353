"""What every form of a document begins with: the first finding, its cause and remedy, the other findings in a line."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.findings.codes import BY_CODE
from pfnscope.model.analysis import ALARMS, Severity
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


def headline(document: Document, room: int | None = None) -> list[Line]:
    """The first finding, its cause and what to do; a worse boot of the text; then the other findings by severity.

    ``room`` is how many of the others there is room for, where that is less than usual.
    """
    first = document.findings[0]
    lines = [Line(VERDICTS[first.severity][1], VERDICTS[first.severity][0] + first.text, first=True)]
    lines += [Line("", text) for text in answers(first)]
    lines += [Line("danger", text) for text in worse_boot(document)]
    shown, more = in_front(document)
    where = "below"
    if room is not None and room < len(shown):
        shown, more, where = shown[:room], more + len(shown) - room, "with --full"
    lines += [Line(item.severity, f"{_OTHERS[item.severity]}: {item.text}") for item in shown]
    return [*lines, *([Line("dim", f"{more} more {where}.")] if more else [])]


def in_front(document: Document) -> tuple[list[Finding], int]:
    """The findings that follow the first in front of the bars, and how many more there is no room for.

    An argument that is the cause of something above info is not told again as one that did what it says, and what most
    machines have waits behind the bars where something above info leads.
    """
    first, *others = document.findings
    causes = " ".join(item.cause for item in document.findings if item.cause and item.severity in ALARMS)
    candidates = [item for item in others if item.severity != "none" and not _is_cause(item, causes)]
    shown = [item for item in candidates if not BY_CODE[item.code].ordinary]
    if first.severity not in ALARMS:
        shown += [item for item in candidates if BY_CODE[item.code].ordinary]
    return shown[:MOST_OTHERS], max(len(shown) - MOST_OTHERS, 0)


def _is_cause(finding: Finding, causes: str) -> bool:
    """Whether it is an argument that a cause names."""
    return finding.code == "memory-argument" and f"“{finding.text.partition(': ')[0]}”" in causes


def nothing_to_do(document: Document) -> bool:
    """Whether the headline is that nobody has to do anything."""
    return document.findings[0].code in ("nothing-to-do", "nothing-to-do-but-know")


def tone(document: Document) -> Severity:
    """The severity that a page is coloured by: a machine on which nobody has to do anything is calm."""
    return "none" if nothing_to_do(document) else document.verdict.severity


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
    shown, _ = in_front(document)
    for at, finding in enumerate(document.findings):
        why = () if at == 0 else tuple(answers(finding))
        if why or finding.details or not (at == 0 or any(finding is item for item in shown)):
            yield finding, (*why, *finding.details)


def sentences(document: Document) -> list[str]:
    """All that the findings say, of a text that gives nothing to draw: the first in front, without its mark."""
    out: list[str] = []
    for finding in document.findings:
        if finding.severity != "none" or not out:
            out += [finding.text, *answers(finding), *finding.details]
    return out
