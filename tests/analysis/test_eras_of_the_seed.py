"""The 2018 report's guest from log text to verdict: three layouts, and what each era makes of [0xbffd7, 0xc0000)."""

import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.replay import replay
from pfnscope.bootlog import read
from pfnscope.model.analysis import Hole
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import value_at
from tests.support.samples import text
from tests.support.seed import NODES, seed_log

INSIDE, OUTSIDE = ("none", "1G!7G"), "1G!4G"
SAMPLES = {"none": "seed-no-memmap", "1G!4G": "seed-1g-4g", "1G!7G": "seed-1g-7g"}

DMA32, NORMAL_0, NORMAL_1, FAKE = (
    ("initialised", 0, "DMA32"),
    ("initialised", 0, "Normal"),
    ("initialised", 1, "Normal"),
    ("initialised", 0, "DMA"),
)
ZERO, NEVER = ("zeroed", None, None), ("uninitialised", None, None)
RESERVED_98, RESERVED_139 = ("Reserved but unavailable: 98 pages",), ("Reserved but unavailable: 139 pages",)
ZEROED_139 = ("Zeroed struct page in unavailable ranges: 139 pages",)
DMA_28770, DMA32_41 = "  DMA zone: 28770 pages in unavailable ranges", "  DMA32 zone: 41 pages in unavailable ranges"
NODE_0_41 = "On node 0, zone Normal: 41 pages in unavailable ranges"
NODE_1_41 = "On node 1, zone Normal: 41 pages in unavailable ranges"
BY_ADDRESS = (
    "On node 0, zone DMA: 1 pages in unavailable ranges",
    "On node 0, zone DMA: 97 pages in unavailable ranges",
)

ERAS = [
    # release; inside a zone span: state, Reserved, lines; in no zone: state, Reserved, lines
    ("4.1", DMA32, True, (), ZERO, False, ()),
    ("4.14", DMA32, False, (), ZERO, False, ()),
    ("4.17", DMA32, False, RESERVED_98, NEVER, False, RESERVED_98),
    ("4.17.5", ZERO, True, RESERVED_139, ZERO, True, RESERVED_139),
    ("4.18", DMA32, True, RESERVED_139, ZERO, True, RESERVED_139),
    ("4.19.37", DMA32, False, RESERVED_98, NEVER, False, RESERVED_98),
    ("4.19.108", DMA32, False, ZEROED_139, ZERO, False, ZEROED_139),
    ("5.3", DMA32, False, ZEROED_139, ZERO, False, ZEROED_139),
    ("5.4.20", DMA32, False, ZEROED_139, ZERO, False, ZEROED_139),
    ("5.6", DMA32, False, ZEROED_139, FAKE, True, ZEROED_139),
    ("5.9", FAKE, True, ZEROED_139, FAKE, True, ZEROED_139),
    (
        "5.12", DMA32, True, (DMA_28770, DMA32_41), NORMAL_1, True,
        (DMA_28770, DMA32_41, "  Normal zone: 41 pages in unavailable ranges"),
    ),
    (
        "5.14", NORMAL_0, True, (*BY_ADDRESS, NODE_0_41), NORMAL_1, True,
        (*BY_ADDRESS, NODE_1_41),
    ),
    (
        "7.1.5", NORMAL_0, True, (*BY_ADDRESS, NODE_0_41), NORMAL_1, True,
        (*BY_ADDRESS, NODE_1_41),
    ),
]  # fmt: skip
NAMES = [era[0] for era in ERAS]


def log_text(option: str, release: str, lines: tuple[str, ...]) -> bytes:
    """The sample's text as another release prints it, with that release's count lines behind the node ranges."""
    old = text(SAMPLES[option]).decode().splitlines()
    kept = [line for line in old if "unavailable" not in line and "Zeroed" not in line and "BUG" not in line]
    kept[0] = f"[    0.000000] Linux version {release} (builder@example) (gcc version 7.3.1) #1 SMP"
    last = max(at for at, line in enumerate(kept) if "  node   " in line)
    kept[last + 1 : last + 1] = [f"[    0.000000] {line}" for line in lines]
    return "\n".join([*kept, ""]).encode()


def analysed(option: str, release: str, lines: tuple[str, ...]) -> Analysis:
    (boot,) = read(log_text(option, release, lines)).boots
    return analyze(boot)


def hole_of(analysis: Analysis, pfn: int) -> Hole:
    (match,) = [hole for hole in analysis.holes if hole.frames.start <= pfn < hole.frames.end]
    return match


def page_reserved(analysis: Analysis, pfn: int) -> bool:
    """Whether a pass sets PageReserved there, whatever memblock.reserved has."""
    assert analysis.choice.rule
    assert analysis.release
    layout = analysis.layout
    states = replay(layout, analysis.choice.rule, layout.without_memory, analysis.release.acts_like)
    state = value_at(states, pfn)
    return state is not None and state[1].page_reserved


