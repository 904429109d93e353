"""Recorded boots with page frames kept out of RAM: what is said before the reboot is what their kernels print."""

from pathlib import Path

import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.places.bad_ram import bad_ram
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read

PLACED = Path(__file__).parents[2] / "recorded" / "placed"
BAD = (
    "ADDR 12345008",
    "0x30000000-0x30001fff",
    "Memory failure: 0x7f000: recovery action for free buddy page: Recovered",
)


def recorded(name: str) -> Analysis:
    return analyze(read((PLACED / name / "dmesg.txt").read_bytes()).boots[-1])


@pytest.mark.parametrize("name", ["bad-ram-6.1", "bad-ram-7.3"])
def test_regions_for_bad_frames_take_what_the_recorded_boot_lacks(name: str) -> None:
    analysis = recorded(name)
    before, _ = what_if(analysis, "console=ttyS0")
    places = bad_ram(before, BAD)
    assert places.command_line == "memmap=4K$0x12345000,8K$768M,4K$2032M"
    assert places.outcome == "fits"
    after, _ = what_if(before, f"console=ttyS0 {places.command_line}")
    printed = [(item.node, item.start, item.end) for item in analysis.log.node_ranges]
    assert [(item.node, item.start, item.end) for item in after.log.node_ranges] == printed
    assert places.cost == sum(
        item.layout.memory_frames.pages * sign << 12 for item, sign in ((before, 1), (analysis, -1))
    )
    iomem = (PLACED / name / "iomem.txt").read_text().splitlines()
    for place in places.placements:
        assert place.size is not None
        assert f"{place.start:08x}-{place.start + place.size - 1:08x} : Reserved" in iomem


@pytest.mark.parametrize("name", ["bad-ram-6.1", "bad-ram-7.3"])
def test_what_a_recorded_command_line_excludes_is_not_excluded_again(name: str) -> None:
    places = bad_ram(recorded(name), BAD)
    assert places.command_line is None
    assert [item.where for item in places.addresses] == [
        f"RAM that memmap={region} excludes"
        for region in ("0x1000$0x12345000", "0x2000$0x30000000", "0x1000$0x7f000000")
    ]


def test_bytes_give_up_the_whole_pages_that_the_recorded_kernel_gives_up() -> None:
    analysis = recorded("bad-ram-bytes-7.3")
    before, _ = what_if(analysis, "console=ttyS0")
    places = bad_ram(before, ("memmap=64$0x12345678,0x40$0x30000fe0",))
    assert places.command_line == "memmap=4K$0x12345000,8K$768M"
    after, _ = what_if(before, f"console=ttyS0 {places.command_line}")
    assert after.layout.memory_frames == analysis.layout.memory_frames
