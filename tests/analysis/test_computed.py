"""A log that prints a memory map and no nodes: its own boot, simulated, gives the layout, and every form says so."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.bootlog import read
from pfnscope.formats.places import placed_text
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.log import BootLog, Files, MemoryType
from pfnscope.report.build import document
from pfnscope.service import whatif
from pfnscope.service.analyzing import Options
from pfnscope.service.errors import CannotSimulate
from pfnscope.service.lookup import lookup
from pfnscope.service.places import Reservation, place
from pfnscope.simulation import simulate
from tests.support.samples import SLUGS, text
from tests.test_recorded_boots import RECORDED
from tests.test_recorded_boots import SLUGS as RECORDED_SLUGS


def lines(*rows: str) -> bytes:
    return "".join(f"[    0.000000] {row}\n" for row in rows).encode()


def e820(*rows: tuple[int, int, str], word: str = "BIOS-e820") -> list[str]:
    return [f"{word}: [mem {start:#018x}-{end - 1:#018x}] {label}" for start, end, label in rows]


def analysed(data: bytes, **options: Any) -> Analysis:
    (log,) = read(data).boots
    return analyze(log, **options)


def without_ranges(log: BootLog) -> BootLog:
    """The log with what tells memory of nodes deleted, files included."""
    return msgspec.structs.replace(
        log, node_ranges=(), zone_ranges=(), movable_start=(), initmem=(), memblock_memory=(), files=Files()
    )


def outcome(analysis: Analysis) -> tuple[object, ...]:
    holes = [(hole.frames, hole.placement, hole.state, hole.node, hole.zone, hole.type) for hole in analysis.holes]
    memory = [(item.frames, item.node) for item in analysis.layout.memory]
    return (
        memory,
        analysis.layout.zone_spans,
        holes,
        [(zone.zone, zone.range) for zone in analysis.log.zone_ranges if zone.range],
    )


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "files-of-proc"])
def test_samples_without_their_ranges_have_the_same_layout(slug: str) -> None:
    (log,) = read(text(slug)).boots[-1:]
    computed = analyze(without_ranges(log))
    assert computed.origin == "computed"
    assert outcome(computed) == outcome(analyze(log))


def _recorded() -> list[str]:
    """Recorded x86 boots, some of them, the same each time."""
    return random.Random(820).sample(RECORDED_SLUGS, min(4, len(RECORDED_SLUGS)))


@pytest.mark.parametrize("slug", _recorded())
def test_recorded_boots_without_their_ranges_have_the_same_layout(slug: str) -> None:
    assert (RECORDED / f"{slug}.json").exists()
    (log,) = read(text(slug)).boots[-1:]
    assert outcome(analyze(without_ranges(log))) == outcome(analyze(log))


PAGE, MIB = 4096, 1 << 20


@st.composite
def machines(draw: st.DrawFn) -> BootLog:
    """A firmware map of up to eight entries, an SRAT that covers it, and a command line."""
    borders = sorted(draw(st.sets(st.integers(1, 4096), min_size=4, max_size=16)))
    kinds = st.sampled_from(["usable", "usable", "reserved", "ACPI data"])
    rows = [(0x1000, 0x9F000, "usable"), (0xF0000, 0x100000, "reserved")]
    rows += [
        (start * MIB, end * MIB - draw(st.sampled_from([0, 0, PAGE, 0x800])), draw(kinds))
        for start, end in zip(borders[::2], borders[1::2], strict=False)
    ]
    split = draw(st.integers(1, 4097)) * MIB
    srat = [f"ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-{split - 1:#010x}]"]
    srat += [f"ACPI: SRAT: Node 1 PXM 1 [mem {split:#010x}-{4200 * MIB - 1:#010x}]"] if split < 4200 * MIB else []
    line = draw(st.sampled_from(["ro", "ro memmap=64M!1G", "ro mem=2G", "ro kernelcore=128M", "ro numa=off"]))
    head = ["Linux version 5.10.1 (a@b) (gcc) #1 SMP x86_64", f"Command line: {line}"]
    (log,) = read(lines(*head, "BIOS-provided physical RAM map:", *e820(*rows), *srat)).boots
    return log


@settings(max_examples=40, deadline=None)
@given(machines())
def test_what_a_boot_would_print_is_what_is_computed_where_it_is_not_printed(log: BootLog) -> None:
    """The log that the simulation writes, analysed as printed, against the same log without its ranges."""
    release = parse_release(log.release, log.banner)
    boot = simulate(log, log.command_line or "", release.stable if release else None).log
    printed = msgspec.structs.replace(boot, memblock_memory=(), initmem=())
    assert outcome(analyze(without_ranges(printed))) == outcome(analyze(printed))


MAP = e820(
    (0, 0x9F000, "usable"), (0xF0000, 0x100000, "reserved"), (0x100000, 0xBFFD7000, "usable"),
    (0xBFFD7000, 0xC0000000, "reserved"), (0x100000000, 0x240000000, "usable"),
)  # fmt: skip


def test_a_bare_list_is_judged_and_says_how() -> None:
    analysis = analysed("\n".join(MAP).encode())
    shown = document(analysis)
    assert shown.origin == "computed"
    assert [(str(item.range), item.node, item.lines) for item in shown.node_ranges] == [
        ("[0x1000, 0x9f000)", 0, (1,)),
        ("[0x100000, 0xbffd7000)", 0, (3,)),
        ("[0x100000000, 0x240000000)", 0, (5,)),
    ]
    assert {"node_ranges", "arch"} <= set(shown.kernel.assumed)
    assert (shown.kernel.arch, shown.verdict.severity) == ("x86_64", "info")
    assert [note.message for note in shown.diagnostics if note.code == "computed"] == [
        "Node ranges, zones and holes are computed from the memory map: the text does not print them."
    ]
    assert shown.eras
    assert not shown.checks, "nothing printed, nothing checked"


def test_on_a_release_the_hole_is_linked_as_the_thread_found_it() -> None:
    """5.8 without memory map lines behind the map: the hole of the mail is initialised as node 0, DMA."""
    holes = document(analysed("\n".join(MAP).encode(), kernel="5.8")).holes
    assert [(hole.linked_node, hole.linked_zone) for hole in holes if hole.start_pfn == 0xBFFD7] == [(0, "DMA")]


def test_a_place_of_a_computed_layout_is_known_and_assumed() -> None:
    shown = document(analysed("\n".join(MAP).encode()))
    inside = lookup(shown, "pfn:0x1000")
    assert (inside.in_memory, inside.has_struct_page, inside.zone, inside.node) == (True, True, "DMA32", 0)
    assert "node_ranges" in inside.assumed
    hole = lookup(shown, "pfn:0xbffd8")
    assert hole.hole
    assert (hole.in_memory, hole.has_struct_page) == (False, True)


def test_what_no_line_tells_of_a_place_is_not_denied() -> None:
    arm64 = b"efi:   0x000040000000-0x0000bfffffff [Conventional Memory|   |  |  |  |  |  |  |   |WB|WT|WC|UC]\n"
    place = lookup(document(analysed(arm64, arch="arm64")), "pfn:0x40000")
    assert (place.in_memory, place.has_struct_page, place.zone) == (None, None, None)


def test_regions_find_their_place_on_a_computed_layout() -> None:
    data = "\n".join(MAP).encode()
    places = place(data, Reservation("1G"))
    assert places.placements
    assert "node_ranges" in places.assumed
    assert "The layout is computed from the memory map, not printed." in placed_text(document(analysed(data)), places)


def test_printed_zones_stay_and_are_checked() -> None:
    zones = ["Zone ranges:", "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]"]
    analysis = analysed(lines("Command line: ro", *MAP, "last_pfn = 0x240000 max_arch_pfn = 0x400000000", *zones))
    assert [zone.zone for zone in analysis.log.zone_ranges] == ["DMA"]
    checks = {check.what: check.agrees for check in analysis.checks}
    assert checks["last_pfn"] is True
    assert analysis.layout.arch == "x86_64"


USER = e820(
    (0, 0xA0000, "usable"), (0x100000, 0x80000000, "usable"), (0x100000000, 0x500000000, "usable"),
    (0x500000000, 0x6040000000, "persistent (type 12)"), word="user",
)  # fmt: skip


def test_persistent_memory_of_a_user_map_stays_what_it_is() -> None:
    """Also in what-if, unless the argument that made it is to be removed."""
    data = lines("e820: user-defined physical RAM map:", *USER)
    assert analysed(data).layout.memory[-1].frames.end == 0x500000
    same = whatif.simulate(data, options=Options(kernel="5.1"))
    assert (same.node_ranges[-1].end, same.kernel.command_line) == (0x500000000, "memmap=365G!20G")
    removed = whatif.simulate(data, whatif.Change(remove=("memmap",)))
    assert removed.node_ranges[-1].end == 0x6040000000


def test_what_the_only_map_lost_to_an_argument_is_not_invented() -> None:
    """With the command line and without the firmware's map, arguments can be added and not taken away."""
    data = lines("Command line: ro mem=18G", "e820: user-defined physical RAM map:", *USER[:3])
    more = whatif.simulate(data, whatif.Change(append="memmap=1G!4G"))
    assert [str(item.range) for item in more.user_map if item.type is MemoryType.PRAM] == ["[0x100000000, 0x140000000)"]
    with pytest.raises(CannotSimulate, match="what was there without mem=18G is not known"):
        whatif.simulate(data, whatif.Change(remove=("mem",)))


