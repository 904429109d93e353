"""Nodes without memory and why, nodes that the kernel rejects or cannot use, and twins that are as they should be."""

import pytest

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.findings import findings
from pfnscope.model.findings import Finding

BANNER = "Linux version {} (build@example) (gcc 14.2.0) #1 SMP x86_64"
MAP = (
    "BIOS-provided physical RAM map:",
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable",
    "BIOS-e820: [mem 0x0000000000100000-0x00000000bfffffff] usable",
    "BIOS-e820: [mem 0x0000000100000000-0x000000023fffffff] usable",
    "NX (Execute Disable) protection: active",
    "last_pfn = 0x240000 max_arch_pfn = 0x400000000",
)
SRAT = (
    "ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]",
    "ACPI: SRAT: Node 0 PXM 0 [mem 0x00100000-0xbfffffff]",
    "ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x23fffffff]",
)
ZONES = (
    "Zone ranges:",
    "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
    "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
    "  Normal   [mem 0x0000000100000000-0x000000023fffffff]",
    "Movable zone start for each node",
    "Early memory node ranges",
)
LOW = (
    "  node   0: [mem 0x0000000000001000-0x000000000009ffff]",
    "  node   0: [mem 0x0000000000100000-0x00000000bfffffff]",
)
HIGH = "  node   1: [mem 0x0000000100000000-0x000000023fffffff]"
SETUP = (
    "Initmem setup node 0 [mem 0x0000000000001000-0x00000000bfffffff]",
    "Initmem setup node 1 [mem 0x0000000100000000-0x000000023fffffff]",
)


def log(*lines: str, release: str = "6.12.40", command_line: str = "root=/dev/vda1 ro") -> str:
    whole = (BANNER.format(release), f"Command line: {command_line}", *lines)
    return "".join(f"[    0.000000] {line}\n" for line in whole)


def mail(*lines: str) -> str:
    quoted = "".join(f"> [    0.000000] {line}\n" for line in lines)
    return f"Hello,\n\nhere is what it prints:\n\n{quoted}\nWhy?\n"


def quoted(text: str) -> str:
    lines = "".join(f"> {line}\n" for line in text.splitlines())
    return f"Hello,\n\nhere is the log:\n\n{lines}\nWhat is that?\n"


def findings_of(text: str) -> list[Finding]:
    (boot,) = read(text.encode()).boots
    return list(findings(analyze(boot)))


def of(code: str, text: str) -> Finding:
    (finding,) = [finding for finding in findings_of(text) if finding.code == code]
    return finding


HEALTHY = log(*MAP, *SRAT, *ZONES, *LOW, HIGH, *SETUP)


def test_two_healthy_nodes_have_nothing_to_do() -> None:
    assert [finding.code for finding in findings_of(HEALTHY)] == ["nothing-to-do"]


# Nodes without memory

THIRD = "Initmem setup node 2 as memoryless"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            (*SRAT, "SRAT: PXM 1 -> APIC 0x02 -> Node 1", "SRAT: PXM 2 -> APIC 0x04 -> Node 2", THIRD),
            ": the firmware's table of nodes (SRAT) gives it none, only processors",
        ),
        ((*SRAT, THIRD), ": the firmware's table of nodes (SRAT) gives it none"),
        (
            (*SRAT, "ACPI: SRAT: Node 2 PXM 2 [mem 0x240000000-0x43fffffff] hotplug", THIRD),
            " yet: 8 GiB at [0x240000000, 0x440000000) is kept for memory that is plugged in later",
        ),
        (
            (*SRAT, "ACPI: CEDT: Node 2 PXM 2 [mem 0x490000000-0x88fffffff]", THIRD),
            " yet: 16 GiB at [0x490000000, 0x890000000) is for CXL memory, of which none is plugged in",
        ),
        (
            (
                *SRAT,
                "ACPI: Reserving CEDT table memory at [mem 0xbffe2b8f-0xbffe2bfa]",
                ".... node  #0, CPUs:      #1",
                ".... node  #1, CPUs:      #2 #3",
                THIRD,
            ),
            " yet: it is probably for CXL memory, whose windows (CEDT) are nodes of their own",
        ),
        (
            (*SRAT, "ACPI: SRAT: Node 2 PXM 2 [mem 0x240000000-0x43fffffff] non-volatile", THIRD),
            ": 8 GiB at [0x240000000, 0x440000000) is persistent memory, which is no RAM by itself",
        ),
        (
            (*SRAT, "ACPI: SRAT: Node 2 PXM 2 [mem 0x240000000-0x27fffffff]", THIRD),
            (
                ": the firmware's table of nodes gives it 1 GiB at [0x240000000, 0x280000000), but its map has no RAM"
                " there"
            ),
        ),
    ],
)
def test_a_node_without_memory_is_told_with_the_reason_and_without_alarm(lines: tuple[str, ...], why: str) -> None:
    sentence = f"Node 2 has no memory{why}."
    calm, said = findings_of(log(*MAP, *lines, *ZONES, *LOW, HIGH, *SETUP))
    assert calm.code == "nothing-to-do-but-know"
    assert (said.code, said.severity, said.text, said.remedy) == ("memoryless-node", "info", sentence, None)
    excerpt = of("memoryless-node", mail(*MAP, *lines, *ZONES, *LOW, HIGH))
    assert excerpt.text == sentence
    assert said.lines


