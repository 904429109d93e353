"""Table F of the reference: three layouts of the 2018 report, and what each era makes of [0xbffd7, 0xc0000)."""

import pytest

from app.analysis import Hole, analyze
from tests.support.seed import seed_log

INSIDE, OUTSIDE = ("none", "1G!7G"), "1G!4G"


def hole_at(option: str, kernel: str, pfn: int) -> Hole:
    holes = analyze(seed_log(option), kernel=kernel).holes
    (found,) = [hole for hole in holes if hole.frames.start <= pfn < hole.frames.end]
    return found


def told(hole: Hole) -> tuple[str, int | None, str | None]:
    return hole.state.state.value, hole.state.node, hole.state.zone


ERAS = [
    # kernel, inside a zone span, outside every zone span
    ("4.14", ("initialised", 0, "DMA32"), ("zeroed", None, None)),
    ("4.17", ("initialised", 0, "DMA32"), ("uninitialised", None, None)),
    ("4.18", ("initialised", 0, "DMA32"), ("zeroed", None, None)),
    ("4.19.37", ("initialised", 0, "DMA32"), ("uninitialised", None, None)),
    ("4.19.108", ("initialised", 0, "DMA32"), ("zeroed", None, None)),
    ("5.3", ("initialised", 0, "DMA32"), ("zeroed", None, None)),
    ("5.6", ("initialised", 0, "DMA32"), ("initialised", 0, "DMA")),
    ("5.9", ("initialised", 0, "DMA"), ("initialised", 0, "DMA")),
    ("5.12", ("initialised", 0, "DMA32"), ("initialised", 1, "Normal")),
    ("5.14", ("initialised", 0, "Normal"), ("initialised", 1, "Normal")),
    ("7.1", ("initialised", 0, "Normal"), ("initialised", 1, "Normal")),
]


@pytest.mark.parametrize(("kernel", "inside", "outside"), ERAS, ids=[era[0] for era in ERAS])
def test_the_reserved_range_below_3_gib(
    kernel: str, inside: tuple[str, int | None, str | None], outside: tuple[str, int | None, str | None]
) -> None:
    for option in INSIDE:
        hole = hole_at(option, kernel, 0xBFFD7)
        assert (hole.frames.start, hole.frames.end, hole.outside) == (0xBFFD7, 0xC0000, False)
        assert told(hole) == inside
    hole = hole_at(OUTSIDE, kernel, 0xBFFD7)
    assert (hole.frames.start, hole.frames.end, hole.outside) == (0xBFFD7, 0xC0000, True)
    assert told(hole) == outside


def test_only_the_releases_that_never_write_it_are_a_danger() -> None:
    dangerous = {kernel for kernel, _, _ in ERAS if hole_at(OUTSIDE, kernel, 0xBFFD7).severity == "danger"}
    assert dangerous == {"4.17", "4.19.37"}
    assert "/proc/kpageflags" in hole_at(OUTSIDE, "4.17", 0xBFFD7).readers
    assert all(hole_at(option, "4.17", 0xBFFD7).severity == "none" for option in INSIDE)


def test_what_x86_reserved_by_e820_is_known_to_be_reserved() -> None:
    hole = hole_at(OUTSIDE, "4.18", 0xBFFD7)
    assert (hole.reserved, hole.severity) == (True, "none")


@pytest.mark.parametrize("kernel", [era[0] for era in ERAS])
def test_page_0_is_harmless_because_memblock_reserves_it(kernel: str) -> None:
    hole = hole_at(OUTSIDE, kernel, 0)
    assert (hole.outside, hole.reserved, hole.severity) == (True, True, "none")


def test_without_a_release_no_state_is_claimed_and_every_era_is_shown() -> None:
    analysis = analyze(seed_log(OUTSIDE))
    assert {hole.state.state.value for hole in analysis.holes} == {"unknown"}
    assert [hole.frames.start for hole in analysis.holes if hole.severity != "none"] == [0xBFFD7]
    (worst,) = [hole for hole in analysis.holes if hole.severity == "caution"]
    assert "4.15 to 4.17.3" in worst.state.why
    assert [era.rule.id for era in analysis.eras if era.severity == "danger"] == ["raw-memmap", "raw-memmap-4.19"]
