"""arm64 up to 5.13: struct pages of holes exist, and its pfn_valid() keeps walks and readers away from them."""

import itertools

import pytest

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.model.ranges import FrameSet


def text(release: str, *more: str) -> bytes:
    """One node from 1 GiB on with a hole of one page block, and one of half a block in the middle of a block."""
    lines = [
        "Booting Linux on physical CPU 0x0000000000 [0x411fd070]",
        f"Linux version {release} (a@b) #1 SMP",
        "Zone ranges:",
        "  DMA32    [mem 0x0000000040000000-0x00000000820fffff]",
        "  Normal   empty",
        "Early memory node ranges",
        "  node   0: [mem 0x0000000040000000-0x0000000041ffffff]",
        "  node   0: [mem 0x0000000042200000-0x000000007defffff]",
        "  node   0: [mem 0x000000007e000000-0x00000000820fffff]",
        *more,
    ]
    return "".join(f"[    0.000000] {line}\n" for line in lines).encode()


@pytest.mark.parametrize(
    ("release", "first", "second"),
    [
        ("4.17.0", "uninitialised", "uninitialised"),
        ("5.1.0", "uninitialised", "zeroed"),
        ("5.10.60", "uninitialised", "initialised"),
        ("5.14.0", "initialised", "initialised"),
    ],
)
def test_passes_over_holes_ask_for_the_first_frame_of_a_page_block(release: str, first: str, second: str) -> None:
    (boot,) = read(text(release)).boots
    analysis = analyze(boot)
    states = {hole.frames.start: hole.state for hole in analysis.holes}
    assert (states[0x42000], states[0x7DF00]) == (first, second)
    if release != "5.14.0":
        readers = {name for hole in analysis.holes for name in hole.reachable_by}
        assert readers - {"move_freepages"} == {"section walkers"}
        assert ("move_freepages" in readers) == (release == "4.17.0")
        assert {hole.severity for hole in analysis.holes} <= {"caution", "info", "none"}


def test_the_count_of_such_a_boot_is_that_of_blocks_that_begin_with_memory() -> None:
    (boot,) = read(text("5.1.0", "Zeroed struct page in unavailable ranges: 256 pages")).boots
    analysis = analyze(boot)
    assert (analysis.choice.basis, [check.agrees for check in analysis.checks if "Zeroed" in check.what]) == (
        "evidence", [True],
    )  # fmt: skip


def test_nomap_memory_is_found_by_the_count_that_has_it() -> None:
    """Ranges that touch and are not merged differ in their mark; of this boot's, 416 frames begin in mapped blocks."""
    edges = (0x42200, 0x7DF30, 0x7E230, 0x81510, 0x815A0, 0x815C0, 0x816D0, 0x82100)
    ranges = [(0x40000, 0x42000), *itertools.pairwise(edges)]
    lines = [f"  node   0: [mem {start << 12:#018x}-{(end << 12) - 1:#018x}]" for start, end in ranges]
    start = text("5.1.0").decode().partition("Early memory")[0]
    late = ["Early memory node ranges", *lines, "Zeroed struct page in unavailable ranges: 416 pages"]
    (boot,) = read((start + "\n[    0.000000] ".join(late) + "\n").encode()).boots
    analysis = analyze(boot)
    assert [check.agrees for check in analysis.checks if "Zeroed" in check.what] == [True]
    assert [(item.start, item.end) for item in analysis.layout.nomap] == [
        (0x7DF30, 0x7E230), (0x81510, 0x815A0), (0x815C0, 0x816D0),
    ]  # fmt: skip
    assert analyze(boot, kernel="5.1").layout.nomap == FrameSet()
