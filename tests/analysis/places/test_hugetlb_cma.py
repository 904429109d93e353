"""Where areas of hugetlb_cma= lie: shares of nodes, by release."""

import pytest

from pfnscope.analysis.places.cma import hugetlb_cma
from tests.analysis.places.test_cma import machine, two_nodes
from tests.support.seed import GIB

MIB = 1 << 20


def test_each_node_has_its_share_in_turn() -> None:
    places = hugetlb_cma(two_nodes("6.12.1"), "2G")
    assert places.outcome == "fits"
    assert [(item.node, item.start, item.size) for item in places.placements] == [(0, 4 * GIB, GIB), (1, 5 * GIB, GIB)]
    more = hugetlb_cma(two_nodes("6.12.1"), "3G")
    assert more.outcome == "fails", "node 0 has no 2 GiB that begin at a multiple of 1 GiB"
    assert [(item.node, item.start, item.size) for item in more.placements if item.safe] == [(1, 5 * GIB, 2 * GIB)]
    assert "On node 0 the area of 2 GiB does not fit. On node 1 the area of 2 GiB begins" in more.text


def test_nodes_that_are_named_have_what_is_named() -> None:
    places = hugetlb_cma(two_nodes("6.12.1"), "1:2G")
    assert [(item.node, item.start, item.size) for item in places.placements] == [(1, 5 * GIB, 2 * GIB)]
    assert places.text == "On node 1 the area of 2 GiB begins at 0x140000000."


@pytest.mark.parametrize(
    ("release", "value", "words"),
    [
        ("5.4.1", "2G", "understood from 5.7 on"),
        ("5.15.1", "1:2G", "understood from 5.16 on"),
        ("6.12.1", "512M", "has to be 1 GiB at least"),
        ("7.1.1", "1536M", "multiples of 1 GiB"),
        ("6.12.1", "7:2G", "No node of hugetlb_cma=7:2G has memory."),
    ],
)
def test_what_a_release_does_not_take(release: str, value: str, words: str) -> None:
    places = hugetlb_cma(two_nodes(release), value)
    assert (places.outcome, places.command_line) == ("fails", None)
    assert words in places.text


def test_a_share_is_rounded_up_before_7_0() -> None:
    assert [item.size for item in hugetlb_cma(two_nodes("6.12.1"), "1:1536M").placements] == [2 * GIB]


@pytest.mark.parametrize("value", ["", "x", "1:", "1:2G,", "1:2G,x", "2G,1:2G"])
def test_values_of_hugetlb_cma_that_cannot_be_read(value: str) -> None:
    with pytest.raises(ValueError, match=r"is no value of hugetlb_cma=; write .*\.$"):
        hugetlb_cma(two_nodes("6.12.1"), value)


def test_areas_begin_at_a_huge_page_until_6_10() -> None:
    disk = "RAMDISK: [mem 0x100000000-0x101ffffff]"
    assert hugetlb_cma(machine("6.1.20", lines=disk), "1G").start == 4 * GIB + 32 * MIB
    assert hugetlb_cma(machine("6.12.5", lines=disk), "1G").start == 5 * GIB


def test_from_6_15_on_an_area_may_have_parts() -> None:
    disk = "RAMDISK: [mem 0x17f000000-0x180ffffff]"
    releases = ("6.12.5", "6.17.1")
    whole, parts = (hugetlb_cma(machine(release, lines=disk, high=5632), "3G") for release in releases)
    assert whole.outcome == "fails"
    assert [(item.start, item.size) for item in parts.placements] == [(4 * GIB, GIB), (7 * GIB, 2 * GIB)]
    assert parts.text == "On node 0 the area of 3 GiB lies in parts that begin at 0x100000000 and 0x1c0000000."
