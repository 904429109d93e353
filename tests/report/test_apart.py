"""Where two documents say different things, range by range."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.log import NodeRange
from pfnscope.model.ranges import ByteRange
from pfnscope.report.apart import told_apart
from tests.report.documents import hole, seed_document

_RANGES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(1, 8)), max_size=6)


def _nodes(ranges: list[tuple[int, int, int]]) -> tuple[NodeRange, ...]:
    return tuple(NodeRange(node, *ByteRange(at << 12, (at + pages) << 12), ()) for node, at, pages in ranges)


def _at(ranges: list[tuple[int, int, int]], pfn: int) -> list[int]:
    return sorted(node for node, at, pages in ranges if at <= pfn < at + pages)


@given(_RANGES, _RANGES)
def test_rows_are_the_ranges_that_are_told_differently(
    one: list[tuple[int, int, int]], other: list[tuple[int, int, int]]
) -> None:
    """Frame by frame, overlaps and all; neighbours of the same words are one row."""
    groups = told_apart(seed_document(node_ranges=_nodes(one)), seed_document(node_ranges=_nodes(other)))
    rows = [row for group in groups for row in group.rows]
    differing = {pfn for pfn in range(30) if _at(one, pfn) != _at(other, pfn)}
    spans = [[int(end, 16) for end in row.place[1:].partition(")")[0].split(", ")] for row in rows]
    assert {pfn for start, end in spans for pfn in range(start, end)} == differing
    for ((_, end), row), ((start, _), after) in pairwise(zip(spans, rows, strict=True)):
        assert end <= start
        assert end < start or (row.before, row.after) != (after.before, after.after)


def test_a_side_that_has_nothing_there_says_so_and_lines_are_those_of_their_side() -> None:
    """A hole that is gone, and a map that is the firmware's own is told once."""
    seed = seed_document()
    groups = told_apart(seed, seed_document(holes=[hole(0x9F, 0x100, state="zeroed", lines=(77,))], user_map=()))
    words = {group.what: [(row.before, row.after, row.lines) for row in group.rows] for group in groups}
    assert words["holes"][0][1:] == ("no hole", ((30,), ()))
    assert words["holes"][1] == (
        "inside DMA, node 0, initialised, harmless",
        "inside DMA, node 0, zeroed, harmless",
        ((31,), (77,)),
    )
    assert [row[:2] for row in words["map_in_force"]] == [("persistent (type 12)", "usable")]
    assert "firmware_map" not in words
    assert told_apart(seed, seed) == []
