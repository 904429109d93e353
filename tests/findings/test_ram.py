"""RAM that somebody may miss: what took it, and what gives it back, tried."""

from itertools import count

import pytest

from pfnscope.analysis.analyze import Analysis, analyze
from pfnscope.analysis.ledger import ledger
from pfnscope.bootlog import read
from pfnscope.findings import findings, ram
from pfnscope.model.findings import Finding, Remedy

MAP = (
    "BIOS-provided physical RAM map:",
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
    "BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable",
    "BIOS-e820: [mem 0x0000000100000000-0x00000001ffffffff] usable",
)
STOLEN = "BIOS-e820: [mem 0x0000000080000000-0x000000009fffffff] reserved"
LAST = "last_pfn = 0x200000 max_arch_pfn = 0x400000000"
NODES = (
    "Zone ranges:",
    "  DMA32    [mem 0x0000000000001000-0x00000000ffffffff]",
    "  Normal   [mem 0x0000000100000000-0x00000001ffffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
    "  node   0: [mem 0x0000000000100000-0x000000007fffffff]",
    "  node   0: [mem 0x0000000100000000-0x00000001ffffffff]",
)
PRESENT = 0x9E * 4 + (0x80000 - 0x100) * 4 + (4 << 20)


def text_of(*rows: str, line: str = "quiet", release: str = "6.1.20") -> bytes:
    clock = count(1)
    head = (f"Linux version {release} (lab@lab) #1 SMP x86_64", f"Command line: {line}")
    return "".join(f"[    0.{next(clock):06}] {row}\n" for row in (*head, *rows)).encode()


def analysed(*rows: str, line: str = "quiet") -> Analysis:
    return analyze(read(text_of(*rows, line=line)).boots[0])


def of(*rows: str, line: str = "quiet") -> list[Finding]:
    return [draft.finished() for draft in ram.drafts(analysed(*rows, line=line))]


def memory(reserved: int) -> str:
    return f"Memory: {PRESENT - reserved}K/{PRESENT}K available (9000K kernel code, {reserved}K reserved)"


def test_a_healthy_machine_has_no_finding_of_ram() -> None:
    assert of(*MAP, LAST, *NODES, memory(200_000)) == []


def test_mtrrs_that_do_not_cover_memory_are_one_finding_with_an_argument_that_was_tried() -> None:
    nodes = [*NODES[:-1], "  node   0: [mem 0x0000000100000000-0x000000017fffffff]"]
    (finding,) = of(
        *MAP,
        "e820: update [mem 0x180000000-0x1ffffffff] usable ==> reserved",
        "WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 2048MB of RAM.",
        "last_pfn = 0x180000 max_arch_pfn = 0x400000000",
        *nodes,
    )
    assert (finding.code, finding.severity, finding.subject, finding.lines) == ("mtrr-trim", "caution", "ram", (7, 8))
    assert finding.text == "The firmware's MTRRs do not cover 2 GiB of 6 GiB of RAM, so the kernel gives it up."
    assert [str(item.range) for item in finding.ranges] == ["[0x180000000, 0x200000000)"]
    assert finding.remedy is not None
    assert (finding.remedy.command_line, finding.remedy.checked) == ("disable_mtrr_trim", True)
    assert finding.remedy.text.startswith("With disable_mtrr_trim the kernel has 2 GiB more;")


USER = ["user-defined physical RAM map:", *(row.replace("BIOS-e820", "user") for row in MAP[1:3])]
LOW_NODES = [row for row in NODES if "0x0000000100000000" not in row]


def test_what_mem_takes_is_one_finding_with_what_the_kernel_has_without_it() -> None:
    analysis = analysed(*MAP, *USER, LAST, *LOW_NODES, line="quiet mem=2G root=/dev/vda1")
    (finding,) = (item for item in findings(analysis) if item.code in ("memory-argument", "ram-taken-by-argument"))
    assert finding.text == "mem=2G: 4 GiB of 6 GiB RAM lie above 2 GiB and are left out, as it says."
    assert finding.remedy == Remedy("Without mem=2G the kernel has 4 GiB more.", checked=True, instead=("mem=2G",))


def test_a_region_of_persistent_memory_is_meant_and_has_no_remedy() -> None:
    user = [*USER, "user: [mem 0x0000000100000000-0x00000001bfffffff] usable"]
    user.append("user: [mem 0x00000001c0000000-0x00000001ffffffff] persistent (type 12)")
    nodes = [*NODES[:-1], "  node   0: [mem 0x0000000100000000-0x00000001bfffffff]"]
    analysis = analysed(*MAP, *user, LAST, *nodes, line="memmap=1G!7G")
    (finding,) = (item for item in findings(analysis) if item.subject in ("arguments", "ram"))
    assert (finding.code, finding.remedy) == ("memory-argument", None)


def test_a_user_defined_map_without_its_command_line_is_told_as_ram() -> None:
    rows = "\n".join((*MAP, *USER, LAST, *LOW_NODES))
    (finding,) = (draft.finished() for draft in ram.drafts(analyze(read(rows.encode()).boots[0])))
    assert (finding.code, finding.severity) == ("ram-taken-by-argument", "info")
    assert finding.text.startswith("The user-defined map lacks 4 GiB of 6 GiB of RAM;")


def test_a_32_bit_kernel_without_pae_is_told_that_no_argument_helps() -> None:
    nodes = [row for row in NODES if "0x0000000100000000" not in row and "DMA32" not in row]
    (finding,) = of(*MAP, "last_pfn = 0x80000 max_arch_pfn = 0x100000", "1160MB HIGHMEM available.", *nodes)
    assert (finding.code, finding.severity) == ("ram-above-4g", "caution")
    assert "cannot use 4 GiB of 6 GiB of RAM" in finding.text
    assert finding.remedy is not None
    assert finding.remedy.text.endswith("no argument helps.")


