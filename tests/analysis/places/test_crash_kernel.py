"""Where a crash kernel's memory lies: by own logs, and by recorded boots."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.places.crash_kernel import crash_kernel
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.kernel.command_line import arguments
from pfnscope.model.answers import Placements
from pfnscope.model.log import BootLog, Files, NodeRange, ReservedRegion, Resource, ZoneRange
from pfnscope.model.ranges import ByteRange
from pfnscope.simulation import NotSimulated
from tests.support.machines import log
from tests.support.seed import GIB, seed_log

MIB = 1 << 20
INITRD = ReservedRegion(*ByteRange(128 * MIB, 129 * MIB), "RAMDISK", "initrd", (2,))
RECORDED = Path(__file__).parents[2] / "recorded"


MEMORY = "Memory: 2000000K/2097152K available (16384K kernel code, 2048K rwdata, 4096K rodata, 2048K init, 1024K bss)"
"""So the image has 25 MiB at least and 30 MiB at most: 16 MiB to 46 MiB, where KASLR does not move it."""


def machine(release: str, arguments: str = "nokaslr", lines: str = "", low: int = 2048, high: int = 4096) -> Analysis:
    return analyze(read(log(release, arguments, lines, low, high, MEMORY).encode()).boots[0])


def placed(value: str, release: str = "6.12.5", **options: object) -> Placements:
    return crash_kernel(machine(release, **options), value)  # type: ignore[arg-type]


def starts(places: Placements, part: str = "") -> list[int]:
    return [item.start for item in places.placements if item.part == part and item.safe]


# What lines say


def test_a_size_goes_to_the_end_of_memory_below_4_gib() -> None:
    places = placed("256M")
    assert (places.what, places.outcome, places.command_line) == ("crashkernel", "fits", "crashkernel=256M")
    assert starts(places) == [2048 * MIB - 256 * MIB] == [places.start]
    assert places.placements[0].certain
    assert places.text == "The kernel finds 256 MiB at [0x70000000, 0x80000000)."


def test_an_initial_ram_disk_pushes_it_down_and_is_named_with_its_line() -> None:
    places = placed("256M", lines="RAMDISK: [mem 0x7f000000-0x7fffffff]")
    assert starts(places) == [0x6F000000]
    assert [(item.name, item.lines) for item in places.placements[0].blocked_by] == [("RAMDISK", (8,)), ("no RAM", ())]
    assert places.placements[0].lines == (8,)


def test_a_kernel_before_5_2_looks_below_896_mib_alone() -> None:
    assert starts(placed("256M", "4.17.2")) == [640 * MIB]
    refused = placed("1G", "4.17.2")
    assert refused.outcome == "fails"
    assert refused.other_forms[0].command_line == refused.command_line == "crashkernel=1G,high"


def test_later_ones_look_above_and_keep_a_part_below() -> None:
    places = placed("3G")
    assert [(item.part, item.size) for item in places.placements if item.safe][:1] == [("", 3 * GIB)]
    assert starts(places, "low") == [0x70000000]
    assert places.outcome == "fits"
    assert "256 MiB at [0x70000000, 0x80000000) for devices" in places.text


@pytest.mark.parametrize(
    ("value", "release", "low"),
    [
        ("512M,high", "6.12.5", 256 * MIB),
        ("512M,high crashkernel=72M,low", "6.12.5", 72 * MIB),
        ("crashkernel=512M,high crashkernel=72M,low", "6.12.5", 72 * MIB),
        ("512M,high crashkernel=0,low", "6.12.5", None),
        ("512M,high", "4.2.0", 72 * MIB),
        ("3G crashkernel=128M,low", "6.1.20", 128 * MIB),
        ("3G crashkernel=128M,low", "6.12.5", 256 * MIB),
    ],
)
def test_the_part_below_4_gib(value: str, release: str, low: int | None) -> None:
    places = placed(value, release)
    assert next(iter(starts(places)), 0) >= 4 * GIB
    assert [item.size for item in places.placements if item.part == "low"] == ([low] if low else [])


def test_bounce_buffers_make_the_part_below_4_gib_larger() -> None:
    places = placed("512M,high", arguments="nokaslr swiotlb=524288")
    assert [item.size for item in places.placements if item.part == "low"] == [(1024 + 8) * MIB]


def test_high_falls_back_to_below_4_gib_from_6_7_on() -> None:
    assert starts(placed("512M,high", "6.12.5", high=0))[0] == 0x60000000
    assert placed("3G,high", "6.12.5", high=0).outcome == "fails"


def test_where_the_part_below_does_not_fit_there_is_no_crash_kernel() -> None:
    places = placed("512M,high", low=128)
    assert places.outcome == "fails"
    assert "no 256 MiB below the limit for devices" in places.text
    assert [item.command_line for item in places.other_forms] == ["crashkernel=512M,high crashkernel=72M,low"]
    failed = places.placements[0]
    assert (failed.part, failed.safe) == ("low", False)
    assert failed.blocked_by[-1].name == "no RAM"


def test_the_largest_pieces_below_and_above_are_named_in_one_sentence() -> None:
    text = placed("64G").text
    assert re.search(r" below 4 GiB is [^,]+, 0x[0-9a-f]+\), from 4 GiB on is [^,]+, 0x[0-9a-f]+\)\.$", text), text


def test_each_other_form_fits_where_it_is_said_to() -> None:
    refused = placed("6G", lines="RAMDISK: [mem 0x40000000-0x41ffffff]")
    assert refused.outcome == "fails"
    assert refused.other_forms
    for form in refused.other_forms:
        again = placed(form.command_line, lines="RAMDISK: [mem 0x40000000-0x41ffffff]")
        assert (again.outcome, again.start) == ("fits", form.start)


def test_an_address_and_all_others_by_boundaries() -> None:
    places = placed("256M@512M", lines="RAMDISK: [mem 0x40000000-0x41ffffff]", high=0)
    assert (places.outcome, places.start, places.align) == ("fits", 512 * MIB, 16 * MIB)
    runs = [(item.start, item.end, item.safe) for item in places.placements[1:]]
    assert runs == [
        (0, 0x3000000, False),
        (0x3000000, 0x31000000, True),
        (0x31000000, 0x42000000, False),
        (0x42000000, 0x70000000, True),
        (0x70000000, 0x71000000, True),
        (0x71000000, 0x80000000, False),
    ]
    assert [item.certain for item in places.placements[1:]] == [True, True, True, True, False, True]
    assert [item.blocked_by[0].name for item in places.placements[1:] if not item.safe][1:] == ["RAMDISK", "no RAM"]


def test_an_address_at_which_something_lies() -> None:
    places = placed("256M@1G", lines="RAMDISK: [mem 0x40000000-0x41ffffff]")
    assert places.outcome == "fails"
    assert places.text == (
        "The kernel cannot have 256 MiB at [0x40000000, 0x50000000): RAMDISK lies at [0x40000000, 0x42000000)."
    )
    assert [form.command_line for form in places.other_forms[:2]] == ["crashkernel=256M", "crashkernel=256M@1056M"]


def test_an_address_has_to_be_a_multiple() -> None:
    assert placed("256M@513M", "6.1.20").outcome == "fits"
    refused = placed("256M@513M", "6.12.5")
    assert refused.text == "The kernel refuses crashkernel=256M@513M: the address is no multiple of 16 MiB."


def test_the_crash_kernel_that_the_log_has_does_not_count() -> None:
    has = "crashkernel reserved: 0x0000000070000000 - 0x0000000080000000 (256 MB)"
    assert placed("256M", lines=has).placements == placed("256M").placements
    assert starts(placed("512M", lines=has)) == [0x60000000]


def test_kaslr_makes_it_a_set_and_says_how_often() -> None:
    places = placed("256M", arguments="quiet")
    first, rest = places.placements
    assert (first.start, first.certain) == (0x70000000, False)
    assert (rest.start, rest.end, rest.certain) == (0x70000000 - 288 * MIB, 0x70000000, False)
    assert [item.name for item in rest.blocked_by] == ["kernel image, somewhere"]
    assert places.outcome == "fits"
    assert "its own image, which KASLR moves" in places.text
    assert places.notes == ("KASLR puts the kernel's image into [0x70000000, 0x80000000) on about 4 % of boots.",)


def test_where_the_image_can_leave_no_room_it_may_fail() -> None:
    places = placed("1900M", arguments="quiet", high=0)
    assert places.outcome == "may-fail"
    assert places.start != places.placements[0].start
    assert "unless something is there that no line places: its own image, which KASLR moves" in places.text


def test_early_allocations_make_it_a_set_where_they_end_at_the_same_place() -> None:
    places = placed("512M,high")
    assert [item.certain for item in places.placements if not item.part] == [False, False]
    assert "early allocations of the kernel" in places.text


@pytest.mark.parametrize(
    ("start", "outcome"), [("40M", "fails"), ("41M", "may-fail"), ("45M", "may-fail"), ("46M", "fits")]
)
def test_what_the_image_takes_behind_its_parts_may_be_free(start: str, outcome: str) -> None:
    assert placed(f"64M@{start}", "6.1.20").outcome == outcome


def test_cma_for_the_capture_kernel() -> None:
    places = placed("256M crashkernel=1G,cma", "6.18.5")
    assert [(item.start, item.size) for item in places.placements if item.part == "cma"] == [(4 * GIB, GIB)]
    assert places.text.endswith("[0x70000000, 0x80000000), and 1 GiB of CMA from 0x100000000 on.")
    assert places.command_line == "crashkernel=256M crashkernel=1G,cma"
    refused = placed("256M crashkernel=1G,cma", "6.12.5")
    assert starts(refused, "cma") == []
    assert "This kernel does not know “,cma”, and reserves nothing for it." in refused.notes


def test_cma_that_has_no_room_in_one_piece_is_halved() -> None:
    places = placed("256M crashkernel=6G,cma", "6.18.5", high=4096)
    assert [item.size for item in places.placements if item.part == "cma" and item.certain][:1] == [3 * GIB]


def test_cma_that_may_find_no_room_is_announced_in_halves_too() -> None:
    places = placed("256M crashkernel=1600M,cma", "6.18.5", arguments="", high=0)  # KASLR may put the image amid it
    areas = [item for item in places.placements if item.part == "cma"]
    assert next(item.size for item in areas) == 1600 * MIB
    assert 800 * MIB in {item.size for item in areas}
    assert not any(item.certain for item in areas)
    assert "1.56 GiB of CMA most likely from" in places.text
    for size in {item.size for item in areas}:
        runs = sorted((item.start, item.end) for item in areas if item.size == size)
        assert all(one[1] <= other[0] for one, other in pairwise(runs)), "each start is named once"


def test_the_size_by_ranges_of_ram() -> None:
    assert placed("1G-4G:192M,4G-:256M").size == 256 * MIB
    nothing = placed("16G-:256M")
    assert (nothing.outcome, nothing.size, nothing.placements) == ("fails", 0, ())


@pytest.mark.parametrize("value", ["", "auto", "x", "256M,hi", "1G,low", "1-2:3," * 3000, "9" * 5000, "\x00", "256M@-"])
def test_a_value_of_any_kind_is_answered_or_refused_in_a_sentence(value: str) -> None:
    try:
        said = placed(value).text
    except ValueError as error:
        said = str(error)
    assert said.endswith(".")


@pytest.mark.parametrize("value", ["0xffffffffffffffff", "16E", "256M@0xfffffffffffff000", "1", "4G@4G"])
def test_sizes_and_addresses_at_the_edges(value: str) -> None:
    assert placed(value).outcome in ("fits", "fails", "may-fail")


def test_a_release_that_is_not_known_counts_as_the_newest_and_that_is_said() -> None:
    log_without = seed_log("none", command_line="nokaslr")
    places = crash_kernel(analyze(log_without), "256M")
    assert "release" in places.assumed
    assert places.align == 16 * MIB
    assert places.notes[0].startswith("No line names the release")


def of_arch(arch: str, kernel: str, value: str, **facts: object) -> Placements:
    return crash_kernel(analyze(seed_log("none", arch=arch, command_line="nokaslr", **facts), kernel=kernel), value)


def test_a_kernel_that_takes_no_size_alone_is_given_an_address() -> None:
    image = Resource(*ByteRange(2 * MIB, 64 * MIB), "Kernel code", 1, (3,))
    refused = of_arch("loongarch64", "6.1", "256M", files=Files(iomem=(image,)), reserved_regions=(INITRD,))
    assert refused.text == "This kernel reserves nothing without an address: crashkernel=nn@ss."
    assert refused.outcome == "fails"
    assert [form.command_line for form in refused.other_forms] == ["crashkernel=256M@4G"]


def test_an_i386_kernel_that_searches_for_ever_is_warned_of() -> None:
    hangs = [note for note in of_arch("i386", "6.12", "600M").notes if "does not boot" in note]
    assert len(hangs) == 1
    assert not any("does not boot" in note for note in of_arch("i386", "6.1", "600M").notes)
    assert not any("does not boot" in note for note in of_arch("i386", "6.12", "64M").notes)


def test_a_kernel_of_power_takes_the_middle_and_that_of_s390_nothing_below_the_size() -> None:
    memory: dict[str, object] = {
        "node_ranges": (NodeRange(0, *ByteRange(0, GIB), ()),),
        "zone_ranges": (ZoneRange("Normal", *ByteRange(0, GIB), ()),),
        "firmware_map": (),
        "reserved_regions": (INITRD,),
    }
    assert starts(of_arch("ppc64le", "6.1", "256M", **memory))[0] == 512 * MIB
    assert of_arch("s390x", "6.1", "600M", **memory).outcome == "fails"
    assert starts(of_arch("s390x", "6.1", "500M", **memory))[0] == 524 * MIB


def test_no_memory_and_no_rule_is_not_answered() -> None:
    with pytest.raises(NotSimulated, match="neither a memory map nor ranges of nodes"):
        crash_kernel(analyze(BootLog(arch="x86_64")), "256M")
    with pytest.raises(NotSimulated, match="mips64"):
        crash_kernel(analyze(seed_log("none", arch="mips64")), "256M")


def test_node_ranges_alone_are_enough() -> None:
    bare = seed_log("none", firmware_map=(), command_line="nokaslr")
    assert starts(crash_kernel(analyze(bare), "256M"))[:1] == [0xAF000000]


def test_what_if_says_where_it_would_lie() -> None:
    base = machine("6.12.5", "crashkernel=64M nokaslr")
    said = {
        line: [
            (item.severity, item.message)
            for item in what_if(base, line)[0].diagnostics
            if "crashkernel" in item.message
        ]
        for line in (
            "nokaslr crashkernel=256M",
            "nokaslr crashkernel=9G",
            "nokaslr crashkernel=auto",
            "crashkernel=64M",
        )
    }
    assert said["nokaslr crashkernel=256M"][-1] == (
        "info",
        "crashkernel=256M: The kernel finds 256 MiB at [0x70000000, 0x80000000).",
    )
    assert said["nokaslr crashkernel=9G"][-1][0] == "warning"
    assert "“auto” is known to kernels of RHEL 8" in said["nokaslr crashkernel=auto"][-1][1]
    assert all("The kernel" not in message for _, message in said["crashkernel=64M"])


def test_what_if_takes_the_memory_of_the_other_command_line() -> None:
    changed, _ = what_if(machine("6.12.5", "nokaslr"), "nokaslr crashkernel=256M memmap=512M!1536M")
    message = next(item.message for item in changed.diagnostics if item.code == "crash-kernel-placed")
    assert "at [0x50000000, 0x60000000)" in message


def test_what_if_keeps_the_area_of_cma_that_the_kernel_has() -> None:
    base = machine("6.1.20", "nokaslr", "cma: Reserved 64 MiB at 0x000000007c000000", high=0)
    changed, _ = what_if(base, "nokaslr crashkernel=256M memmap=512M!1536M")
    message = next(item.message for item in changed.diagnostics if item.code == "crash-kernel-placed")
    assert "most likely at [0x4c000000, 0x5c000000)" in message
    assert "early allocations of the kernel" in message
    assert "and CMA" in message


# What was recorded


@pytest.mark.parametrize("folder", sorted(RECORDED.glob("*/*crash*")), ids=lambda path: path.name)
def test_recorded_crash_kernels_lie_where_they_are_placed(folder: Path) -> None:
    analysis = analyze(read((folder / "dmesg.txt").read_bytes()).boots[0])
    given = " ".join(item.text for item in arguments(analysis.log.command_line or "") if item.name == "crashkernel")
    printed = [item for item in analysis.log.reserved_regions if item.kind == "crashkernel"]
    if not printed:
        assert outcome(analysis, given) in ("fails", "may-fail", "not understood")
        return
    places = crash_kernel(analysis, given)
    behind = [
        item.start for item in analysis.log.reserved_regions if item.kind == "cma" and item.lines > printed[-1].lines
    ]
    assert starts(places, "cma")[:1] == (behind[:1] if ",cma" in given else [])
    areas = [item for item in places.placements if item.part == "cma"]
    assert all(any(item.start <= start < item.end for item in areas) for start in behind if ",cma" in given)
    for region in printed:
        part = "low" if "low" in region.name else ""
        named = [item for item in places.placements if item.part == part and item.safe]
        named = named[:1] if "@" in given else named
        assert any(item.start <= region.start < item.end for item in named)
        assert {item.size for item in named} == {region.end - region.start}
        assert not named[0].certain or named[0].start == region.start
        width = sum(item.end - item.start for item in named)
        assert width <= region.end - region.start + 600 * MIB, "a set that says nothing"


def outcome(analysis: Analysis, given: str) -> str | None:
    try:
        return crash_kernel(analysis, given).outcome
    except ValueError:
        return "not understood"
