"""arm64 up to 5.13: struct pages of holes exist, and its pfn_valid() keeps walks and readers away from them."""

import pytest

from app.analysis import analyze
from app.bootlog import read


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
    states = {hole.frames.start: hole.state.state.value for hole in analysis.holes}
    assert (states[0x42000], states[0x7DF00]) == (first, second)
    if release != "5.14.0":
        assert {name for hole in analysis.holes for name in hole.readers} == {"section walkers"}
        assert {hole.severity for hole in analysis.holes} <= {"caution", "info", "none"}


def test_the_count_of_such_a_boot_is_that_of_blocks_that_begin_with_memory() -> None:
    (boot,) = read(text("5.1.0", "Zeroed struct page in unavailable ranges: 256 pages")).boots
    analysis = analyze(boot)
    assert (analysis.choice.basis, [check.agrees for check in analysis.checks if "Zeroed" in check.what]) == (
        "evidence", [True],
    )  # fmt: skip
