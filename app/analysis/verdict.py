"""The answer in one sentence, and the sentences that follow from it."""

from msgspec import Struct

from app.analysis.model import SEVERITIES, Analysis, Hole, Severity, State
from app.units import format_size


class Verdict(Struct, frozen=True):
    """``pages_outside`` counts all struct pages outside every zone span, harmless ones included."""

    severity: Severity
    summary: str
    details: tuple[str, ...]
    pages_outside: int


def verdict(analysis: Analysis) -> Verdict:
    """Sum up an analysis: the worst holes outside zone spans, or the reason why there is no verdict."""
    if not analysis.layout.memory:
        return Verdict("none", "No verdict: the text has no node ranges, only memory maps.", (), 0)
    if analysis.layout.section_size is None:
        return Verdict("none", f"No verdict: {analysis.choice.why}.", (), 0)
    outside = [hole for hole in analysis.holes if hole.outside]
    pages = sum(hole.frames.pages for hole in outside)
    worst = [hole for hole in analysis.holes if hole.severity == _worst(analysis.holes)]
    severity = worst[0].severity if worst else "none"
    details = [f"{_where(hole, analysis.layout.page_size)}: {hole.state.why}." for hole in worst if severity != "none"]
    if severity == "danger":
        readers = sorted({name for hole in worst for name in hole.readers if name.startswith("/")})
        details.append(f"Reading {' or '.join(readers)} reaches them and can panic.")
    fallen = [placed for placed in analysis.events if placed.hole is not None and analysis.holes[placed.hole] in worst]
    if fallen and severity != "none":
        line = fallen[0].event.lines[0]
        details.append(
            f"{len(fallen)} report{'s' if len(fallen) > 1 else ''} of this log fell in them, from line {line} on."
        )
    others = pages - sum(hole.frames.pages for hole in worst if hole.outside)
    if others > 0 and severity != "none":
        details.append(f"{_count(others, 'more ')} outside every zone span {_is(others)} harmless.")
    return Verdict(severity, _summary(analysis, worst, severity, outside, pages), tuple(details), pages)


def _summary(analysis: Analysis, worst: list[Hole], severity: Severity, outside: list[Hole], pages: int) -> str:
    where = "outside every zone span" if all(hole.outside for hole in worst) else "without memory"
    number = sum(hole.frames.pages for hole in worst)
    on = f" on {_release(analysis)}" if _release(analysis) else ""
    state = worst[0].state.state if worst else None
    if severity in ("danger", "caution") and state is State.UNINITIALISED:
        tail = "" if severity == "danger" else ", but no ordinary reader reaches them"
        return f"{_count(number)} {_lie(number)} {where}, and{on} nothing ever writes them{tail}."
    if severity == "caution":
        return f"{_count(number)} {_lie(number)} {where}; what they hold depends on the release, which is not known."
    if severity == "info":
        if state is State.INITIALISED:
            links = sorted({f"node {hole.state.node}, {hole.state.zone}" for hole in worst if hole.state.zone})
            zones = (
                f"a zone that does not span {_them(number)}: " if len(links) == 1 else "zones that do not span them: "
            )
            return f"{_count(number)} {where} {_is(number)} safe to read{on}, but linked to {zones}{'; '.join(links)}."
        return f"{_count(number)} {where} {_is(number)} zeroed and safe to read{on}."
    if outside:
        return f"No danger{on}: {_count(pages)} {_lie(pages)} outside every zone span, written and reserved."
    return f"No danger{on}: no struct page lies outside every zone span."


def _worst(holes: tuple[Hole, ...]) -> Severity:
    return min((hole.severity for hole in holes), key=SEVERITIES.index, default="none")


def _release(analysis: Analysis) -> str:
    return analysis.release.text if analysis.release else ""


def _where(hole: Hole, page_size: int) -> str:
    owner = f", {hole.owner.label} in the memory map" if hole.owner else ""
    size = format_size(hole.frames.pages * page_size)
    return f"[{hole.frames.start:#x}, {hole.frames.end:#x}), {size}{owner}"


def _count(pages: int, more: str = "") -> str:
    return f"{pages} {more}struct page{'' if pages == 1 else 's'}"


def _is(pages: int) -> str:
    return "is" if pages == 1 else "are"


def _them(pages: int) -> str:
    return "it" if pages == 1 else "them"


def _lie(pages: int) -> str:
    return "lies" if pages == 1 else "lie"
