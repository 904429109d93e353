"""What is known of memblock.reserved: dumps, events, named reservations, and what x86 always reserves."""

from app.bootlog.model import BootLog
from app.kernel.release import Version
from app.ranges import FrameRange, FrameSet
from app.units import KIB, MIB

WHOLE_FIRST_MIB: Version = (5, 13, 0)
"""f1d4d47c5851 ("x86/setup: Always reserve the first 1M of RAM") (in v5.13)."""

BIOS_START = 0x9F000
"""Upper limit of where the BIOS range starts: reserve_bios_regions(), arch/x86/kernel/ebda.c, 4.17 to 7.1."""


def x86_low_memory(version: Version | None, page_size: int) -> FrameSet:
    """Frames that every x86 kernel reserves: the first 64 KiB and the BIOS range, since 5.13 the whole first MiB."""
    if version is not None and version >= WHOLE_FIRST_MIB:
        return FrameSet.of([FrameRange(0, MIB // page_size)])
    return FrameSet.of([FrameRange(0, 64 * KIB // page_size), FrameRange(BIOS_START // page_size, MIB // page_size)])


def known_reserved(log: BootLog, arch: str | None, version: Version | None, page_size: int) -> tuple[FrameSet, bool]:
    """Frames known to be in memblock.reserved, and whether a dump and events tell all of it outside RAM."""
    ranges = [item.range for item in (*log.memblock_reserved, *log.memblock_reserve_events)]
    ranges += [item.range for item in log.reserved_regions if item.kind == "acpi"]
    frames = FrameSet.of(item.frames_outward(page_size) for item in ranges)
    if arch in ("x86_64", "i386"):
        frames |= x86_low_memory(version, page_size)
    return frames, bool(log.memblock_reserved and log.memblock_reserve_events)
