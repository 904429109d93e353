"""Findings of several boots in one text: a map that moves, a refused image, and memory that hibernation leaves out."""

from collections.abc import Iterable

import pytest

from pfnscope.model.document import Document
from pfnscope.model.findings import Finding
from pfnscope.service.analyzing import Options, analyze

PLAIN = "BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro"
RESUMING = f"{PLAIN} resume=/dev/sda3"
REFUSAL = "Hibernate inconsistent memory map detected!"
FIRST, SECOND = 0x5F3A_0000, 0x5F39_C000
SETUP_DATA = 0x5F00_0018


def boot(
    at: int = FIRST,
    *more: str,
    release: str = "6.6.20",
    command_line: str = PLAIN,
    extended: bool = False,
    host: str = "",
) -> str:
    """A boot of a machine with 4 GiB whose firmware puts 44 KiB of ACPI data at ``at``."""
    end = at + 44 * 1024
    usable = [(0x1000, 0xA0000), (0x100000, at), (end, 0x60000000), (0x100000000, 0x180000000)]
    lines = [f"Linux version {release} (build@example) #1 SMP", f"Command line: {command_line}"]
    lines += ["BIOS-provided physical RAM map:"]
    entries = [(start, stop, "usable") for start, stop in usable] + [(at, end, "ACPI data")]
    entries += [(0x60000000, 0x64000000, "reserved")]
    lines += [f"BIOS-e820: [mem {start:#018x}-{stop - 1:#018x}] {kind}" for start, stop, kind in sorted(entries)]
    if extended:
        cut = [(0x1000, 0xA0000), (0x100000, SETUP_DATA), (SETUP_DATA, at), *usable[2:]]
        entries = [(start, stop, "usable") for start, stop in cut] + entries[4:]
        lines += ["extended physical RAM map:"]
        lines += [f"reserve setup_data: [mem {a:#018x}-{b - 1:#018x}] {kind}" for a, b, kind in sorted(entries)]
    lines += [
        "Zone ranges:",
        "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
        "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
        "  Normal   [mem 0x0000000100000000-0x000000017fffffff]",
        "Movable zone start for each node",
        "Early memory node ranges",
    ]
    lines += [f"  node   0: [mem {start:#018x}-{stop - 1:#018x}]" for start, stop in usable]
    lines += ["Initmem setup node 0 [mem 0x0000000000001000-0x000000017fffffff]", *more]
    stamped = [f"[    {number / 1000:.6f}] {line}" for number, line in enumerate(lines)]
    return "".join(f"Nov  3 08:00:00 {host} kernel: {line}\n" if host else f"{line}\n" for line in stamped)


def document(*boots: str, shown: int | None = None) -> Document:
    return analyze("".join(boots).encode(), Options(boot=shown)).document


def of_stability(document: Document) -> list[Finding]:
    return [item for item in document.findings if item.subject == "stability"]


def codes(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(item.severity, item.code) for item in findings]


def test_the_same_map_at_each_boot_is_no_finding() -> None:
    stable = document(
        boot(), boot(command_line=RESUMING), boot(release="6.12.9", command_line=f"{RESUMING} hugepages=8")
    )
    assert stable.boot.count == 3
    assert of_stability(stable) == []
    assert {item.severity for item in stable.findings} <= {"none", "info"}


def test_a_map_that_moves_is_worth_knowing_where_nobody_hibernates() -> None:
    (finding,) = of_stability(document(boot(), boot(SECOND, release="6.12.9")))
    assert (finding.severity, finding.code) == ("info", "map-unstable")
    assert finding.text == (
        "The firmware's memory map is not the same at each boot of this machine (2 different maps in 2 boots):"
        " ACPI data, 44 KiB, moved down by 16 KiB to 0x5f39c000, its size unchanged."
    )
    assert finding.remedy is not None
    assert finding.lines


def test_it_wants_care_where_the_command_line_names_an_image() -> None:
    (finding,) = of_stability(document(boot(command_line=RESUMING), boot(SECOND, command_line=RESUMING)))
    assert codes([finding]) == [("caution", "map-unstable-resume")]
    assert finding.details[0].startswith(
        "Boot 2 does not resume from an image of boot 1: Linux 6.6.20 compares the CRC32"
    )
    assert finding.details[1] == (
        "A check of usable memory alone, which kernels up to 7.1 do not have, would refuse too; the amount of it is the"
        " same."
    )


def test_of_many_boots_it_says_how_often_two_of_them_match() -> None:
    (finding,) = of_stability(document(*(boot(at, command_line=RESUMING) for at in (FIRST, SECOND, FIRST - 0x2000))))
    assert "3 different maps in 3 boots" in finding.text
    assert "ACPI data, always 44 KiB, is at 3 places up to 16 KiB apart" in finding.text
    assert "0 of 3 pairs of boots have the same map." in finding.details


