"""An analysis in the words of the wire schema."""

from collections.abc import Iterable

from pfnscope.analysis import Analysis
from pfnscope.analysis.verdict import verdict
from pfnscope.kernel.rules import describe_releases
from pfnscope.model import document as wire
from pfnscope.model import document_files as beside
from pfnscope.model.analysis import Choice, State
from pfnscope.model.analysis import Hole as FoundHole
from pfnscope.model.log import DebugfsRegion as FoundListed
from pfnscope.model.log import MapEntry as FoundEntry
from pfnscope.model.log import MemblockRegion as FoundRegion
from pfnscope.model.ranges import ByteRange, FrameRange
from pfnscope.report.inspect import inspections


def document(analysis: Analysis) -> wire.Document:
    """The document of one analysed boot."""
    log, layout, files = analysis.log, analysis.layout, analysis.log.files
    return wire.Document(
        origin=analysis.origin,
        boot=wire.Boot(log.index, log.count, log.title),
        kernel=_kernel(analysis),
        verdict=_verdict(analysis),
        firmware_map=_map(log.firmware_map),
        user_map=_map(log.user_map),
        extended_map=_map(log.extended_map),
        modified_map=_map(log.modified_map),
        e820_changes=[
            wire.E820Change(c.action, *_bounds(c.range), c.from_label, c.to_label, list(c.lines))
            for c in log.e820_changes
        ],
        efi_map=[wire.EfiEntry(*_bounds(e.range), e.type, e.attributes, list(e.lines)) for e in log.efi_map],
        srat=[wire.SratEntry(s.node, *_bounds(s.range), s.hotplug, s.non_volatile, list(s.lines)) for s in log.srat],
        memblock=wire.Memblock(_regions(log.memblock_memory), _regions(log.memblock_reserved)),
        reserved_regions=[
            wire.ReservedRegion(*_bounds(r.range), r.name, r.kind, list(r.lines)) for r in log.reserved_regions
        ],
        node_ranges=[wire.NodeRange(n.node, *_bounds(n.range), list(n.lines)) for n in log.node_ranges],
        zone_ranges=[wire.ZoneRange(z.zone, _start(z.range), _end(z.range), list(z.lines)) for z in log.zone_ranges],
        movable_start=[wire.MovableStart(m.node, hex(m.start), list(m.lines)) for m in log.movable_start],
        initmem=[wire.Initmem(i.node, _start(i.range), _end(i.range), list(i.lines)) for i in log.initmem],
        page_counts=_counts(analysis),
        zone_spans=[
            wire.ZoneSpan(
                s.node, s.zone, s.frames.start, s.frames.end, s.frames.pages, s.present, s.frames.pages - s.present
            )
            for s in layout.zone_spans
            if s.present
        ],
        sections=_sections(analysis),
        holes=[_hole(at, hole, analysis) for at, hole in enumerate(analysis.holes)],
        eras=[
            wire.Era(
                era.rule.id,
                describe_releases(era.rule),
                era.rule.title,
                era.state,
                era.severity,
                current=era.rule is analysis.choice.rule,
            )
            for era in analysis.eras
        ],
        events=[
            wire.Event(
                placed.event.kind,
                placed.event.text,
                None if placed.event.address is None else hex(placed.event.address),
                placed.pfn,
                _frames(analysis.holes[placed.hole].frames) if placed.hole is not None else None,
                list(placed.event.lines),
            )
            for placed in analysis.events
        ],
        checks=[
            wire.Check(c.what, c.printed, c.computed, c.agrees, list(c.lines), [_frames(f) for f in c.frames], c.note)
            for c in analysis.checks
        ],
        diagnostics=[wire.Diagnostic(d.severity, d.code, d.message, d.line, d.column) for d in analysis.diagnostics],
        rule=_rule(analysis.choice),
        recognised_lines=list(log.recognised),
        zoneinfo=[
            beside.ZoneInfo(z.node, z.zone, z.start_pfn, z.spanned, z.present, z.managed, list(z.lines))
            for z in files.zoneinfo
        ],
        iomem=[beside.Resource(*_bounds(r.range), r.name, r.depth, list(r.lines)) for r in files.iomem],
        firmware_memmap=_map(files.firmware_memmap),
        memblock_debugfs=beside.DebugfsLists(
            _debugfs(files.memblock_memory), _debugfs(files.memblock_reserved), _debugfs(files.memblock_physmem)
        ),
        memory_blocks=beside.MemoryBlocks(
            files.memory_block_size.value if files.memory_block_size else None,
            [
                beside.BlockRange(*_bounds(b.range), b.state, b.node, b.zones, list(b.lines))
                for b in files.memory_blocks
            ],
        ),
    )


