"""The document of an analysis, with commands that show its holes on a machine or in a dump."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.evidence import Evident
from pfnscope.findings import findings
from pfnscope.findings.contradictions import against_rule, state_in_full
from pfnscope.kernel.rules import describe_releases
from pfnscope.layout.blocks import block_size, mixed_blocks
from pfnscope.model.analysis import ALARMS, Cause, Choice, Hole, Inspection, Verdict, worse, worst_first
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.document import (
    AppliedRule,
    Boot,
    BootRow,
    DebugfsLists,
    Document,
    Kernel,
    Memblock,
    MemoryBlocks,
    MixedRange,
    PageCounts,
    Sections,
    Unavailable,
    Vmemmap,
)
from pfnscope.model.findings import Finding
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, Diagnostic, Files
from pfnscope.model.ranges import Address, FrameRange

DANGEROUS = "make the kernel read struct pages that nothing wrote: they can kill the command or stop the machine"

_KPAGEFLAGS = "/proc/kpageflags"


def _alike(kind: type[Struct]) -> tuple[str, ...]:
    """Fields of the document that are fields of ``kind`` by name and type, but for those that an analysis adds to."""
    own: dict[str, Any] = Document.__annotations__
    return tuple(name for name, what in kind.__annotations__.items() if own.get(name) == what and name not in _ADDED_TO)


_ADDED_TO = ("diagnostics",)
_OF_LOG, _OF_FILES = _alike(BootLog), _alike(Files)


def document(analysis: Analysis, boots: tuple[BootRow, ...] = (), logs: Sequence[BootLog] = ()) -> Document:
    """The document of one analysed boot: its facts, and what they mean.

    ``boots`` are all of its text, as ``logs``; the row of this one gets the severity of its findings here.
    """
    log, layout, files = analysis.log, analysis.layout, analysis.log.files
    judged = zip(analysis.holes, analysis.causes, strict=True)
    evident = {item.hole.frames: item for item in analysis.evident}
    known = findings(analysis, logs)
    return Document(
        origin=analysis.origin,
        boot=Boot(log.index, log.count, log.title),
        kernel=_kernel(analysis),
        boots=tuple(
            structs.replace(row, severity=known[0].severity) if row.index == log.index else row for row in boots
        ),
        verdict=_beside(_verdict(known, layout), log.index, boots),
        findings=known,
        memblock=Memblock(log.memblock_memory, log.memblock_reserved),
        page_counts=_counts(log.page_counts),
        zone_spans=tuple(span for span in layout.zone_spans if span.present_pages),
        sections=_sections(layout),
        holes=tuple(
            _explained(hole, cause, _why(hole, evident.get(hole.frames), analysis.choice), layout.page_size)
            for hole, cause in judged
        ),
        eras=analysis.eras,
        events=analysis.events,
        checks=analysis.checks,
        diagnostics=(*analysis.diagnostics, *_contradictions(analysis)),
        vmemmap=_vmemmap(analysis),
        rule=_rule(analysis.choice, analysis.layout.arch),
        recognised_lines=log.recognised,
        nomap=analysis.nomap,
        ledger=analysis.ledger,
        memblock_debugfs=DebugfsLists(files.memblock_memory, files.memblock_reserved, files.memblock_physmem),
        memory_blocks=_blocks(analysis),
        **{name: getattr(log, name) for name in _OF_LOG},
        **{name: getattr(files, name) for name in _OF_FILES},
    )


def _blocks(analysis: Analysis) -> MemoryBlocks:
    """Memory blocks as the files of /sys, a line or the release have them."""
    ranges, size = analysis.log.files.memory_blocks, block_size(analysis.log, analysis.layout)
    if size is None:
        return MemoryBlocks(None, ranges)
    page = analysis.layout.page_size
    mixed = tuple(
        MixedRange(block.number, *block.frames.in_bytes(page), block.ram.pages * page)
        for block in mixed_blocks(analysis.layout, size.size)
    )
    return MemoryBlocks(size.size, ranges, "evidence" if size.printed else "release", mixed)


def _verdict(known: tuple[Finding, ...], layout: Layout) -> Verdict:
    """The first finding in the form that documents had before: severity, summary, further sentences."""
    first = known[0]
    return Verdict(first.severity, first.text, first.details, layout.outside_zone_spans.pages)


def _beside(own: Verdict, index: int, boots: tuple[BootRow, ...]) -> Verdict:
    """The verdict, with the worst of the other boots of the text in front of its details where that is worse."""
    others = [row for row in boots if row.index != index and row.severity and worse(row.severity, own.severity)]
    if not others:
        return own
    worst = worst_first(others, lambda row: row.severity or own.severity)[0]
    sentence = f"Boot {worst.index} of this text is worse: {worst.severity} ({worst.title})."
    return structs.replace(own, details=(sentence, *own.details))


def _kernel(analysis: Analysis) -> Kernel:
    log, layout, release = analysis.log, analysis.layout, analysis.release
    return Kernel(
        release=release.text if release else log.release,
        version=release.version if release else None,
        arch=layout.arch,
        command_line=log.command_line,
        page_size=layout.page_size,
        section_size=layout.section_size,
        assumed=tuple(name for name, _ in analysis.assumed),
        lines=tuple(sorted({*log.release_lines, *log.command_line_lines, *log.arch_lines})),
        memory_model=layout.memmap.model.value if layout.memmap.model else None,
    )


def _vmemmap(analysis: Analysis) -> Vmemmap | None:
    place = analysis.pointers.machine.proven
    return Vmemmap(Address(place.base), place.size, place.why) if place else None


def _rule(choice: Choice, arch: str | None) -> AppliedRule | None:
    rule = choice.rule
    if rule is None:
        return None
    return AppliedRule(
        id=rule.id,
        title=rule.title,
        releases=describe_releases(rule, arch),
        basis=choice.basis,
        why=choice.why,
        doubt=choice.doubt or None,
        limits=rule.limits or None,
    )


def _counts(counts: PrintedCounts) -> PageCounts:
    return PageCounts(
        node_total_pages={str(item.node): item.value for item in counts.node_total_pages},
        unavailable=tuple(Unavailable(item.node, item.zone, item.value, item.lines) for item in counts.unavailable),
        zeroed_unavailable=_value(counts.zeroed_unavailable),
        reserved_unavailable=_value(counts.reserved_unavailable),
        available_kib=_value(counts.available_kib),
        total_kib=_value(counts.total_kib),
    )


def _value(count: Count | None) -> int | None:
    return count.value if count else None


def _sections(layout: Layout) -> Sections:
    pages, size = layout.struct_pages, layout.section_size
    return Sections(size=size, count=pages.pages * layout.page_size // size if size else 0, ranges=tuple(pages))


def _contradictions(analysis: Analysis) -> Iterator[Diagnostic]:
    """Where reports of the log show of a hole what the rule does not say."""
    for item in analysis.evident:
        sentence = against_rule(item, analysis.choice, analysis.release, analysis.layout.arch)
        if sentence and item.contradicts:
            yield Diagnostic("warning", "rule-contradicted", sentence, item.proofs[0].lines[0], None)


def _why(hole: Hole, evident: Evident | None, choice: Choice) -> str:
    if evident is None or not evident.contradicts:
        return f"{hole.why}; {choice.why}"
    return f"{hole.why}; {choice.why}, by which: {state_in_full(evident.by_rule)} ({evident.by_rule.why})"


def _explained(hole: Hole, cause: Cause, why: str, page_size: int) -> Hole:
    """The hole with what made it and its state, and with commands that show it."""
    return structs.replace(
        hole,
        why=why,
        causes=cause.arguments,
        cause_why=cause.why or None,
        inspect=inspections(hole.frames, page_size, dangerous=hole.severity in ALARMS),
    )


def inspections(frames: FrameRange, page_size: int, *, dangerous: bool) -> tuple[Inspection, ...]:
    """One command for each tool. ``dangerous``: those that make the kernel read these struct pages carry a warning.

    Sources: addr-spec of page-types, end excluded (tools/vm/page-types.c 3.4, tools/mm/page-types.c 6.8); crash's
    ``help kmem``: -p with a physical address; drgn.helpers.linux.mm; eight bytes a frame in /proc/kpageflags
    (Documentation/admin-guide/mm/pagemap.rst). crash and drgn read struct pages as plain memory, which is safe.
    """
    start, end = hex(frames.start), hex(frames.end)
    warning = DANGEROUS if dangerous else None
    return (
        Inspection("page-types", f"page-types -l -a {start},{end}", warning),
        Inspection(
            "od",
            f"dd if={_KPAGEFLAGS} bs=8 skip={frames.start} count={frames.pages} status=none | od -Ad -tx8 -w8",
            warning,
        ),
        Inspection("crash", f"kmem -p {frames.start * page_size:#x}", None),
        Inspection("drgn", f"for pfn in range({start}, {end}): print(hex(pfn), pfn_to_page(prog, pfn).flags)", None),
    )
