"""What comes late to struct pages, on a layout: where deferred walks stop, and what the reserve pass initialises."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from pfnscope.kernel.architectures import takes_blocks
from pfnscope.kernel.deferral import Deferral, NodeOfReserved, deferral, kept_zone_number, walked_early
from pfnscope.kernel.release import Version
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.ranges import FrameRange, FrameSet, overlay


def walk_ends(layout: Layout, version: Version, *, memory_only: bool = False) -> Mapping[int, int]:
    """The first frame that the early walk leaves, by node, for nodes that the log shows to be deferred.

    ``memory_only``: the walk visits memory alone, not every struct page of the span. Source: update_defer_init() and
    defer_init(): the last zone of a node stops at the first section after enough frames were initialised.
    """
    row = deferral(version)
    if row is None or not layout.section_size:
        return {}
    starts = ((node, _first_deferred(layout, row, node, memory_only)) for node in layout.deferred)
    return {node: pfn for node, pfn in starts if pfn is not None}


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
    first = min(item.node for item in layout.memory)
    starts = [item.frames.start for item in layout.memory]
    below = layout.memory[max(0, bisect_right(starts, frames.start) - 1)]
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


def _first_deferred(layout: Layout, row: Deferral, node: int, memory_only: bool) -> int | None:
    ours = [item.frames for item in layout.memory if item.node == node]
    last = _last_zone(layout, node)
    if not ours or last is None or layout.section_size is None:
        return None
    section = layout.section_size // layout.page_size
    start, end = min(item.start for item in ours), max(item.end for item in ours)
    needed = walked_early(row, end - start, section, layout.page_size)
    visited = FrameSet.of(ours) if memory_only else layout.struct_pages - _of_others(layout, node)
    done = 0
    for piece in visited.clip(last.frames.start, last.frames.end):
        candidate = -(-max(piece.start, piece.start + needed - done) // section) * section
        if candidate < piece.end:
            return candidate
        done += piece.pages
    return None


def _last_zone(layout: Layout, node: int) -> ZoneSpan | None:
    return max(
        (span for span in layout.zone_spans if span.node == node), key=lambda span: span.frames.end, default=None
    )


def _of_others(layout: Layout, node: int) -> FrameSet:
    return FrameSet.of(item.frames for item in layout.memory if item.node != node)
