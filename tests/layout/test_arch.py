"""The architecture of a text that names none, by its zones and its low memory."""

import pytest

from pfnscope.layout import build_layout
from pfnscope.layout.evidence import likely_arch
from pfnscope.model.log import BootLog, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange, borders

MIB, GIB = 1 << 20, 1 << 30


def zones(**ends: int | None) -> tuple[ZoneRange, ...]:
    """Zones up to their ends in MiB, one behind the other; None where empty."""
    out, low = [], 0x1000
    for zone, end in ends.items():
        out.append(ZoneRange(zone, *borders(ByteRange(low, end * MIB) if end else None), ()))
        low = end * MIB if end else low
    return tuple(out)


def memory(*ranges: tuple[int, int]) -> tuple[NodeRange, ...]:
    return tuple(NodeRange(0, *ByteRange(start, end), ()) for start, end in ranges)


PC = memory((0x1000, 0x9F000), (MIB, GIB))
HIGH = memory((2 * MIB, GIB))


@pytest.mark.parametrize(
    ("log", "arch"),
    [
        (BootLog(node_ranges=PC), "x86_64"),
        (BootLog(node_ranges=PC, zone_ranges=zones(DMA=16, Normal=800, HighMem=None)), "i386"),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA=16, DMA32=1024, Normal=None)), "x86_64"),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA=1024, DMA32=None, Normal=None)), "arm64"),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA32=1024, Normal=None)), None),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA=16, Normal=1024)), None),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(Normal=1024)), None),
    ],
)
def test_zones_and_low_memory_look_like_an_architecture(log: BootLog, arch: str | None) -> None:
    likely = likely_arch(log)
    assert (likely[0] if likely else None) == arch
    layout = build_layout(log, None)
    assert (layout.arch, "arch" in {name for name, _ in layout.assumed}) == (arch, arch is not None)
    named = build_layout(BootLog(node_ranges=log.node_ranges, zone_ranges=log.zone_ranges, arch="s390"), None)
    assert named.arch == "s390"
