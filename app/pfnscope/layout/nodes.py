"""Nodes of physical ranges as firmware gives them, whether they hold memory or not."""

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import SMALL_NODES
from pfnscope.model.layout import MemoryRange
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, Painted
from pfnscope.units import MIB


def node_blocks(log: BootLog, arch: str | None, memory: tuple[MemoryRange, ...], page_size: int) -> Painted[int] | None:
    """The blocks of numa_meminfo by frame, each with its node; None where the text does not tell them.

    Blocks without memory are left out, those of a node join over a gap that holds no other node, and all end with
    memory. A device tree has no blocks but memory itself; where all memory is one node, so are they. Source:
    numa_cleanup_meminfo() in arch/x86/mm/numa.c, 4.17, and mm/numa_memblks.c, 6.12 to 7.1.
    """
    if not memory or len({item.node for item in memory}) == 1:
        return ()
    if not log.srat or "numa=" in (log.command_line or ""):
        return None if arch in X86 else ()
    frames = FrameSet.of(item.frames for item in memory)
    first, last = memory[0].frames.start, max(item.frames.end for item in memory)
    blocks: list[tuple[FrameRange, int]] = []
    for entry in sorted(log.srat, key=lambda entry: (entry.start, entry.end)):
        block = entry.range.frames_inward(page_size).clip(first, last)
        if not frames.clip(block.start, block.end).pairs:
            continue
        if blocks and blocks[-1][1] == entry.node:
            block = FrameRange(blocks[-1][0].start, max(block.end, blocks.pop()[0].end))
        elif blocks and block.start < blocks[-1][0].end:
            return None  # the kernel refuses such an SRAT
        blocks.append((block, entry.node))
    return tuple(blocks)


LEAST_NODE = 4 * MIB
"""NODE_MIN_SIZE in arch/x86/include/asm/numa.h, to 6.6."""


def small_nodes(log: BootLog, arch: str | None, version: Version | None, end: int) -> frozenset[int]:
    """Nodes with memory that x86 does not bring online for their size: what the SRAT gives them below ``end``.

    Source: numa_register_memblks() in arch/x86/mm/numa.c, before a1e2b8b36820.
    """
    if arch not in X86 or SMALL_NODES.reached(version, unknown=True):
        return frozenset()
    extents: dict[int, ByteRange] = {}
    for item in log.srat:
        known = extents.get(item.node, item.range)
        extents[item.node] = ByteRange(min(known.start, item.start), max(known.end, item.end))
    small = {node for node, extent in extents.items() if min(extent.end, end) - extent.start < LEAST_NODE}
    return frozenset(small & {item.node for item in log.node_ranges})


def online_nodes(log: BootLog) -> set[int]:
    """Nodes of which the log shows the set-up of their zones.

    A small node with processors is among them: init_cpu_to_node() in arch/x86/mm/numa.c, up to 5.17, brings it online
    later, and then free_area_init_node() prints it.
    """
    return {item.node for item in log.initmem if item.range is not None}
