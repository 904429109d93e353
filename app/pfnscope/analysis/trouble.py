"""What a text without a layout tells: the crash in it, what the kernel was doing, and what to paste next."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.evidence import Proof, function_of
from pfnscope.kernel.architectures import zone_limits
from pfnscope.kernel.readers import doing_in
from pfnscope.model.analysis import Event, Severity, Verdict, worst_first
from pfnscope.model.log import LogEvent
from pfnscope.words import counted

_NEXT = "Paste the log of this boot from its first line on: its memory map, node ranges and zone ranges tell"
_NAMED = 3


class Report(Struct, frozen=True):
    """A report of the log as it is printed, as far as it is placed, and what it proves of a struct page."""

    printed: LogEvent
    placed: Event
    proof: Proof | None

    @property
    def unwritten(self) -> bool:
        """Whether it shows a struct page that nothing wrote."""
        return self.proof is not None and self.proof.state in ("uninitialised", "poisoned")

    @property
    def died(self) -> bool:
        """Whether the kernel died."""
        return self.printed.kind == "oops" or (self.proof is not None and self.proof.kind == "death")

    @property
    def severity(self) -> Severity:
        """A danger is a struct page that nothing wrote and that the kernel died on."""
        if self.unwritten and self.died:
            return "danger"
        return "info" if self.printed.kind == "memory-failure" else "caution"


def without_layout(analysis: Analysis) -> Verdict:
    """The worst report of the text in one sentence; or that there is no verdict, where it has none."""
    proofs = {proof.lines: proof for proof in analysis.proofs}
    pairs = zip(analysis.log.events, analysis.events, strict=True)
    reports = worst_first(Report(printed, placed, proofs.get(printed.lines)) for printed, placed in pairs)
    if not reports:
        return Verdict("none", f"No verdict: the text has no node ranges{_instead(analysis)}.", (), 0)
    return Verdict(reports[0].severity, _summary(analysis, reports[0]), tuple(_details(analysis, reports)), 0)


def _instead(analysis: Analysis) -> str:
    """What a text without node ranges has in their place, and why no layout follows from it."""
    log = analysis.log
    maps = ", only memory maps" if log.map_in_force or log.efi_map else ""
    because = f": {analysis.why_not}" if analysis.why_not else ""
    return (", only zone spans" if analysis.layout.zone_spans else maps) + because


def _summary(analysis: Analysis, report: Report) -> str:
    kind, function = report.printed.kind, function_of(report.printed)
    doing = doing_in(function) if function else None
    died = "The kernel died" + (f" in {function}()" if function else "") + (f" while {doing}" if doing else "")
    if report.unwritten:
        frame = _frame(report)
        if kind == "oops":
            return f"{died}: {f'the struct page of {frame}' if frame else 'a struct page'} was never written."
        met = "died on" if report.died else "found"
        return f"The kernel {met} a struct page that was never written{f': that of {frame}' if frame else ''}."
    frame = _frame(report, _flags_say(report, analysis.layout.arch))
    if kind == "oops":
        return f"{died}{f', at {frame}' if frame else ''}."
    if kind == "page-outside-zone":
        return f"The kernel found {report.printed.text}."
    if kind == "memory-failure":
        return f"The kernel reports a memory error{f' in {frame}' if frame else ''}."
    met = "died on" if report.died else "found"
    return f"The kernel {met} a bad struct page{f': that of {frame}' if frame else ''}."


def _frame(report: Report, flags: str = "") -> str:
    """``pfn 0xbffd7``, with the candidates where it is one of some; empty where nothing is known of the frame."""
    placed = report.placed
    pfns = (placed.pfn,) if placed.pfn is not None else placed.candidates[:_NAMED]
    frame = "pfn " + " or ".join(f"{pfn:#x}" for pfn in pfns) if pfns else ""
    return f"{frame or 'a page'}{f', whose flags say {flags}' if flags else ''}" if frame or flags else ""


def _flags_say(report: Report, arch: str | None) -> str:
    """Node and zone that printed page flags name; a zone is a number there, and which it is, is configured."""
    dump, placed = report.printed.dump, report.placed
    number = dump.zone if dump else None
    zone = f"zone {placed.linked_zone}" if placed.linked_zone else None
    if zone is None and number is not None:
        usual = [name for name, _ in zone_limits(arch, None, 0)][number : number + 1]
        zone = f"zone number {number}" + "".join(f" (usually {name})" for name in usual)
    node = None if placed.linked_node is None else f"node {placed.linked_node}"
    return " and ".join(filter(None, (node, zone)))


def _details(analysis: Analysis, reports: list[Report]) -> Iterator[str]:
    worst = reports[0]
    if worst.proof and worst.proof.shown and worst.unwritten and worst.printed.kind == "oops":
        yield f"Line {worst.printed.lines[0]}: {worst.proof.shown}."
    if worst.placed.how and worst.placed.pfn is not None and worst.printed.pfn is None:
        yield f"How the frame is known: {worst.placed.how}."
    if len(reports) > 1:
        first = min(report.printed.lines[0] for report in reports)
        yield f"{counted(len(reports), 'report')} in this text, from line {first} on."
    if analysis.why_not:
        yield f"No layout is computed from the map in this text: {analysis.why_not}."
    what = "which other struct pages were never written" if worst.unwritten else "what lies there"
    yield f"{_NEXT} {what}."
