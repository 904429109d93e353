"""Where a region can go: against booting the map again at every place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.places import memmap
from pfnscope.analysis.places.memmap import placements
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.model.answers import Placement
from tests.support.samples import text

GIB, MIB = 1 << 30, 1 << 20
SECTION = 128 * MIB >> 12


def analysed(slug: str, kernel: str | None = None) -> Analysis:
    return analyze(read(text(slug)).boots[-1], kernel=kernel)


def at(places: tuple[Placement, ...], start: int) -> Placement:
    return next(item for item in places if item.start <= start << 12 < item.end)


@pytest.mark.parametrize(("kernel", "safe"), [("4.17", False), ("5.14", True)])
def test_the_end_of_node_0_is_unsafe_on_4_17_alone(kernel: str, safe: bool) -> None:
    places = placements(analysed("seed-no-memmap", kernel), GIB >> 12, "!", SECTION)
    end = at(places, 4 * GIB >> 12)
    assert end.safe is safe
    assert [(hole.frames.start, hole.frames.end, hole.placement) for hole in end.holes] == [
        (0xBFFD7, 0xC0000, "outside-zone-spans")
    ]
    assert "4.15 to 4.17.3" in end.dangerous_on
    assert at(places, 7 * GIB >> 12).safe
    assert all(item.safe for item in places if item is not end)


def test_no_place_is_offered_outside_memory_or_on_low_memory() -> None:
    analysis = analysed("seed-no-memmap")
    places = placements(analysis, GIB >> 12, "!", 1)
    for item in places:
        for start in (item.start >> 12, (item.end >> 12) - 1):
            assert analysis.layout.memory_frames.clip(start, start + (GIB >> 12)).pages == GIB >> 12
            assert start >= MIB >> 12


def test_a_finer_alignment_tells_whole_sections_from_broken_ones() -> None:
    places = placements(analysed("seed-no-memmap", "4.17"), 2 * GIB >> 12, "!", 1)
    assert at(places, (4 * GIB >> 12) + SECTION).safe
    broken = at(places, (4 * GIB >> 12) + SECTION + 1)
    assert not broken.safe
    assert broken.holes[0].start_pfn << 12 == broken.start


def test_a_region_larger_than_any_memory_goes_nowhere() -> None:
    assert placements(analysed("seed-no-memmap"), 1 << 40, "!", SECTION) == ()


def test_starts_beyond_the_budget_count_as_unsafe_and_say_that_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analysis = analysed("seed-no-memmap")
    whole = placements(analysis, MIB >> 12, "!", 1)
    monkeypatch.setattr(memmap, "MOST_RANGES", 100)
    cut = placements(analysis, MIB >> 12, "!", 1)
    tried = [item for item in cut if not item.untried]
    assert 0 < len(tried) < len(whole)
    assert tried[:-1] == list(whole[: len(tried) - 1])
    assert not any(item.safe or item.holes for item in cut[len(tried) :])
    assert (cut[0].start, cut[-1].end) == (whole[0].start, whole[-1].end)
    assert not any(item.untried for item in whole)


ANALYSES = {slug: analysed(slug, "4.17") for slug in ("seed-no-memmap", "seed-1g-4g", "uneven-nodes", "odd-size")}
BLOCK = 32 * MIB >> 12


@settings(max_examples=120)
@given(st.sampled_from(sorted(ANALYSES)), st.integers(1, 90), st.data())
def test_every_place_is_judged_as_booting_the_map_again_judges_it(slug: str, blocks: int, data: st.DataObject) -> None:
    analysis = ANALYSES[slug]
    places = placements(analysis, blocks * BLOCK, "!", BLOCK)
    if not places:
        return
    item = data.draw(st.sampled_from(places))
    step = BLOCK << 12
    start = item.start + data.draw(st.integers(0, item.range.size // step - 1)) * step
    argument = f"memmap={blocks * step:#x}!{start:#x}"
    booted, _ = what_if(analysis, f"{analysis.log.command_line or ''} {argument}")
    before = {pfn for hole in analysis.holes if hole.severity == "danger" for pfn in (hole.frames.start,)}
    dangers = [hole for hole in booted.holes if hole.severity == "danger" and hole.frames.start not in before]
    assert item.safe is (not dangers), (argument, dangers)
