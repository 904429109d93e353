"""Zone spans from zone limits and node ranges, and where ZONE_MOVABLE starts on each node.

Source of the starts: find_zone_movable_pfns_for_nodes() in mm/page_alloc.c, 2.6.34, 3.4, 4.4, 4.17, 5.14, 6.1, and
mm/mm_init.c, 6.6, 7.1: what ``kernelcore=``, ``movablecore=`` and ``movable_node`` make of memory.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from pfnscope.kernel.command_line import MovableArguments
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import NEEDS_MIRRORS
from pfnscope.model.layout import MemoryRange, ZoneLimit, ZoneSpan
from pfnscope.model.log import BootLog, ZoneInfo
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.units import GIB

NORMAL, MOVABLE = "Normal", "Movable"


def zone_spans(
    memory: Sequence[MemoryRange],
    limits: Sequence[ZoneLimit],
    movable_start: Mapping[int, int],
    mirrored: FrameSet | None = None,
    extents: Mapping[int, FrameRange] = MappingProxyType({}),
) -> tuple[ZoneSpan, ...]:
    """The span of every zone of every node, in node and zone order; empty spans are left out.

    ``movable_start`` gives the first frame of ZONE_MOVABLE by node. Source: zone_spanned_pages_in_node(),
    adjust_zone_range_for_zone_movable() and zone_absent_pages_in_node(), mm/page_alloc.c 4.17 and
    mm/mm_init.c 7.1. ``mirrored`` is the mirrored memory where ``kernelcore=mirror`` was given: a zone then keeps its
    span above the start of ZONE_MOVABLE, and memory that belongs to the other of both is absent from it. ``extents``
    are printed first and last frames of nodes, which count where their ranges are not whole.
    """
    by_node: dict[int, list[FrameRange]] = {node: [] for node in extents}
    for item in memory:
        if item.frames.pages:
            by_node.setdefault(item.node, []).append(item.frames)
    bounded = [(limit.zone, limit.frames) for limit in limits if limit.frames is not None]
    highest = max((frames.end for _, frames in bounded), default=0)
    out: list[ZoneSpan] = []
    for node in sorted(by_node):
        ranges = by_node[node]
        whole = [*ranges, extents[node]] if node in extents else ranges
        first, last = min(item.start for item in whole), max(item.end for item in whole)
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


MOST_NODES = 1024
"""No kernel has more nodes (NODES_SHIFT of include/linux/numa.h, 2.6.34 to 7.1); each costs a pass over the others."""

Nodes = Mapping[int, Sequence[FrameRange]]


def movable_starts(
    memory: Iterable[MemoryRange],
    limits: Sequence[ZoneLimit],
    options: MovableArguments,
    version: Version | None,
    page_size: int,
    block: int,
) -> dict[int, int]:
    """First frame of ZONE_MOVABLE by node, for the nodes that have one; rounded up to ``block`` frames.

    ``limits`` are the zone ranges, ``block`` is MAX_ORDER_NR_PAGES. Left out is a start at or behind the end of its
    node: such a zone is empty, and kernels up to 5.17 print it all the same. A crash dump kernel, which ignores
    ``kernelcore=mirror`` from 6.7 on, cannot be told here.
    """
    ranges = sorted((item for item in memory if item.frames.pages), key=lambda item: item.frames)
    nodes: dict[int, list[FrameRange]] = {}
    for item in ranges:
        nodes.setdefault(item.node, []).append(item.frames)
    if options.movable_node:
        starts = _lowest(ranges, lambda item: item.hotplug)
    elif options.mirror:
        four_gib = 4 * GIB // page_size
        usable = not NEEDS_MIRRORS.reached(version, unknown=True) or any(item.mirror for item in ranges)
        starts = _lowest(ranges, lambda item: usable and not item.mirror and item.frames.start >= four_gib)
    else:
        starts = _spread(nodes, _lowest_movable(limits), *_kernel_frames(nodes, options, page_size, block))
    rounded = {node: -(-start // block) * block for node, start in starts.items()}
    return {node: start for node, start in sorted(rounded.items()) if start < nodes[node][-1].end}


def _lowest(ranges: Iterable[MemoryRange], chosen: Callable[[MemoryRange], bool]) -> dict[int, int]:
    """The lowest frame of what is chosen, by node."""
    starts: dict[int, int] = {}
    for item in ranges:
        if chosen(item):
            starts.setdefault(item.node, item.frames.start)
    return starts


def _lowest_movable(limits: Sequence[ZoneLimit]) -> int:
    """Where the highest zone that is not empty begins: ZONE_MOVABLE takes from no other."""
    return max((limit.frames.start for limit in limits if limit.frames is not None and limit.frames.pages), default=0)


def _kernel_frames(nodes: Nodes, options: MovableArguments, page_size: int, block: int) -> tuple[int, int]:
    """Frames that have to stay with the kernel (0: all of them), and all frames."""
    total = sum(item.pages for ranges in nodes.values() for item in ranges)
    kernel = _frames(total, options.kernelcore_percent, options.kernelcore, page_size)
    movable = _frames(total, options.movablecore_percent, options.movablecore, page_size)
    if movable:
        kernel = max(kernel, total - min(-(-movable // block) * block, total))
    return kernel, total


def _frames(total: int, percent: int, size: int, page_size: int) -> int:
    return total * percent // 100 if percent else size // page_size


def _spread(nodes: Nodes, lowest: int, kernel: int, total: int) -> dict[int, int]:
    """Leave ``kernel`` frames to the kernel, as evenly over the nodes as they have memory for."""
    starts: dict[int, int] = {}
    usable = len(nodes)
    if not 0 < kernel < total or usable > MOST_NODES:
        return starts
    left = sorted(nodes)
    while usable:
        share = kernel // usable
        left = [node for node in left if starts.get(node, 0) < nodes[node][-1].end]
        for node in left:
            if kernel < share:
                share = kernel // usable
            kernel -= _keep(nodes[node], node, starts, lowest, share, kernel)
        usable -= 1
        if kernel <= usable:
            break
    return starts


def _keep(ranges: Sequence[FrameRange], node: int, starts: dict[int, int], lowest: int, share: int, kernel: int) -> int:
    """Move the start of one node up over ``share`` frames more, what lies below ``lowest`` counted as well.

    Returns by how many frames ``kernel``, what is still to be kept on all nodes, becomes less.
    """
    rest, left = kernel, share
    passed = bisect_right(ranges, starts.get(node, 0), key=lambda item: item.end)
    for at in range(passed, len(ranges)):
        item = ranges[at]
        start = max(item.start, starts.get(node, 0))
        if start >= item.end:
            continue
        if start < lowest:
            below = min(item.end, lowest) - start
            left -= min(below, left)
            rest -= min(below, rest)
            if item.end <= lowest:
                starts[node] = item.end
                continue
            start = lowest
        taken = min(item.end - start, left)
        starts[node] = start + taken
        rest -= min(rest, taken)
        left -= taken
        if not left:
            break
    return kernel - rest


HOTPLUG, MIRROR, NOMAP = 1, 2, 4
"""enum memblock_flags in include/linux/memblock.h, 3.14 to 7.1."""


def marked(log: BootLog, memory: Sequence[MemoryRange], page_size: int) -> tuple[MemoryRange, ...]:
    """The ranges of memory with their marks: those of a memblock dump, or else what the SRAT calls hotpluggable.

    The kernel takes the hotplug mark from every node that it has itself put something on: from the node of the
    lowest memory, where its image is, and from the one where an initrd lies (numa_clear_kernel_node_hotplug() in
    arch/x86/mm/numa.c, 4.17 to 6.8). What else it reserved early is in no line, so this is what is usual.
    """
    dumped = [item for item in log.memblock_memory if item.flags]
    hotplug = FrameSet.of(item.range.frames_inward(page_size) for item in dumped if (item.flags or 0) & HOTPLUG)
    mirror = FrameSet.of(item.range.frames_inward(page_size) for item in dumped if (item.flags or 0) & MIRROR)
    if not any(item.flags is not None and item.node is not None for item in log.memblock_memory):
        hotplug = FrameSet.of(item.range.frames_inward(page_size) for item in log.srat if item.hotplug)
        used = sorted(item.start // page_size for item in log.reserved_regions if item.kind == "initrd")
        kernel = {memory[0].node} if memory else set()
        kernel |= {
            item.node for item in memory if bisect_left(used, item.frames.start) < bisect_left(used, item.frames.end)
        }
        hotplug -= FrameSet.of(_extents(memory, kernel))
    if not hotplug and not mirror:
        return tuple(memory)
    return tuple(
        replace(item, hotplug=_covers(hotplug, item.frames), mirror=_covers(mirror, item.frames)) for item in memory
    )


def kept_out(log: BootLog, page_size: int) -> FrameSet:
    """Memory that a dump marks NOMAP: no part of the linear map (memblock_mark_nomap(), mm/memblock.c, 4.17 to 7.1)."""
    regions = (item for item in log.memblock_memory if (item.flags or 0) & NOMAP)
    return FrameSet.of(item.range.frames_inward(page_size) for item in regions)


def _extents(memory: Sequence[MemoryRange], nodes: Iterable[int]) -> Iterable[FrameRange]:
    return (item.frames for item in memory if item.node in nodes)


def _covers(frames: FrameSet, part: FrameRange) -> bool:
    return frames.clip(part.start, part.end).pages == part.pages
