"""What a text without a layout tells: the crash in it, what the kernel was doing, and what to paste next."""

from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.readers import doing_in
from pfnscope.model.analysis import Event, Severity, Verdict, worst_first
from pfnscope.model.log import BootLog, LogEvent, PageDump
from pfnscope.patterns import compiled
from pfnscope.words import counted

NEXT = (
    "Paste the log of this boot from its first line on: its node ranges and zone ranges tell which other struct pages"
    " are like that, and why."
)

_FUNCTION = r" in ([A-Za-z_][\w.]*)(?:\+0x|$)"
_NAMED = 3

Report = tuple[LogEvent, Event]


def without_layout(analysis: Analysis) -> Verdict:
    """The worst report of the text in one sentence; or that there is no verdict, where it has none."""
    reports = list(zip(analysis.log.events, analysis.events, strict=True))
    if not reports:
        return Verdict("none", f"No verdict: the text has no node ranges{_instead(analysis)}.", (), 0)
    ordered = worst_first(reports, lambda report: _severity(analysis, report[0]))
    return Verdict(_severity(analysis, ordered[0][0]), _summary(analysis, ordered[0]), tuple(_details(ordered)), 0)


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
    """Whether a report shows a struct page that nothing wrote: all its bits are one (PAGE_POISON_PATTERN).

    compound_head() takes the word for a pointer to the head and clears its lowest bit: include/linux/page-flags.h, 4.17
    to 7.1.
    """
    bits = architecture(analysis.layout.arch).bits if analysis.layout.arch else 64
    dumped = bool(event.dump and event.dump.words) and set(event.dump.words if event.dump else ()) == {(1 << bits) - 1}
    return event.kind == "poisoned-page" or "PagePoisoned(" in event.text or dumped or event.address == (1 << bits) - 2


def _summary(analysis: Analysis, report: Report) -> str:
    event, placed = report
    function = _function(event)
    doing = doing_in(function) if function else None
    what = {
        "oops": "The kernel died" + (f" in {function}()" if function else ""),
        "memory-failure": "The kernel reports a memory error",
        "page-outside-zone": "The kernel found a page outside its zone",
    }.get(event.kind, "The kernel found a bad struct page")
    while_ = f" while {doing}" if doing else ""
    frame = _frame(analysis.log, report)
    if _unwritten(analysis, event):
        return f"{what}{while_}: {f'the struct page of {frame}' if frame else 'a struct page'} was never written."
    return f"{what}{while_}{f', at {frame}' if frame else ''}."


def _function(event: LogEvent) -> str | None:
    match = compiled(_FUNCTION).search(event.text.encode("utf-8", "replace")) if event.kind == "oops" else None
    return (match.group(1) or b"").decode().partition(".")[0] if match else None


def _frame(log: BootLog, report: Report) -> str:
    """``pfn 0xbffd7, by its flags of node 0, zone DMA``, with what of it is known."""
    event, placed = report
    pfns = [placed.pfn] if placed.pfn is not None else list(placed.candidates)
    words = " or ".join(f"{pfn:#x}" for pfn in pfns[:_NAMED])
    frame = f"pfn {words}" if words else ""
    links = _links(placed, event.dump)
    return f"{frame or 'a page'}{', by its flags of ' + links if links else ''}" if frame or links else ""


def _links(placed: Event, dump: PageDump | None) -> str:
    node = placed.linked_node
    zone = placed.linked_zone or (f"number {dump.zone}" if dump and dump.zone is not None else None)
    return ", ".join(filter(None, (None if node is None else f"node {node}", None if zone is None else f"zone {zone}")))


def _details(reports: list[Report]) -> Iterator[str]:
    _, placed = reports[0]
    if placed.how and placed.pfn is not None:
        yield f"How the frame is known: {placed.how}."
    if len(reports) > 1:
        first = min(event.lines[0] for event, _ in reports)
        yield f"{counted(len(reports), 'report')} in this text, from line {first} on."
    yield NEXT
