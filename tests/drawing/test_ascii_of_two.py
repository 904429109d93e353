"""The bars in letters of two documents, and of places: what differs is seen, what is alike stands once."""

import re

from pfnscope.drawing.ascii import bars_of_places, bars_of_two
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from pfnscope.report.plain import Look
from pfnscope.service import analyze
from pfnscope.service.places import Reservation, placed_beside
from tests.report.documents import hole, seed_document
from tests.support.samples import text

NONE, AT_4G = (analyze(text(slug)).document for slug in ("seed-no-memmap", "seed-1g-4g"))


def rows(lines: list[str]) -> dict[str, str]:
    return {line[:9].strip(): line[9:] for line in lines if line[2:3].isalpha()}


def test_lanes_that_differ_stand_below_each_other_and_are_marked() -> None:
    drawn = rows(bars_of_two(NONE, AT_4G, Look()))
    assert [name for name in drawn if name[0] not in "+-"] == ["differ"]
    assert re.findall(r"node 1", drawn["- nodes"] + drawn["+ nodes"]) == ["node 1", "node 1"]
    gone = drawn["- nodes"].index("|-- 0 --|") + 4
    assert drawn["+ nodes"][gone] == " "
    assert drawn["differ"][gone] == "^"
    hole_at = drawn["+ holes"].index("41 pages")
    assert drawn["- holes"][hole_at : hole_at + 8] == "41 pages"
    assert drawn["differ"][hole_at] == "^"


def test_what_is_alike_stands_once_and_unmarked() -> None:
    assert not [name for name in rows(bars_of_two(NONE, NONE, Look())) if name[0] in "+-" or name == "differ"]
    harmless = hole(0xBFFD7, 0xC0000, placement="outside-zone-spans", zone=None, label="reserved")
    other = seed_document(holes=[harmless, *seed_document().holes[1:]])
    drawn = rows(bars_of_two(seed_document(), other, Look()))
    assert [name for name in drawn if name[0] in "+-"] == ["- pages", "+ pages", "- holes", "+ holes"]
    begin, end = re.search(r"\^+", drawn["differ"]).span()  # type: ignore[union-attr]
    assert set(drawn["- pages"][begin:end]) == {"!"}


def test_a_map_in_force_by_another_name_with_the_same_ranges_is_no_difference() -> None:
    document = seed_document()
    renamed = seed_document(user_map=[], firmware_map=document.user_map)
    assert "map" in rows(bars_of_two(document, renamed, Look()))


def test_a_difference_of_one_frame_is_seen() -> None:
    entries = seed_document().user_map
    low = MapEntry(*ByteRange(0x100000, 0xBFFD6000), MemoryType.RAM, "usable", ())
    changed = seed_document(user_map=[low if entry.start == 0x100000 else entry for entry in entries])
    drawn = rows(bars_of_two(seed_document(), changed, Look()))
    assert drawn["- map"] != drawn["+ map"]
    assert len(drawn["differ"].strip()) >= 2


def test_the_unsafe_start_of_the_seed_stands_below_its_memory_and_is_seen() -> None:
    document, placements = placed_beside(text("seed-no-memmap"), Reservation("1G"))
    for width in (72, 120):
        lines = bars_of_places(document, placements, Look(width))
        drawn = rows(lines)
        assert re.fullmatch(r" +\|[ +safe]+\| +\|!+ unsafe !+\|\++ safe \++\|", drawn["starts"])
        unsafe = drawn["starts"].index("|!")
        address = next(line for line in lines if "0x100000000" in line)
        assert address.index("0x100000000") - 9 == unsafe
    assert "\x1b[1;31m" in "".join(bars_of_places(document, placements, Look(colour=True)))
