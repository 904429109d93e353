"""Readers by release, and how far each goes."""

import pytest

from pfnscope.analysis.eras import example_layout
from pfnscope.analysis.holes import pages_within
from pfnscope.kernel.readers import Bound, readers_for
from pfnscope.model.ranges import FrameRange


def reach(version: tuple[int, int, int]) -> dict[str, Bound]:
    bounds = [(reader.name, reader.bound) for reader in readers_for(version)]
    assert len(dict(bounds)) == len(bounds), "one row a reader and release"
    return dict(bounds)


@pytest.mark.parametrize(
    ("version", "bound"),
    [
        ((4, 17, 0), Bound.MAX_PFN),
        ((5, 4, 18), Bound.MAX_PFN),
        ((5, 7, 6), Bound.SECTION_END),
        ((5, 11, 5), Bound.SECTION_END),
        ((5, 14, 0), Bound.ONLINE_SUBSECTIONS),
    ],
)
def test_the_files_of_page_flags_end_where_the_release_ends_them(version: tuple[int, int, int], bound: Bound) -> None:
    assert {reach(version)[f"/proc/kpage{what}"] for what in ("flags", "count", "cgroup")} == {bound}


def test_blocks_with_holes_are_no_longer_taken_offline() -> None:
    assert "memory offlining" in reach((5, 4, 18))
    assert "memory offlining" not in reach((5, 5, 0))


def test_lsmem_looks_past_the_end_of_a_zone_until_it_was_bounded() -> None:
    assert reach((4, 17, 0))["lsmem"] is Bound.SECTION_END
    assert reach((4, 19, 78))["lsmem"] is Bound.ONLINE_SUBSECTIONS
    assert "lsmem" not in reach((5, 7, 6))


def test_where_pfn_valid_asks_memblock_the_kernels_own_readers_stop_at_memory() -> None:
    before = {reader.name: reader.bound for reader in readers_for((5, 10, 0), "arm64")}
    assert before.pop("section walkers") is Bound.SECTION_END
    assert set(before.values()) == {Bound.MEMORY}
    after = {reader.name: reader.bound for reader in readers_for((5, 14, 0), "arm64")}
    assert after == reach((5, 14, 0))


def test_files_of_page_owner_and_of_the_idle_bitmap_end_with_max_pfn() -> None:
    assert reach((6, 12, 0))["page_owner"] is Bound.MAX_PFN
    assert reach((6, 12, 0))["idle page bitmap"] is Bound.ONLINE_BELOW_MAX_PFN


def test_page_ext_looks_at_the_first_frame_of_sections_that_begin_in_a_hole() -> None:
    """Of sections of 8 frames: node 0 has memory in [0, 10), [12, 20) and [34, 36), node 1 in [48, 58)."""
    pages = pages_within(example_layout(reserved=False))
    assert list(pages[Bound.SECTION_HEADS]) == [FrameRange(32, 33)]
    assert list(pages[Bound.ONLINE_IN_SPANS]) == [FrameRange(0, 24), FrameRange(32, 36), FrameRange(48, 58)]


def test_a_release_older_than_a_file_does_not_have_it() -> None:
    assert "/proc/kpagecgroup" not in reach((4, 2, 0))
    assert "/proc/kpageflags" in reach((2, 6, 39))