BOTH = ((0x100000000, 0x178E00000, "usable"), (0x100000000, 0x178E00000, "reserved"))


def test_a_map_that_leaves_no_ram_says_so_and_gets_none() -> None:
    data = "\n".join(e820(*BOTH)).encode()
    shown = document(analysed(data, kernel="3.10"))
    assert (shown.origin, shown.node_ranges) == ("log", ())
    assert "leaves no RAM" in shown.verdict.summary
    assert "[0x100000000, 0x178e00000), is reserved as well" in shown.verdict.summary
    with pytest.raises(CannotSimulate, match="leaves no RAM"):
        whatif.simulate(data, options=Options(kernel="3.10"))


def test_a_firmware_map_with_arguments_and_no_user_map_gets_the_one_that_they_make() -> None:
    analysis = analysed(lines("Command line: ro memmap=1G!4G", "BIOS-provided physical RAM map:", *MAP))
    assert {name for name, _ in analysis.assumed} >= {"node_ranges", "user_map"}
    assert [str(item.range) for item in analysis.log.user_map if item.type is MemoryType.PRAM] == [
        "[0x100000000, 0x140000000)"
    ]
    assert [str(item.frames) for item in analysis.layout.memory][-1] == "[0x140000, 0x240000)"


def test_what_arguments_did_not_do_differs() -> None:
    """The user's map is evidence; what the command line should have made of the firmware's is checked against it."""
    rows = [row.replace("BIOS-e820", "user") for row in MAP]
    data = lines(
        "Command line: ro mem=2G", "BIOS-provided physical RAM map:", *MAP, "user-defined physical RAM map:", *rows
    )
    analysis = analysed(data)
    assert analysis.layout.memory[-1].frames.end == 0x240000
    (check,) = [check for check in analysis.checks if check.what == "user map"]
    assert check.agrees is False
    assert "[0x100000000, 0x240000000) ram" in check.printed


