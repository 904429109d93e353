"""Zone spans from zone limits, node ranges and ZONE_MOVABLE starts."""

from collections.abc import Iterable, Mapping, Sequence

from pfnscope.model.layout import MemoryRange, ZoneLimit, ZoneSpan
from pfnscope.model.log import ZoneInfo
from pfnscope.model.ranges import FrameRange, FrameSet

NORMAL, MOVABLE = "Normal", "Movable"


def zone_spans(
    memory: Sequence[MemoryRange],
    limits: Sequence[ZoneLimit],
    movable_start: Mapping[int, int],
    mirrored: FrameSet | None = None,
) -> tuple[ZoneSpan, ...]:
    """The span of every zone of every node, in node and zone order; empty spans are left out.

    ``movable_start`` gives the first frame of ZONE_MOVABLE by node. Source: zone_spanned_pages_in_node(),
    adjust_zone_range_for_zone_movable() and zone_absent_pages_in_node(), mm/page_alloc.c 4.17 and
    mm/mm_init.c 7.1. ``mirrored`` is the mirrored memory where ``kernelcore=mirror`` was given: a zone then keeps its
    span above the start of ZONE_MOVABLE, and memory that belongs to the other of both is absent from it.
    """
    by_node: dict[int, list[FrameRange]] = {}
    for item in memory:
        if item.frames.pages:
            by_node.setdefault(item.node, []).append(item.frames)
    bounded = [(limit.zone, limit.frames) for limit in limits if limit.frames is not None]
    highest = max((frames.end for _, frames in bounded), default=0)
    out: list[ZoneSpan] = []
    for node in sorted(by_node):
        ranges = by_node[node]
        first, last = min(item.start for item in ranges), max(item.end for item in ranges)
        movable = movable_start.get(node, 0)
        for zone, frames in bounded:
            span = frames.clip(first, last)
            own: Iterable[FrameRange] = ranges
            if movable:
                span = _below_movable(span, movable, cut=mirrored is None)
                if mirrored is not None and zone == NORMAL:
                    own = FrameSet.of(ranges) & mirrored
            _add(out, node, zone, span, own)
        if movable:
            rest = ranges if mirrored is None else FrameSet.of(ranges) - mirrored
            _add(out, node, MOVABLE, FrameRange(movable, min(last, highest)), rest)
    return tuple(out)


def spans_of(zones: Sequence[ZoneInfo]) -> tuple[ZoneSpan, ...]:
    """The spans that /proc/zoneinfo gives, by node, zones in the order of the file; empty ones are left out."""
    spans = [
        ZoneSpan.of(
            zone.node, zone.zone, FrameRange(zone.start_pfn, zone.start_pfn + zone.spanned_pages), zone.present_pages
        )
        for zone in zones
        if zone.start_pfn is not None and zone.spanned_pages
    ]
    return tuple(sorted(spans, key=lambda span: span.node))


def _below_movable(span: FrameRange, movable: int, *, cut: bool) -> FrameRange:
    """The part of a zone that ZONE_MOVABLE leaves to it; without ``cut``, all of it where it begins below."""
    if span.start >= movable:
        return FrameRange(span.start, span.start)
    return FrameRange(span.start, min(span.end, movable) if cut else span.end)


def _add(out: list[ZoneSpan], node: int, zone: str, span: FrameRange, ranges: Iterable[FrameRange]) -> None:
    if span.start < span.end:
        present = sum(item.clip(span.start, span.end).pages for item in ranges)
        out.append(ZoneSpan.of(node, zone, span, present))
