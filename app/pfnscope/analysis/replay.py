"""Replays the passes of a struct page rule on a layout: which frames each one writes, and what it counts."""

from collections.abc import Callable

from msgspec import Struct

from pfnscope.analysis.reserving import initialised_by_reserving, walk_ends
from pfnscope.kernel.architectures import architecture, asks_memblock
from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import Pass, StructPageRule, typical
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, Painted, paint

_E820 = "x86 put what e820 does not call RAM into memblock.reserved"


class PassCount(Struct, frozen=True):
    """Struct pages without memory that a pass wrote, as the kernel would print them; ``frames`` are which."""

    pages: int
    node: int | None = None
    zone: str | None = None
    frames: FrameSet = FrameSet()


Counted = Callable[[StructPageRule], tuple[PassCount, ...]]
"""What the passes of a rule would count on some layout."""


class Replay(Struct):
    """A replay under way. Later strokes lie over earlier ones, as later passes overwrite earlier ones.

    ``valid`` are the frames that the passes over holes may write, ``walked`` those of them that zone walks do.
    """

    layout: Layout
    version: Version
    rule: StructPageRule
    scope: FrameSet
    valid: FrameSet
    walked: FrameSet
    strokes: list[tuple[FrameRange, PageState]]
    counts: list[PassCount]

    def write(self, frames: FrameSet, state: PageState) -> FrameSet:
        """Record that a pass gave ``state`` to those of the frames that are in scope; returns these."""
        return self._record(frames & self.valid, state)

    def write_range(self, start: int, end: int, state: PageState) -> FrameSet:
        """The same for the frames ``[start, end)``, which may be empty or backwards."""
        return self._record(self.valid.clip(start, end), state)

    def allocate(self, state: PageState) -> None:
        """Give ``state`` to every struct page."""
        self._record(self.scope, state)

    def walk(self, start: int, end: int, state: PageState) -> None:
        """Record that the walk over a zone's span gave ``state`` to the frames ``[start, end)``."""
        self._record(self.walked.clip(start, end), state)

    def count(self, written: FrameSet, node: int | None = None, zone: str | None = None) -> None:
        """Add a count of what was written."""
        self.counts.append(PassCount(written.pages, node, zone, written))

    def _record(self, written: FrameSet, state: PageState) -> FrameSet:
        self.strokes.extend((item, state) for item in written)
        return written


def replay(
    layout: Layout, rule: StructPageRule, scope: FrameSet | None = None, version: Version | None = None
) -> tuple[Painted[PageState], tuple[PassCount, ...]]:
    """The state of every struct page without memory after the rule's passes, and the counts that it would print.

    ``scope`` limits what is followed to some of the struct pages; counts then hold for these only. ``version`` is the
    release that runs the passes, by default that of the layout, or else a typical one. Cost follows the number
    of ranges. What the passes do to memory itself is not followed: each ends with it initialised in its own zone.
    """
    version = version or layout.version or typical(rule, layout.arch)
    scope = layout.struct_pages if scope is None else scope
    walked = scope & (layout.memory_frames - layout.nomap) if asks_memblock(layout.arch, version) else scope
    run = Replay(layout, version, rule, scope, _writable(layout, version, scope), walked, [], [])
    for step in rule.passes:
        if layout.memmap.fills_holes(version) or step not in _SPARSEMEM_ONLY:
            _PASSES[step](run)
    return paint(run.strokes), tuple(run.counts)


def _writable(layout: Layout, version: Version, scope: FrameSet) -> FrameSet:
    """Those of ``scope`` that passes over holes write: pfn_valid() is called once a page block, later once a frame.

    Sources: zero_pfn_range() and init_unavailable_range() in mm/page_alloc.c, 5.0 to 6.1, later mm/mm_init.c;
    pfn_valid() in arch/arm64/mm/init.c, 4.17, and in arch/arm/mm/init.c, 4.17, 5.14, 6.12 and 7.1.5, which from 5.14 on
    says yes to page blocks with memory.
    """
    size = layout.memmap.page_block
    if asks_memblock(layout.arch, version):
        mapped = layout.memory_frames - layout.nomap
        return scope & (mapped | _blocks_begun(mapped, size))
    if layout.flat and architecture(layout.arch).freed:
        return scope & layout.memory_frames.rounded_out(size)
    return scope


