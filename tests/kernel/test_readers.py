"""Readers by release, and how far each goes."""

import pytest

from pfnscope.kernel.readers import Bound, readers_for


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
    assert "memory offlining" not in reach((5, 7, 6))


def test_lsmem_looks_past_the_end_of_a_zone_until_it_was_bounded() -> None:
    assert reach((4, 17, 0))["lsmem"] is Bound.SECTION_END
    assert reach((4, 19, 78))["lsmem"] is Bound.ONLINE_SUBSECTIONS
    assert "lsmem" not in reach((5, 7, 6))


def test_where_pfn_valid_asks_memblock_the_kernels_own_readers_stop_at_memory() -> None:
    for version, bounds in (((5, 10, 0), {Bound.MEMORY}), ((5, 14, 0), {Bound.ONLINE_SUBSECTIONS, Bound.ZONE_SPANS})):
        by_reader = {reader.name: reader.bound for reader in readers_for(version, "arm64")}
        assert by_reader.pop("section walkers") is Bound.SECTION_END
        assert set(by_reader.values()) - {Bound.PAST_MAX_PFN} <= bounds


def test_a_release_older_than_a_file_does_not_have_it() -> None:
    assert "/proc/kpagecgroup" not in reach((4, 2, 0))
    assert "/proc/kpageflags" in reach((2, 6, 39))
