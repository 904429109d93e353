"""What happened: crashes and bad pages of the text, the page frames that they are about, and what they prove."""

from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from pfnscope.analysis import Analysis
from pfnscope.analysis.evidence import Evident, Proof, function_of
from pfnscope.findings.codes import BY_CODE
from pfnscope.findings.contradictions import against_rule, astray, lead
from pfnscope.findings.drafts import Draft, failures, of_failure
from pfnscope.findings.holes import about, cause_of, on_release
from pfnscope.findings.remedies import of_holes
from pfnscope.kernel.architectures import zone_limits
from pfnscope.kernel.readers import doing_in
from pfnscope.model.analysis import Event, Severity, foremost, worst_first
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
    def code(self) -> str:
        """That of the finding. A danger is a struct page that nothing wrote and that the kernel died on."""
        if self.unwritten:
            return "crash-on-unwritten" if self.died else "report-on-unwritten"
        return "memory-error" if self.printed.kind == "memory-failure" else "crash"

    @property
    def severity(self) -> Severity:
        """That of the finding."""
        return BY_CODE[self.code].severity


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """What happened: reports that prove something of struct pages, and what the kernel says of encrypted memory."""
    if analysis.layout.memory and analysis.layout.knows_struct_pages:
        yield from _of_holes(analysis)
    elif analysis.layout.memory:
        yield from _of_astray(analysis)
    else:
        yield from _without_layout(analysis)
    for failure in failures(analysis.log, "crashes"):
        yield of_failure(failure)


def _of_holes(analysis: Analysis) -> Iterator[Draft]:
    for item in sorted(analysis.evident, key=lambda item: foremost(item.hole)):
        lines = tuple(sorted({line for proof in item.proofs for line in proof.lines}))
        frames = item.hole.frames.in_bytes(analysis.layout.page_size)
        yield Draft(
            _OF_HOLE[item.hole.severity],
            lead(item),
            lines,
            (frames,),
            partial(_against, analysis, item),
            partial(of_holes, analysis, [item.hole]),
            partial(cause_of, analysis, [item.hole]),
        )
    yield from _of_astray(analysis)
    if analysis.reports_of_another and any(event.hole for event in analysis.events):
        text = f"The reports of this log are of {analysis.log.release}: they prove nothing{on_release(analysis)}."
        yield Draft("reports-of-another-release", text)


_OF_HOLE: dict[Severity, str] = {
    "danger": "crash-in-hole",
    "caution": "report-in-hole",
    "info": "report-of-state",
    "none": "report-harmless",
}


def _against(analysis: Analysis, item: Evident) -> Iterator[str]:
    sentence = against_rule(item, analysis.choice, analysis.release, analysis.layout.arch)
    if sentence:
        yield sentence
    yield from about(analysis, [item.hole])


def _of_astray(analysis: Analysis) -> Iterator[Draft]:
    if analysis.astray:
        lines = tuple(sorted({line for proof in analysis.astray for line in proof.lines}))
        code = "crash-on-unwritten" if analysis.astray[0].kind == "death" else "report-on-unwritten"
        yield Draft(code, astray(analysis.astray, analysis.layout), lines)


def _without_layout(analysis: Analysis) -> Iterator[Draft]:
    """The worst report of the text in one sentence, the others counted."""
    proofs = {proof.lines: proof for proof in analysis.proofs}
    pairs = zip(analysis.log.events, analysis.events, strict=True)
    reports = worst_first(Report(printed, placed, proofs.get(printed.lines)) for printed, placed in pairs)
    if reports:
        lines = tuple(sorted({line for report in reports for line in report.printed.lines}))
        yield Draft(
            reports[0].code, _summary(analysis, reports[0]), lines, details=partial(_details, analysis, reports)
        )


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
