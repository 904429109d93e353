"""Documents made by hand for tests of the drawing and the page: the seed's case on 4.17."""

import msgspec

from pfnscope.model import document as d

SEED_LINES = {"firmware": 20, "user": 30, "node": 45, "zone": 41}


def _maps() -> tuple[list[d.MapEntry], list[d.MapEntry]]:
    rows = [
        ("0x0", "0x9fc00", "ram", "usable"),
        ("0x9fc00", "0xa0000", "reserved", "reserved"),
        ("0xf0000", "0x100000", "reserved", "reserved"),
        ("0x100000", "0xbffd7000", "ram", "usable"),
        ("0xbffd7000", "0xc0000000", "reserved", "reserved"),
        ("0xfeffc000", "0xff000000", "reserved", "reserved"),
        ("0xfffc0000", "0x100000000", "reserved", "reserved"),
    ]
    high = ("0x100000000", "0x240000000", "ram", "usable")
    cut = [
        ("0x100000000", "0x140000000", "pram", "persistent (type 12)"),
        ("0x140000000", "0x240000000", "ram", "usable"),
    ]
    firmware = [d.MapEntry(*row, [SEED_LINES["firmware"] + i]) for i, row in enumerate([*rows, high])]
    user = [d.MapEntry(*row, [SEED_LINES["user"] + i]) for i, row in enumerate([*rows, *cut])]
    return firmware, user


def hole(start: int, end: int, **changes: object) -> d.Hole:
    """A harmless hole inside DMA of node 0, changed by keyword."""
    base = d.Hole(
        start_pfn=start, end_pfn=end, pages=end - start, start=hex(start << 12), end=hex(end << 12),
        placement="inside-zone-span", node=0, zone="DMA", type="reserved", label="reserved", reserved=True,
        state="initialised", linked_node=0, linked_zone="DMA", basis="release", reachable_by=[], severity="none",
        rule="4.15", why="The zone's initialisation walks its whole span.", causes=[], lines=[31],
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def seed_document(**changes: object) -> d.Document:
    """The seed's machine with memmap=1G!4G on 4.17: 41 struct pages that nothing writes."""
    firmware, user = _maps()
    spans = [
        d.ZoneSpan(0, "DMA", 0x1, 0x1000, 4095, 3998, 97),
        d.ZoneSpan(0, "DMA32", 0x1000, 0xBFFD7, 782295, 782295, 0),
        d.ZoneSpan(1, "Normal", 0x140000, 0x240000, 1048576, 1048576, 0),
    ]
    holes = [
        hole(
            0xBFFD7, 0xC0000, placement="outside-zone-spans", node=None, zone=None, reserved=None,
            state="uninitialised", linked_node=None, linked_zone=None, severity="danger",
            reachable_by=["/proc/kpageflags", "/proc/kpagecount"], causes=["memmap=1G!4G"], lines=[34],
            why="Section 23 holds memory, so these frames have struct pages; no zone spans them and 4.17 writes none.",
        ),
        hole(0x0, 0x1, placement="outside-zone-spans", node=None, zone=None, label="usable", lines=[30]),
        hole(0x9F, 0x100),
    ]  # fmt: skip
    whole = d.Document(
        origin="log",
        boot=d.Boot(1, 1, ""),
        kernel=d.Kernel(
            "4.17.0", [4, 17, 0], "x86_64", "root=/dev/vda1 ro memmap=1G!4G", 4096, 1 << 27, ["section_size"], [1]
        ),
        verdict=d.Verdict(
            "danger",
            "41 struct pages lie outside every zone span, and on 4.17 nothing ever writes them.",
            ["[0xbffd7, 0xc0000) is reserved by the firmware below 3 GiB.", "Cause: memmap=1G!4G."],
            42,
        ),
        firmware_map=firmware,
        user_map=user,
        extended_map=[],
        modified_map=[],
        e820_changes=[],
        efi_map=[],
        srat=[],
        memblock=d.Memblock([], []),
        reserved_regions=[],
        node_ranges=[
            d.NodeRange(0, "0x1000", "0x9f000", [45]),
            d.NodeRange(0, "0x100000", "0xbffd7000", [46]),
            d.NodeRange(1, "0x140000000", "0x240000000", [47]),
        ],
        zone_ranges=[d.ZoneRange("DMA", "0x1000", "0x1000000", [41])],
        movable_start=[],
        initmem=[],
        page_counts=d.PageCounts({}, [], None, 98, None, None),
        zone_spans=spans,
        sections=d.Sections(1 << 27, 56, [d.PfnRange(0, 0xC0000), d.PfnRange(0x140000, 0x240000)]),
        holes=holes,
        eras=[
            d.Era("4.14", "≤ 4.14", "zeroed by the allocator", "zeroed", "none", False),
            d.Era("4.15", "4.15 to 4.17", "never written", "uninitialised", "danger", True),
        ],
        events=[],
        checks=[d.Check("reserved but unavailable", "98", "98", True, [50])],
        diagnostics=[],
        recognised_lines=[1, *range(20, 28), *range(30, 39), 41, 45, 46, 47, 50],
    )
    return msgspec.structs.replace(whole, **changes)