def test_nodes_of_one_reason_are_one_finding() -> None:
    more = ("Initmem setup node 2 as memoryless", "Initmem setup node 3 as memoryless")
    said = of("memoryless-node", log(*MAP, *SRAT, *ZONES, *LOW, HIGH, *SETUP, *more))
    assert said.text.startswith("Nodes 2 and 3 have no memory: ")


def test_the_line_alone_names_the_node() -> None:
    first = findings_of("Initmem setup node 5 as memoryless\n")[0]
    assert (first.code, first.text) == ("memoryless-node", "Node 5 has no memory.")


# An argument takes the memory of a node

TAKEN = (
    "user-defined physical RAM map:",
    "user: [mem 0x0000000000000000-0x000000000009ffff] usable",
    "user: [mem 0x0000000000100000-0x00000000bfffffff] usable",
    "user: [mem 0x0000000100000000-0x000000023fffffff] persistent (type 12)",
)
LOW_ZONES = tuple(line for line in ZONES if "Normal" not in line)


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_argument_that_takes_all_memory_of_a_node_is_named_and_left_out(*, wrapped: bool) -> None:
    lines = (*MAP[:4], *TAKEN, "last_pfn = 0xc0000 max_arch_pfn = 0x400000000", *SRAT, *LOW_ZONES, *LOW, SETUP[0])
    text = log(*lines, command_line="root=/dev/vda1 ro memmap=5G!4G quiet")
    text = quoted(text) if wrapped else text
    first = of("node-memory-lost", text)
    assert first.severity == findings_of(text)[0].severity == "caution"
    assert first.text == "Node 1 has no memory: none of its RAM is used, 5 GiB at [0x100000000, 0x240000000)."
    assert first.remedy is not None
    assert first.remedy.text == "Boot without memmap=5G!4G: node 1 then has 5 GiB."
    assert (first.remedy.command_line, first.remedy.instead) == (None, ("memmap=5G!4G",))
    assert first.remedy.checked
    assert "node-memory-lost" not in [finding.code for finding in findings_of(HEALTHY)]


def test_a_limit_leaves_a_node_out_and_that_is_no_alarm() -> None:
    limited = (*MAP[:4], *TAKEN[:3], "last_pfn = 0xc0000 max_arch_pfn = 0x400000000", *SRAT, *LOW_ZONES, *LOW, SETUP[0])
    said = of("memoryless-node", log(*limited, command_line="ro mem=3G"))
    assert said.text == "Node 1 has no memory: mem=3G leaves out its RAM, 5 GiB at [0x100000000, 0x240000000)."
    assert said.remedy is not None
    assert (said.remedy.command_line, said.remedy.instead, said.remedy.checked) == (None, ("mem=3G",), True)


def test_a_capture_kernel_has_its_own_share_alone() -> None:
    lines = (*MAP, *SRAT, *LOW_ZONES, *LOW, SETUP[0])
    said = of("memoryless-node", log(*lines, command_line="ro elfcorehdr=0xb0000000"))
    assert said.text == (
        "Node 1 has no memory: this kernel saves the memory of one that crashed and has its own share alone."
    )


# Nodes that the kernel rejects

UNCOVERED = "NUMA: nodes only cover 6143MB of your 8191MB e820 RAM. Not used."


@pytest.mark.parametrize("shape", [log, mail])
def test_rejected_nodes_come_with_the_ram_that_they_leave_out(shape: object) -> None:
    short = (*SRAT[:2], "ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x1bfffffff]")
    one = tuple(line.replace("node   1", "node   0") for line in (*LOW, HIGH))
    lines = (*MAP, *short, UNCOVERED, *ZONES, *one)
    first = findings_of(log(*lines) if shape is log else mail(*lines))[0]
    assert first.code == "numa-rejected"
    assert first.text.startswith("The kernel rejected the firmware's nodes: they leave out 2 GiB of 8 GiB RAM")
    assert first.details == ("Of no node: 2 GiB at [0x1c0000000, 0x240000000).",)