def _kernel(analysis: Analysis) -> wire.Kernel:
    log, layout, release = analysis.log, analysis.layout, analysis.release
    lines: Iterable[int] = sorted({*log.release_lines, *log.command_line_lines, *log.arch_lines})
    return wire.Kernel(
        release=release.text if release else log.release,
        version=list(release.version) if release else None,
        arch=layout.arch,
        command_line=log.command_line,
        page_size=layout.page_size,
        section_size=layout.section_size,
        assumed=[name for name, _ in analysis.assumed],
        lines=list(lines),
        memory_model=layout.memmap.model.value if layout.memmap.model else None,
    )


def _rule(choice: Choice) -> wire.AppliedRule | None:
    rule = choice.rule
    if rule is None:
        return None
    return wire.AppliedRule(
        id=rule.id,
        title=rule.title,
        releases=describe_releases(rule),
        basis=choice.basis,
        why=choice.why,
        doubt=choice.doubt or None,
        limits=rule.limits or None,
    )


def _verdict(analysis: Analysis) -> wire.Verdict:
    said = verdict(analysis)
    return wire.Verdict(said.severity, said.summary, list(said.details), said.pages_outside)


def _map(entries: Iterable[FoundEntry]) -> list[wire.MapEntry]:
    return [wire.MapEntry(*_bounds(e.range), e.type.value, e.label, list(e.lines)) for e in entries]


def _regions(regions: Iterable[FoundRegion]) -> list[wire.MemblockRegion]:
    return [wire.MemblockRegion(*_bounds(r.range), r.node, r.flags, list(r.lines)) for r in regions]


def _debugfs(regions: Iterable[FoundListed]) -> list[beside.DebugfsRegion]:
    return [beside.DebugfsRegion(*_bounds(r.range), r.node, r.flag, list(r.lines)) for r in regions]


def _counts(analysis: Analysis) -> wire.PageCounts:
    counts = analysis.log.page_counts
    return wire.PageCounts(
        node_total_pages={str(item.node): item.value for item in counts.node_total_pages},
        unavailable=[wire.Unavailable(u.node, u.zone, u.value, list(u.lines)) for u in counts.unavailable],
        zeroed_unavailable=counts.zeroed_unavailable.value if counts.zeroed_unavailable else None,
        reserved_unavailable=counts.reserved_unavailable.value if counts.reserved_unavailable else None,
        available_kib=counts.available_kib.value if counts.available_kib else None,
        total_kib=counts.total_kib.value if counts.total_kib else None,
    )


def _sections(analysis: Analysis) -> wire.Sections:
    layout = analysis.layout
    pages = layout.struct_pages
    size = layout.section_size
    return wire.Sections(
        size=size,
        count=pages.pages * layout.page_size // size if size else 0,
        ranges=[_frames(item) for item in pages],
    )


def _hole(at: int, hole: FoundHole, analysis: Analysis) -> wire.Hole:
    state, rule = hole.state, analysis.choice.rule
    linked = state.state is State.INITIALISED
    cause = analysis.causes[at]
    return wire.Hole(
        start_pfn=hole.frames.start,
        end_pfn=hole.frames.end,
        pages=hole.frames.pages,
        start=hex(hole.frames.start * analysis.layout.page_size),
        end=hex(hole.frames.end * analysis.layout.page_size),
        placement="outside-zone-spans" if hole.outside else "inside-zone-span",
        node=hole.node,
        zone=hole.zone,
        type=hole.owner.type.value if hole.owner else None,
        label=hole.owner.label if hole.owner else None,
        reserved=hole.reserved,
        state=state.state.value,
        linked_node=state.node if linked else None,
        linked_zone=state.zone if linked else None,
        basis=hole.basis,
        reachable_by=list(hole.readers),
        severity=hole.severity,
        rule=rule.id if rule else None,
        why=f"{state.why}; {analysis.choice.why}",
        causes=list(cause.arguments),
        cause_why=cause.why or None,
        lines=list(hole.lines),
        inspect=inspections(hole.frames, analysis.layout.page_size, dangerous=hole.severity in ("danger", "caution")),
    )


def _frames(item: FrameRange) -> wire.PfnRange:
    return wire.PfnRange(item.start, item.end)


def _bounds(item: ByteRange) -> tuple[str, str]:
    return hex(item.start), hex(item.end)


def _start(item: ByteRange | None) -> str | None:
    return hex(item.start) if item else None


def _end(item: ByteRange | None) -> str | None:
    return hex(item.end) if item else None
