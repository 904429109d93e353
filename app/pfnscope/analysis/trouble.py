"""What a text without a layout tells: the crash in it, what the kernel was doing, and what to paste next."""

from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.evidence import is_poisoned
from pfnscope.kernel.architectures import architecture, zone_limits
from pfnscope.kernel.readers import doing_in
from pfnscope.model.analysis import Event, Severity, Verdict, worst_first
from pfnscope.model.log import LogEvent
from pfnscope.patterns import compiled
from pfnscope.words import counted

_NEXT = "Paste the log of this boot from its first line on: its memory map, node ranges and zone ranges tell"

_FUNCTION = r" in ([A-Za-z_][\w.]*)(?:\+0x|$)"
_NAMED = 3

Report = tuple[LogEvent, Event]


def without_layout(analysis: Analysis) -> Verdict:
    """The worst report of the text in one sentence; or that there is no verdict, where it has none."""
    reports = list(zip(analysis.log.events, analysis.events, strict=True))
    if not reports:
        return Verdict("none", f"No verdict: the text has no node ranges{_instead(analysis)}.", (), 0)
    ordered = worst_first(reports, lambda report: _severity(analysis, report[0]))
    return Verdict(
        _severity(analysis, ordered[0][0]), _summary(analysis, ordered[0]), tuple(_details(analysis, ordered)), 0
    )


def _instead(analysis: Analysis) -> str:
    """What a text without node ranges has in their place, and why no layout follows from it."""
    log = analysis.log
    maps = ", only memory maps" if log.map_in_force or log.efi_map else ""
    because = f": {analysis.why_not}" if analysis.why_not else ""
    return (", only zone spans" if analysis.layout.zone_spans else maps) + because


def _severity(analysis: Analysis, event: LogEvent) -> Severity:
    if _unwritten(analysis, event):
        return "danger"
    return "info" if event.kind == "memory-failure" else "caution"


def _unwritten(analysis: Analysis, event: LogEvent) -> bool:
    """Whether a report shows a struct page that nothing wrote, or reads at the -2 that compound_head() makes of one."""
    bits = architecture(analysis.layout.arch).bits if analysis.layout.arch else 64
    return is_poisoned(event, bits) or event.address == (1 << bits) - 2


def _summary(analysis: Analysis, report: Report) -> str:
    event, _ = report
    function = _function(event)
    doing = doing_in(function) if function else None
    died = "The kernel died" + (f" in {function}()" if function else "") + (f" while {doing}" if doing else "")
    if _unwritten(analysis, event):
        frame = _frame(report)
        if event.kind == "oops":
            return f"{died}: {f'the struct page of {frame}' if frame else 'a struct page'} was never written."
        return f"The kernel found a struct page that was never written{f': that of {frame}' if frame else ''}."
    frame = _frame(report, _flags_say(analysis, report))
    if event.kind == "oops":
        return f"{died}{f', at {frame}' if frame else ''}."
    if event.kind == "page-outside-zone":
        return f"The kernel found {event.text}."
    if event.kind == "memory-failure":
        return f"The kernel reports a memory error{f' in {frame}' if frame else ''}."
    return f"The kernel found a bad struct page{f': that of {frame}' if frame else ''}."


def _function(event: LogEvent) -> str | None:
    match = compiled(_FUNCTION).search(event.text.encode("utf-8", "replace")) if event.kind == "oops" else None
    return (match.group(1) or b"").decode().partition(".")[0] if match else None


def _frame(report: Report, flags: str = "") -> str:
    """``pfn 0xbffd7``, with the candidates where it is one of some; empty where nothing is known of the frame."""
    _, placed = report
    pfns = [placed.pfn] if placed.pfn is not None else placed.candidates[:_NAMED]
    frame = "pfn " + " or ".join(f"{pfn:#x}" for pfn in pfns) if pfns else ""
    return f"{frame or 'a page'}{f', whose flags say {flags}' if flags else ''}" if frame or flags else ""


def _flags_say(analysis: Analysis, report: Report) -> str:
    """Node and zone that printed page flags name; zones are numbers there, and which is which, is configured."""
    event, placed = report
    number = event.dump.zone if event.dump else None
    usual = [name for name, _ in zone_limits(analysis.layout.arch, None, 0)]
    zone = f"zone {placed.linked_zone}" if placed.linked_zone else None if number is None else f"zone number {number}"
    if number is not None and placed.linked_zone is None and number < len(usual):
        zone = f"{zone} (usually {usual[number]})"
    node = None if placed.linked_node is None else f"node {placed.linked_node}"
    return " and ".join(filter(None, (node, zone)))


def _details(analysis: Analysis, reports: list[Report]) -> Iterator[str]:
    event, placed = reports[0]
    if placed.how and placed.pfn is not None and event.pfn is None:
        yield f"How the frame is known: {placed.how}."
    if len(reports) > 1:
        first = min(event.lines[0] for event, _ in reports)
        yield f"{counted(len(reports), 'report')} in this text, from line {first} on."
    unwritten = _unwritten(analysis, event)
    what = "which other struct pages were never written" if unwritten else "what lies there, and what may be behind it"
    yield f"{_NEXT} {what}."
