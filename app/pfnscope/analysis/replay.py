"""Replays the passes of a struct page rule on a layout: which frames each one writes, and what it counts."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from pfnscope.analysis.reserving import initialised_by_reserving, walk_ends
from pfnscope.kernel.architectures import architecture, asks_memblock
from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import Pass, StructPageRule, typical
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, Painted, Ranked, clip, overlay, paint

_E820 = "x86 put what e820 does not call RAM into memblock.reserved"


class PassCount(Struct, frozen=True):
    """Struct pages without memory that a pass wrote, as the kernel would print them.

    They are those of ``writable``, which all counts of a replay share, that lie ``within`` some ranges: where nodes are
    interleaved, each gap between two ranges of one node has the holes of all others in it.
    """

    pages: int
    node: int | None = None
    zone: str | None = None
    within: FrameSet = FrameSet()
    writable: FrameSet = FrameSet()

    @property
    def frames(self) -> FrameSet:
        """Which they are."""
        return FrameSet(
            tuple(piece for start, end in self.within.pairs for piece in clip(self.writable.pairs, start, end))
        )


def frames_of(counts: Iterable[PassCount]) -> FrameSet:
    """Which struct pages some counts of one replay are of, in one pass over all."""
    items = tuple(counts)
    within = FrameSet.of(frames for item in items for frames in item.within)
    return within & items[0].writable if items else within


Counted = Callable[[StructPageRule], tuple[PassCount, ...]]
"""What the passes of a rule would count on some layout."""


Strokes = Iterable[tuple[FrameRange, PageState]]


class Replay(Struct, dict=True):
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
    counts: list[tuple[Iterable[FrameRange], int | None, str | None]]

    def write(self, frames: FrameSet, state: PageState) -> FrameSet:
        """Record that a pass over holes gave ``state`` to those of the frames that it may write; returns these."""
        written = frames & self.valid
        self.strokes.extend((item, state) for item in written)
        return written

    def allocate(self, state: PageState) -> None:
        """Give ``state`` to every struct page."""
        self.strokes.extend((item, state) for item in self.scope)

    def lay(self, strokes: Strokes, among: FrameSet) -> None:
        """Record one pass, of whose strokes the later ones lie over the earlier, on those frames alone.

        Strokes are cut into frames behind each other first: those of many nodes may all span the same holes.
        """
        for frames, (state,) in overlay(among, paint(strokes)):
            if state is not None:
                self.strokes.append((frames, state))

    def count(self, within: Iterable[FrameRange], node: int | None = None, zone: str | None = None) -> None:
        """What of these frames is written is printed as one count."""
        self.counts.append((within, node, zone))

    def counted(self) -> Iterator[PassCount]:
        """The counts, those of zones where there is something to count."""
        for ranges, node, zone in self.counts:
            within = FrameSet.of(ranges)
            pages = sum(self._valid.between(start, end) for start, end in within.pairs)
            if pages or zone is None:
                yield PassCount(pages, node, zone, within, self.valid)

    @cached_property
    def _valid(self) -> Ranked:
        return Ranked(self.valid.pairs)


def replay(layout: Layout, rule: StructPageRule, scope: FrameSet, version: Version | None = None) -> Painted[PageState]:
    """The state of every struct page of ``scope`` after the rule's passes.

    ``version`` is the release that runs them, by default that of the layout, or else a typical one. Cost follows the
    number of ranges. What the passes do to memory itself is not followed: it ends up initialised in its own zone.
    """
    return paint(_run(layout, rule, scope, version).strokes)


def counts_of(layout: Layout, rule: StructPageRule) -> tuple[PassCount, ...]:
    """What the rule's passes count of the struct pages without memory, as the kernel of the layout would print it."""
    return tuple(_run(layout, rule, layout.struct_pages, None).counted())


def _run(
    layout: Layout,
    rule: StructPageRule,
    scope: FrameSet,
    version: Version | None,
    done: frozenset[Pass] = frozenset(),
) -> Replay:
    """The passes but for those that are known to have ``done`` nothing in the scope."""
    version = version or layout.version or typical(rule, layout.arch)
    walked = scope & (layout.memory_frames - layout.nomap) if asks_memblock(layout.arch, version) else scope
    run = Replay(layout, version, rule, scope, _writable(layout, version, scope), walked, [], [])
    for step in rule.passes:
        if step not in done and (layout.memmap.fills_holes(version) or step not in _SPARSEMEM_ONLY):
            _PASSES[step](run)
    return run


def unwritten(layout: Layout, rule: StructPageRule, version: Version, scope: FrameSet) -> FrameSet:
    """The struct pages of some holes that the passes of a rule, run by a release, leave as they were allocated raw.

    What a walk over whole zone spans comes to need not be followed, which are most holes.
    """
    walked = Pass.WALK_SPANS in rule.passes and not asks_memblock(layout.arch, version)
    if walked:
        scope -= FrameSet.of(frames for frames, _ in _walked_spans(layout, version))
    if not scope:
        return scope
    done = frozenset({Pass.WALK_SPANS}) if walked else frozenset[Pass]()
    states = paint(_run(layout, rule, scope, version, done).strokes)
    return FrameSet.of(frames for frames, state in states if state.state == "uninitialised")


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
    spans = tuple(_walked_spans(run.layout, run.version))
    run.lay(_of_spans(spans, reserved=False), run.walked)
    if Pass.ZERO_RESERVED_AND_E820 in run.rule.passes and run.layout.memmap.fills_holes(run.version):
        run.lay(_of_spans(spans, reserved=True), run.walked & _reserved_by_e820(run.layout))


