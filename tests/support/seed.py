"""The 2018 report's guest as facts, without a text: three layouts of node ranges and maps."""

from pfnscope.model.log import BootLog, MapEntry, MemoryType, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange

GIB = 1 << 30
LOW = ((0, 0x1000, 0x9F000), (0, 0x100000, 0xBFFD7000))
NODES = {
    "none": (*LOW, (0, 4 * GIB, 5 * GIB), (1, 5 * GIB, 9 * GIB)),
    "1G!4G": (*LOW, (1, 5 * GIB, 9 * GIB)),
    "1G!7G": (*LOW, (0, 4 * GIB, 5 * GIB), (1, 5 * GIB, 7 * GIB), (1, 8 * GIB, 9 * GIB)),
}
PRAM = {"none": None, "1G!4G": 4 * GIB, "1G!7G": 7 * GIB}
RESERVED = ((0, 0x1000), (0x9FC00, 0xA0000), (0xF0000, 0x100000), (0xBFFD7000, 0xC0000000), (0xFFFC0000, 0x100000000))


def seed_log(option: str, **facts: object) -> BootLog:
    """The layout with ``memmap=option`` ("none": without)."""
    entries = [(start, end, MemoryType.RAM, "usable") for _, start, end in NODES[option]]
    entries += [(start, end, MemoryType.RESERVED, "reserved") for start, end in RESERVED]
    at = PRAM[option]
    if at:
        entries.append((at, at + GIB, MemoryType.PRAM, "persistent (type 12)"))
    zones = (("DMA", 0x1000, 1 << 24), ("DMA32", 1 << 24, 1 << 32), ("Normal", 1 << 32, 9 * GIB))
    values: dict[str, object] = {
        "arch": "x86_64",
        "firmware_map": tuple(MapEntry(*ByteRange(a, b), kind, label, ()) for a, b, kind, label in sorted(entries)),
        "node_ranges": tuple(NodeRange(node, *ByteRange(a, b), ()) for node, a, b in NODES[option]),
        "zone_ranges": tuple(ZoneRange(zone, *ByteRange(a, b), ()) for zone, a, b in zones),
        **facts,
    }
    return BootLog(**values)  # type: ignore[arg-type]
