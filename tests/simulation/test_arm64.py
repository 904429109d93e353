"""Boots of arm64: what recorded ones printed, from their own logs and from each other; limits and nodes by page."""

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from msgspec import Struct, structs

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.findings import findings
from pfnscope.kernel.release import Version
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.log import BootLog, MemblockRegion, NodeRange, ReservedRegion, Resource, SratEntry, ZoneRange
from pfnscope.model.ranges import ByteRange
from pfnscope.simulation import NotSimulated, SimulatedBoot, self_check, simulate
from pfnscope.simulation.arm64_memory import known_memory

TESTS = Path(__file__).parents[1]
BOOTS = Path(__file__).with_name("boots") / "arm64"
GIB, MIB = 1 << 30, 1 << 20


def boot(path: Path) -> BootLog:
    return read(path.read_bytes()).boots[-1]


def simulated(log: BootLog, command_line: str | None = None) -> SimulatedBoot:
    release = parse_release(log.release, log.banner)
    return simulate(log, log.command_line or "" if command_line is None else command_line, log.stable_of(release))


class Printed(Struct, frozen=True):
    """What a boot prints of nodes and zones."""

    nodes: list[tuple[int, int, int]]
    zones: list[tuple[str, int | None, int | None]]
    movable: list[tuple[int, int]]

    @classmethod
    def of(cls, log: BootLog) -> "Printed":
        return cls(
            [(item.node, item.start, item.end) for item in log.node_ranges],
            [(item.zone, item.start, item.end) for item in log.zone_ranges],
            [(item.node, item.start) for item in log.movable_start],
        )


# Recorded boots

RECORDED = [*sorted(BOOTS.glob("*.txt")), *sorted((TESTS / "recorded").rglob("*arm64*/dmesg.txt"))]


def named(path: Path) -> str:
    return path.stem if path.parent == BOOTS else path.parent.name


def test_many_boots_are_replayed() -> None:
    assert len(RECORDED) >= 10
    assert {boot(path).arch for path in RECORDED} == {"arm64"}


@pytest.mark.parametrize("path", RECORDED, ids=named)
def test_the_own_command_line_gives_what_was_printed(path: Path) -> None:
    log = boot(path)
    again = simulated(log).log
    assert Printed.of(again) == Printed.of(log)
    assert [row.agrees for row in self_check(log, again)] == [True, True]
    assert again.page_size == log.page_size


def machines() -> Iterator[list[Path]]:
    """Boots of one kernel on one machine."""
    by_machine: dict[str, list[Path]] = {}
    for path in sorted((TESTS / "recorded" / "placed").glob("*arm64*/meta.json")):
        meta = json.loads(path.read_text())
        machine = json.dumps([meta["package"], meta["qemu_args"], meta.get("device_tree")])
        by_machine.setdefault(machine, []).append(path.with_name("dmesg.txt"))
    yield from (paths for paths in by_machine.values() if len(paths) > 1)


def limited(log: BootLog) -> bool:
    return "mem=" in (log.command_line or "").replace("reserve_mem=", "")


def without_nodes(log: BootLog) -> bool:
    return "numa=off" in (log.command_line or "")


def test_each_boot_of_a_machine_tells_what_the_others_print() -> None:
    for paths in machines():
        logs = {named(path): boot(path) for path in paths}
        for (name, log), (other, target) in permutations(logs.items(), 2):
            assert difference_from(log, target) == "", (name, other)


def difference_from(log: BootLog, target: BootLog) -> str:
    """What a boot of the same machine with the target's command line prints otherwise, in a word.

    What a limit took away is in no line, nor are nodes with numa=off, nor where image and initrd lie, which are memory
    above a limit too: then it has to be said that this is not known.
    """
    line = target.command_line or ""
    if limited(log) and not limited(target):
        with pytest.raises(NotSimulated, match=r"the log was booted with mem=\w+, and nothing in it shows"):
            simulated(log, line)
        return ""
    again = simulated(log, line)
    unknown, ours, theirs = dict(again.assumed), Printed.of(again.log), Printed.of(target)
    if ours.zones != theirs.zones:
        return "zones"
    if without_nodes(log) and not without_nodes(target):
        return "" if "nodes" in unknown else "nodes"
    if ours.movable != theirs.movable:
        return "ZONE_MOVABLE"
    more = [item for item in theirs.nodes if item not in ours.nodes]
    if [item for item in theirs.nodes if item not in more] != ours.nodes:
        return "memory"
    return "memory above the limit" if len(more) > 2 * ("kernel image and initrd" in unknown) else ""


