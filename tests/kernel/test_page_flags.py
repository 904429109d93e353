"""Node and zone in page flags, read only as far as the word and its surroundings tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.kernel.page_flags import Split, link, splits


@pytest.mark.parametrize(
    ("word", "cpus", "expected"),
    [
        (0x17FFFFC0000000, None, (0, 2)),  # what %pGp names node=0|zone=2|lastcpupid=0x1fffff
        (0x57FFFFC0001000, None, (1, 2)),
        (0x0FFFFFC0001000, None, (0, 1)),  # with 8,192 CPUs, the most, the zone's bit joins the ones
        (0x1FFFE000001000, None, (0, 0)),
        (0x1FFFE000001000, 256, (0, 0)),
        (0x1FFFE000001000, 128, (0, 1)),
        (0x1000, None, (0, 0)),
        (0x100000000000000, None, (None, None)),
        ((1 << 64) - 1, None, (None, None)),
    ],
)
def test_a_word_says_node_and_zone(word: int, cpus: int | None, expected: tuple[int | None, int | None]) -> None:
    assert link(word, cpus, {0, 1}, {0, 1, 2}) == expected


def test_a_word_whose_node_and_zone_are_printed_tells_how_to_read_another() -> None:
    assert link(0x100000000000000, None, {0, 1}, {0, 1, 2}, [Split(7, 2, 0)]) == (0, 2)


@given(
    node=st.integers(0, 15),
    zone=st.integers(0, 4),
    widths=st.sampled_from([(4, 3, 16), (6, 3, 17), (10, 3, 21)]),
    flags=st.integers(0, (1 << 25) - 1),
)
def test_the_split_that_made_a_word_is_among_those_that_it_can_have(
    node: int, zone: int, widths: tuple[int, int, int], flags: int
) -> None:
    nodes, zones, last = widths
    below = 64 - nodes - zones
    word = node << 64 - nodes | zone << below | ((1 << last) - 1) << below - last | flags
    assert Split(nodes, zones, last) in splits(word)
    assert Split(nodes, zones, last).read(word) == (node, zone)
