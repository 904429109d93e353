"""What happened: crashes and bad pages of the text, the page frames that they are about, and what they prove."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec import Struct, structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.evidence import Evident, Proof, frame_words, function_of
from pfnscope.findings.codes import BY_CODE
from pfnscope.findings.contradictions import against_rule, known_fix
from pfnscope.findings.drafts import Draft, failures, no_remedy, of_failure
from pfnscope.findings.holes import cause_of, on_release, place
from pfnscope.findings.remedies import of_dangers
from pfnscope.kernel.architectures import zone_limits
from pfnscope.kernel.walkers import checks_layout, doing_in, takes_offline_node, walker_in
from pfnscope.model.analysis import Event, Hole, Severity, foremost, worst_first
from pfnscope.model.findings import Remedy
from pfnscope.model.log import TOOL, LogEvent
from pfnscope.model.ranges import Lines
from pfnscope.words import counted

_NEXT = "Now paste the boot part as well: journalctl -k -b -1 | head -300."
_WHOLE = "Now paste the whole log of this boot, from “Linux version” to the crash."
_NAMED = 3
_ARRAY = 1 << 34
"""Struct pages that the array has room for with four levels of page tables: Documentation/arch/x86/x86_64/mm.rst."""

_SAME_CRASH = 12
"""Lines between the dump of a struct page and the "kernel BUG" of one VM_BUG_ON_PAGE(): mm/debug.c, 4.17 to 7.1."""

_USUAL = ("migration failure", "unmovable page", "isolation failed", "Memory hotplug", "memory offline")
"""Why pages are dumped that are merely in use: mm/memory_hotplug.c and mm/page_alloc.c, 4.20 to 7.1."""


_DUMPS = ("page-dump", "poisoned-page")


class Report(Struct, frozen=True):
    """A report of the log as it is printed, as far as it is placed, and what it proves of a struct page."""

    printed: LogEvent
    placed: Event
    proof: Proof | None
    reason: str = ""
    by: str | None = None

    @property
    def unwritten(self) -> bool:
        """Whether it shows a struct page that nothing wrote."""
        return self.proof is not None and self.proof.state in ("uninitialised", "poisoned")

    @property
    def died(self) -> bool:
        """Whether the kernel died."""
        return self.printed.kind == "oops" or (self.proof is not None and self.proof.kind == "death")

    @property
    def function(self) -> str | None:
        """The one that died."""
        return self.by or function_of(self.printed)

    def joined(self, second: "Report") -> "Report":
        """The report with what its second part adds: flags and reason of a dump, the function of a BUG()."""
        dumped = second.printed.kind == "page-dump"
        placed = self.placed
        if dumped:
            links = second.placed
            placed = structs.replace(placed, linked_node=links.linked_node, linked_zone=links.linked_zone)
        dump = second.printed.dump if dumped else self.printed.dump
        reason = reason_of(second.printed) if dumped else self.reason
        return Report(structs.replace(self.printed, dump=dump), placed, self.proof, reason, second.function)


def reason_of(event: LogEvent) -> str:
    """Why the kernel dumped a page: what it prints behind "page dumped because"."""
    reason = event.text.rpartition(": ")[2].partition("  ")[0] if event.kind in _DUMPS else ""
    return "" if reason.startswith(("refcount:", "page:", "flags:")) or " is uninitialized" in reason else reason


class Coded(Struct, frozen=True):
    """A report under the code of the finding that it becomes."""

    code: str
    report: Report

    @property
    def severity(self) -> Severity:
        """That of the finding."""
        return BY_CODE[self.code].severity


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """What happened: reports of struct pages, other crashes, and what the kernel says of encrypted memory."""
    remedy = partial(of_dangers, analysis)
    for item in sorted(analysis.evident, key=lambda item: foremost(item.hole)):
        yield _of_hole(analysis, item, remedy if item.hole.severity == "danger" else no_remedy)
    if analysis.reports_of_another:
        if any(event.hole for event in analysis.events):
            text = f"The reports of this log are of {analysis.log.release}: they prove nothing{on_release(analysis)}."
            yield Draft("reports-of-another-release", text)
    else:
        yield from _elsewhere(analysis)
    for failure in failures(analysis.log, "crashes"):
        yield of_failure(failure)


def _of_hole(analysis: Analysis, item: Evident, remedy: Callable[[], Remedy | None]) -> Draft:
    hole, first = item.hole, item.proofs[0]
    code = "shown-unwritten" if hole.severity == "danger" and first.kind != "death" else _OF_HOLE[hole.severity]
    return Draft(
        code,
        _lead(analysis, item),
        tuple(sorted({line for proof in item.proofs for line in proof.lines})),
        (hole.frames.in_bytes(analysis.layout.page_size),),
        details=partial(_of_hole_in_full, analysis, item),
        remedy=remedy,
        cause=partial(cause_of, analysis, [hole]),
    )


_OF_HOLE: dict[Severity, str] = {
    "danger": "crash-in-hole",
    "caution": "report-in-hole",
    "info": "report-of-state",
    "none": "report-harmless",
}


def _lead(analysis: Analysis, item: Evident) -> str:
    """Who hit what, in two lines: how many reports from where on, and the struct pages that they are about."""
    hole, first = item.hole, item.proofs[0]
    which = f"{_some(item)} {place(hole, analysis.layout.page_size)}"
    if first.kind == "death":
        return f"This is your panic: {_crashes(analysis, item.proofs)} hit {which}{_that(hole)}."
    line, many = analysis.log.at(_first_line(item.proofs)), len(item.proofs) > 1
    if first.kind == "sight":
        lines = f"Lines from {line.removeprefix('line ')} on show" if many else f"{_begun(line)} shows"
        return f"{lines} {which}{_that(hole)}."
    where = f"{counted(len(item.proofs), 'report')}, from {line} on," if many else line
    return f"The kernel complains in {where} about {which}{_that(hole)}."


def _some(item: Evident) -> str:
    """``one of the 41 struct pages``, ``the 32 struct pages`` where reports speak of all of them."""
    pages = item.hole.pages
    if pages == 1:
        return "the struct page"
    met = len({proof.pfn for proof in item.proofs if proof.pfn is not None}) or 1
    return f"{'' if met == pages else 'one of ' if met == 1 else f'{met:,} of '}the {pages:,} struct pages"


def _that(hole: Hole) -> str:
    """What the struct pages hold."""
    if hole.state in ("uninitialised", "poisoned"):
        return " that nothing wrote"
    if hole.state == "zeroed":
        return ", all zero"
    if hole.state == "initialised":
        return f", linked to node {hole.linked_node}, {hole.linked_zone}" if hole.linked_zone else ", of a wrong zone"
    return ""


def _begun(where: str) -> str:
    """A place at the beginning of a sentence; the name of a file stays as it is."""
    return f"L{where[1:]}" if where.startswith("line ") else where


def _crashes(analysis: Analysis, shown: Sequence[Proof]) -> str:
    """``33 oopses, from line 397 on,`` or ``the oops in line 43``. A page dump and its BUG() are one crash."""
    deaths = [proof for proof in shown if proof.kind == "death"]
    oopses = [proof for proof in deaths if proof.oops]
    noun, crashes = ("oops", oopses) if oopses else ("crash", deaths)
    if len(crashes) == 1:
        return f"the {noun} in {analysis.log.at(crashes[0].lines[0])}"
    return f"{len(crashes):,} {noun}es, from {analysis.log.at(_first_line(crashes))} on,"


def _first_line(shown: Sequence[Proof]) -> int:
    return min(proof.lines[0] for proof in shown)


def _of_hole_in_full(analysis: Analysis, item: Evident) -> Iterator[str]:
    """Who, why, the known fix, and whether the release should not have done it."""
    hole = item.hole
    who = next((proof for proof in item.proofs if proof.function), None)
    printed = next((proof for proof in item.proofs if proof.state == "poisoned"), who)
    shown = printed if printed and printed.shown else next((proof for proof in item.proofs if proof.shown), None)
    if who and who.function:
        doing = doing_in(who.function)
        words = f": {who.shown}" if who.shown and shown is who else ""
        died = f"The kernel died in {who.function}()" + (f" while {doing}" if doing else "")
        yield f"{died}, at {frame_words(who)} ({analysis.log.at(who.lines[0])}){words}."
    if shown and shown is not who:
        yield f"{_begun(analysis.log.at(shown.lines[0]))}, {frame_words(shown)}: {shown.shown}."
    fix = known_fix(hole, item.by_rule, analysis.release, analysis.layout.max_pfn)
    if fix:
        yield fix
    sentence = against_rule(item, analysis.choice, analysis.release, analysis.layout.arch)
    if sentence:
        yield sentence
    if analysis.choice.doubt:
        yield f"Not certain: {analysis.choice.doubt}."
    yield from _boot(analysis)


def _boot(analysis: Analysis) -> Iterator[str]:
    log = analysis.log
    if log.count > 1:
        yield f"All of this is of boot {log.index} of {log.count} in this text{f' ({log.title})' if log.title else ''}."


def _elsewhere(analysis: Analysis) -> Iterator[Draft]:
    """Reports of no hole, those of one code together: the first in a sentence, the others counted."""
    by_lines = {proof.lines: proof for proof in analysis.proofs}
    settled = {proof.lines for item in analysis.evident for proof in item.proofs}
    groups: dict[str, list[Report]] = {}
    before: LogEvent | None = None
    latest: list[Report] = []  # the group of ``before``
    for printed, placed in zip(analysis.log.events, analysis.events, strict=True):
        report = Report(printed, placed, by_lines.get(printed.lines), reason_of(printed))
        first, before = before, printed
        if first is not None and _goes_with(first, printed):
            latest[-1:] = [item.joined(report) for item in latest[-1:]]
            continue
        code = None if printed.lines in settled else _code(analysis, report)
        latest = groups.setdefault(code, []) if code else []
        if code:
            latest.append(report)
    for coded in worst_first(Coded(code, reports[0]) for code, reports in groups.items()):
        reports = groups[coded.code]
        # the one that names most
        lead = next((item for item in reports if item.placed.pfn is not None and item.died), None)
        lead = lead or next((item for item in reports if item.placed.pfn is not None or item.function), reports[0])
        yield Draft(
            coded.code,
            _sentence(analysis, coded.code, lead, len(reports) - 1),
            _lines(reports),
            details=partial(_details, analysis, lead),
            cause=partial(_shown_by, analysis, lead),
            remedy=no_remedy if analysis.layout.memory or coded.severity == "info" else partial(_paste_more, analysis),
        )


def _lines(reports: Sequence[Report]) -> Lines:
    return tuple(sorted({line for report in reports for line in report.printed.lines}))


def _paste_more(analysis: Analysis) -> Remedy:
    """How to get the rest: of a kernel that died while it booted, or of one that had booted."""
    return Remedy(_WHOLE if analysis.log.banner else _NEXT)


def _goes_with(before: LogEvent, event: LogEvent) -> bool:
    """Whether it is the second part of a report: the dump behind "Bad page", the BUG behind a dumped page."""
    if event.lines[0] - before.lines[-1] > _SAME_CRASH:
        return False
    if before.kind == "bad-page":
        return event.kind == "page-dump"
    return before.kind in ("page-dump", "poisoned-page") and event.text.startswith("kernel BUG at")


def _code(analysis: Analysis, report: Report) -> str | None:
    """The code of a report; None for one that is no finding. A danger is an unwritten struct page that killed."""
    kind = report.printed.kind
    if report.unwritten:
        return "crash-on-unwritten" if report.died else "report-on-unwritten"
    if kind == "memory-failure":
        return "memory-error"
    if kind == TOOL:
        return None
    if kind == "oops":
        return "crash" if _about_struct_pages(analysis, report) else "crash-elsewhere"
    if kind == "page-dump" and report.printed.pfn is not None and report.printed.text.endswith(": unmovable page"):
        return None  # the memory block that it keeps online is told
    if kind == "page-dump" and not report.died and any(words in report.printed.text for words in _USUAL):
        return "page-in-use"
    return "crash" if report.died else "bad-page"


def _about_struct_pages(analysis: Analysis, report: Report) -> bool:
    """Whether an oops died in what goes through struct pages, checks them or looks for a node, or on their array."""
    printed, function = report.printed, report.function
    if function and (walker_in(function) or takes_offline_node(function, printed.address)):
        return True
    return checks_layout(printed.text) or _off_the_array(analysis, report) is not None


def _off_the_array(analysis: Analysis, report: Report) -> int | None:
    """The frame without a struct page whose place in the array of them is where the fault lies, if any."""
    layout, place, address = analysis.layout, analysis.pointers.machine.proven, report.printed.address
    pfn = place.frame(address, inside=True) if place and address is not None else None
    if pfn is None or pfn >= _ARRAY:
        return None
    return None if layout.memory and layout.knows_struct_pages and pfn in layout.struct_pages else pfn


def _sentence(analysis: Analysis, code: str, report: Report, others: int) -> str:
    """What is known of a report: function, what the kernel was doing, frame, node and zone; and what is not."""
    kind, function, frame = report.printed.kind, report.function, _frame(analysis, report)
    more = f", and {others} more like it" if others else ""
    line = analysis.log.at(report.printed.lines[0])
    if code == "crash-elsewhere":
        if function:
            return f"An oops in {function}() ({line}{more}): not about memory layout."
        return f"An oops in {line}{more}: the text does not name the function, so what it is about is not known."
    doing = doing_in(function) if function else None
    died = "The kernel died" + (f" in {function}()" if function else "") + (f" while {doing}" if doing else "")
    where = f" ({line}{more})"
    if kind == "oops" and not report.unwritten:
        if function and takes_offline_node(function, report.printed.address):
            return f"{died}{where}: it asked for memory of a node that is not online."
        if (pfn := _off_the_array(analysis, report)) is not None:
            return f"{died}{where}: nothing is mapped where the struct page of pfn {pfn:#x} would be."
        if checks_layout(report.printed.text):
            died += f" at a check of its own ({report.printed.text.partition(' in ')[0].removesuffix('!')})"
        return f"{died}{where}{f': at {frame}' if frame else '; the text does not tell at which page frame'}."
    verb = died if report.died else "The kernel found" if kind != TOOL else "The text shows"
    if report.unwritten:
        which = f"that of {frame}" if frame else "the text does not tell of which page frame"
        return f"{verb}{' on' if report.died else ''} a struct page that nothing ever wrote{where}: {which}."
    if kind == "page-outside-zone":
        return f"The kernel found {report.printed.text}{where}."
    if kind == "memory-failure":
        return f"The hardware reported a memory error{f' in {frame}' if frame else ''}{where}."
    if code == "page-in-use":
        return f"A page could not be moved away, as it is in use{f': {frame}' if frame else ''}{where}."
    return f"{verb}{' on' if report.died else ''} a bad struct page{where}{f': that of {frame}' if frame else ''}."


def _frame(analysis: Analysis, report: Report) -> str:
    """``pfn 0xbffd7 · 0xbffd7000, memory of node 0, DMA32``; empty where nothing is known of the frame."""
    placed, layout = report.placed, analysis.layout
    pfns = (placed.pfn,) if placed.pfn is not None else placed.candidates[:_NAMED]
    size = f" · {placed.pfn * layout.page_size:#x}" if placed.pfn is not None else ""
    frame = "pfn " + " or ".join(f"{pfn:#x}" for pfn in pfns) + size if pfns else ""
    lies = _lies(analysis, placed.pfn) if placed.pfn is not None else ""
    known = report.unwritten or lies == f"memory of node {placed.linked_node}, {placed.linked_zone}"
    flags = "" if known else _flags_say(report, layout.arch)
    if not frame and not flags:
        return ""
    return f"{frame or 'a page'}{f', {lies}' if lies else ''}{f', whose flags say {flags}' if flags else ''}"


def _lies(analysis: Analysis, pfn: int) -> str:
    """Where the layout has a frame; empty where it has neither memory nor zones."""
    layout = analysis.layout
    if not layout.memory:
        span = next((at for at in layout.zone_spans if at.start_pfn <= pfn < at.end_pfn), None)
        return f"in node {span.node}, {span.zone}" if span else "in no zone" if layout.zone_spans else ""
    item = next((item for item in layout.memory if item.frames.start <= pfn < item.frames.end), None)
    if item is None:
        known = layout.knows_struct_pages and pfn not in layout.struct_pages
        return "which by this layout has no struct page" if known else "without memory"
    zone = next(
        (at.zone for at in layout.zone_spans if at.node == item.node and at.start_pfn <= pfn < at.end_pfn), None
    )
    kept_out = " that firmware keeps out of the map (NOMAP)" if pfn in layout.nomap else ""
    return f"memory of node {item.node}{f', {zone}' if zone else ''}{kept_out}"


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


def _shown_by(analysis: Analysis, report: Report) -> str | None:
    """What tells that nothing wrote the struct page, or what the kernel says is wrong with it."""
    shown = report.proof.shown if report.proof and report.unwritten else ""
    if shown:
        return f"{shown[:1].upper()}{shown[1:]} ({analysis.log.at(report.printed.lines[0])})."
    return f"The kernel says why: {report.reason}." if report.reason else None


def _details(analysis: Analysis, report: Report) -> Iterator[str]:
    if report.placed.how and report.printed.pfn is None:
        yield f"How the frame is known: {report.placed.how}."
    if analysis.why_not:
        yield f"No layout is computed from the map in this text: {analysis.why_not}."
    yield from _boot(analysis)
