"""Free pieces of RAM: what earlier lines took, what the image may cut, what fits for sure."""

from pfnscope.analysis import analyze
from pfnscope.analysis.places.room import IMAGE_AT_MOST, MOST_ROOMS, Room, Rooms
from pfnscope.model.log import BootLog, ReservedRegion, Resource
from pfnscope.model.ranges import ByteRange
from tests.support.seed import GIB, seed_log

MIB = 1 << 20


def room(line: int | None, **facts: object) -> Room:
    return Rooms(analyze(seed_log("none", **facts))).before(line)


def region(start: int, end: int, kind: str, line: int) -> ReservedRegion:
    return ReservedRegion(*ByteRange(start, end), kind, kind, (line,))


def test_what_earlier_lines_took_is_not_free_and_what_later_ones_took_is() -> None:
    taken = (region(GIB, 2 * GIB, "initrd", 5), region(2 * GIB, 3 * GIB, "cma", 20))
    free = room(10, reserved_regions=taken)
    assert free.largest(16 * MIB, 4 * GIB, MIB) == ByteRange(2 * GIB, 0xBFFD7000)
    assert room(30, reserved_regions=taken).largest(16 * MIB, 4 * GIB, MIB) == ByteRange(16 * MIB, GIB)
    assert room(None, reserved_regions=taken) == room(30, reserved_regions=taken)


def test_what_hibernation_leaves_out_takes_nothing() -> None:
    free = room(None, reserved_regions=(region(GIB, 2 * GIB, "nosave", 5),))
    assert free.largest(0, 2 * GIB, MIB) == ByteRange(MIB, 2 * GIB)


def test_the_image_can_cut_the_largest_piece_in_two() -> None:
    free = room(None, command_line="quiet")
    assert free.moves
    assert free.sure(GIB, 2 * GIB, MIB) == (GIB - IMAGE_AT_MOST) // 2
    low = (0xBFFD7000 - 2 * GIB) // (16 * MIB) * 16 * MIB
    assert free.sure(2 * GIB, 5 * GIB, 16 * MIB) == low, "the image cannot be in both"


def test_an_image_whose_place_is_known_cuts_there_alone() -> None:
    code = Resource(*ByteRange(GIB, GIB + 64 * MIB), "Kernel code", 1, (3,))
    free = room(None, command_line="nokaslr", files=BootLog().files.__class__(iomem=(code,)))
    assert not free.moves
    assert free.largest(GIB, 2 * GIB, MIB) == ByteRange(GIB + 64 * MIB, 2 * GIB)
    assert free.sure(GIB, 2 * GIB, MIB) == GIB - 64 * MIB - IMAGE_AT_MOST


def test_a_piece_begins_at_a_multiple_and_a_text_without_memory_has_none() -> None:
    assert room(None).largest(0, 32 * MIB, 16 * MIB) == ByteRange(16 * MIB, 32 * MIB)
    empty = Rooms(analyze(BootLog())).before(None)
    assert (empty.ram, empty.largest(0, 1 << 64, 1), empty.sure(0, 1 << 64, 1)) == ((), None, 0)


def test_a_room_is_worked_out_once_for_each_time_and_no_more_than_a_few_times() -> None:
    taken = tuple(region(GIB + at * MIB, GIB + (at + 1) * MIB, "cma", 2 * at + 1) for at in range(2 * MOST_ROOMS))
    rooms = Rooms(analyze(seed_log("none", reserved_regions=taken)))
    sizes = [sum(end - start for start, end in rooms.before(2 * at).pieces) for at in range(2 * MOST_ROOMS)]
    whole = sizes[0]
    assert sizes == [whole - at * MIB for at in range(MOST_ROOMS)] + [0] * MOST_ROOMS
    assert rooms.before(0) is rooms.before(1)
