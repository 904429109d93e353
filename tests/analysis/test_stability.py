"""Firmware maps of several boots: what moved, the kernel's own hash, and who resumes from whose image."""

import hashlib
import struct
import zlib

import pytest

from pfnscope.analysis.stability import BootedMap, changes, matching_pairs, one_machine, stability
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from pfnscope.model.stability import Stability

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
KINDS = {
    "usable": MemoryType.RAM,
    "reserved": MemoryType.RESERVED,
    "ACPI data": MemoryType.ACPI,
    "ACPI NVS": MemoryType.NVS,
    "soft reserved": MemoryType.SOFT_RESERVED,
    "persistent (type 7)": MemoryType.PMEM,
    "type 20": MemoryType.OTHER,
}
TOP = 0x7A00_0000
RELEASES = {"4.4": (4, 4, 0), "4.9": (4, 9, 0), "5.10": (5, 10, 20), "6.1": (6, 1, 90), "6.12": (6, 12, 9)}


def entry(start: int, end: int, label: str) -> MapEntry:
    return MapEntry(*ByteRange(start, end), KINDS[label] if label else MemoryType.OTHER, label, ())


def machine(acpi: int, size: int = 36 * KIB, label: str = "ACPI data") -> tuple[MapEntry, ...]:
    """RAM below 0x7a000000 with one region inside it, a reserved one above, and RAM above 4 GiB."""
    return (
        entry(0, 0x9F000, "usable"),
        entry(MIB, acpi, "usable"),
        entry(acpi, acpi + size, label),
        entry(acpi + size, TOP, "usable"),
        entry(TOP, 0x7C00_0000, "reserved"),
        entry(4 * GIB, 12 * GIB, "usable"),
    )


def boot(
    number: int, entries: tuple[MapEntry, ...], release: str = "6.1", arch: str = "x86_64", **facts: str
) -> BootedMap:
    return BootedMap(number, release, RELEASES[release], arch, entries, **facts)  # type: ignore[arg-type]


def compared(*boots: BootedMap) -> Stability:
    known = stability(boots)
    assert known is not None
    return known


STILL, LOWER, HIGHER = (machine(0x7000_0000 + by) for by in (0, -20 * KIB, 8 * KIB))


def test_a_region_that_moved_is_told_with_its_size_and_the_memory_around_it_follows() -> None:
    moved, *rest = changes(STILL, LOWER)
    assert (moved.change, moved.by, moved.follows) == ("moved", -20 * KIB, False)
    assert str(moved) == "ACPI data, 36 KiB, moved down by 20 KiB to 0x6fffb000, its size unchanged"
    assert [(item.change, item.follows) for item in rest] == [("resized", True), ("resized", True)]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (machine(0x7000_0000, 40 * KIB), "ACPI data, 36 KiB at 0x70000000 is 4 KiB larger"),
        (
            machine(0x7000_1000, 32 * KIB),
            "ACPI data, 36 KiB at 0x70000000 is 4 KiB smaller and moved up by 4 KiB to 0x70001000",
        ),
        (machine(0x7000_0000, label="ACPI NVS"), "ACPI data, 36 KiB at 0x70000000 is gone"),
    ],
)
def test_a_region_that_changed_its_size_or_type_did_not_just_move(after: tuple[MapEntry, ...], words: str) -> None:
    assert str(changes(STILL, after)[0]) == words


def test_regions_of_one_size_are_paired_in_order() -> None:
    before, after = (
        [entry(at + by, at + by + 4 * KIB, "reserved") for at in (MIB, 2 * MIB, 3 * MIB)] for by in (0, 64 * KIB)
    )
    assert [(item.change, item.by) for item in changes(before, after)] == [("moved", 64 * KIB)] * 3
    grown = changes(before, [*before, entry(8 * MIB, 9 * MIB, "reserved")])
    assert [str(item) for item in grown] == ["reserved, 1 MiB at 0x800000 is new"]


def test_memory_that_lost_its_end_to_nothing_does_not_follow() -> None:
    shorter = (*STILL[:-1], entry(4 * GIB, 11 * GIB, "usable"))
    (only,) = changes(STILL, shorter)
    assert (only.change, only.follows) == ("resized", False)
    assert str(only) == "usable, 8 GiB at 0x100000000 is 1 GiB smaller"


def test_the_hash_is_that_of_the_packed_table() -> None:
    entries = (
        entry(0, 0x9F000, "usable"),
        entry(0x9F000, 0xA0000, "ACPI NVS"),
        entry(GIB, 2 * GIB, "persistent (type 7)"),
        entry(4 * GIB, 5 * GIB, "soft reserved"),
        entry(5 * GIB, 6 * GIB, "type 20"),
    )
    numbers = (1, 4, 7, 0xEFFFFFFF, 20)
    packed = struct.pack("<I", 5)
    for item, number in zip(entries, numbers, strict=True):
        packed += struct.pack("<Q", item.start) + struct.pack("<Q", item.end - item.start) + struct.pack("<I", number)
    assert len(packed) == 4 + 5 * 20
    one, other = (
        compared(boot(1, entries, release), boot(2, entries, release)).boots[0] for release in ("5.10", "6.1")
    )
    assert one.hash == f"md5 {hashlib.md5(packed).hexdigest()}"
    assert other.hash == f"crc32 {zlib.crc32(packed):08x}"