def test_a_refusal_alone_is_explained_and_asks_for_the_other_boot() -> None:
    (finding,) = of_stability(document(boot(SECOND, REFUSAL)))
    assert codes([finding]) == [("caution", "hibernation-map")]
    assert "puts a hash of the firmware's whole map into the image" in finding.details[0]
    assert finding.cause is not None
    assert finding.cause.endswith("; the log of the boot that hibernated shows what moved.")
    assert finding.remedy is not None
    assert "pfnscope compare" not in finding.remedy.text


def test_a_refusal_beside_the_boot_that_hibernated_names_what_moved() -> None:
    (finding,) = of_stability(document(boot(), boot(SECOND, REFUSAL)))
    assert finding.cause == (
        "From boot 1 to boot 2: ACPI data, 44 KiB, moved down by 16 KiB to 0x5f39c000, its size unchanged."
    )
    assert finding.details[1].startswith("Boot 2 does not resume from an image of boot 1: Linux 6.6.20 compares")
    assert finding.remedy is not None
    assert finding.remedy.text.endswith("with what pfnscope compare writes.")


def test_a_refusal_with_the_same_map_twice_says_that_the_other_boot_is_missing() -> None:
    (finding,) = of_stability(document(boot(), boot(FIRST, REFUSAL)))
    assert finding.cause is not None
    assert "no other boot of this text has another map" in finding.cause


def test_boots_of_another_host_or_a_capture_kernel_are_not_compared() -> None:
    assert of_stability(document(boot(host="nodea"), boot(SECOND, host="nodeb"))) == []
    capture = boot(SECOND, command_line=f"{PLAIN} elfcorehdr=0x2f000000")
    assert of_stability(document(boot(), capture)) == []
    laptop, board = (f"DMI: Example {name}/0AB1, BIOS 1.2 01/02/2026" for name in ("Laptop 14", "Board Z"))
    assert of_stability(document(boot(FIRST, laptop), boot(SECOND, board))) == []
    updated = laptop.replace("BIOS 1.2", "BIOS 1.3")
    assert codes(of_stability(document(boot(FIRST, laptop), boot(SECOND, updated)))) == [("info", "map-unstable")]


def test_the_row_of_the_shown_boot_has_the_severity_of_its_verdict() -> None:
    both = document(boot(command_line=RESUMING), boot(SECOND, command_line=RESUMING))
    assert both.verdict.severity == "caution"
    assert both.boots[1].severity == "caution"


LEFT_OUT = "PM: hibernation: Registered nosave memory: [mem 0x5f000000-0x5f000fff]"


def test_a_page_that_two_usable_entries_share_is_left_out_before_the_fix() -> None:
    (finding,) = of_stability(document(boot(FIRST, LEFT_OUT, extended=True)))
    assert codes([finding]) == [("info", "nosave-usable")]
    assert finding.text == (
        "Hibernation does not save 1 page of memory that the kernel uses, [0x5f000000, 0x5f001000) 4 KiB."
    )
    assert [(item.start, item.end) for item in finding.ranges] == [(0x5F00_0000, 0x5F00_1000)]
    assert finding.remedy is not None
    assert finding.remedy.release == "6.6.88"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("NODE_DATA(0) allocated [mem 0x5f000a00-0x5f02ffff]", "the node's own data (NODE_DATA)"),
        ("RAMDISK: [mem 0x5ef00000-0x5f000fff]", "the initrd"),
    ],
)
def test_it_wants_care_where_the_log_names_what_lies_there(line: str, name: str) -> None:
    (finding,) = of_stability(document(boot(FIRST, line, LEFT_OUT, extended=True)))
    assert codes([finding]) == [("caution", "nosave-in-use")]
    assert finding.text.endswith(f", with {name}.")


def test_what_firmware_or_kernel_reserved_is_rightly_left_out() -> None:
    reserved = (
        "PM: hibernation: Registered nosave memory: [mem 0x5f3a0000-0x5f3aafff]",
        "e820: update [mem 0x58000000-0x58007fff] usable ==> reserved",
        "PM: hibernation: Registered nosave memory: [mem 0x58000000-0x58007fff]",
        "PM: hibernation: Registered nosave memory: [mem 0x57000000-0x57003fff]",
    )
    assert of_stability(document(boot(FIRST, *reserved, extended=True))) == []


def test_hundreds_of_boots_cost_no_more_than_their_lines() -> None:
    many = document(*(boot(FIRST - 0x1000 * (number % 3)) for number in range(150)))
    (finding,) = of_stability(many)
    assert "3 different maps in 64 boots" in finding.text