def test_other_architectures_stay_undecided_and_say_why() -> None:
    data = b"Determined physical RAM map:\n memory: 10000000 @ 00000000 (usable)\n"
    analysis = analysed(data, arch="mips")
    assert (analysis.origin, analysis.layout.memory) == ("log", ())
    assert "x86, not for mips" in document(analysis).verdict.summary


def test_several_nodes_of_initmem_lines_are_kept() -> None:
    nodes = [
        "Initmem setup node 0 [mem 0x0000000000001000-0x00000000bffd6fff]",
        "Initmem setup node 1 [mem 0x0000000100000000-0x000000023fffffff]",
    ]
    analysis = analysed(lines("BIOS-provided physical RAM map:", *MAP, *nodes))
    assert [(item.node, item.frames.end) for item in analysis.layout.memory] == [
        (0, 0x9F), (0, 0xBFFD7), (1, 0x240000)
    ]  # fmt: skip


def test_low_memory_of_i386_ends_where_the_kernel_says() -> None:
    rows = e820((0, 0x9F000, "usable"), (0x100000, 0x7FFE0000, "usable"))
    said = ["Linux version 6.1.0-50-686 (a@b)", "BIOS-provided physical RAM map:", *rows, "  low ram: 0 - 36bfe000"]
    zones = {zone.zone: zone.range for zone in analysed(lines(*said)).log.zone_ranges}
    assert str(zones["HighMem"]) == "[0x36bfe000, 0x7ffe0000)"