def _blocks_begun(frames: FrameSet, size: int) -> FrameSet:
    """Blocks of ``size`` frames whose first frame is among these."""
    heads = ((-(-item.start // size) * size, -(-item.end // size) * size) for item in frames)
    return FrameSet.of(FrameRange(start, end) for start, end in heads if start < end)


def _allocate_zeroed(run: Replay) -> None:
    run.allocate(PageState("zeroed", "struct pages were allocated zeroed, and nothing wrote it later"))


def _allocate_raw(run: Replay) -> None:
    if not run.layout.memmap.fills_holes(run.version):  # FLATMEM took its array from a zeroing allocator up to 5.14
        _allocate_zeroed(run)
        return
    run.allocate(PageState("uninitialised", "struct pages were allocated without zeroing, and nothing wrote it later"))


def _walk_spans(run: Replay) -> None:
    ends = walk_ends(run.layout, run.version)
    by_e820 = Pass.ZERO_RESERVED_AND_E820 in run.rule.passes and run.layout.memmap.fills_holes(run.version)
    reserved = _reserved_by_e820(run.layout) if by_e820 else FrameSet()
    for span in run.layout.zone_spans:
        why = f"the walk over the span of node {span.node}, zone {span.zone} initialised it"
        end = min(span.frames.end, ends.get(span.node, span.frames.end))
        run.walk(span.frames.start, end, PageState("initialised", why, span.node, span.zone))
        for piece in reserved.clip(span.frames.start, end):
            state = PageState("initialised", f"{why}; {_E820}", span.node, span.zone, reserved=True)
            run.walk(piece.start, piece.end, state)


def _walk_spans_reserved(run: Replay) -> None:
    for span in run.layout.zone_spans:
        why = f"the walk over the span of node {span.node}, zone {span.zone} initialised it, Reserved"
        state = PageState("initialised", why, span.node, span.zone, page_reserved=True)
        run.walk(span.frames.start, span.frames.end, state)


def _walk_regions(run: Replay) -> None:
    """Only memory is walked, so no hole is written; NOMAP memory is, for nobody asks pfn_valid().

    Source: memmap_init() and memmap_init_zone() in mm/page_alloc.c, 5.8 and 5.11.5; __next_mem_pfn_range() does not
    leave out NOMAP.
    """
    if not run.layout.nomap:
        return
    for span in run.layout.zone_spans:
        own = run.layout.nomap & FrameSet.of(item.frames for item in run.layout.by_node.get(span.node, ()))
        why = f"memory of node {span.node}, zone {span.zone}, initialised as that"
        for piece in own.clip(span.start_pfn, span.end_pfn) & run.scope:
            run.strokes.append((piece, PageState("initialised", why, span.node, span.zone)))


def _reserve(run: Replay) -> None:
    """memmap_init_reserved_pages(): what lies beyond a node's deferral point is initialised again."""
    for frames, state in initialised_by_reserving(run.layout, run.version, spans=Pass.WALK_SPANS in run.rule.passes):
        run.walk(frames.start, frames.end, state)


def _zero_reserved(run: Replay) -> None:
    why = "zeroed, because memblock.reserved has it and memblock.memory has not"
    run.count(run.write(run.layout.reserved - run.layout.memory_frames, PageState("zeroed", why)))


def _zero_reserved_and_e820(run: Replay) -> None:
    state = PageState("zeroed", f"zeroed and Reserved, because {_E820}", reserved=True)
    run.count(run.write(_reserved_by_e820(run.layout), state))


def _reserved_by_e820(layout: Layout) -> FrameSet:
    """Everything below the end of the last map entry is RAM or reserved; without a map, below the last memory."""
    ends = [frames.end for frames, _ in layout.owners] or [layout.memory_frames.end]
    ram = FrameSet.of(frames for frames, owner in layout.owners if owner.type is MemoryType.RAM)
    return ((FrameSet.of([FrameRange(0, max(ends))]) - ram) | layout.reserved) - layout.memory_frames


def _gaps(layout: Layout) -> FrameSet:
    """What the passes over gaps visit: up to 5.11 they take NOMAP memory for a gap (mm/memblock.c, 5.4 and 5.11)."""
    return layout.without_memory | layout.nomap


def _zero_up_to_max_pfn(run: Replay) -> None:
    frames = _gaps(run.layout).clip(0, run.layout.max_pfn)
    why = "zeroed with everything that is not memory, up to max_pfn"
    run.count(run.write(frames, PageState("zeroed", why)))


def _zero_up_to_section(run: Replay) -> None:
    why = "zeroed with everything that is not memory, to the end of the last section"
    run.count(run.write(_gaps(run.layout), PageState("zeroed", why)))


def _init_as_node_0(run: Replay) -> None:
    zone = run.layout.zone_limits[0].zone if run.layout.zone_limits else None
    why = f"initialised as node 0, zone {zone}, wherever it lies, and Reserved"
    state = PageState("initialised", why, 0, zone, page_reserved=True)
    run.count(run.write(_gaps(run.layout), state))


def _hole_below(run: Replay, hole: int, start: int, span: ZoneSpan) -> FrameSet:
    """Initialise ``[hole, start)`` as the zone of ``span``; the struct pages written."""
    why = f"a hole below or behind memory of node {span.node}, zone {span.zone}: initialised as that zone and Reserved"
    state = PageState("initialised", why, span.node, span.zone, page_reserved=True)
    return run.write_range(hole, start, state)


def _holes_per_zone(run: Replay) -> None:
    """memmap_init_zone() of 5.12: ``hole`` is shared by all zones and not advanced over a section's tail."""
    _walk_regions(run)
    section = run.layout.memmap.tail(run.version)
    by_node: dict[int, list[FrameRange]] = {}
    for item in run.layout.memory:
        by_node.setdefault(item.node, []).append(item.frames)
    hole = 0
    for span in run.layout.zone_spans:
        written: list[FrameRange] = []
        for frames in by_node.get(span.node, ()):
            part = frames.clip(span.frames.start, span.frames.end)
            written += _hole_below(run, hole, part.start, span)
            hole = part.end
        written += _hole_below(run, hole, -(-span.frames.end // section) * section, span)
        _count(run, FrameSet.of(written), span)


def _holes_by_address(run: Replay) -> None:
    """memmap_init() of 5.14 and later: one pass over memory in address order, then the tail."""
    _pass_by_address(run, split=False)


def _holes_by_address_split(run: Replay) -> None:
    """The same of linux-mm at 7.3-rc5, where init_unavailable_range() is called for each side of a zone's start."""
    _pass_by_address(run, split=True)


def _pass_by_address(run: Replay, *, split: bool) -> None:
    _walk_regions(run)
    spans: dict[int, list[ZoneSpan]] = {}
    for span in run.layout.zone_spans:
        if span.present_pages:
            spans.setdefault(span.node, []).append(span)
    hole = 0
    last: ZoneSpan | None = None
    for item in run.layout.memory:
        for span in spans.get(item.node, ()):
            last = span
            part = item.frames.clip(span.frames.start, span.frames.end)
            if part.pages == 0:
                continue
            if split and hole < span.start_pfn < part.start:
                _count(run, _hole_below(run, hole, span.start_pfn, span), span)
                hole = span.start_pfn
            _count(run, _hole_below(run, hole, part.start, span), span)
            hole = part.end
    if last is not None:
        section = run.layout.memmap.tail(run.version)
        _count(run, _hole_below(run, hole, -(-hole // section) * section, last), last)


def _count(run: Replay, written: FrameSet, span: ZoneSpan) -> None:
    if written.pairs:
        run.count(written, span.node, span.zone)


_SPARSEMEM_ONLY = frozenset({
    Pass.ZERO_RESERVED_AND_E820, Pass.ZERO_UP_TO_MAX_PFN, Pass.ZERO_UP_TO_SECTION, Pass.INIT_AS_NODE_0,
    Pass.HOLES_PER_ZONE, Pass.HOLES_BY_ADDRESS, Pass.HOLES_BY_ADDRESS_SPLIT,
})  # fmt: skip
"""Built only without CONFIG_FLAT_NODE_MEM_MAP, later CONFIG_FLATMEM: mm/page_alloc.c, 4.19 to 5.14."""


_PASSES: dict[Pass, Callable[[Replay], None]] = {
    Pass.ALLOCATE_ZEROED: _allocate_zeroed,
    Pass.ALLOCATE_RAW: _allocate_raw,
    Pass.WALK_SPANS_RESERVED: _walk_spans_reserved,
    Pass.WALK_SPANS: _walk_spans,
    Pass.WALK_REGIONS: _walk_regions,
    Pass.ZERO_RESERVED: _zero_reserved,
    Pass.ZERO_RESERVED_AND_E820: _zero_reserved_and_e820,
    Pass.ZERO_UP_TO_MAX_PFN: _zero_up_to_max_pfn,
    Pass.ZERO_UP_TO_SECTION: _zero_up_to_section,
    Pass.INIT_AS_NODE_0: _init_as_node_0,
    Pass.HOLES_PER_ZONE: _holes_per_zone,
    Pass.HOLES_BY_ADDRESS: _holes_by_address,
    Pass.HOLES_BY_ADDRESS_SPLIT: _holes_by_address_split,
    Pass.RESERVE: _reserve,
}
