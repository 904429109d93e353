"""Where areas of CMA and reserve_mem= lie: by own logs, by recorded boots, against painted pages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.places.areas import MOST_IN_THE_WAY, Window, area, in_the_way
from pfnscope.analysis.places.cma import CmaRequest, cma
from pfnscope.analysis.places.free import FreeMemory
from pfnscope.analysis.places.reserve_mem import reserve_mem
from pfnscope.bootlog import read
from pfnscope.model.answers import Obstacle, Placements
from pfnscope.model.log import BootLog, MemblockRegion, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, Pairs, canonical, difference
from pfnscope.simulation import NotSimulated
from tests.support.machines import log
from tests.support.painted import PaintedMemblock
from tests.support.seed import GIB, seed_log
from tools.placed import cma_areas, pools_of_nodes, reserved_by_name

MIB = 1 << 20
RECORDED = Path(__file__).parents[2] / "recorded"

MEMORY = "Memory: 2000000K/2097152K available (16384K kernel code, 2048K rwdata, 4096K rodata, 2048K init, 1024K bss)"
"""So the image has 30 MiB at most: 16 MiB to 46 MiB, where KASLR does not move it."""


def machine(release: str, arguments: str = "nokaslr", lines: str = "", low: int = 2048, high: int = 4096) -> Analysis:
    return analyze(read(log(release, arguments, lines, low, high, MEMORY).encode()).boots[0])


def starts(places: Placements) -> list[int]:
    return [item.start for item in places.placements if item.safe]


# cma= as it is written


@pytest.mark.parametrize(
    ("value", "request_"),
    [
        ("64M", CmaRequest(64 * MIB)),
        ("64M@1G", CmaRequest(64 * MIB, GIB, GIB + 64 * MIB)),
        ("64M@1G-2G", CmaRequest(64 * MIB, GIB, 2 * GIB)),
        ("0x4000000@0", CmaRequest(64 * MIB, 0, 64 * MIB)),
    ],
)
def test_what_stands_behind_cma_is_read_as_the_kernel_reads_it(value: str, request_: CmaRequest) -> None:
    assert CmaRequest.read(value) == request_


@pytest.mark.parametrize("value", ["", "0", "M", "64M@", "64M@1G-", "64M,high", "64M@1G-2G-3G", "-1"])
def test_other_values_are_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(ValueError, match=r"is no value of cma=; write SIZE, .*\.$"):
        cma(machine("6.1.20"), value)


# Where it goes


def test_with_memory_above_4_gib_the_area_is_at_the_lowest_place_there_since_5_12() -> None:
    places = cma(machine("6.1.20"), "64M")
    assert (places.what, places.outcome, places.start) == ("cma", "fits", 4 * GIB)
    assert starts(places) == [4 * GIB]
    assert places.text == "The CMA area of 64 MiB begins at 0x100000000."
    before = cma(machine("5.4.100"), "64M")
    assert before.placements[0].start == 8 * GIB - 64 * MIB
    assert not before.placements[0].certain, "what is allocated early comes from the end of memory too"


def test_a_start_that_is_only_a_lower_limit_does_not_keep_it_from_there() -> None:
    assert starts(cma(machine("6.1.20"), "64M@6G-7G")) == [4 * GIB]
    assert cma(machine("5.4.100"), "64M@6G-7G").start == 7 * GIB - 64 * MIB


def test_without_memory_there_it_comes_from_the_end() -> None:
    places = cma(machine("6.1.20", high=0), "64M")
    assert places.start == 2 * GIB - 64 * MIB
    assert places.placements[0].size == 64 * MIB
    assert all(item.start >= 2 * GIB - 128 * MIB for item in places.placements)


def test_a_crash_kernel_comes_later_and_an_initial_ram_disk_lies_in_the_way() -> None:
    crash = "crashkernel reserved: 0x0000000070000000 - 0x0000000080000000 (256 MB)"
    disk = "RAMDISK: [mem 0x100000000-0x101ffffff]"
    places = cma(machine("6.1.20", lines=f"{disk}\n{crash}"), "64M")
    assert places.start == 4 * GIB + 32 * MIB
    assert [(item.name, item.lines) for item in places.placements[0].blocked_by] == [("RAMDISK", (8,))]
    assert cma(machine("6.1.20", lines=crash, high=0), "64M").start == 2 * GIB - 64 * MIB


@pytest.mark.parametrize(
    ("value", "release", "outcome", "start"),
    [
        ("64M@1G", "6.1.20", "fits", GIB),
        ("64M@1025M", "6.1.20", "fails", None),
        ("64M@1025M", "4.17.2", "fits", 1028 * MIB),
        ("64M@16M", "6.1.20", "fails", None),
        ("64M@3G", "6.1.20", "fails", None),
        ("64M@8160M", "6.1.20", "fails", None),
        ("64M@8128M", "6.1.20", "may-fail", 8128 * MIB),
    ],
)
def test_an_address_is_taken_at_its_word(value: str, release: str, outcome: str, start: int | None) -> None:
    """Aligned, free, in RAM and below its end; 4.17 rounds it up to 4 MiB."""
    places = cma(machine(release), value)
    assert (places.outcome, places.start) == (outcome, start)


def test_what_lies_at_an_address_is_named() -> None:
    assert [item.name for item in cma(machine("6.1.20"), "64M@16M").placements[0].blocked_by] == ["kernel image"]
    assert [item.name for item in cma(machine("6.1.20"), "64M@3G").placements[0].blocked_by] == ["no RAM"]
    random = cma(machine("6.1.20", arguments="quiet"), "64M@1G")
    assert random.outcome == "may-fail"
    assert [item.name for item in random.placements[0].blocked_by] == ["kernel image, somewhere"]


def test_another_form_fits_where_the_request_does_not() -> None:
    places = cma(machine("6.1.20"), "64M@16M")
    assert [item.command_line for item in places.other_forms] == ["cma=64M", "cma=64M@4G-8G", "cma=48M"]
    for other in places.other_forms:
        again = cma(machine("6.1.20"), other.command_line.removeprefix("cma="))
        assert (again.outcome, again.start) == ("fits", other.start)
    too_large = cma(machine("6.1.20"), "6G")
    assert (too_large.outcome, too_large.command_line) == ("fails", None)
    assert {"no RAM", "kernel image"} <= {item.name for item in too_large.placements[-1].blocked_by}


ARM64 = """\
Booting Linux on physical CPU 0x0000000000 [0x410fd083]
Linux version {release} (builder@example) (aarch64-linux-gnu-gcc 12.2.0) #1 SMP
Zone ranges:
  DMA      [mem 0x0000000040000000-0x{zone:016x}]
  DMA32    empty
  Normal   [mem 0x0000000100000000-0x000000023fffffff]
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000040000000-0x000000023fffffff]
Initmem setup node 0 [mem 0x0000000040000000-0x000000023fffffff]
Kernel command line: console=ttyAMA0
"""


def arm64(release: str, zone: int = 4 * GIB) -> Analysis:
    return analyze(read(ARM64.format(release=release, zone=zone - 1).encode()).boots[0])


def test_arm64_keeps_to_its_first_zone() -> None:
    assert cma(arm64("6.1.20"), "64M").start == 4 * GIB - 64 * MIB
    assert cma(arm64("6.1.20", GIB + 512 * MIB), "64M").start == GIB + 448 * MIB
    assert cma(arm64("5.10.20", GIB + 512 * MIB), "64M").start == 4 * GIB - 64 * MIB


def test_the_limit_of_an_architecture_gives_way_to_that_of_the_command_line_since_6_17() -> None:
    assert cma(arm64("6.17.1"), "2G@4G-8G").start == 4 * GIB
    refused = cma(arm64("6.12.1"), "2G@4G-8G")
    assert refused.outcome == "fails"


def test_the_alignment_is_that_of_page_blocks_since_5_19() -> None:
    assert (cma(arm64("5.18.1"), "64M").align, cma(arm64("5.19.1"), "64M").align) == (4 * MIB, 2 * MIB)


ARM = """\
Booting Linux on physical CPU 0x0
Linux version 6.12.5-armmp (builder@example) (arm-linux-gnueabihf-gcc 12.2.0) #1 SMP
Zone ranges:
  DMA      [mem 0x0000000040000000-0x000000006fffffff]
  Normal   empty
  HighMem  [mem 0x0000000070000000-0x00000000bfffffff]
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000040000000-0x00000000bfffffff]
Initmem setup node 0 [mem 0x0000000040000000-0x00000000bfffffff]
"""


def test_high_memory_comes_first_and_low_memory_where_it_is_too_small() -> None:
    analysis = analyze(read(ARM.encode()).boots[0])
    assert cma(analysis, "64M").start == 3 * GIB - 64 * MIB
    assert cma(analysis, "64M@1G-1504M").start == 1440 * MIB
    assert cma(analysis, "1200M").start == 3 * GIB - 1200 * MIB
    neither = cma(analysis, "1400M")
    assert neither.outcome == "fails"
    assert [(item.start, item.end) for item in neither.placements] == [(0x70000000, 3 * GIB), (GIB, 0x70000000)]


def test_a_machine_of_which_nothing_is_known() -> None:
    with pytest.raises(NotSimulated, match="where a CMA area lies is not known"):
        cma(analyze(BootLog()), "64M")
    with pytest.raises(NotSimulated, match="neither a memory map nor ranges"):
        cma(analyze(BootLog(arch="x86_64")), "64M")


def two_nodes(release: str, command_line: str = "nokaslr") -> Analysis:
    """[0, 0xbffd7000) and [4, 5) GiB on node 0, [5, 9) GiB on node 1."""
    return analyze(seed_log("none", command_line=command_line, release=release))


def test_from_7_2_on_each_node_has_an_area_beside_the_global_one() -> None:
    places = cma(two_nodes("7.2.1"), "64M")
    assert [(item.node, item.start, item.certain) for item in places.placements] == [
        (None, 4 * GIB, True),
        (0, 4 * GIB + 64 * MIB, True),
        (1, 5 * GIB, True),
    ]
    assert places.notes == ("Each node gets an area of 64 MiB beside it on this release.",)
    large = cma(two_nodes("7.2.1"), "3G")
    assert [item.node for item in large.placements if item.safe] == [None]
    assert large.notes[0].endswith("not node 0, 1, which has no room.")
    for analysis in (two_nodes("7.1.1"), machine("7.2.1"), two_nodes("7.2.1", "nokaslr numa_cma=1:64M")):
        assert [item.node for item in cma(analysis, "64M").placements] == [None]


# reserve_mem=


def test_reserve_mem_comes_from_the_end_after_struct_pages() -> None:
    places = reserve_mem(machine("6.12.5"), "20M:4096:trace")
    assert (places.outcome, places.size, places.align) == ("fits", 20 * MIB, 4096)
    usual = places.placements[0]
    pages = [item for item in usual.blocked_by if item.name == "struct pages"]
    assert not usual.certain
    assert pages, "96 MiB of them lie there in any case"
    assert 64 * MIB < pages[0].end - pages[0].start <= 96 * MIB
    assert all(item.start > 8 * GIB - 256 * MIB for item in places.placements)


def test_steps_of_memblock_decide_where_reserve_mem_is() -> None:
    steps = tuple(
        MemblockRegion(*ByteRange(start, end), None, None, (line,))
        for start, end, line in (
            (9 * GIB - 64 * MIB, 9 * GIB, 3),
            (9 * GIB - 160 * MIB, 9 * GIB - 96 * MIB, 4),
            (16 * MIB, 64 * MIB, 5),
        )
    )
    facts = {"zone_ranges": (ZoneRange("DMA32", *ByteRange(MIB, 4 * GIB), (6,)),), "command_line_lines": (1, 9)}
    analysis = analyze(
        seed_log("none", command_line="nokaslr", release="6.12.1", memblock_reserve_events=steps, **facts)
    )
    assert starts(reserve_mem(analysis, "32M:4096:a")) == [9 * GIB - 96 * MIB]
    assert starts(reserve_mem(analysis, "33M:4096:a")) == [9 * GIB - 193 * MIB]
    assert starts(reserve_mem(analysis, "33M:1G:a")) == [8 * GIB]


@pytest.mark.parametrize("value", ["20M", "20M:4096", "20M:4096:", "20M::name", ":4096:name", "20M:x:name"])
def test_values_of_reserve_mem_that_cannot_be_read(value: str) -> None:
    with pytest.raises(ValueError, match=r"is no value of reserve_mem=; write .*\.$"):
        reserve_mem(machine("6.12.5"), value)


def test_an_alignment_is_a_power_of_two_and_64_bytes_at_least() -> None:
    assert reserve_mem(machine("6.12.5"), "1M:0:name").align == 64
    with pytest.raises(ValueError, match=r"is no power of two\.$"):
        reserve_mem(machine("6.12.5"), "1M:3:name")


def test_older_releases_do_not_know_reserve_mem() -> None:
    places = reserve_mem(machine("6.1.20"), "20M:4096:trace")
    assert places.outcome == "fails"
    assert "understood from 6.11 on" in places.text


def test_less_fits_where_so_much_does_not() -> None:
    places = reserve_mem(machine("6.12.5"), "9G:4096:trace")
    (other,) = places.other_forms
    assert reserve_mem(machine("6.12.5"), other.command_line.removeprefix("reserve_mem=")).outcome == "fits"


def test_a_kernel_that_does_nothing_with_its_cma_is_not_asked_where() -> None:
    counted = MEMORY.replace("bss)", "bss, 90000K reserved, {}K cma-reserved)")
    texts = [log("6.1.20", "cma=64M", "", 2048, 4096, counted.format(kib)) for kib in (0, 65536)]
    outcomes = [cma(analyze(read(text.encode()).boots[0]), "128M") for text in texts]
    assert [item.outcome for item in outcomes] == ["fails", "fits"]
    assert "does nothing with cma=" in outcomes[0].text


# Recorded boots


WITH_POOLS = ("failures/arm64*", "placed/*cma*", "placed/*reserve-mem*")


@pytest.mark.parametrize("folder", sorted(item for name in WITH_POOLS for item in RECORDED.glob(name)), ids=str)
def test_recorded_areas_are_among_the_outcomes(folder: Path) -> None:
    analysis = analyze(read((folder / "dmesg.txt").read_bytes()).boots[0])
    facts = [fact for kind in (cma_areas, pools_of_nodes, reserved_by_name) for fact in kind(analysis, "")]
    assert [fact for fact in facts if fact.verdict == "missed"] == []
    assert facts or folder.name == "crash-cma-7.3"


def test_a_second_search_counts_where_the_first_may_fail() -> None:
    unlogged = (Obstacle(Address(8 * MIB), Address(10 * MIB), "early"),)
    free = FreeMemory(((0, 4 * MIB), (8 * MIB, 10 * MIB)), (), unlogged, None, 2 * MIB, moves=False)
    turns = (Window(6 * MIB, 10 * MIB), Window(0, 6 * MIB))
    result = area(free, 2 * MIB, 2 * MIB, turns, free.memory)
    assert (result.outcome, result.start) == ("fits", 8 * MIB)
    assert [(item.start, item.certain) for item in result.placements] == [(8 * MIB, False), (2 * MIB, False)]


def test_of_many_obstacles_the_largest_are_named() -> None:
    pairs = [(at * MIB, at * MIB + 4096) for at in range(1, 12)] + [(20 * MIB, 30 * MIB)]
    taken = tuple(Obstacle(Address(start), Address(end), str(end - start)) for start, end in pairs)
    free = FreeMemory(((0, 64 * MIB),), taken, (), None, MIB, moves=False)
    named = in_the_way(free, free.memory, 0, 64 * MIB)
    assert len(named) == MOST_IN_THE_WAY
    assert named[-1].name == str(10 * MIB)
    assert list(named) == sorted(named, key=lambda item: item.start)


# Against painted pages

UNIT = 2 * MIB
UNITS = 48

ranges = st.lists(
    st.tuples(st.integers(0, UNITS), st.integers(0, UNITS)).map(lambda pair: (min(pair), max(pair))), max_size=5
).map(canonical)
windows = st.lists(st.tuples(st.integers(0, UNITS), st.integers(0, UNITS), st.booleans()), min_size=1, max_size=3)


def in_bytes(pairs: Pairs) -> Pairs:
    return tuple((start * UNIT, end * UNIT) for start, end in pairs)


def obstacles(pairs: Pairs) -> tuple[Obstacle, ...]:
    return tuple(Obstacle(Address(start), Address(end), "taken") for start, end in in_bytes(pairs))


@given(ranges, ranges, ranges, ranges, windows, st.integers(1, 12), st.sampled_from([1, 2, 4]))
def test_searches_in_turn_end_at_one_of_the_outcomes(
    memory: Pairs,
    taken: Pairs,
    unlogged: Pairs,
    used: Pairs,
    turns: list[tuple[int, int, bool]],
    size: int,
    align: int,
) -> None:
    """Whatever part of the unlogged is used: the first search that finds room decides."""
    free = FreeMemory(in_bytes(memory), obstacles(taken), obstacles(unlogged), None, UNIT, moves=False)
    tries = [Window(low * UNIT, high * UNIT, up) for low, high, up in turns]
    if not memory:
        return
    result = area(free, size * UNIT, align * UNIT, tries, free.memory)
    real = PaintedMemblock(UNITS + 1)
    for start, end in memory:
        real.add(start, end)
    for start, end in (*taken, *difference(unlogged, difference(unlogged, used))):
        real.reserve(start, end)
    places = (real.find(size, align, low, high, bottom_up=up) for low, high, up in turns)
    outcome = next((place for place in places if place is not None), None)
    if outcome is None:
        assert result.outcome != "fits"
        return
    assert result.outcome != "fails"
    assert any(item.start <= outcome * UNIT < item.end for item in result.placements if item.safe)
    if result.placements[0].certain:
        assert outcome * UNIT == result.start


def test_an_area_beyond_the_end_of_addresses_is_none() -> None:
    places = cma(two_nodes("6.12.1"), f"1G@{(1 << 64) - 1}")
    assert (places.outcome, places.start, places.placements) == ("fails", None, ())


@pytest.mark.parametrize("ask", [cma, reserve_mem])
def test_a_long_value_is_quoted_in_part(ask: Callable[[Analysis, str], Placements]) -> None:
    with pytest.raises(ValueError, match=r"9… is no value|9…' is no value") as error:
        ask(two_nodes("6.12.1"), "9" * 5000)
    assert len(str(error.value)) < 250