def test_the_same_map_twice_is_one_map_and_resumes() -> None:
    known = compared(boot(1, STILL), boot(2, STILL, release="6.12"))
    assert (known.maps, known.changes, known.regions) == (1, (), ())
    (pair,) = known.pairs
    assert (pair.same_map, pair.resumes, pair.ram_only, pair.same_size) == (True, True, True, True)


def test_a_map_that_moved_is_refused_and_so_it_would_be_by_usable_memory_alone() -> None:
    (pair,) = compared(boot(1, STILL), boot(2, LOWER)).pairs
    assert (pair.resumes, pair.ram_only, pair.same_size) == (False, False, True)
    assert pair.why == (
        "Linux 6.1 compares the CRC32 of the firmware's whole map, and the maps differ:"
        " “Hibernate inconsistent memory map detected!”"
    )


def test_a_check_of_usable_memory_would_pass_what_changed_beside_it() -> None:
    retyped = machine(0x7000_0000, label="reserved")
    (pair,) = compared(boot(1, STILL), boot(2, retyped)).pairs
    assert (pair.resumes, pair.ram_only) == (False, True)


@pytest.mark.parametrize(
    ("releases", "entries", "resumes", "word"),
    [
        (("5.10", "5.10"), LOWER, False, "unless its configuration has no CRYPTO_MD5=y"),
        (("5.10", "6.1"), STILL, False, "does not read the header of an image that Linux 5.10 wrote"),
        (("4.4", "4.9"), LOWER, True, "compares the amount of memory alone, which is the same"),
        (("4.9", "4.9"), machine(0x7000_0000, 40 * KIB), False, "“Image mismatch: memory size”"),
        (("4.9", "5.10"), STILL, False, "does not read the header"),
    ],
)
def test_each_release_judges_by_its_own_check(
    releases: tuple[str, str], entries: tuple[MapEntry, ...], resumes: bool, word: str
) -> None:
    (pair,) = compared(boot(1, STILL, releases[0]), boot(2, entries, releases[1])).pairs
    assert pair.resumes is resumes
    assert word in pair.why


def test_before_4_14_the_extended_map_is_hashed_and_later_it_is_not() -> None:
    extended = (*STILL[:1], entry(MIB, MIB + 500, "usable"), entry(MIB + 500, 0x7000_0000, "usable"), *STILL[2:])
    for version, same in (((4, 12, 0), False), ((4, 17, 0), True)):
        plain = BootedMap(1, "x", version, "x86_64", STILL)
        with_data = BootedMap(2, "x", version, "x86_64", STILL, extended)
        assert compared(plain, with_data).pairs[0].same_map is same


def test_what_the_text_does_not_tell_is_not_known() -> None:
    untyped = tuple(entry(item.start, item.end, "") for item in STILL)
    (pair,) = compared(boot(1, untyped), boot(2, untyped)).pairs
    assert (pair.same_map, pair.resumes) == (True, None)
    assert "lost their types" in pair.why
    assert compared(boot(1, untyped), boot(2, untyped)).boots[0].hash is None
    assert compared(boot(1, STILL, arch="arm64"), boot(2, LOWER, arch="arm64")).pairs[0].resumes is None
    assert stability([boot(1, STILL)]) is None
    assert stability([boot(1, STILL), boot(2, ())]) is None


def test_of_three_boots_the_one_region_that_is_not_stable_is_told_with_all_its_places() -> None:
    known = compared(boot(1, STILL), boot(2, LOWER), boot(3, STILL), boot(5, HIGHER))
    assert [item.boot for item in known.boots] == [1, 2, 3, 5]
    assert [item.same_as for item in known.boots] == [1, 2, 1, 4]
    (region,) = known.regions
    assert (region.type, region.label) == ("acpi", "ACPI data")
    starts = [place.start if place else None for place in region.places]
    assert starts == [0x7000_0000, 0x6FFF_B000, 0x7000_0000, 0x7000_2000]
    assert {place.range.size for place in region.places if place} == {36 * KIB}
    assert matching_pairs(known) == (1, 6)
    assert [(pair.a, pair.b, pair.resumes) for pair in known.pairs] == [
        (1, 2, False),
        (1, 3, True),
        (2, 3, False),
        (1, 4, False),
        (3, 4, False),
    ]


def test_a_region_that_one_boot_alone_has_has_no_place_in_the_others() -> None:
    more = (*STILL[:5], entry(0x8000_0000, 0x8010_0000, "reserved"), STILL[5])
    (region,) = compared(boot(1, STILL), boot(2, more), boot(3, STILL)).regions
    assert [place and place.start for place in region.places] == [None, 0x8000_0000, None]


def test_two_boots_are_of_one_machine_where_their_maps_are_alike_and_no_host_says_otherwise() -> None:
    assert one_machine(boot(1, STILL), boot(2, LOWER))
    assert not one_machine(boot(1, STILL, host="nodea"), boot(2, STILL, host="nodeb"))
    other = tuple(entry(item.start * 2, item.end * 2, item.label) for item in STILL)
    assert not one_machine(boot(1, STILL), boot(2, other))
    assert not one_machine(boot(1, STILL), boot(2, STILL[:2]))
    less = (*STILL[:-1], entry(4 * GIB, 8 * GIB, "usable"))
    assert not one_machine(boot(1, STILL), boot(2, less))
