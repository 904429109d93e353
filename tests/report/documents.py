"""Documents made by hand for tests of the drawing and the page: the seed's case on 4.17."""

import msgspec

from pfnscope.model.analysis import Check, Era, Hole, Verdict
from pfnscope.model.document import Boot, Document, Kernel, Memblock, PageCounts, Sections
from pfnscope.model.findings import Finding, Remedy, Span
from pfnscope.model.layout import ZoneSpan
from pfnscope.model.log import MapEntry, MemoryType, NodeRange, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, FrameRange

SEED_LINES = {"firmware": 20, "user": 30, "node": 45, "zone": 41}


def _entry(memory: ByteRange, kind: MemoryType, label: str, line: int) -> MapEntry:
    return MapEntry(*memory, kind, label, (line,))


def _maps() -> tuple[tuple[MapEntry, ...], tuple[MapEntry, ...]]:
    rows = [
        (ByteRange(0x0, 0x9FC00), MemoryType.RAM, "usable"),
        (ByteRange(0x9FC00, 0xA0000), MemoryType.RESERVED, "reserved"),
        (ByteRange(0xF0000, 0x100000), MemoryType.RESERVED, "reserved"),
        (ByteRange(0x100000, 0xBFFD7000), MemoryType.RAM, "usable"),
        (ByteRange(0xBFFD7000, 0xC0000000), MemoryType.RESERVED, "reserved"),
        (ByteRange(0xFEFFC000, 0xFF000000), MemoryType.RESERVED, "reserved"),
        (ByteRange(0xFFFC0000, 0x100000000), MemoryType.RESERVED, "reserved"),
    ]
    high = (ByteRange(0x100000000, 0x240000000), MemoryType.RAM, "usable")
    cut = [
        (ByteRange(0x100000000, 0x140000000), MemoryType.PRAM, "persistent (type 12)"),
        (ByteRange(0x140000000, 0x240000000), MemoryType.RAM, "usable"),
    ]
    firmware = tuple(_entry(*row, SEED_LINES["firmware"] + i) for i, row in enumerate([*rows, high]))
    user = tuple(_entry(*row, SEED_LINES["user"] + i) for i, row in enumerate([*rows, *cut]))
    return firmware, user


def hole(start: int, end: int, **changes: object) -> Hole:
    """A harmless hole inside DMA of node 0, changed by keyword."""
    base = Hole(
        start_pfn=start, end_pfn=end, pages=end - start, start=Address(start << 12), end=Address(end << 12),
        placement="inside-zone-span", node=0, zone="DMA", type=MemoryType.RESERVED, label="reserved", reserved=True,
        state="initialised", linked_node=0, linked_zone="DMA", basis="release", reachable_by=(), severity="none",
        rule="4.15", why="The zone's initialisation walks its whole span.", causes=(), lines=(31,),
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def seed_document(**changes: object) -> Document:
    """The seed's machine with memmap=1G!4G on 4.17: 41 struct pages that nothing writes."""
    firmware, user = _maps()
    spans = (
        ZoneSpan(0, "DMA", 0x1, 0x1000, 4095, 3998, 97),
        ZoneSpan(0, "DMA32", 0x1000, 0xBFFD7, 782295, 782295, 0),
        ZoneSpan(1, "Normal", 0x140000, 0x240000, 1048576, 1048576, 0),
    )
    holes = (
        hole(
            0xBFFD7, 0xC0000, placement="outside-zone-spans", node=None, zone=None, reserved=None,
            state="uninitialised", linked_node=None, linked_zone=None, severity="danger",
            reachable_by=("/proc/kpageflags", "/proc/kpagecount"), causes=("memmap=1G!4G",), lines=(34,),
            why="Section 23 holds memory, so these frames have struct pages; no zone spans them and 4.17 writes none.",
        ),
        hole(0x0, 0x1, placement="outside-zone-spans", node=None, zone=None, label="usable", lines=(30,)),
        hole(0x9F, 0x100),
    )  # fmt: skip
    whole = Document(
        origin="log",
        boot=Boot(1, 1, ""),
        kernel=Kernel(
            "4.17.0", (4, 17, 0), "x86_64", "root=/dev/vda1 ro memmap=1G!4G", 4096, 1 << 27, ("section_size",), (1,)
        ),
        verdict=Verdict(
            "danger",
            "Nothing writes 41 struct pages on 4.17.",
            ("[0xbffd7, 0xc0000) is reserved by the firmware below 3 GiB.",),
            42,
        ),
        findings=(
            Finding(
                "struct-pages-unwritten",
                "danger",
                "holes",
                "Nothing writes 41 struct pages on 4.17.",
                Remedy("Write memmap=1G!5G instead.", "memmap=1G!5G", "4.17.4", checked=True),
                (Span(Address(0xBFFD7000), Address(0xC0000000)),),
                (34,),
                "memmap=1G!4G takes [4 GiB, 5 GiB) away.",
                ("[0xbffd7, 0xc0000) is reserved by the firmware below 3 GiB.",),
            ),
            Finding("memory-limit", "info", "ram", "The command line limits memory to 8192 MB.", None, (), (2,)),
        ),
        firmware_map=firmware,
        user_map=user,
        extended_map=(),
        modified_map=(),
        e820_changes=(),
        efi_map=(),
        srat=(),
        memblock=Memblock((), ()),
        reserved_regions=(),
        node_ranges=(
            NodeRange(0, *ByteRange(0x1000, 0x9F000), (45,)),
            NodeRange(0, *ByteRange(0x100000, 0xBFFD7000), (46,)),
            NodeRange(1, *ByteRange(0x140000000, 0x240000000), (47,)),
        ),
        zone_ranges=(ZoneRange("DMA", *ByteRange(0x1000, 0x1000000), (41,)),),
        movable_start=(),
        initmem=(),
        page_counts=PageCounts({}, (), None, 98, None, None),
        zone_spans=spans,
        sections=Sections(1 << 27, 56, (FrameRange(0, 0xC0000), FrameRange(0x140000, 0x240000))),
        holes=holes,
        eras=(
            Era("4.14", "≤ 4.14", "zeroed by the allocator", "zeroed", "none", False),
            Era("4.15", "4.15 to 4.17", "never written", "uninitialised", "danger", True),
        ),
        events=(),
        checks=(Check("reserved but unavailable", "98", "98", True, (50,)),),
        diagnostics=(),
        recognised_lines=(1, *range(20, 28), *range(30, 39), 41, 45, 46, 47, 50),
    )
    return msgspec.structs.replace(whole, **changes)