def test_the_rejection_alone_leads() -> None:
    (only,) = findings_of(f"{UNCOVERED}\n")
    assert (only.code, only.severity, only.details) == ("numa-rejected", "caution", ())


def test_what_is_too_little_to_reject_the_nodes_is_memory_of_no_node() -> None:
    short = (*SRAT[:2], "ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x23ff7ffff]")
    text = log(*MAP, *short, *ZONES, *LOW, HIGH.replace("23fffffff", "23ff7ffff"))
    said = of("memory-without-node", text)
    assert said.text == (
        "512 KiB of RAM are in no node of the firmware's table of nodes (SRAT): 512 KiB at [0x23ff80000, 0x240000000)."
    )


# Small nodes, processors, order

SMALL_SRAT = (
    *SRAT[:2],
    "ACPI: SRAT: Node 0 PXM 0 [mem 0x100000000-0x23fcfffff]",
    "ACPI: SRAT: Node 1 PXM 1 [mem 0x23fd00000-0x23fffffff]",
)
SMALL_NODES = (
    *LOW,
    "  node   0: [mem 0x0000000100000000-0x000000023fcfffff]",
    "  node   1: [mem 0x000000023fd00000-0x000000023fffffff]",
)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_small_node_is_a_danger_to_be_booted_around(*, wrapped: bool) -> None:
    lines = (*MAP, *SMALL_SRAT, *ZONES, *SMALL_NODES, SETUP[0])
    text = log(*lines, release="5.10.100")
    text = quoted(text) if wrapped else text
    said = of("small-node", text)
    assert said.severity == "caution"
    assert said.text.startswith("Node 1 is too small for this kernel (less than 4 MiB): no zone has that memory")
    assert said.remedy is not None
    assert said.remedy.command_line == "numa=off"
    assert said.remedy.checked
    newer = log(*lines, release="5.10.202")
    assert "small-node" not in [finding.code for finding in findings_of(newer)]


def test_a_node_of_memory_alone_is_told() -> None:
    processors = (".... node  #0, CPUs:      #1 #2 #3",)
    said = of("node-without-processors", log(*MAP, *SRAT, *ZONES, *LOW, HIGH, *SETUP, *processors))
    assert (said.severity, said.text) == ("info", "Node 1 has 5 GiB of memory and no processors.")
    both = (*processors, ".... node  #1, CPUs:      #4 #5")
    for lines, command_line in ((both, "ro"), (processors, "ro maxcpus=4"), ((), "ro")):
        codes = [
            finding.code
            for finding in findings_of(log(*MAP, *SRAT, *ZONES, *LOW, HIGH, *lines, command_line=command_line))
        ]
        assert codes == ["nothing-to-do"]


def test_nodes_whose_memory_alternates_are_told() -> None:
    srat = (*SRAT, "ACPI: SRAT: Node 0 PXM 0 [mem 0x240000000-0x2bfffffff]")
    ranges = (*LOW, HIGH, "  node   0: [mem 0x0000000240000000-0x00000002bfffffff]")
    said = of("interleaved-nodes", log(*MAP, *srat, *ZONES, *ranges))
    assert said.severity == "info"
    assert said.text == "Node 0 has memory below and above that of node 1, 5 GiB at [0x100000000, 0x240000000)."


# Contradictions


def test_nodes_that_claim_the_same_memory_are_told_once() -> None:
    lines = (
        "node   0: [mem 0x0000000000000000-0x000000003fffffff]",
        "node   0: [mem 0x0000000001000000-0x0000000001ffffff]",
        "node   1: [mem 0x0000000030000000-0x000000004fffffff]",
        "node   2: [mem 0x0000000038000000-0x000000005fffffff]",
    )
    first = of("overlapping-nodes", log(*lines))
    assert first.text == "Nodes 0 and 1 both claim 256 MiB at [0x30000000, 0x40000000)."
    assert first.lines == (3, 5)


def test_entries_of_the_srat_that_overlap_in_part_are_told_and_what_a_node_has_so_far_is_not() -> None:
    clash = (
        "ACPI: SRAT: Node 0 PXM 0 [mem 0x00100000-0xbfffffff]",
        "ACPI: SRAT: Node 0 PXM 0 [mem 0x10000000-0x13fffffff]",
    )
    said = of("overlapping-srat", log(*clash))
    assert (said.lines, said.severity) == ((3, 4), "info")
    growing = ("SRAT: Node 0 PXM 0 0-a0000", "SRAT: Node 0 PXM 0 0-d0000000", "SRAT: Node 0 PXM 0 0-130000000")
    assert "overlapping-srat" not in [finding.code for finding in findings_of(log(*growing))]
