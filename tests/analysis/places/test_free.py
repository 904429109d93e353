"""What memblock has free: by the lines up to a time, and what the image and early allocations may take."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from pfnscope.analysis import analyze
from pfnscope.analysis.places.free import (
    CRASH_KERNEL,
    MOST_TIMES,
    FreeMemory,
    MemblockHistory,
    free_before,
)
from pfnscope.kernel.kaslr import IMAGE_AT_MOST
from pfnscope.model.answers import Obstacle
from pfnscope.model.log import BootLog, EfiEntry, MemblockRegion, ReservedRegion, Resource, SratEntry, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, Pairs, canonical, difference
from tests.support.painted import PaintedMemblock
from tests.support.seed import GIB, seed_log

MIB = 1 << 20
UNIT = MIB
"""A painted page: half of a step of the image."""
UNITS = 48


def free(line: int | None, but: frozenset[str] = frozenset(), **facts: object) -> FreeMemory:
    return free_before(analyze(seed_log("none", **facts)), line, but)


def region(start: int, end: int, kind: str, line: int, name: str = "") -> ReservedRegion:
    return ReservedRegion(*ByteRange(start, end), name or kind, kind, (line,))


def obstacles(pairs: Pairs, unit: int = UNIT) -> tuple[Obstacle, ...]:
    return tuple(Obstacle(Address(start * unit), Address(end * unit), "taken") for start, end in pairs)


# By lines


def test_what_earlier_lines_took_is_not_free_and_what_later_ones_took_is() -> None:
    taken = (region(GIB, 2 * GIB, "initrd", 5, "RAMDISK"), region(2 * GIB, 3 * GIB, "cma", 20))
    early, late = free(10, reserved_regions=taken), free(30, reserved_regions=taken)
    assert early.largest(16 * MIB, 4 * GIB, MIB) == (2 * GIB, 0xBFFD7000)
    assert late.largest(16 * MIB, 4 * GIB, MIB) == (16 * MIB, GIB)
    assert [(item.name, item.lines) for item in early.obstacles(GIB, 2 * GIB)] == [("RAMDISK", (5,))]


def test_by_default_it_is_what_is_free_when_zones_are_set_up() -> None:
    zones = (ZoneRange("DMA32", *ByteRange(MIB, 4 * GIB), (12,)),)
    taken = (region(GIB, 2 * GIB, "initrd", 5), region(2 * GIB, 3 * GIB, "swiotlb", 20))
    assert (
        free(None, zone_ranges=zones, reserved_regions=taken).with_image == free(12, reserved_regions=taken).with_image
    )


def test_what_hibernation_leaves_out_takes_nothing_and_a_kind_can_be_left_out() -> None:
    taken = (region(GIB, 2 * GIB, "nosave", 5), region(2 * GIB, 3 * GIB, "crashkernel", 6))
    assert free(9, CRASH_KERNEL, reserved_regions=taken).largest(0, 4 * GIB, MIB) == (MIB, 0xBFFD7000)


def test_a_ram_disk_that_was_moved_is_where_it_went() -> None:
    taken = (region(GIB, 2 * GIB, "initrd", 5, "RAMDISK"), region(2 * GIB, 3 * GIB, "initrd", 6, "RAMDISK moved"))
    assert [item.name for item in free(9, reserved_regions=taken).taken] == ["first MiB"] * 2 + ["RAMDISK moved"]


def test_boot_services_of_efi_are_taken_where_the_log_has_its_map() -> None:
    services = (EfiEntry(*ByteRange(GIB, 2 * GIB), "Boot Data", "", (4,)),)
    assert free(9, efi_map=services).largest(0, 2 * GIB, MIB) == (MIB, GIB)


def test_boot_services_may_lie_near_4_gib_where_efi_has_no_map() -> None:
    table = (region(3 * GIB, 3 * GIB + 16, "efi-table", 4),)
    unlogged = free(9, reserved_regions=table).unlogged
    services = [item for item in unlogged if item.name == "EFI boot services"]
    assert [(item.start, item.end) for item in services] == [(0xBFFD7000 - 512 * MIB, 0xBFFD7000)]


def test_a_dump_and_the_steps_behind_it_decide_and_leave_nothing_unseen() -> None:
    dump = (MemblockRegion(*ByteRange(GIB, 2 * GIB), None, None, (5,)),)
    steps = tuple(
        MemblockRegion(*ByteRange(start, start + 16 * MIB), None, None, (line,))
        for start, line in ((16 * MIB, 3), (2 * GIB, 7), (3 * GIB - 512 * MIB, 20))
    )
    facts: dict[str, Any] = {"memblock_reserved": dump, "memblock_reserve_events": steps}
    decided = free(10, **facts)
    assert not decided.unlogged
    assert not decided.moves
    assert [item.start for item in decided.taken if item.name == "reserved memory"] == [GIB, 2 * GIB]


def test_a_dump_behind_the_time_has_what_steps_between_did_not_add() -> None:
    dump = (MemblockRegion(*ByteRange(GIB, 2 * GIB), None, None, (9,)),)
    steps = tuple(
        MemblockRegion(*ByteRange(start, start + 256 * MIB), None, None, (line,))
        for start, line in ((GIB, 3), (2 * GIB - 256 * MIB, 7))
    )
    before = free(5, memblock_reserved=dump, memblock_reserve_events=steps)
    assert [(item.start, item.end) for item in before.taken if item.name == "reserved memory"] == [
        (GIB, 2 * GIB - 256 * MIB)
    ]


def test_a_step_that_was_taken_back_takes_nothing() -> None:
    steps = (MemblockRegion(*ByteRange(GIB, 2 * GIB), None, None, (3,)),)
    freed = (ByteRange(GIB, 2 * GIB - 16 * MIB),)
    taken = free(9, memblock_reserve_events=steps, memblock_freed=freed).taken
    assert [(item.start, item.end) for item in taken if item.name == "reserved memory"] == [
        (2 * GIB - 16 * MIB, 2 * GIB)
    ]


def test_the_image_of_this_boot_may_lie_elsewhere_in_the_next() -> None:
    code = (Resource(*ByteRange(GIB, GIB + 64 * MIB), "Kernel code", 1, (3,)),)
    files = BootLog().files.__class__(iomem=code)
    random, fixed = free(9, command_line="quiet", files=files), free(9, command_line="nokaslr", files=files)
    assert (random.moves, random.random, fixed.moves) == (True, True, False)
    assert fixed.largest(GIB, 2 * GIB, MIB) == (GIB + 64 * MIB, 2 * GIB)
    assert random.largest(GIB, 2 * GIB, MIB) == (GIB, 2 * GIB)
    assert random.in_this_boot().free == fixed.free
    assert free(9, command_line="quiet").image_size == IMAGE_AT_MOST


def test_early_allocations_are_a_bound_at_the_end_of_memory() -> None:
    unlogged = free(9).unlogged
    assert {item.name for item in unlogged} == {"early allocations of the kernel"}
    assert unlogged[0].end == 9 * GIB
    assert 4 * MIB < unlogged[0].end - unlogged[0].start < 8 * MIB


def test_no_memory_is_not_free() -> None:
    empty = MemblockHistory(analyze(BootLog())).before(None)
    assert (empty.memory, empty.largest(0, 1 << 64, 1), empty.size) == ((), None, 0)
    assert empty.find(MIB, MIB).expected is None


def test_free_memory_is_worked_out_once_for_each_time_and_no_more_than_a_few_times() -> None:
    taken = tuple(region(GIB + at * MIB, GIB + (at + 1) * MIB, "cma", 2 * at + 1) for at in range(2 * MOST_TIMES))
    times = MemblockHistory(analyze(seed_log("none", reserved_regions=taken)))
    sizes = [times.before(2 * at).size for at in range(2 * MOST_TIMES)]
    assert sizes == sizes[:1] * MOST_TIMES + [0] * MOST_TIMES
    assert times.before(0) is times.before(0)


def test_nothing_lies_across_two_nodes_once_they_are_known() -> None:
    both = analyze(seed_log("none", command_line="nokaslr"))
    assert free_before(both).find(4 * GIB + 512 * MIB, 2 * MIB, 4 * GIB).expected is None
    assert free_before(both, moment="first").find(4 * GIB + 512 * MIB, 2 * MIB, 4 * GIB).expected is not None


def test_hotpluggable_memory_is_left_alone_with_movable_node() -> None:
    srat = (SratEntry(1, *ByteRange(5 * GIB, 9 * GIB), hotplug=True, non_volatile=False, lines=(3,)),)
    for line, end in (("nokaslr", 9 * GIB), ("nokaslr movable_node", 5 * GIB)):
        assert free(9, command_line=line, srat=srat).memory[-1][1] == end


def test_what_is_in_the_way_is_named_whole() -> None:
    taken = (region(GIB, 2 * GIB, "initrd", 5, "RAMDISK"),)
    named = free(9, reserved_regions=taken).obstacles(2 * GIB - MIB, 4 * GIB)
    assert [(item.start, item.end, item.name) for item in named] == [
        (GIB, 2 * GIB, "RAMDISK"),
        (0xBFFD7000, 4 * GIB, "no RAM"),
    ]


# Against painted pages

ranges = st.lists(
    st.tuples(st.integers(0, UNITS), st.integers(0, UNITS)).map(lambda pair: (min(pair), max(pair))), max_size=5
).map(canonical)


def in_bytes(pairs: Pairs) -> Pairs:
    return tuple((start * UNIT, end * UNIT) for start, end in pairs)


def painted(*taken: Pairs, memory: Pairs) -> PaintedMemblock:
    memblock = PaintedMemblock(UNITS + 1)
    for start, end in memory:
        memblock.add(start, end)
    for start, end in (pair for pairs in taken for pair in pairs):
        memblock.reserve(start, end)
    return memblock


def image_places(memory: PaintedMemblock, length: int) -> list[int]:
    """Where an image fits whole, from the third unit on."""
    return [at for at in range(2, UNITS, 2) if memory.is_free(at, length)]


searches = st.tuples(st.integers(1, 12), st.sampled_from([1, 2, 4]), st.integers(0, UNITS), st.booleans())


@given(ranges, ranges, ranges, ranges, searches, st.data())
def test_where_memory_goes_is_among_the_outcomes(
    memory: Pairs, taken: Pairs, unlogged: Pairs, used: Pairs, search: tuple[int, int, int, bool], data: st.DataObject
) -> None:
    """Whatever part of the unlogged is used, and wherever the image lies."""
    size, align, low, bottom_up = search
    length, moves = data.draw(st.integers(1, 8)), data.draw(st.booleans())
    room = FreeMemory(
        in_bytes(memory), obstacles(taken), obstacles(unlogged), None, length * UNIT, moves=moves, image_low=2 * UNIT
    )
    place = room.find(size * UNIT, align * UNIT, low * UNIT, UNITS * UNIT, bottom_up=bottom_up)
    parts = difference(unlogged, difference(unlogged, used))
    real = painted(taken, parts, memory=memory)
    places = image_places(painted(taken, memory=memory), length) if moves else []
    if places:
        at = data.draw(st.sampled_from(places))
        real.reserve(at, at + length)
    start = real.find(size, align, low, UNITS, bottom_up=bottom_up)
    if start is None:
        assert place.past_image is None
        return
    assert place.expected is not None
    first, last = sorted((place.expected, low * UNIT if place.past_image is None and not bottom_up else UNITS * UNIT))
    if place.past_image is not None:
        first, last = sorted((place.expected, place.past_image))
    assert first <= start * UNIT <= last
    runs = room.starts(size * UNIT, align * UNIT, first, last)
    assert any(low <= start * UNIT < high for low, high in runs)


@given(ranges, ranges, ranges, searches, st.integers(1, 8))
def test_the_last_outcome_is_one_that_an_image_brings_about(
    memory: Pairs, taken: Pairs, unlogged: Pairs, search: tuple[int, int, int, bool], length: int
) -> None:
    """So the set is as narrow as it can be."""
    size, align, low, bottom_up = search
    room = FreeMemory(
        in_bytes(memory), obstacles(taken), obstacles(unlogged), None, length * UNIT, moves=True, image_low=2 * UNIT
    )
    place = room.find(size * UNIT, align * UNIT, low * UNIT, UNITS * UNIT, bottom_up=bottom_up)
    places = image_places(painted(taken, memory=memory), length)
    assume(places)
    outcomes = []
    for at in places:
        real = painted(taken, unlogged, ((at, at + length),), memory=memory)
        outcomes.append(real.find(size, align, low, UNITS, bottom_up=bottom_up))
    known = [item for item in outcomes if item is not None]
    last = None if len(known) < len(outcomes) else max(known) if bottom_up else min(known)
    assert place.past_image == (None if last is None else last * UNIT)


@given(ranges, ranges, st.integers(1, 8), st.integers(0, UNITS), st.integers(1, 12))
def test_places_of_the_image_are_counted(memory: Pairs, taken: Pairs, length: int, start: int, size: int) -> None:
    room = FreeMemory(in_bytes(memory), obstacles(taken), (), None, length * UNIT, moves=True, image_low=2 * UNIT)
    places = image_places(painted(taken, memory=memory), length)
    there = [at for at in places if at < start + size and at + length > start]
    assert room.image_places(start * UNIT, size * UNIT) == (len(there), len(places))


def test_each_table_that_efi_alone_leaves_tells_of_efi() -> None:
    table = ReservedRegion(Address(GIB), Address(GIB + 1), "table", "efi", ())
    assert not BootLog(reserved_regions=(structs.replace(table, kind="acpi"),)).by_efi
    assert BootLog(reserved_regions=(table,)).by_efi
    assert BootLog(reserved_regions=(structs.replace(table, kind="efi-table"),)).by_efi