def _walked_spans(layout: Layout, version: Version) -> Iterator[tuple[FrameRange, ZoneSpan]]:
    """The zone spans as far as the early walk comes."""
    ends = walk_ends(layout, version)
    for span in layout.zone_spans:
        yield span.frames.clip(0, ends.get(span.node, span.end_pfn)), span


def _of_spans(spans: Iterable[tuple[FrameRange, ZoneSpan]], *, reserved: bool) -> Strokes:
    for frames, span in spans:
        why = f"the walk over the span of node {span.node}, zone {span.zone} initialised it"
        why = f"{why}; {_E820}" if reserved else why
        yield frames, PageState("initialised", why, span.node, span.zone, reserved=reserved)


def _walk_spans_reserved(run: Replay) -> None:
    strokes: list[tuple[FrameRange, PageState]] = []
    for span in run.layout.zone_spans:
        why = f"the walk over the span of node {span.node}, zone {span.zone} initialised it, Reserved"
        strokes.append((span.frames, PageState("initialised", why, span.node, span.zone, page_reserved=True)))
    run.lay(strokes, run.walked)


def _walk_regions(run: Replay) -> None:
    """Only memory is walked, so no hole is written; NOMAP memory is, for nobody asks pfn_valid().

    Source: memmap_init() and memmap_init_zone() in mm/page_alloc.c, 5.8 and 5.11.5; __next_mem_pfn_range() does not
    leave out NOMAP.
    """
    if not run.layout.nomap:
        return
    strokes: list[tuple[FrameRange, PageState]] = []
    for span in run.layout.zone_spans:
        why = f"memory of node {span.node}, zone {span.zone}, initialised as that"
        state = PageState("initialised", why, span.node, span.zone)
        own = run.layout.by_node.get(span.node, ())
        strokes += ((item.frames.clip(span.start_pfn, span.end_pfn), state) for item in own)
    run.lay(strokes, run.layout.nomap & run.scope)


def _reserve(run: Replay) -> None:
    """memmap_init_reserved_pages(): what lies beyond a node's deferral point is initialised again."""
    spans = Pass.WALK_SPANS in run.rule.passes
    run.lay(initialised_by_reserving(run.layout, run.version, spans=spans), run.walked)


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


def _hole_state(span: ZoneSpan) -> PageState:
    why = f"a hole below or behind memory of node {span.node}, zone {span.zone}: initialised as that zone and Reserved"
    return PageState("initialised", why, span.node, span.zone, page_reserved=True)


def _holes_per_zone(run: Replay) -> None:
    """memmap_init_zone() of 5.12: ``hole`` is shared by all zones and not advanced over a section's tail."""
    _walk_regions(run)
    section = run.layout.memmap.tail(run.version)
    strokes: list[tuple[FrameRange, PageState]] = []
    hole = 0
    for span in run.layout.zone_spans:
        state, below = _hole_state(span), list[FrameRange]()
        first, last = span.start_pfn, span.end_pfn
        for item in run.layout.by_node.get(span.node, ()):
            start = min(max(item.frames.start, first), last)
            if hole < start:
                below.append(FrameRange(hole, start))
            hole = max(start, min(item.frames.end, last))
        below.append(FrameRange(hole, -(-last // section) * section))
        strokes += ((frames, state) for frames in below)
        run.count(below, span.node, span.zone)
    run.lay(strokes, run.valid)


def _holes_by_address(run: Replay) -> None:
    """memmap_init() of 5.14 and later: one pass over memory in address order, then the tail."""
    _pass_by_address(run, split=False)


def _holes_by_address_split(run: Replay) -> None:
    """The same of linux-mm at 7.3-rc5, where init_unavailable_range() is called for each side of a zone's start."""
    _pass_by_address(run, split=True)


def _pass_by_address(run: Replay, *, split: bool) -> None:
    _walk_regions(run)
    states = {(span.node, span.zone): _hole_state(span) for span in run.layout.zone_spans}
    below = tuple(_below_memory(run, split=split))
    for frames, span in below:
        run.count((frames,), span.node, span.zone)
    run.lay(((frames, states[span.node, span.zone]) for frames, span in below), run.valid)


def _below_memory(run: Replay, *, split: bool) -> Iterator[tuple[FrameRange, ZoneSpan]]:
    """What the pass takes for holes, with the zone of the memory above; behind the last memory, of that."""
    spans: dict[int, list[ZoneSpan]] = {}
    for span in run.layout.zone_spans:
        if span.present_pages:
            spans.setdefault(span.node, []).append(span)
    hole = 0
    last: ZoneSpan | None = None
    for item in run.layout.memory:
        for span in spans.get(item.node, ()):
            last = span
            start, end = max(item.frames.start, span.start_pfn), min(item.frames.end, span.end_pfn)
            if start >= end:
                continue
            if split and hole < span.start_pfn < start:
                yield FrameRange(hole, span.start_pfn), span
                hole = span.start_pfn
            if hole < start:
                yield FrameRange(hole, start), span
            hole = end
    if last is not None:
        section = run.layout.memmap.tail(run.version)
        yield FrameRange(hole, -(-hole // section) * section), last


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
