"""A layout with some memory taken away, as a memmap= region takes it: without booting the map again."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from pfnscope.kernel.architectures import max_order_pages
from pfnscope.kernel.command_line import NO_MOVABLE, MovableArguments
from pfnscope.kernel.release import Version
from pfnscope.layout.zones import movable_starts, zone_spans
from pfnscope.model.layout import Layout, MemoryRange, Owner, ZoneLimit, ZoneSpan
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, paint


class Vicinity(Struct, frozen=True, dict=True):
    """A layout of which only what is near some frames is looked at."""

    layout: Layout

    def of(self, taken: FrameRange) -> Layout:
        """The part of the layout that decides about what changes where ``taken`` is no longer memory.

        These are, a section beyond ``taken`` on both sides, the nodes that reach there and the memory next to it, and
        where a node then ends elsewhere, all up to there. Of nodes it has the first and the last range, so that they
        keep their extents. Cost follows the number of nodes, and the ranges near by.
        """
        layout, margin = self.layout, self.layout.memmap.block
        window = FrameRange(max(0, taken.start - margin), taken.end + margin)
        nodes = self._nodes(window)
        wider = self._with_ends(window, taken, nodes)
        if wider != window:
            window, nodes = wider, nodes | self._nodes(wider)
        first = bisect_right(layout.owners, window.start, key=lambda item: item[0].end)
        last = bisect_left(layout.owners, window.end, key=lambda item: item[0].start)
        memory = (item for node in nodes for item in self._ranges(node, window))
        return replace(
            layout,
            memory=tuple(sorted(memory, key=lambda item: item.frames)),
            zone_spans=tuple(span for node in sorted(nodes) for span in self._spans.get(node, ())),
            owners=layout.owners[first : last + 1],
            reserved=layout.reserved.clip(window.start, window.end),
        )

    def _nodes(self, window: FrameRange) -> set[int]:
        """Those that reach into the window, those of the memory next to it, and the first, for what belongs to none."""
        memory, (extents, reach) = self.layout.memory, self._extents
        nodes = {min(self.layout.by_node, default=0)}
        at = bisect_left(extents, (window.end, 0, 0))
        while at and reach[at - 1] > window.start:
            at -= 1
            nodes |= {extents[at][2]} if extents[at][1] > window.start else set()
        below = bisect_left(memory, window.start, key=lambda item: item.frames.end)
        above = bisect_left(memory, window.end, key=lambda item: item.frames.start)
        return nodes | {item.node for item in (*memory[max(below - 1, 0) : below], *memory[above : above + 1])}

    @cached_property
    def _extents(self) -> tuple[list[tuple[int, int, int]], list[int]]:
        """First frame, end and number of each node, by address, and how far the first 1, 2, … of them reach."""
        extents = sorted((extent.start, extent.end, node) for node, extent in self.layout.extents.items())
        return extents, list(accumulate((end for _, end, _ in extents), max))

    def _with_ends(self, window: FrameRange, taken: FrameRange, nodes: AbstractSet[int]) -> FrameRange:
        """The window up to where nodes end whose last range is taken, or begin whose first range is."""
        low, high = window.start, window.end
        for node in nodes & self.layout.by_node.keys():
            own = self.layout.by_node[node]
            if taken.start <= own[-1].frames.start and own[-1].frames.end <= taken.end:
                at = bisect_left(own, taken.start, key=lambda item: item.frames.start)
                low = min([low, *(item.frames.end for item in own[max(at - 1, 0) : at])])
            if taken.start <= own[0].frames.start and own[0].frames.end <= taken.end:
                at = bisect_right(own, taken.end, key=lambda item: item.frames.end)
                high = max([high, *(item.frames.start for item in own[at : at + 1])])
        return FrameRange(low, high)

    def _ranges(self, node: int, window: FrameRange) -> Sequence[MemoryRange]:
        """Memory of a node in the window and next to it, its first and its last; all where walks are deferred."""
        own = self.layout.by_node.get(node, ())
        if self.layout.deferred or len(own) < _FEW:
            return own
        first = max(bisect_right(own, window.start, key=lambda item: item.frames.end) - 1, 0)
        last = bisect_left(own, window.end, key=lambda item: item.frames.start) + 1
        return [*own[: min(first, 1)], *own[first:last], *(own[-1:] if last < len(own) else ())]

    @cached_property
    def _spans(self) -> dict[int, list[ZoneSpan]]:
        spans: dict[int, list[ZoneSpan]] = {}
        for span in self.layout.zone_spans:
            spans.setdefault(span.node, []).append(span)
        return spans


_FEW = 8
"""Ranges of a node that are not worth to be searched."""


def less_memory(
    layout: Layout,
    taken: FrameRange,
    kind: MemoryType,
    label: str,
    *,
    movable: MovableArguments = NO_MOVABLE,
    version: Version | None = None,
) -> Layout:
    """The layout where ``taken``, in whole frames of memory, has another owner; nodes keep what is left of them.

    ``movable`` are the arguments that set the start of ZONE_MOVABLE. Equal to booting the map again with such a
    region, as long as nodes do not depend on how much memory there is (``numa=fake=``).
    """
    memory = tuple(_left(layout.memory, taken))
    end = max((item.frames.end for item in memory), default=0)
    start = min((item.frames.start for item in memory), default=0)
    limits = tuple(replace(item, frames=_within(item, start, end)) for item in layout.zone_limits)
    starts = {}
    if movable:
        block = max_order_pages(layout.arch, layout.page_size)
        starts = movable_starts(memory, limits, movable, version, layout.page_size, block)
    mirrored = FrameSet.of(item.frames for item in memory if item.mirror) if movable.mirror else None
    return replace(
        layout,
        memory=memory,
        zone_limits=limits,
        zone_spans=zone_spans(memory, limits, starts, mirrored),
        owners=paint([*layout.owners, (taken, Owner(kind, label, ()))]),
        # what the kernel had put there, it would put elsewhere
        reserved=layout.reserved - FrameSet.of([taken]),
        max_pfn=end if layout.max_pfn <= taken.end else layout.max_pfn,
    )


def _left(memory: tuple[MemoryRange, ...], taken: FrameRange) -> list[MemoryRange]:
    out: list[MemoryRange] = []
    for item in memory:
        if item.frames.end <= taken.start or taken.end <= item.frames.start:
            out.append(item)
            continue
        if item.frames.start < taken.start:
            out.append(replace(item, frames=FrameRange(item.frames.start, taken.start)))
        if taken.end < item.frames.end:
            out.append(replace(item, frames=FrameRange(taken.end, item.frames.end)))
    return out


def _within(limit: ZoneLimit, start: int, end: int) -> FrameRange | None:
    """Zones begin with the first memory and end with the last, wherever their own limits are."""
    if limit.frames is None:
        return None
    part = limit.frames.clip(start, end)
    return part if part.pages else None
