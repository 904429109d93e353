"""The architecture that the ranges of a log look like, where no line names one. Always an assumption."""

from pfnscope.model.log import BootLog
from pfnscope.units import GIB, MIB

_PC_LOW = "memory has the holes of a PC: page 0 and 640 KiB to 1 MiB"
_PC_DMA = "the DMA zone ends at 16 MiB, as on a PC"
_ARM64 = "there are zones DMA, DMA32 and Normal, and DMA does not end at 16 MiB as on a PC"


def likely_arch(log: BootLog) -> tuple[str, str] | None:
    """An architecture and what it is taken from, or None.

    Sources: zone_sizes_init() in arch/x86/mm/init.c and in arch/arm64/mm/init.c, 4.17 to 6.12; other architectures have
    other zones (arch/*/mm/init.c, 5.14, 7.1).
    """
    zones = {zone.zone: zone.range for zone in log.zone_ranges}
    pc = "i386" if "HighMem" in zones else "x86_64"
    ranges = sorted(item.range for item in log.node_ranges)
    if len(ranges) > 1 and ranges[0].start == 0x1000 and ranges[0].end <= 0xA0000 and ranges[1].start == MIB:
        return pc, _PC_LOW
    dma = zones.get("DMA")
    if dma is None or not {"DMA32", "HighMem"} & zones.keys():
        return None
    if dma.end == 16 * MIB:
        return pc, _PC_DMA
    if {"DMA32", "Normal"} <= zones.keys() and dma.end >= GIB:
        return "arm64", _ARM64
    return None
