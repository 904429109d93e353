"""Zone ranges and the start of ZONE_MOVABLE for memory that has its nodes."""

from pfnscope.kernel.architectures import max_order_pages, zone_limits
from pfnscope.kernel.command_line import Argument, movable_arguments
from pfnscope.kernel.release import Version
from pfnscope.layout.movable import marked, movable_starts
from pfnscope.model.layout import MemoryRange, ZoneLimit
from pfnscope.model.log import BootLog, MovableStart, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, borders
from pfnscope.simulation.numa import Block
from pfnscope.units import PAGE_SIZE

_OF_ARCH = ("DMA", "DMA32", "Normal", "HighMem")

Assumed = list[tuple[str, str]]


def zone_ranges(log: BootLog, arch: str, regions: list[Block], max_pfn: int, assumed: Assumed) -> tuple[ZoneRange, ...]:
    """What "Zone ranges" would say; ``max_pfn`` is one behind the last frame of RAM.

    The log tells which zones that kernel has, and on i386 where HighMem begins. Source: zone_sizes_init() in
    arch/x86/mm/init.c, 4.17, arch_zone_limits_init(), 7.1, and free_area_init(): a zone begins where the one
    before it ends, the first one with the first frame of memory.
    """
    low, top = min(region.start for region in regions), max_pfn * PAGE_SIZE
    known = {zone.zone: zone.range for zone in log.zone_ranges}
    limits = [(zone, end) for zone, end in zone_limits(arch, None, low) if not known or zone in known]
    high_memory = known.get("HighMem")
    out: list[ZoneRange] = []
    for zone, limit in limits:
        end = limit
        if arch == "i386" and zone == "Normal":
            end = high_memory.start if high_memory else limit
            if high_memory is None and limit is not None and top > limit:
                assumed.append(("zone_ranges", "where HighMem begins is not in the text: the usual 896 MiB"))
        high = max(low, top if end is None else min(end, top))
        out.append(ZoneRange(zone, *borders(ByteRange(low, high) if low < high else None), ()))
        low = high
    out += [ZoneRange(zone, None, None, ()) for zone in known if zone not in _OF_ARCH]
    return tuple(out)


def movable_start(log: BootLog, given: tuple[Argument, ...], version: Version | None) -> tuple[MovableStart, ...]:
    """Where ZONE_MOVABLE starts on each node of a simulated log whose node and zone ranges are done."""
    options = movable_arguments(given, version)
    if not options:
        return ()
    memory = [MemoryRange(item.range.frames_inward(PAGE_SIZE), item.node, item.lines) for item in log.node_ranges]
    limits = [
        ZoneLimit(item.zone, item.range.frames_inward(PAGE_SIZE) if item.range else None, ())
        for item in log.zone_ranges
    ]
    block = max_order_pages(log.arch, PAGE_SIZE)
    starts = movable_starts(marked(log, memory, PAGE_SIZE), limits, options, version, PAGE_SIZE, block)
    return tuple(
        MovableStart(node, Address(start * PAGE_SIZE), log.command_line_lines) for node, start in starts.items()
    )