def test_memory_without_a_node_comes_back_as_one_node() -> None:
    srat = (
        "ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x7fffffff]",
        "ACPI: SRAT: Node 0 PXM 0 [mem 0x100000000-0x1dfffffff]",
    )
    nodes = [*NODES[:-1], "  node   0: [mem 0x0000000100000000-0x00000001dfffffff]"]
    (finding,) = (item for item in of(*MAP, LAST, *srat, *nodes) if item.code == "ram-without-node")
    assert finding.text == "512 MiB of 6 GiB of RAM belongs to no node that the kernel takes, so it is lost."
    assert finding.remedy is not None
    assert (finding.remedy.command_line, finding.remedy.checked) == ("numa=off", True)


@pytest.mark.parametrize(
    ("modules", "code", "words"),
    [
        (("4096 MB", "4096 MB"), "ram-not-in-map", "About a whole module is missing"),
        (("8 GB",), "ram-kept-by-devices", "A device of the board has it"),
        (("6144 MB",), None, ""),
    ],
)
def test_installed_memory_beside_a_log_shows_a_bank_that_the_firmware_does_not_tell_of(
    modules: tuple[str, ...], code: str | None, words: str
) -> None:
    installed = "".join(
        f"Handle 0x00{at}, DMI type 17\nMemory Device\n\tSize: {size}\n" for at, size in enumerate(modules)
    )
    analysis = analyze(read(text_of(*MAP, LAST, *NODES) + installed.encode()).boots[0])
    given = [draft.finished() for draft in ram.drafts(analysis)]
    assert [item.code for item in given] == ([code] if code else [])
    assert all(item.remedy is not None and words in item.remedy.text for item in given)


def test_what_the_firmware_keeps_is_told_with_its_largest_range_and_stolen_memory_apart() -> None:
    kept = of(*MAP[:3], STOLEN, MAP[3], LAST, *NODES)
    assert [(item.code, item.severity) for item in kept] == [("ram-kept-by-firmware", "info")]
    assert kept[0].text == (
        "512 MiB of 6.5 GiB of RAM is, by its place in the map, reserved by firmware, most of it 512 MiB at 0x80000000."
    )
    quirk = "Reserving Intel graphics memory at [mem 0x80000000-0x9fffffff]"
    (stolen,) = of(*MAP[:3], STOLEN, MAP[3], quirk, LAST, *NODES)
    assert stolen.text == "The graphics unit has 512 MiB of 6.5 GiB of RAM."


def test_a_reserved_entry_that_reaches_the_interrupt_controllers_has_addresses_of_devices() -> None:
    """RAM up to 3.5 GiB, and 512 MiB behind it that no memory lies at, since RAM goes on above 4 GiB."""
    text = (
        b"Linux version 6.1.90 (a@b)\n"
        b"BIOS-e820: [mem 0x0000000000100000-0x00000000dfffffff] usable\n"
        b"BIOS-e820: [mem 0x00000000e0000000-0x00000000ffffffff] reserved\n"
        b"BIOS-e820: [mem 0x0000000100000000-0x000000021fffffff] usable\n"
        b"Early memory node ranges\n  node   0: [mem 0x0000000000100000-0x00000000dfffffff]\n"
        b"  node   0: [mem 0x0000000100000000-0x000000021fffffff]\n"
    )
    analysis = analyze(read(text).boots[0])
    account = ledger(analysis)
    assert account is not None
    assert account.total == 0xE0000000 - 0x100000 + 0x120000000
    assert "ram-kept-by-firmware" not in [finding.code for finding in findings(analysis)]


def test_early_memory_that_no_line_names_asks_for_memblock_debug() -> None:
    (finding,) = of(*MAP, LAST, *NODES, memory(1_000_000))
    assert (finding.code, finding.severity, finding.lines) == ("ram-unaccounted", "info", (15,))
    assert finding.remedy is not None
    assert finding.remedy.command_line == "memblock=debug"


def test_struct_pages_of_a_large_hole_are_a_finding_where_they_are_one_array() -> None:
    text = (
        b"Linux version 6.2.0 (riscv64-linux-gnu-gcc) #1 SMP\n"
        b"Zone ranges:\n  DMA32    [mem 0x0000000080000000-0x00000000ffffffff]\n"
        b"  Normal   [mem 0x0000000100000000-0x000000107fffffff]\n"
        b"Early memory node ranges\n  node   0: [mem 0x0000000080000000-0x00000000bfffffff]\n"
        b"  node   0: [mem 0x0000001040000000-0x000000107fffffff]\n"
        b"On node 0, zone Normal: 15990784 pages in unavailable ranges\n"
        b"Built 1 zonelists, mobility grouping on.  Total pages: 294912\n"
        b"Memory: 1060000K/2097152K available (7639K kernel code, 1037152K reserved, 0K cma-reserved)\n"
    )
    given = [draft.finished() for draft in ram.drafts(analyze(read(text).boots[0]))]
    assert [item.code for item in given] == ["ram-struct-pages"]
    assert given[0].text.startswith("Struct pages take 896 MiB of 2 GiB of RAM: they are one array")


def test_findings_of_ram_stand_among_the_others() -> None:
    analysis = analysed(*MAP, LAST, *NODES, memory(1_000_000))
    assert "ram-unaccounted" in [item.code for item in findings(analysis)]