# Limits

TEXT = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]
[    0.000000] Linux version 6.6.9 (gcc) #1 SMP
{efi}[    0.000000] NUMA: NODE_DATA [mem 0x7bfe0000-0x7bffffff]
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000040000000-0x{dma}]
[    0.000000]   DMA32    {dma32}
[    0.000000]   Normal   empty
[    0.000000] Movable zone start for each node
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000007bffffff]
[    0.000000]   node   0: [mem 0x000000007c000000-0x000000007c0fffff]
[    0.000000]   node   0: [mem 0x000000007c100000-0x000000007fffffff]
[    0.000000] Initmem setup node 0 [mem 0x0000000040000000-0x000000007fffffff]
[    0.000000] Kernel command line: {line}
[    0.000000] Memory: 1000000K/1048576K available
"""
EFI = "[    0.000000] efi: ACPI 2.0=0x7c010018 MEMATTR=0x7a391018 \n"
TREE = "[    0.000000] OF: reserved mem: 0x000000007c000000..0x000000007c0fffff (1024 KiB) nomap non-reusable fw\n"
MAP = """\
[    0.000000] efi: Processing EFI memory map:
[    0.000000] efi:   0x000040000000-0x00007bffffff [Conventional|   |  |  |  |  |  |  |  |   |WB|WT|WC|UC]
[    0.000000] efi:   0x00007c000000-0x00007c0fffff [Runtime Data|RUN|  |  |  |  |  |  |  |   |WB|WT|WC|UC]
[    0.000000] efi:   0x00007c100000-0x00009fffffff [Conventional|   |  |  |  |  |  |  |  |   |WB|WT|WC|UC]
[    0.000000] efi:   0x0000a0000000-0x0000a0ffffff [MMIO        |RUN|  |  |  |  |  |  |  |   |  |  |  |UC]
"""


def log_with(line: str = "quiet", efi: str = "", dma: str = "000000007fffffff", dma32: str = "empty") -> BootLog:
    return read(TEXT.format(line=line, efi=efi, dma=dma, dma32=dma32).encode()).boots[-1]


def ranges(boot: SimulatedBoot) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in boot.log.node_ranges]


KEPT = (0x7C000000, 0x7C100000)


def test_what_efi_keeps_out_of_the_map_stays_above_a_limit() -> None:
    again = simulated(log_with(efi=EFI), "mem=512M")
    assert ranges(again) == [(GIB, GIB + 512 * MIB), KEPT]
    assert "nomap" in dict(again.assumed)
    assert again.log.zone_ranges[0].end == KEPT[1]
    shown = simulated(log_with(efi=EFI + MAP), "mem=512M")
    assert ranges(shown) == ranges(again)
    assert "nomap" not in dict(shown.assumed)


def test_iomem_tells_what_is_kept_out_of_the_map_where_no_neighbour_does() -> None:
    log = log_with(efi=EFI)
    apart = structs.replace(log, node_ranges=(log.node_ranges[0], NodeRange(0, *ByteRange(GIB * 2, GIB * 3), ())))
    assert ranges(simulated(apart, "mem=512M")) == [(GIB, GIB + 512 * MIB)]
    listed = (
        Resource(*ByteRange(GIB, 0x7C000000), "System RAM", 0, ()),
        Resource(*ByteRange(GIB + MIB, GIB + 2 * MIB), "reserved", 1, ()),
        Resource(*ByteRange(GIB * 2, GIB * 3), "reserved", 0, ()),
    )
    known = simulated(structs.replace(apart, files=structs.replace(apart.files, iomem=listed)), "mem=512M")
    assert ranges(known) == [(GIB, GIB + 512 * MIB), (GIB * 2, GIB * 3)]
    assert "nomap" not in dict(known.assumed)


def test_what_a_limit_left_above_it_stays_with_a_smaller_one() -> None:
    """The image and what is kept out of the map, at their places, which no line names."""
    log = log_with("mem=512M", efi="[    0.000000] Memory limited to 512MB\n" + EFI)
    low = NodeRange(0, *ByteRange(GIB, GIB + 512 * MIB), ())
    log = structs.replace(log, node_ranges=(low, *(NodeRange(0, *ByteRange(*KEPT), ()),)))
    assert ranges(simulated(log)) == [low.range, KEPT]
    assert ranges(simulated(log, "mem=256M")) == [(GIB, GIB + 256 * MIB), KEPT]


@pytest.mark.parametrize("efi", [TREE, ""], ids=["device tree", "nothing said"])
def test_what_a_device_tree_keeps_out_of_the_map_is_marked_behind_the_limit(efi: str) -> None:
    assert ranges(simulated(log_with(efi=efi), "mem=512M")) == [(GIB, GIB + 512 * MIB)]


def test_a_limit_counts_what_is_kept_out_of_the_map_below_it() -> None:
    again = simulated(log_with(efi=EFI), f"mem={992 * MIB}")
    assert ranges(again)[-1] == (KEPT[1], GIB + 992 * MIB)


def test_of_touching_regions_the_smaller_are_taken_for_those_outside_the_map() -> None:
    log = structs.replace(log_with(efi=EFI), reserved_regions=(ReservedRegion(*KEPT, "t", "efi-table", ()),))  # type: ignore[arg-type]
    again = simulated(log, "mem=512M")
    assert ranges(again)[-1] == KEPT


SMALL_THEN_LARGE = (
    NodeRange(0, *ByteRange(GIB, GIB + 256 * MIB), ()),
    NodeRange(0, *ByteRange(GIB + 256 * MIB, 2 * GIB), ()),
)


@pytest.mark.parametrize("kind", ["node-data", "device-tree nomap non-reusable"])
def test_what_is_taken_from_one_of_touching_regions_tells_which_is_mapped(kind: str) -> None:
    """NODE_DATA lies in mapped memory, what a device tree marks not; here the larger one is not."""
    small, large = SMALL_THEN_LARGE
    taken = ReservedRegion(*(small if kind == "node-data" else large).range, "n", kind, ())
    table = ReservedRegion(*ByteRange(GIB, GIB + 64), "t", "efi-table", ())
    log = structs.replace(log_with(), node_ranges=SMALL_THEN_LARGE, reserved_regions=(taken, table))
    known = known_memory(log, None, (6, 6, 0), 4096, [])
    assert [bool(item.flags) for item in known.regions] == [False, True]
    assert known.firmware_nomap == ((large.range,) if kind == "node-data" else ())


def test_where_nodes_can_be_plugged_borders_tell_nothing() -> None:
    srat = (SratEntry(0, *ByteRange(GIB, 2 * GIB), True, False, ()),)
    log = structs.replace(log_with(efi=EFI), node_ranges=SMALL_THEN_LARGE, srat=srat)
    assert ranges(simulated(log, "mem=128M")) == [(GIB, GIB + 128 * MIB)]
    assert ranges(simulated(log, "numa=off")) == [item.range for item in SMALL_THEN_LARGE]


def test_memory_for_special_purposes_is_none() -> None:
    special = "efi:   0x0000a1000000-0x0000a1ffffff [Conventional|   |  |SP|  |  |  |  |  |   |WB|WT|WC|UC]\n"
    log = log_with("mem=1G", efi=f"{MAP}[    0.000000] {special}")
    assert ranges(simulated(log, "quiet"))[-1] == (KEPT[1], 0xA0000000)


@pytest.mark.parametrize("argument", ["mem=2G", "mem=1G", "mem=0", "mem=", "mem", "mem=nopentium", "mem=64M mem=2G"])
def test_a_limit_that_is_not_reached_takes_nothing(argument: str) -> None:
    log = log_with(efi=EFI)
    assert ranges(simulated(log, argument)) == ranges(simulated(log))


def test_a_limit_is_in_whole_pages_of_the_kernel() -> None:
    log = structs.replace(log_with(), page_size=16384)
    assert ranges(simulated(log, f"mem={512 * MIB + 16383}")) == [(GIB, GIB + 512 * MIB)]


def test_the_image_and_the_initrd_are_memory_again() -> None:
    image = tuple(
        Resource(*ByteRange(GIB + start * MIB, GIB + end * MIB), name, 1, ())
        for start, end, name in ((800, 820, "Kernel code"), (825, 830, "Kernel data"))
    )
    log = structs.replace(log_with(), files=structs.replace(log_with().files, iomem=image))
    again = simulated(log, "mem=16M")
    assert ranges(again) == [(GIB, GIB + 16 * MIB), (GIB + 800 * MIB - (64 << 10), GIB + 830 * MIB)]
    assert again.image_mended
    assert not simulated(log, "mem=900M").image_mended
    assert "initrd" in dict(again.assumed)
    initrd = ReservedRegion(*ByteRange(GIB + 900 * MIB, GIB + 910 * MIB), "initrd", "initrd", ())
    both = simulated(structs.replace(log, reserved_regions=(initrd,)), "mem=16M")
    assert ranges(both)[-1] == initrd.range
    assert not both.assumed


def test_a_limit_below_an_image_whose_place_is_not_known_is_refused() -> None:
    with pytest.raises(NotSimulated, match="may not hold the kernel's image"):
        simulated(log_with(), "mem=16M")
    assert "kernel image and initrd" in dict(simulated(log_with(), "mem=512M").assumed)


def test_more_than_the_own_limit_left_is_refused_and_less_is_not() -> None:
    log = log_with("mem=1G")
    assert ranges(simulated(log, "mem=512M")) == [(GIB, GIB + 512 * MIB)]
    for line in ("quiet", "mem=1025M", "mem=0"):
        with pytest.raises(NotSimulated, match="booted with mem=1G, and nothing in it shows the memory above"):
            simulated(log, line)
    assert ranges(simulated(log_with("mem=2G"), "quiet")) == ranges(simulated(log_with()))


def test_the_line_that_prints_the_limit_shows_it_where_the_command_line_does_not() -> None:
    log = log_with(efi="[    0.000000] Memory limited to 1024MB\n")
    with pytest.raises(NotSimulated, match="booted with mem=1G"):
        simulated(log, "mem=2G")
    assert [item.code for item in simulated(log, "mem=512M").log.failures] == []


def test_before_5_12_gaps_may_be_memory_that_a_device_tree_took() -> None:
    """Memory up to 3 GiB less 64 MiB, which counted for the limit where they were no-map."""
    memory = (NodeRange(0, *ByteRange(GIB, 2 * GIB), ()), NodeRange(0, *ByteRange(2 * GIB + 64 * MIB, 3 * GIB), ()))
    log = BootLog(arch="arm64", node_ranges=memory, command_line="mem=2G")
    with pytest.raises(NotSimulated, match="booted with mem=2G"):
        simulate(log, "", (5, 10, 0))
    assert ranges(simulate(log, "", (5, 12, 0))) == [item.range for item in memory]
    assert ranges(simulate(log, "mem=2G", (5, 10, 0))) == [item.range for item in memory]
    assert "memory" in dict(simulate(log, "mem=1G", (5, 10, 0)).assumed)
    assert "memory" not in dict(simulate(log, "mem=1G", (5, 12, 0)).assumed)


def test_flags_of_a_dump_stay() -> None:
    """With movable_node hot-pluggable memory is ZONE_MOVABLE, here by the dump."""
    low, high = ByteRange(GIB, 2 * GIB), ByteRange(2 * GIB, 3 * GIB)
    dump = (MemblockRegion(*low, 0, 0, ()), MemblockRegion(*high, 1, 1, ()))
    memory = tuple(NodeRange(item.node or 0, item.start, item.end, ()) for item in dump)
    log = BootLog(arch="arm64", node_ranges=memory, memblock_memory=dump)
    again = simulate(log, "movable_node", (6, 6, 0)).log
    assert [(item.node, item.start) for item in again.movable_start] == [(1, 2 * GIB)]
    assert [item.flags for item in again.memblock_memory] == [0, 1]
    srat = (SratEntry(1, *high, True, False, ()),)
    by_table = structs.replace(log, memblock_memory=(), srat=srat)
    assert [item.node for item in simulate(by_table, "movable_node", (6, 6, 0)).log.movable_start] == [1]


def test_the_map_of_efi_shows_what_a_limit_took() -> None:
    log = log_with("mem=1G", efi=MAP)
    assert ranges(simulated(log)) == ranges(simulated(log_with()))
    again = simulated(log, "quiet")
    assert ranges(again) == [(GIB, KEPT[0]), KEPT, (KEPT[1], 0xA0000000)]
    assert ranges(simulated(log, "mem=512M"))[-1] == KEPT
    wrong = log_with("mem=1G", efi=MAP.replace("0x000040000000", "0x000050000000"))
    with pytest.raises(NotSimulated, match="nothing in it shows"):
        simulated(wrong, "quiet")


# Zones and nodes


def test_a_zone_that_firmware_ends_early_ends_there() -> None:
    log = log_with(dma="000000005fffffff", dma32="[mem 0x0000000060000000-0x000000007fffffff]")
    again = {item.zone: item.range for item in simulated(log, "mem=768M").log.zone_ranges}
    assert again == {"DMA": (GIB, 0x60000000), "DMA32": (0x60000000, 0x70000000), "Normal": None}
    low = {item.zone: item.range for item in simulated(log, "mem=256M").log.zone_ranges}
    assert low == {"DMA": (GIB, 0x50000000), "DMA32": None, "Normal": None}


def test_a_zone_for_dma_that_has_all_memory_above_4_gib_too_keeps_it() -> None:
    """As releases print it whose limit went wrong where dma-ranges is missing."""
    memory = (NodeRange(0, *ByteRange(GIB, 8 * GIB), ()),)
    zones = (ZoneRange("DMA", *ByteRange(GIB, 8 * GIB), ()), ZoneRange("Normal", None, None, ()))
    log = structs.replace(log_with(), node_ranges=memory, zone_ranges=zones)
    assert [item.range for item in simulated(log, "mem=5G").log.zone_ranges] == [(GIB, 6 * GIB), None]


@pytest.mark.parametrize(("version", "dma"), [((4, 19, 0), None), ((5, 6, 0), 2 * GIB), ((6, 6, 0), 4 * GIB)])
def test_without_printed_zones_they_end_where_the_release_has_them_end(version: Version, dma: int | None) -> None:
    memory = (NodeRange(0, *ByteRange(GIB, 6 * GIB), ()),)
    again = simulate(BootLog(arch="arm64", node_ranges=memory), "", version)
    zones = {item.zone: item.end for item in again.log.zone_ranges}
    assert zones.get("DMA") == dma or dma is None
    assert zones["Normal"] == 6 * GIB
    assert "zone_ranges" in dict(again.assumed)


def test_without_memory_in_the_text_nothing_is_simulated() -> None:
    with pytest.raises(NotSimulated, match="no node ranges"):
        simulate(BootLog(arch="arm64"), "", (6, 6, 0))


def test_arguments_that_arm64_does_not_have_are_noted_and_change_nothing() -> None:
    log = log_with("memmap=64M$1G mem=2Gx", efi=EFI)
    again = simulated(log)
    assert ranges(again) == ranges(simulated(log, ""))
    assert [note.message.partition(":")[0] for note in again.problems] == [
        "arm64 has no memmap=",
        "The kernel reads the size 2 GiB and takes no notice of “x”.",
    ]
    assert "argument-ignored" in {item.code for item in findings(analyze(log))}


def test_emulated_nodes_are_ignored_before_6_12_and_not_simulated_from_there_on() -> None:
    log = log_with()
    assert Printed.of(simulate(log, "numa=fake=2", (6, 11, 0)).log) == Printed.of(log)
    for version in ((6, 12, 0), None):
        with pytest.raises(NotSimulated, match="numa=fake= is simulated on x86 only"):
            simulate(log, "numa=fake=2", version)
