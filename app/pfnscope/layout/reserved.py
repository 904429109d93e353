"""What is known of memblock.reserved: dumps, events, named reservations, and what x86 always reserves."""

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import SOFT_RESERVED, WHOLE_FIRST_MIB
from pfnscope.model.layout import Owner
from pfnscope.model.log import BootLog, MemoryType
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, Painted
from pfnscope.model.ranges.engine import canonical, difference
from pfnscope.units import KIB, MIB

BIOS_START = 0x9F000
"""Upper limit of where the BIOS range starts: reserve_bios_regions(), arch/x86/kernel/ebda.c, 4.17 to 7.1."""


def x86_low_memory(version: Version | None, page_size: int) -> FrameSet:
    """Frames that every x86 kernel reserves: the first 64 KiB and the BIOS range, since 5.13 the whole first MiB."""
    if WHOLE_FIRST_MIB.reached(version):
        return FrameSet.of([FrameRange(0, MIB // page_size)])
    return FrameSet.of([FrameRange(0, 64 * KIB // page_size), FrameRange(BIOS_START // page_size, MIB // page_size)])


def _memblock_reserved(log: BootLog) -> list[ByteRange]:
    """What dump and events reserve, without what was given back before struct pages were initialised."""
    printed = ((item.start, item.end) for item in (*log.memblock_reserved, *log.memblock_reserve_events))
    given_back = canonical((item.start, item.end) for item in log.memblock_freed)
    return [ByteRange(start, end) for start, end in difference(canonical(printed), given_back)]


def _less_than_first_mib(log: BootLog, page_size: int) -> bool:
    """Whether "DMA zone: N pages reserved" counts less than is below 1 MiB: 5.13-rc1 did not yet take all of it."""
    below = sum(item.range.frames_inward(page_size).clip(0, MIB // page_size).pages for item in log.node_ranges)
    return any(count.value < below for count in log.page_counts.zone_reserved)


def known_reserved(
    log: BootLog, owners: Painted[Owner], arch: str | None, version: Version | None, page_size: int
) -> tuple[FrameSet, bool]:
    """Frames known to be in memblock.reserved, and whether a dump and events tell all of it outside RAM.

    ``owners`` is the memory map in force, by frame.
    """
    ranges = _memblock_reserved(log)
    ranges += [item.range for item in log.reserved_regions if item.kind == "acpi"]
    # what debugfs still lists once the kernel is up was reserved when struct pages were initialised
    ranges += [item.range for item in log.files.memblock_reserved]
    frames = FrameSet.of(item.frames_outward(page_size) for item in ranges)
    if arch in X86:
        frames |= x86_low_memory(None if _less_than_first_mib(log, page_size) else version, page_size)
        if SOFT_RESERVED.reached(version):
            frames |= FrameSet.of(piece for piece, owner in owners if owner.type is MemoryType.SOFT_RESERVED)
    return frames, bool(log.memblock_reserved and log.memblock_reserve_events)
