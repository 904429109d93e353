"""How many gigantic pages there are: by own logs, by recorded boots, against painted pages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.places.free import FreeMemory
from pfnscope.analysis.places.gigantic import gigantic, places, runs
from pfnscope.analysis.places.struct_pages import extent
from pfnscope.bootlog import read
from pfnscope.model.answers import Obstacle, Placements
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import Address, Pairs, canonical, difference, intersection
from pfnscope.simulation import NotSimulated
from tests.support.machines import log
from tests.support.painted import PaintedMemblock
from tests.support.seed import GIB, seed_log
from tools.placed import gigantic_pages

MIB = 1 << 20
RECORDED = Path(__file__).parents[2] / "recorded"

MEMORY = "Memory: 2000000K/2097152K available (16384K kernel code, 2048K rwdata, 4096K rodata, 2048K init, 1024K bss)"


def machine(release: str, arguments: str = "nokaslr", lines: str = "", low: int = 2048, high: int = 4096) -> Analysis:
    return analyze(read(log(release, arguments, lines, low, high, MEMORY).encode()).boots[0])


def two_nodes(release: str, command_line: str = "nokaslr") -> Analysis:
    """[0, 0xbffd7000) and [4, 5) GiB on node 0, [5, 9) GiB on node 1."""
    return analyze(seed_log("none", command_line=command_line, release=release))


def counted(answer: Placements) -> list[tuple[int, int, int]]:
    return [(item.node, item.pages, item.at_most) for item in answer.node_pages]


# By what lies in the way


def test_each_gib_that_is_ram_and_free_gives_a_page() -> None:
    answer = gigantic(machine("6.12.5"), None)
    assert (answer.what, answer.outcome, answer.size) == ("gigantic", "fits", GIB)
    assert counted(answer) == [(0, 4, 4)]
    assert answer.command_line == "hugepagesz=1G hugepages=4"
    assert answer.text == "This machine can give 4 pages of 1 GiB at boot."
    given_, not_given = ([item for item in answer.placements if item.safe is safe] for safe in (True, False))
    assert [(item.start, item.end, item.certain) for item in given_] == [(GIB, 2 * GIB, True), (4 * GIB, 7 * GIB, True)]
    assert [(item.start, item.end) for item in not_given] == [(0, GIB), (7 * GIB, 8 * GIB)]
    assert "kernel image" in {item.name for item in not_given[0].blocked_by}
    assert [item.name for item in not_given[1].blocked_by] == ["struct pages"]


def test_what_lines_name_takes_its_page_and_is_named_with_its_line() -> None:
    answer = gigantic(machine("6.12.5", lines="RAMDISK: [mem 0x13fffe000-0x140001fff]"), None)
    assert counted(answer) == [(0, 2, 2)]
    blocked = next(item for item in answer.placements if item.start == 4 * GIB)
    assert (blocked.safe, blocked.end, blocked.lines) == (False, 6 * GIB, (8,))
    assert [(item.name, item.lines) for item in blocked.blocked_by] == [("RAMDISK", (8,))]


def test_a_crash_kernel_is_in_the_way_but_where_pages_come_first() -> None:
    crash = "crashkernel reserved: 0x0000000140000000 - 0x0000000150000000 (256 MB)"
    counts = [counted(gigantic(machine(release, lines=crash), None))[0][1] for release in ("6.12.5", "6.17.1", "7.1.1")]
    assert counts == [3, 4, 3]


def test_what_is_reserved_behind_the_command_line_is_not_in_the_way() -> None:
    bounce = "software IO TLB: mapped [mem 0x000000007bfe0000-0x000000007ffe0000] (64MB)"
    text = log("6.12.5", "nokaslr", "", 2048, 4096, f"{MEMORY}\n{bounce}")
    assert counted(gigantic(analyze(read(text.encode()).boots[0]), None)) == [(0, 4, 4)]


def test_memory_of_many_processors_may_reach_into_a_page() -> None:
    processors = (
        "percpu: Embedded 66 pages/cpu s233472 r8192 d28672 u524288\nSLUB: HWalign=64, Order=0-3, MinObjects=0,"
    )
    answers = [
        gigantic(
            analyze(
                read(
                    log("6.12.5", "nokaslr", "", 2048, 1024 + 192, f"{processors} CPUs={cpus}, Nodes=1").encode()
                ).boots[0]
            ),
            None,
        )
        for cpus in (4, 512)
    ]
    assert [counted(answer) for answer in answers] == [[(0, 2, 2)], [(0, 1, 2)]]
    assert {item.name for item in answers[1].placements[2].blocked_by} >= {"early allocations of the kernel"}


def test_a_frame_across_two_nodes_is_of_neither() -> None:
    text = log("6.12.5", "nokaslr", "", 2048, 4096, MEMORY)
    whole = "  node   0: [mem 0x0000000100000000-0x00000001ffffffff]"
    cut = (
        "  node   0: [mem 0x0000000100000000-0x000000015fffffff]\n"
        "  node   1: [mem 0x0000000160000000-0x00000001ffffffff]"
    )
    assert whole in text
    answer = gigantic(analyze(read(text.replace(whole, cut).encode()).boots[0]), None)
    assert counted(answer) == [(0, 2, 2), (1, 1, 1)], "struct pages of node 0 lie at the end of its memory"
    across = next(item for item in answer.placements if item.node == 1 and not item.safe)
    assert across.blocked_by[0].name == "memory of another node"


def test_a_node_is_asked_alone() -> None:
    analysis = two_nodes("6.12.1")
    answer = gigantic(analysis, 1)
    assert counted(answer) == [(1, 3, 3)]
    assert answer.command_line == "hugepagesz=1G hugepages=1:3"
    assert answer.text == "Node 1 can give 3 pages of 1 GiB at boot."
    assert gigantic(two_nodes("5.15.1"), 1).command_line == "hugepagesz=1G hugepages=3"
    with pytest.raises(ValueError, match=r"There is no node 7 with memory; there are 0, 1\."):
        gigantic(analysis, 7)


def test_hotpluggable_memory_is_not_given_with_movable_node() -> None:
    srat = "ACPI: SRAT: Node 0 PXM 0 [mem 0x100000000-0x1ffffffff] hotplug"
    assert counted(gigantic(machine("6.12.5", lines=srat), None)) == [(0, 4, 4)]


# The image that KASLR moves


def test_kaslr_spares_as_many_pages_as_are_asked_for() -> None:
    answer = gigantic(machine("6.12.5", arguments="quiet"), None)
    assert counted(answer) == [(0, 4, 4)]
    assert answer.command_line == "hugepagesz=1G hugepages=4"
    assert answer.placements[1].certain
    assert not answer.notes


def test_more_are_asked_for_where_a_reservation_lies_among_the_first() -> None:
    """The boot code does not know it, and spares the page that cannot be given in place of one that can."""
    crash = "crashkernel reserved: 0x0000000140000000 - 0x0000000150000000 (256 MB)"
    answer = gigantic(machine("6.12.5", arguments="quiet", lines=crash), None)
    assert counted(answer) == [(0, 3, 3)]
    assert answer.command_line == "hugepagesz=1G hugepages=5"
    assert [item.command_line for item in answer.other_forms] == ["hugepagesz=1G hugepages=2"]
    assert "Ask for " in answer.text


@pytest.mark.parametrize(("release", "pages"), [("4.17.2", 2), ("4.19.2", 4)])
def test_before_4_19_the_image_may_lie_in_two_of_them(release: str, pages: int) -> None:
    answer = gigantic(machine(release, arguments="quiet"), None)
    assert counted(answer) == [(0, pages, 4)]
    assert [item.certain for item in answer.placements if item.safe] == [pages == 4] * 2


def test_of_a_node_that_is_named_the_number_of_the_node_counts_as_the_pages_to_spare() -> None:
    answer = gigantic(two_nodes("6.12.1", "quiet"), 1)
    assert counted(answer) == [(1, 1, 3)]
    assert answer.command_line == "hugepagesz=1G hugepages=1:1"
    assert "KASLR may put" in answer.notes[0] or "KASLR may put" in answer.notes[1]


EFI = "efi: EFI v2.70 by EDK II\nefi: ACPI=0x7eb7e000 SMBIOS=0x7ea1d000 MEMATTR=0x7e9a5018"


@pytest.mark.parametrize(("release", "pages"), [("6.1.20", 3), ("6.6.20", 1), ("6.6.40", 3)])
def test_the_stub_of_efi_does_not_look_at_hugepages_for_some_releases(release: str, pages: int) -> None:
    assert counted(gigantic(machine(release, arguments="quiet", lines=EFI), None)) == [(0, pages, 3)]


# What there is not


def test_a_kernel_that_prints_its_huge_pages_without_gigantic_ones() -> None:
    text = log("6.12.5", "quiet", "", 2048, 4096, "HugeTLB: registered 2.00 MiB page size, pre-allocated 0 pages")
    answer = gigantic(analyze(read(text.encode()).boots[0]), None)
    assert (answer.outcome, answer.command_line, answer.node_pages) == ("fails", None, ())
    assert "those of 1 GiB are none" in answer.notes[0]


def test_architectures_without_gigantic_pages_and_texts_without_memory() -> None:
    with pytest.raises(NotSimulated, match="no gigantic pages are known of i386"):
        gigantic(analyze(BootLog(arch="i386")), None)
    with pytest.raises(NotSimulated, match="neither a memory map nor ranges"):
        gigantic(analyze(BootLog(arch="x86_64")), None)


def test_beside_hugetlb_cma_there_are_none_at_boot() -> None:
    assert any("hugetlb_cma=" in note for note in gigantic(machine("6.12.5", "nokaslr hugetlb_cma=2G"), None).notes)


def test_page_0_is_never_given_and_so_no_frame_that_begins_with_it() -> None:
    assert places(((0, 2 * GIB), (3 * GIB, 4 * GIB)), GIB) == 2


def test_struct_pages_are_certain_only_where_both_ways_to_take_them_agree() -> None:
    """In one piece they lie below a small piece at the end, by steps in it, too."""
    free = ((16 * MIB, 64 * MIB), (66 * MIB, 70 * MIB))
    core, spread = extent(free, free, 8 * MIB, 8 * MIB)
    assert core == ((60 * MIB, 64 * MIB),)
    assert spread == ((56 * MIB, 64 * MIB), (66 * MIB, 70 * MIB))
    hidden = ((16 * MIB, 62 * MIB), (66 * MIB, 70 * MIB))
    assert extent(free, hidden, 8 * MIB, 8 * MIB)[0] == ((60 * MIB, 62 * MIB),)


# Recorded boots


@pytest.mark.parametrize(
    "path", sorted((*RECORDED.glob("failures/*huge*/dmesg.txt"), *RECORDED.glob("placed/gigantic*/dmesg.txt"))), ids=str
)
def test_recorded_pages_are_as_many_as_is_said(path: Path) -> None:
    (fact,) = gigantic_pages(analyze(read(path.read_bytes()).boots[0]), "")
    assert fact.verdict != "missed"


# Against painted pages

UNIT = 2 * MIB
UNITS = 64

ranges = st.lists(
    st.tuples(st.integers(0, UNITS), st.integers(0, UNITS)).map(lambda pair: (min(pair), max(pair))), max_size=5
).map(canonical)


def in_bytes(pairs: Pairs) -> Pairs:
    return tuple((start * UNIT, end * UNIT) for start, end in pairs)


def obstacles(pairs: Pairs) -> tuple[Obstacle, ...]:
    return tuple(Obstacle(Address(start), Address(end), "taken") for start, end in in_bytes(pairs))


def painted(memory: Pairs, *taken: Pairs) -> PaintedMemblock:
    real = PaintedMemblock(UNITS + 1)
    for start, end in memory:
        real.add(start, end)
    for start, end in (pair for pairs in taken for pair in pairs):
        real.reserve(start, end)
    return real


@given(ranges, ranges, ranges, ranges, ranges, st.sampled_from([2, 4, 8]))
def test_pages_are_those_that_a_memblock_gives_one_by_one(
    memory: Pairs, node: Pairs, taken: Pairs, unlogged: Pairs, used: Pairs, unit: int
) -> None:
    """Whatever part of the unlogged is used, and from the end downwards as the kernel takes them."""
    own = intersection(memory, node)
    free = FreeMemory(in_bytes(memory), obstacles(taken), obstacles(unlogged), None, UNIT, moves=False)
    parts = difference(unlogged, difference(unlogged, used))
    real, starts = painted(own, taken, parts), list[int]()
    while (start := real.alloc(unit, unit, 0, UNITS)) is not None:
        starts.append(start)
    sure, most = (places(intersection(pieces, in_bytes(own)), unit * UNIT) for pieces in (free.sure, free.free))
    assert sure <= len(starts) <= most
    for item in runs(free, 0, in_bytes(own), unit * UNIT, ()):
        for at in range(item.start // UNIT, item.end // UNIT, unit):
            if item.certain:
                assert (at in starts) is item.safe


@given(ranges, ranges, ranges, st.integers(1, 12), st.integers(0, 8))
def test_struct_pages_lie_within_what_is_said_of_them(
    memory: Pairs, unlogged: Pairs, used: Pairs, least: int, more: int
) -> None:
    usual, sure = in_bytes(memory), in_bytes(difference(memory, unlogged))
    core, spread = extent(usual, sure, least * UNIT, (least + more) * UNIT)
    size = least + more // 2
    parts = difference(unlogged, difference(unlogged, used))
    one, each = painted(memory, parts), painted(memory, parts)
    whole = one.find(size, 1, 8, UNITS)
    steps = [each.alloc(1, 1, 8, UNITS) for _ in range(size)]
    outcomes = [canonical((at, at + 1) for at in steps if at is not None)] if None not in steps else []
    outcomes += [] if whole is None else [((whole, whole + size),)]
    for taken in outcomes:
        assert not difference(core, in_bytes(taken))
        assert not difference(in_bytes(taken), spread)
