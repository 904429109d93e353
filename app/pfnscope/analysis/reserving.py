"""What comes late to struct pages, on a layout: where deferred walks stop, and what the reserve pass initialises."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping

from pfnscope.kernel.architectures import takes_blocks
from pfnscope.kernel.deferral import Deferral, NodeOfReserved, deferral, kept_zone_number, walked_early
from pfnscope.kernel.release import Version
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.ranges import FrameRange, FrameSet, Ranked, clip, overlay


def walk_ends(layout: Layout, version: Version, *, memory_only: bool = False) -> Mapping[int, int]:
    """The first frame that the early walk leaves, by node, for nodes that the log shows to be deferred.

    ``memory_only``: the walk visits memory alone, not every struct page of the span. Source: update_defer_init() and
    defer_init(): the last zone of a node stops at the first section after enough frames were initialised.
    """
    row = deferral(version)
    if row is None or not layout.section_size or not layout.deferred:
        return {}
    walks, last = Walks(layout, FrameSet() if memory_only else layout.without_memory), _last_zones(layout)
    out: dict[int, int] = {}
    for node in layout.deferred:
        ours = layout.by_node.get(node)
        if not ours or node not in last:
            continue
        spanned = ours[-1].frames.end - ours[0].frames.start
        needed = walked_early(row, spanned, walks.section, layout.page_size)
        own = FrameSet.of(item.frames for item in ours).clip(last[node].start, last[node].end)
        end = walks.end(own, last[node], needed)
        if end is not None:
            out[node] = end
    return out


class Walks:
    """Walks over memory of nodes and holes in their spans, up to a section's start after enough frames.

    A hole has one start of a section at most: a section without memory has no struct pages.
    """

    def __init__(self, layout: Layout, holes: FrameSet) -> None:
        self.section = (layout.section_size or 0) // layout.page_size
        self._holes = Ranked(holes.pairs)
        heads = ((item, -(-item.start // self.section) * self.section) for item in holes)
        self._heads = [head for item, head in heads if head < item.end]

    def end(self, own: FrameSet, span: FrameRange, needed: int) -> int | None:
        """The first section's start that a walk visits in a span after so many frames; None where it visits none."""
        enough = self._enough(own, span, needed)
        if enough is None:
            return None
        section = self.section
        at = bisect_left(self._heads, enough)
        starts = [head for head in self._heads[at : at + 1] if head < span.end]
        for start, end in clip(own.pairs, enough, span.end):
            head = -(-start // section) * section
            if head < end:
                starts.append(head)
                break
        return min(starts, default=None)

    def _enough(self, own: FrameSet, span: FrameRange, needed: int) -> int | None:
        """The frame below which so many were visited; own memory and holes lie beside each other."""
        before, ours = self._holes.below(span.start), Ranked(own.pairs)

        def visited(pfn: int) -> int:
            return ours.below(pfn) + self._holes.below(pfn) - before

        pairs = own.pairs
        at = bisect_left(pairs, needed, key=lambda pair: visited(pair[1]))
        if at < len(pairs) and visited(pairs[at][0]) < needed:
            return pairs[at][0] + needed - visited(pairs[at][0])
        mine = ours.below(pairs[at][0]) if at < len(pairs) else own.pages
        return (
            max(span.start, self._holes.reached(needed - mine + before) or 0) if visited(span.end) >= needed else None
        )


def _last_zones(layout: Layout) -> dict[int, FrameRange]:
    """The zone of each node that ends highest; of several the first."""
    last: dict[int, FrameRange] = {}
    for span in layout.zone_spans:
        if span.node not in last or span.end_pfn > last[span.node].end:
            last[span.node] = span.frames
    return last


def initialised_by_reserving(
    layout: Layout, version: Version, *, spans: bool
) -> Iterator[tuple[FrameRange, PageState]]:
    """What the reserve pass initialises, piece by piece: reserved frames without memory beyond a deferral point.

    ``spans``: the rule's walk visits whole zone spans. Source: init_reserved_page() in mm/page_alloc.c, 4.17 to 6.1,
    later mm/mm_init.c; recorded boots of 5.10, 6.1 and 6.12 have zone number 5, which no zone has, in such frames.
    """
    row = deferral(version)
    ends = walk_ends(layout, version, memory_only=not spans)
    if row is None or not ends:
        return
    spans_of: dict[int, list[ZoneSpan]] = {}
    for span in layout.zone_spans:
        spans_of.setdefault(span.node, []).append(span)
    for frames in (layout.reserved & layout.struct_pages) - layout.memory_frames:
        for piece, node, linked in nodes_of_reserved(layout, row, version, frames):
            if node in ends:
                part = piece.clip(max(piece.start, ends[node]), piece.end)
                if part.pages:
                    yield from _of_node(layout, spans_of.get(node, ()), node, linked, part)


def nodes_of_reserved(
    layout: Layout, row: Deferral, version: Version, frames: FrameRange
) -> Iterator[tuple[FrameRange, int, int | None]]:
    """Pieces of reserved frames without memory with the node that they get, and again, or None where it is a guess."""
    first = min(layout.by_node)
    at = bisect_right(layout.memory, frames.start, key=lambda item: item.frames.start)
    below = layout.memory[max(0, at - 1)]
    if row.reserved is NodeOfReserved.BELOW:
        reach = frames.clip(frames.start, below.frames.start + below.frames.end)
        if reach.pages:
            yield reach, below.node, below.node
            frames = FrameRange(reach.end, frames.end)
    if row.reserved is NodeOfReserved.FIRST or not takes_blocks(layout.arch, version):
        yield frames, first, first
    elif layout.node_blocks is None:
        yield frames, below.node, None
    else:
        for piece, (node,) in overlay(FrameSet.of([frames]), layout.node_blocks):
            nid = first if node is None else node
            yield piece, nid, nid


def _of_node(
    layout: Layout, spans: Iterable[ZoneSpan], node: int, linked: int | None, frames: FrameRange
) -> Iterator[tuple[FrameRange, PageState]]:
    rest = FrameSet.of([frames])
    for span in spans:
        for piece in rest.clip(span.frames.start, span.frames.end):
            why = f"the reserve pass initialised it as node {node}, zone {span.zone}, since node {node} was deferred"
            yield piece, PageState("initialised", why, node, span.zone, page_reserved=True)
        rest -= FrameSet.of([span.frames])
    state = _of_no_zone(layout, node, linked)
    for piece in rest:
        yield piece, state


def _of_no_zone(layout: Layout, node: int, linked: int | None) -> PageState:
    """What the reserve pass writes where no zone of the node spans a frame."""
    done, since = "the reserve pass initialised it as", f"since node {node} was deferred and none spans it"
    count = layout.zones_configured
    number = kept_zone_number(count) if count else None
    if number is None:
        return PageState("initialised", f"{done} no zone at all, {since}", linked, None, page_reserved=True)
    zone = layout.zone_limits[number].zone
    why = f"{done} zone number {count}, of which page flags keep {number}: {zone}, {since}"
    return PageState("initialised", why, linked, zone, page_reserved=True, misnumbered=True)