def outcome(hole: Hole) -> tuple[str, int | None, str | None]:
    return hole.state, hole.linked_node, hole.linked_zone


@pytest.mark.parametrize(
    ("release", "inside", "kept_in", "lines_in", "outside", "kept_out", "lines_out"), ERAS, ids=NAMES
)
def test_state_links_and_counts_of_each_era_follow_from_the_log(
    release: str,
    inside: tuple[str, int | None, str | None],
    kept_in: bool,
    lines_in: tuple[str, ...],
    outside: tuple[str, int | None, str | None],
    kept_out: bool,
    lines_out: tuple[str, ...],
) -> None:
    for option in NODES:
        spanned = option in INSIDE
        analysis = analysed(option, release, lines_in if spanned else lines_out)
        hole = hole_of(analysis, 0xBFFD7)
        assert (hole.frames.start, hole.frames.end, hole.outside) == (0xBFFD7, 0xC0000, not spanned)
        assert outcome(hole) == (inside if spanned else outside)
        assert (page_reserved(analysis, 0xBFFD7) or hole.reserved is True) is (kept_in if spanned else kept_out)
        assert analysis.choice.basis == ("evidence" if lines_in else "release")
        counts = [check for check in analysis.checks if "unavailable" in check.what or "Zeroed" in check.what]
        assert len([check for check in counts if check.lines]) == len(lines_in if spanned else lines_out)
        assert [check for check in counts if check.agrees is False] == []


@pytest.mark.parametrize("release", NAMES)
def test_the_release_alone_says_the_same_as_the_printed_lines(release: str) -> None:
    (era,) = [era for era in ERAS if era[0] == release]
    assert outcome(hole_of(analysed(OUTSIDE, release, ()), 0xBFFD7)) == era[4]
    assert outcome(hole_of(analysed(INSIDE[0], release, ()), 0xBFFD7)) == era[1]


def test_only_the_releases_that_never_write_it_are_a_danger() -> None:
    worst = {release: hole_of(analysed(OUTSIDE, release, ()), 0xBFFD7) for release in NAMES}
    assert {release for release, hole in worst.items() if hole.severity == "danger"} == {"4.17", "4.19.37"}
    assert "/proc/kpageflags" in worst["4.17"].reachable_by
    assert all(hole_of(analysed(option, "4.17", ()), 0xBFFD7).severity == "none" for option in INSIDE)


@pytest.mark.parametrize("release", NAMES)
def test_page_0_and_the_bios_range_are_harmless_because_memblock_reserves_them(release: str) -> None:
    analysis = analysed(OUTSIDE, release, ())
    assert (hole_of(analysis, 0).outside, hole_of(analysis, 0).reserved, hole_of(analysis, 0).severity) == (
        True, True, "none",
    )  # fmt: skip
    assert all(hole.reserved for hole in analysis.holes if 0x9F <= hole.frames.start < 0x100)


def test_zeroing_after_the_walks_loses_the_links_inside_a_zone_span() -> None:
    """What 4.17.4 did, so that move_freepages_block() met pages of another zone in the middle of DMA32."""
    hole = hole_of(analysed("none", "4.17.4", ()), 0xBFFD7)
    assert (outcome(hole), hole.outside, hole.type) == (ZERO, False, MemoryType.RESERVED)


def test_without_a_release_no_state_is_claimed_and_every_era_is_shown() -> None:
    analysis = analyze(seed_log(OUTSIDE))
    assert {hole.state for hole in analysis.holes} == {"unknown"}
    assert [hole.frames.start for hole in analysis.holes if hole.severity != "none"] == [0xBFFD7]
    (worst,) = [hole for hole in analysis.holes if hole.severity == "caution"]
    assert "4.15 to 4.17.3" in worst.why
    assert [era.rule for era in analysis.eras if era.severity == "danger"] == ["raw-memmap", "raw-memmap-4.19"]
    assert {era.rule: era.state for era in analysis.eras} == {
        "zeroed-memmap-reserved": "zeroed",
        "zeroed-memmap": "zeroed",
        "raw-memmap": "never written",
        "e820-reserved-late": "zeroed",
        "e820-reserved": "zeroed",
        "raw-memmap-4.19": "never written",
        "zeroed-gaps-4.19": "zeroed",
        "zeroed-gaps": "zeroed",
        "zeroed-gaps-and-tail": "zeroed",
        "fake-links-outside": "linked to node 0, DMA",
        "fake-links": "linked to node 0, DMA",
        "holes-per-zone": "linked to node 1, Normal",
        "holes-by-address": "linked to node 1, Normal",
    }
