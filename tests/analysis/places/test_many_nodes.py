"""Machines of many nodes and ranges that take turns: the work follows the ranges, and answers have a bound."""

import cProfile
import pstats
from collections.abc import Callable
from functools import partial

import pytest
from msgspec import structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.cma import cma, hugetlb_cma
from pfnscope.analysis.places.gigantic import gigantic
from pfnscope.bootlog import read
from pfnscope.drawing.places import place_lanes
from pfnscope.formats.places import MOST, placed_text
from pfnscope.model.answers import Obstacle, Placements
from pfnscope.model.ranges import Address, ByteRange
from pfnscope.report.build import document
from pfnscope.report.placed import home
from pfnscope.service import encode
from pfnscope.service.analyzing import DEFAULTS, judged
from pfnscope.service.places import MOST_LISTED, Reservation, placed
from pfnscope.units import GIB, MIB
from tests.support.placements import FITS


def in_turn(ranges: int, nodes: int, size: int = 64 * MIB, release: str = "6.12.9") -> Analysis:
    """A machine whose nodes have a range of memory each in turn, with as much nothing behind each."""
    starts = [(4 * GIB + 2 * number * size, number % nodes) for number in range(ranges)]
    lines = [
        f"Linux version {release} (builder@example) (gcc 12.2.0) #1 SMP x86_64",
        "Command line: root=/dev/sda2 nokaslr",
        "Zone ranges:",
        "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
        "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
        f"  Normal   [mem 0x0000000100000000-0x{starts[-1][0] + size - 1:016x}]",
        "Early memory node ranges",
        "  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]",
        *(f"  node {node:3}: [mem 0x{start:016x}-0x{start + size - 1:016x}]" for start, node in starts),
    ]
    return judged(read("".join(f"[    0.000000] {line}\n" for line in lines).encode()), DEFAULTS)


def calls(work: Callable[[], object]) -> int:
    profile = cProfile.Profile()
    profile.runcall(work)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "ask",
    [
        lambda analysis: hugetlb_cma(analysis, "9000G"),
        lambda analysis: gigantic(analysis, None),
        lambda analysis: cma(analysis, "32M"),
    ],
    ids=["hugetlb_cma", "gigantic", "cma"],
)
def test_twice_the_ranges_and_nodes_take_about_twice_the_work(ask: Callable[[Analysis], Placements]) -> None:
    machines = [in_turn(nodes * 16, nodes, size=2 * GIB, release="7.1.2") for nodes in (64, 128)]
    half, whole = (calls(partial(ask, machine)) for machine in machines)
    assert whole / half < 2.6


def test_of_many_nodes_a_few_are_told_in_words() -> None:
    places = hugetlb_cma(in_turn(300, 100), "9000G")
    assert len(places.placements) == 100
    assert len(places.text) < 1000
    assert places.text.endswith("Of 84 more nodes see the placements.")
    assert len(gigantic(in_turn(300, 100, size=2 * GIB), None).text) < 500


def test_memory_across_many_nodes_names_a_few() -> None:
    analysis = in_turn(300, 100)
    said = home(ByteRange(0, 1 << 50), document(analysis))
    assert said.startswith("nodes 0, 1, 2, 3, 4, 5, 6, 7, …, DMA")


def test_what_lies_over_each_other_in_the_way_has_a_name_of_bounded_length() -> None:
    crowd = tuple(
        Obstacle(Address(at * MIB), Address((at + 9) * MIB), f"region {at} of many", (at + 1,)) for at in range(2000)
    )
    places = structs.replace(FITS, placements=(structs.replace(FITS.placements[0], blocked_by=crowd),))
    bars = [bar for lane in place_lanes(places, 4096) for bar in lane.bars]
    assert max(len(bar.label) for bar in bars) < 300
    assert max(len(bar.lines) for bar in bars) <= 64


@pytest.mark.parametrize(
    "reservation",
    [
        Reservation(size="1M", align="4K"),
        Reservation(crashkernel="64M@1G"),
        Reservation(reserve_mem="20M:4096:trace"),
        Reservation(bad=(" ".join(hex(4 * GIB + number * 64 * MIB) for number in range(MOST_LISTED + 5)),)),
    ],
    ids=lambda item: item.kinds[0],
)
def test_an_answer_is_bounded_and_says_how_much_it_leaves_out(reservation: Reservation) -> None:
    analysis = in_turn(MOST_LISTED + 1000, 4, release="6.12.9")
    if reservation.bad:
        analysis = judged(read(ARM64), DEFAULTS)
    layout, places = placed(analysis, reservation)
    assert MOST_LISTED in (len(places.placements), len(places.addresses))
    assert places.left_out >= 5
    assert len(encode(places)) < 4 * MIB
    said = placed_text(document(layout), places)
    assert f"{MOST_LISTED - MOST + places.left_out:,} more: --format json has the first {MOST_LISTED:,}" in said
    assert len(said) < 100_000


ARM64 = b"""\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]
[    0.000000] Linux version 6.12.9 (builder@example) (aarch64-linux-gnu-gcc 12.2.0) #1 SMP
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000040000000-0x00000000ffffffff]
[    0.000000]   Normal   [mem 0x0000000100000000-0x00000003ffffffff]
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000040000000-0x00000003ffffffff]
"""
