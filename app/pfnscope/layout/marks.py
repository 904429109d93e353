"""Which memory is hotpluggable, which is mirrored: marks of memblock.memory that ZONE_MOVABLE starts by."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pfnscope.model.layout import MemoryRange
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import FrameRange, FrameSet

HOTPLUG, MIRROR = 1, 2
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
        used = [item.start // page_size for item in log.reserved_regions if item.kind == "initrd"]
        kernel = {memory[0].node} if memory else set()
        kernel |= {item.node for item in memory if any(item.frames.start <= pfn < item.frames.end for pfn in used)}
        hotplug -= FrameSet.of(_extents(memory, kernel))
    if not hotplug and not mirror:
        return tuple(memory)
    return tuple(
        replace(item, hotplug=_covers(hotplug, item.frames), mirror=_covers(mirror, item.frames)) for item in memory
    )


def _extents(memory: Sequence[MemoryRange], nodes: Iterable[int]) -> Iterable[FrameRange]:
    return (item.frames for item in memory if item.node in nodes)


def _covers(frames: FrameSet, part: FrameRange) -> bool:
    return frames.clip(part.start, part.end).pages == part.pages
