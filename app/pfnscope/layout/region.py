"""A layout with some memory taken away, as a memmap= region takes it: without booting the map again."""

from bisect import bisect_left, bisect_right

from msgspec.structs import replace

from pfnscope.kernel.architectures import max_order_pages
from pfnscope.kernel.command_line import NO_MOVABLE, MovableArguments
from pfnscope.kernel.release import Version
from pfnscope.layout.zones import movable_starts, zone_spans
from pfnscope.model.layout import Layout, MemoryRange, Owner, ZoneLimit
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, paint


def near(layout: Layout, window: FrameRange) -> Layout:
    """The part of a layout that decides about ``window``: nodes that reach into it, and the memory next to it.

    Cost follows the memory of the layout once, and of those nodes after that.
    """
    nodes = {node for node, extent in layout.extents.items() if extent.start < window.end and window.start < extent.end}
    nodes.add(min(layout.by_node, default=0))  # the first node has what belongs to none
    below = bisect_left(layout.memory, window.start, key=lambda item: item.frames.end)
    above = bisect_left(layout.memory, window.end, key=lambda item: item.frames.start)
    nodes |= {item.node for item in (*layout.memory[max(below - 1, 0) : below], *layout.memory[above : above + 1])}
    first = bisect_right(layout.owners, window.start, key=lambda item: item[0].end)
    last = bisect_left(layout.owners, window.end, key=lambda item: item[0].start)
    return replace(
        layout,
        memory=tuple(
            sorted((item for node in nodes for item in layout.by_node.get(node, ())), key=lambda item: item.frames)
        ),
        zone_spans=tuple(span for span in layout.zone_spans if span.node in nodes),
        owners=layout.owners[first:last],
        reserved=layout.reserved.clip(window.start, window.end),
    )


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
