"""Boots whose own command line, simulated, has to give what they printed; each names what the kernel did there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.bootlog import read
from pfnscope.findings import findings
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.log import KERNEL_IMAGE, BootLog, MemoryType
from pfnscope.model.ranges import canonical
from pfnscope.simulation import SimulatedBoot, own_command_line, self_check, simulate

BOOTS = Path(__file__).with_name("boots")
GIB, MIB = 1 << 30, 1 << 20
LOW = (0, 0x1000, 0x9F000)
Nodes = list[tuple[int, int, int]]

NODES: dict[str, Nodes] = {
    "acpi-data-below-4g": [LOW, (0, MIB, 0x3FF00000), (0, 4 * GIB, 5 * GIB)],
    "acpi-data-last-6.1": [LOW, (0, MIB, 0x3FF00000)],
    "acpi-data-last-6.12": [LOW, (0, MIB, 0x3FF00000)],
    "alloc-mptable": [LOW, (0, MIB, 0x3FFE0000)],
    "built-in-command-line": [LOW, (0, MIB, 0x20000000), (0, 0x24000000, 0x3FFE0000)],
    "cxl-window": [LOW, (0, MIB, 0x3FFE0000), (1, 4 * GIB, 5 * GIB)],
    "handover": [LOW, (0, MIB, 0x3FFE0000)],
    "image-in-region": [LOW, (0, MIB, 0x3C30000), (0, 0x5000000, 0x3FFE0000)],
    "mem-without-size": [LOW, (0, MIB, 0x3FFE0000)],
    "mib-without-node-6.1": [LOW, (0, MIB, 0x3FFE0000)],
    "mib-without-node-6.12": [LOW, (0, MIB, 0x10000000), (1, 0x10100000, 0x3FFE0000)],
    "small-node-4.17": [LOW, (0, MIB, 0x3FD00000), (1, 0x3FD00000, 0x3FFE0000)],
    "snp-host": [LOW, (0, MIB, 0x3FFE0000)],
    "touching-ranges": [LOW, (0, MIB, 0x3FFE0000)],
}
"""What is memory of which node, joined where it touches."""


def text(name: str) -> str:
    return (BOOTS / f"{name}.txt").read_text()


def boot(source: str) -> BootLog:
    return read(source.encode()).boots[-1]


def with_line(line: str) -> BootLog:
    return boot(text("mem-without-size").replace("Command line: nokaslr mem=foo", line))


def simulated(log: BootLog, command_line: str | None = None) -> SimulatedBoot:
    release = parse_release(log.release, log.banner)
    own = own_command_line(log)
    return simulate(log, own if command_line is None else command_line, release.stable if release else None)


def nodes(log: BootLog) -> Nodes:
    out: Nodes = []
    for node in sorted({item.node for item in log.node_ranges}):
        pairs = canonical((item.start, item.end) for item in log.node_ranges if item.node == node)
        out += [(node, start, end) for start, end in pairs]
    return sorted(out, key=lambda item: item[1])


def analysis(name: str) -> Analysis:
    return analyze(boot(text(name)))


def test_every_boot_has_its_nodes_here() -> None:
    assert sorted(path.stem for path in BOOTS.glob("*.txt")) == sorted(NODES)


@pytest.mark.parametrize("name", NODES)
def test_the_own_command_line_gives_what_was_printed(name: str) -> None:
    log = boot(text(name))
    again = simulated(log).log
    assert nodes(log) == nodes(again) == NODES[name]
    assert [row.what for row in self_check(log, again) if row.agrees is not True] == []


@pytest.mark.parametrize("name", NODES)
def test_no_printed_number_is_contradicted(name: str) -> None:
    assert [check.what for check in analysis(name).checks if check.agrees is False] == []


# The image


def test_the_removal_of_the_kernels_image_tells_its_exact_extent() -> None:
    log = boot(text("image-in-region"))
    (image,) = [region for region in log.reserved_regions if region.kind == KERNEL_IMAGE]
    assert (image.start, image.end) == (0x1000000, 0x3C30000)
    assert [failure.code for failure in log.failures] == ["image-not-ram"]
    assert simulated(log).image_mended
    assert [what for what, _ in simulated(log).assumed] == []
    assert nodes(simulated(log, "nokaslr").log) == [LOW, (0, MIB, 0x3FFE0000)]
    elsewhere = simulated(log, "nokaslr memmap=16M$48M").log
    assert nodes(elsewhere) == [LOW, (0, MIB, 0x3C30000), (0, 0x4000000, 0x3FFE0000)]


def test_the_image_is_ram_in_the_map_in_force_and_the_region_around_it_is_not() -> None:
    owners = analysis("image-in-region").layout.owners
    assert {owner.type for frames, owner in owners if frames.start < 0x3C30 and frames.end > 0x1000} == {MemoryType.RAM}
    assert {owner.type for frames, owner in owners if frames.start < 0x5000 and frames.end > 0x3C30} == {
        MemoryType.RESERVED
    }


def test_a_removal_of_every_type_that_no_line_announces_is_no_image() -> None:
    announced = "[    0.000000] .text .data .bss are not marked as E820_TYPE_RAM!\n"
    log = boot(text("image-in-region").replace(announced, ""))
    assert [region for region in log.reserved_regions if region.kind == KERNEL_IMAGE] == []
    assert len(log.e820_changes) == 3


# Changes behind the set-up of memblock


@pytest.mark.parametrize("name", ["snp-host", "alloc-mptable"])
@pytest.mark.parametrize("kept", [True, False], ids=["with last_pfn", "without last_pfn"])
def test_what_changes_maps_behind_memblock_changes_no_owner(name: str, *, kept: bool) -> None:
    lines = [line for line in text(name).splitlines(keepends=True) if kept or "last_pfn" not in line]
    if not kept and name == "snp-host":  # then only nodes and zones tell where memblock was set up
        lines = [line for line in lines if "3f000000" not in line] + [line for line in lines if "3f000000" in line]
    log = boot("".join(lines))
    assert nodes(simulated(log).log) == NODES[name]
    reserved = [frames for frames, owner in analyze(log).layout.owners if owner.type is MemoryType.RESERVED]
    assert [frames for frames in reserved if 0x1000 <= frames.start < 0x3FFE0] == []


def test_what_changes_the_map_before_memblock_counts() -> None:
    trimmed = text("snp-host").replace(
        "[    0.000000] last_pfn",
        "[    0.000000] e820: update [mem 0x3fe00000-0x3ffdffff] usable ==> reserved\n[    0.000000] last_pfn",
        1,
    )
    assert nodes(simulated(boot(trimmed)).log) == [LOW, (0, MIB, 0x3FE00000)]


# The end of RAM


@pytest.mark.parametrize(("release", "end"), [("6.10.14", 0x3FF00), ("6.11.0", 0x40000)])
def test_acpi_data_counts_for_the_end_of_ram_from_6_11_on(release: str, end: int) -> None:
    log = boot(text("acpi-data-last-6.12").replace("6.12.0", release))
    again = simulated(log)
    assert {zone.zone: zone.end for zone in again.log.zone_ranges}["DMA32"] == end * 4096
    (check,) = [check for check in analyze(log).checks if check.what == "last_pfn"]
    assert check.agrees is (end == 0x40000)


def test_zones_of_what_if_end_with_acpi_data_that_an_argument_makes() -> None:
    log = boot(text("touching-ranges"))
    again = simulated(log, "nokaslr memmap=16M#1G").log
    assert {zone.zone: zone.end for zone in again.zone_ranges}["DMA32"] == GIB + 16 * MIB


@pytest.mark.parametrize("release", ["3.13.0", "6.1.0"])
@pytest.mark.parametrize("end", ["0x00000000ffffffff", "0x000000003ffdffff"])
def test_zones_for_dma_end_as_the_log_prints_them_whatever_the_release(release: str, end: str) -> None:
    printed = text("touching-ranges").replace("6.18.0", release)
    log = boot(printed.replace("0x0000000001000000-0x000000003ffdffff", f"0x0000000001000000-{end}"))
    assert {zone.zone: zone.end for zone in simulated(log, "nokaslr mem=512M").log.zone_ranges}["DMA32"] == (
        4 * GIB if end == "0x00000000ffffffff" else 512 * MIB
    )
    assert {row.what: row.agrees for row in self_check(log, simulated(log).log)}["zone ranges"] is True


# The command line in force


def test_the_built_in_command_line_is_in_force_and_the_cause() -> None:
    built = analysis("built-in-command-line")
    assert built.log.command_line == "memmap=64M!512M root=/dev/vda quiet"
    assert built.log.command_line_lines == (27,)
    assert {cause.arguments for cause in built.causes if cause.arguments} == {("memmap=64M!512M",)}
    (note,) = [note for note in built.log.diagnostics if note.code == "command-line-differs"]
    assert "“memmap=64M!512M”" in note.message
    assert note.line == 27


def merged(passed: str, whole: str, *between: str) -> BootLog:
    lines = ["Linux version 6.12.0 (gcc)", f"Command line: {passed}", *between, f"Kernel command line: {whole}"]
    return boot("".join(f"[    0.000000] {line}\n" for line in [*lines, "BIOS-e820: [mem 0x0-0xfffff] usable", "end"]))


def differ(log: BootLog) -> list[str]:
    return [note.message for note in log.diagnostics if note.code == "command-line-differs"]


@pytest.mark.parametrize(
    ("passed", "whole", "in_force"),
    [
        ('ro "memmap=1G!4G"', "ro memmap=1G!4G", 'ro "memmap=1G!4G"'),
        ("ro  quiet", "ro quiet", "ro  quiet"),
        ("ro quiet memmap=1G!4G", "ro quiet mem", "ro quiet memmap=1G!4G"),
        ("ro quiet", "ro quiet -- single", "ro quiet -- single"),
    ],
    ids=["quotes", "blanks", "cut", "arguments of init"],
)
def test_two_texts_of_one_command_line_do_not_differ(passed: str, whole: str, in_force: str) -> None:
    log = merged(passed, whole)
    assert log.command_line == in_force
    assert log.command_line_lines == (2, 3)
    assert differ(log) == []


def test_a_command_line_that_takes_the_place_of_the_boot_loaders_is_in_force() -> None:
    log = merged("ro memmap=1G!4G", "root=/dev/sda console=ttyS0")
    assert log.command_line == "root=/dev/sda console=ttyS0"
    assert len(differ(log)) == 1


BOOTCONFIG = "Load bootconfig: 29 bytes 2 nodes"
USER = "user: [mem 0x0000000000100000-0x000000003fffffff] usable"


def test_a_bootconfig_comes_too_late_for_memory_unless_a_map_shows_its_effect() -> None:
    late = merged("ro quiet", 'memmap="1G!4G" ro quiet', BOOTCONFIG)
    assert (late.command_line, late.command_line_lines) == ("ro quiet", (2,))
    assert "too late" in differ(late)[0]
    early = merged("ro quiet", 'memmap="1G!4G" ro quiet', USER, BOOTCONFIG)
    assert early.command_line == 'memmap="1G!4G" ro quiet'
    both = merged("ro mem=1G", 'memmap="1G!4G" ro mem=1G', USER, BOOTCONFIG)
    assert both.command_line == "ro mem=1G"


words = st.lists(st.sampled_from(["ro", "quiet", "mem=1G", "a=b", "--"]), min_size=1, max_size=5)


@given(words, st.sampled_from([" ", "  ", "\t"]))
def test_blanks_alone_never_make_two_command_lines(given_words: list[str], blank: str) -> None:
    log = merged(" ".join(given_words), blank.join(given_words))
    assert differ(log) == []
    assert (log.command_line or "").split() == given_words


# Nodes


def test_exactly_a_mib_without_a_node_is_refused_by_releases_whose_log_does_not_show_otherwise() -> None:
    log = boot(text("mib-without-node-6.12"))
    without = "".join(line for line in text("mib-without-node-6.12").splitlines(keepends=True) if "node   " not in line)
    assert {item.node for item in simulated(boot(without)).log.node_ranges} == {0}
    assert {item.node for item in simulated(boot(without.replace("6.12.0", "6.12.5"))).log.node_ranges} == {0, 1}
    assert {item.node for item in simulated(log, "nokaslr mem=512M").log.node_ranges} == {0, 1}


def test_memory_of_a_window_keeps_its_node_in_what_if() -> None:
    log = boot(text("cxl-window"))
    assert nodes(simulated(log, "nokaslr memmap=256M!4G").log)[-1] == (1, 4 * GIB + 256 * MIB, 5 * GIB)
    printed = text("cxl-window").replace("CEDT: CFMWS window node 1", "CEDT: Node 1 PXM 1")
    bare = "".join(line for line in printed.splitlines(keepends=True) if "node   " not in line)
    assert nodes(simulated(boot(bare)).log) == NODES["cxl-window"]


def test_nodes_that_the_log_prints_otherwise_do_not_mend_the_srat() -> None:
    """The kernel has refused this SRAT, so nothing of its own nodes tells what the firmware left out."""
    refused = text("cxl-window").replace("node   1: ", "node   0: ").replace("0x00000000-0x3fffffff]", "0x0-0xfffff]")
    log = boot(refused.replace("ACPI: CEDT: CFMWS window node 1", "ACPI: SRAT: Node 1 PXM 1"))
    assert {item.node for item in simulated(log).log.node_ranges} == {0}


def test_a_hole_keeps_its_cause_where_memblock_keeps_touching_ranges_apart() -> None:
    whole = text("built-in-command-line").replace(
        "Command line: root=/dev/vda quiet", "Command line: memmap=64M!512M", 1
    )
    split = whole.replace(
        "  node   0: [mem 0x0000000000100000-0x000000001fffffff]",
        "  node   0: [mem 0x0000000000100000-0x000000000fffffff]\n"
        "[    0.000000]   node   0: [mem 0x0000000010000000-0x000000001fffffff]",
    )
    lines = [line for line in split.splitlines(keepends=True) if "Kernel command" not in line]
    assert {cause.arguments for cause in analyze(boot("".join(lines))).causes} >= {("memmap=64M!512M",)}


def test_a_small_node_has_no_zone_unless_the_log_shows_its_set_up() -> None:
    small = analysis("small-node-4.17")
    assert {span.node for span in small.layout.zone_spans} == {0}
    assert "small-node" in [finding.code for finding in findings(small)]
    setup = "[    0.000000] Initmem setup node 1 [mem 0x000000003fd00000-0x000000003ffdffff]\n"
    shown = boot(text("small-node-4.17") + setup)
    assert {span.node for span in analyze(shown).layout.zone_spans} == {0, 1}
    newer = analyze(boot(text("small-node-4.17").replace("4.17.0", "6.7.0")))
    assert {span.node for span in newer.layout.zone_spans} == {0, 1}
    assert "small-node" not in [finding.code for finding in findings(newer)]


def test_a_node_that_an_argument_makes_small_is_not_set_up() -> None:
    log = boot(text("small-node-4.17").replace("3fcfffff", "3bffffff").replace("3fd00000", "3c000000"))
    assert {item.node for item in simulated(log).log.initmem} == {0, 1}
    assert {item.node for item in simulated(log, "nokaslr mem=962M").log.initmem} == {0}


# Maps of the user's own that change nothing


@pytest.mark.parametrize("argument", ["mem=foo", "mem= ro", "mem=0", "memmap=64M%4G-1x"])
def test_a_map_is_the_users_own_where_the_kernel_could_not_read_the_rest(argument: str) -> None:
    log = with_line(f"Command line: nokaslr {argument}")
    assert [row.agrees for row in self_check(log, simulated(log).log)] == [True, True, True]


@pytest.mark.parametrize("argument", ["mem", "memmap", "memmap=", "memmap=foo", "mem=nopentium"])
def test_an_argument_that_the_kernel_does_not_begin_to_read_makes_no_map(argument: str) -> None:
    log = with_line(f"Command line: nokaslr {argument}")
    assert simulated(log).log.user_map == ()


# numa=fake=


@pytest.mark.parametrize(
    ("banner", "shown", "count"),
    [
        ("6.12.107 (debian-kernel@lists.debian.org)", False, 1),
        ("6.12.107 (debian-kernel@lists.debian.org)", True, 2),
        ("6.18.15 (debian-kernel@lists.debian.org)", False, 2),
        ("6.12.0 (gcc)", False, 2),
    ],
)
def test_emulated_nodes_are_those_of_kernels_that_emulate(banner: str, *, shown: bool, count: int) -> None:
    source = text("touching-ranges").replace("6.18.0 (gcc)", banner)
    if shown:
        source += "[    0.000000] Faking node 0 at [mem 0x0000000000001000-0x0000000020000fff] (512MB)\n"
    again = simulated(boot(source), "nokaslr numa=fake=2")
    assert len({item.node for item in again.log.node_ranges}) == count
    reasons = [why for _, why in again.assumed if "CONFIG_NUMA_EMU" in why]
    assert bool(reasons) is (not shown and "6.18" not in banner)
