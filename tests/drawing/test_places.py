"""The lanes of where a reservation lands, above those of the machine."""

import msgspec
import pytest

from pfnscope.drawing import scene
from pfnscope.drawing.lanes import Lane
from pfnscope.drawing.places import ROWS, place_lanes
from pfnscope.model.answers import Obstacle, Placements
from pfnscope.model.ranges import Address
from pfnscope.service import analyze
from tests.support import placements as example
from tests.support.samples import text

_BARS = list[tuple[int, int, str, str]]


def _lanes(places: Placements) -> dict[str, Lane]:
    return {lane.key: lane for lane in place_lanes(places, 4096)}


def _bars(lane: Lane) -> _BARS:
    return [(bar.start_pfn, bar.end_pfn, bar.kind, bar.label) for bar in lane.bars]


@pytest.mark.parametrize("places", example.EVERY, ids=lambda places: f"{places.what}-{places.outcome}")
def test_every_answer_has_its_lanes_in_front_and_as_title(places: Placements) -> None:
    drawn = scene.of_answer(analyze(text("seed-no-memmap")).document, None, places)
    own = place_lanes(places, 4096)
    assert drawn.lanes[: len(own)] == own
    assert own
    assert drawn.title == places.text
    assert all(lane.key in ROWS for lane in own)
    for lane in own:
        edges = [(bar.start_pfn, bar.end_pfn) for bar in lane.bars]
        assert edges == sorted(edges), lane.key
        assert all(start < end for start, end in edges)


def test_what_is_certain_is_drawn_with_all_its_memory() -> None:
    assert _bars(_lanes(example.FITS)["lands"]) == [(0x9F000, 0xBF000, "lands", "crash kernel")]
    assert _bars(_lanes(example.TWO_PARTS)["lands"]) == [
        (0xAF000, 0xBF000, "lands", "low part"),
        (0x200000, 0x240000, "lands", "crash kernel"),
    ]


def test_of_several_places_the_likeliest_stands_out() -> None:
    """The others are one bar where their memory overlaps, without that of the likeliest."""
    lanes = _lanes(example.SOMEWHERE)
    assert "lands" not in lanes
    assert _bars(lanes["may-land"]) == [
        (0x9E000, 0xAF000, "may-land", "or here"),
        (0xAF000, 0xBF000, "lands", "most likely"),
    ]


def test_pages_of_a_node_are_given_or_not() -> None:
    lanes = _lanes(example.GIGANTIC)
    assert [(bar.start_pfn >> 18, bar.kind) for bar in lanes["gigantic"].bars] == [
        (0, "no-room"),
        (1, "lands"),
        (2, "no-room"),
        (4, "lands"),
        (7, "may-land"),
        (8, "lands"),
    ]


def test_each_obstacle_stands_once_with_its_lines() -> None:
    lane = _lanes(example.MAY_FAIL)["obstacles"]
    assert [(bar.label, bar.lines) for bar in lane.bars] == [
        ("kernel image", (12,)),
        ("initrd", (30, 31)),
        ("no RAM", (7,)),
    ]
    twice = msgspec.structs.replace(example.FAILS, placements=example.FAILS.placements * 2)
    assert len(_lanes(twice)["obstacles"].bars) == 2


def test_what_lies_over_other_things_has_a_lane_of_its_own() -> None:
    """An image that can be anywhere, over what is known; more of the kind is one bar."""
    wide = [
        Obstacle(Address(0x1000000), Address(0x40000000), "kernel image, somewhere", (1,)),
        Obstacle(Address(0x3F000000), Address(0x80000000), "early allocations", (2,)),
    ]
    placement = msgspec.structs.replace(example.FAILS.placements[0], blocked_by=(*wide, example.IMAGE, example.INITRD))
    lanes = _lanes(msgspec.structs.replace(example.FAILS, placements=(placement,)))
    assert [bar.label for bar in lanes["obstacles"].bars] == ["kernel image", "initrd", "early allocations"]
    assert _bars(lanes["obstacles-too"]) == [(0x1000, 0x40000, "obstacle", "kernel image, somewhere")]
    both = (*wide, Obstacle(Address(0x2000000), Address(0x50000000), "more", ()), example.IMAGE)
    placement = msgspec.structs.replace(placement, blocked_by=both)
    lanes = _lanes(msgspec.structs.replace(example.FAILS, placements=(placement,)))
    assert _bars(lanes["obstacles-too"]) == [(0x1000, 0x50000, "obstacle", "kernel image, somewhere, more")]


def test_starts_that_could_be_named_have_a_lane_of_their_own() -> None:
    lanes = _lanes(example.AT_ADDRESS)
    assert [(bar.start_pfn, bar.end_pfn, bar.label) for bar in lanes["free-starts"].bars] == [
        (0x1000, 0x2E00, "not free"),
        (0x2E00, 0x25F00, "free"),
        (0x37800, 0xAFF00, "free"),
    ]
    assert not {"lands", "may-land"} & lanes.keys()


def test_bad_memory_is_drawn_as_it_is_taken_out() -> None:
    assert _bars(_lanes(example.BAD)["bad"]) == [
        (0x12345, 0x12346, "lands", "bad memory"),
        (0x140000, 0x140010, "lands", "bad memory"),
    ]
