"""What a report says of memory arguments: by kind, in a whole log, a mail, and a few lines; and a healthy twin."""

from collections.abc import Callable

import pytest
from msgspec import Struct

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.findings import arguments, findings
from pfnscope.findings.codes import CODES
from pfnscope.findings.drafts import MOST_ALIKE
from pfnscope.formats.text import render
from pfnscope.model.findings import Finding
from pfnscope.report.build import document
from pfnscope.simulation import own_command_line, simulate

GIB, MIB = 1 << 30, 1 << 20

RAM = ((0x0, 0x9FC00), (MIB, 0x78000000), (4 * GIB, 10 * GIB))
RESERVED = ((0x9FC00, 0xA0000), (0x78000000, 0x78400000), (0xFEC00000, 4 * GIB))
SRAT = ((0, 0, 2 * GIB), (0, 4 * GIB, 7 * GIB), (1, 7 * GIB, 10 * GIB))


class Machine(Struct, frozen=True, kw_only=True):
    """A machine of ten GiB, as the log of one boot tells of it. ``user`` prints another map than its kernel would."""

    line: str
    release: str = "6.12.40"
    user: tuple[str, ...] | None = None
    nodes: tuple[str, ...] | None = None
    behind: tuple[str, ...] = ()
    ram: tuple[tuple[int, int], ...] = RAM

    @property
    def head(self) -> list[str]:
        kinds = sorted([(*pair, "usable") for pair in self.ram] + [(*pair, "reserved") for pair in RESERVED])
        return [
            f"Linux version {self.release} (build@host) (gcc 13.2.0) #1 SMP",
            f"Command line: root=/dev/sda2 {self.line}".rstrip(),
            "BIOS-provided physical RAM map:",
            *(entry("BIOS-e820", *kind) for kind in kinds),
        ]

    @property
    def log(self) -> list[str]:
        booted = read("\n".join([*self.head, *srat()]).encode()).boots[-1]
        boot = simulate(booted, own_command_line(booted), (6, 12, 40)).log
        user = [entry("user", item.start, item.end, item.label) for item in boot.user_map]
        if self.user is not None:
            user = list(self.user)
        ranges = [f"  node   {item.node}: {mem(item.start, item.end)}" for item in boot.node_ranges]
        zones = [f"  {zone.zone:8} {mem(*zone.range) if zone.range else 'empty'}" for zone in boot.zone_ranges]
        return [
            *self.head,
            *(["user-defined physical RAM map:", *user] if user else []),
            *self.behind,
            *srat(),
            "Zone ranges:",
            *zones,
            "Movable zone start for each node",
            "Early memory node ranges",
            *(ranges if self.nodes is None else self.nodes),
        ]


def mem(start: int, end: int) -> str:
    return f"[mem {start:#018x}-{end - 1:#018x}]"


def entry(name: str, start: int, end: int, label: str) -> str:
    return f"{name}: {mem(start, end)} {label}"


def srat() -> list[str]:
    return [f"ACPI: SRAT: Node {node} PXM {node} {mem(start, end)}" for node, start, end in SRAT]


def whole(machine: Machine) -> str:
    return "\n".join(f"[    0.{at:06}] {line}" for at, line in enumerate(machine.log))


def mail(machine: Machine) -> str:
    quoted = "\n".join(f"> [    0.000000] {line}" for line in machine.log)
    return f"Hello,\n\nsince yesterday this machine is odd:\n\n{quoted}\n\nAny idea?\n"


def few(machine: Machine) -> str:
    """Without the firmware's nodes and zones, and without time stamps."""
    log = machine.log
    return "\n".join([*log[: log.index(srat()[0])], *log[log.index("Early memory node ranges") :]])


def map_alone(machine: Machine) -> str:
    return "\n".join(machine.log[: machine.log.index(srat()[0])])


def untimed(machine: Machine) -> str:
    return "\n".join(machine.log)


TEXTS = (whole, mail, few, untimed)
UNCHANGED = tuple(
    entry("user", *kind) for kind in sorted([(*p, "usable") for p in RAM] + [(*p, "reserved") for p in RESERVED])
)
NODES = tuple(f"  node   {n}: {mem(*p)}" for n, p in [(0, RAM[1]), (0, (4 * GIB, 7 * GIB)), (1, (7 * GIB, 10 * GIB))])
IMAGE = (
    ".text .data .bss are not marked as E820_TYPE_RAM!",
    "e820: remove [mem 0x150000000-0x152ffffff]",
)


class Case(Struct, frozen=True):
    code: str
    machine: Machine
    sentence: str
    healthy: str
    command_line: str | None = None


CASES = {
    "no-effect": Case(
        "argument-no-effect",
        Machine(line="mem=5G", release="5.15.7", user=UNCHANGED, nodes=NODES),
        "mem=5G had no effect: [5 GiB, 10 GiB) is still RAM.",
        "",
    ),
    "no-effect-region": Case(
        "argument-no-effect",
        Machine(line="memmap=1G!5G", release="5.15.7", user=UNCHANGED, nodes=NODES),
        "memmap=1G!5G had no effect: [5 GiB, 6 GiB) is still RAM.",
        "",
    ),
    "lost-dollar": Case(
        "dollar-lost",
        Machine(line="memmap=1G6G"),
        "memmap=1G6G: A boot loader has swallowed the “$”, so this removes all RAM above 1 GiB.",
        "memmap=1G$6G",
        "memmap=1G$6G",
    ),
    "lost-dollar-and-start": Case(
        "dollar-lost",
        Machine(line="memmap=1GG"),
        "memmap=1GG: A boot loader has swallowed the “$” and what followed it, so this removes all RAM above 1 GiB.",
        "memmap=1G$5G",
    ),
    "lost-dollar-of-hex": Case(
        "dollar-lost",
        Machine(line="memmap=128Mx150000000"),
        "memmap=128Mx150000000: A boot loader has swallowed the “$”, so this removes all RAM above 0x8000000.",
        "memmap=128M$0x150000000",
        "memmap=128M$0x150000000",
    ),
    "bare": Case(
        "memmap-without-sign",
        Machine(line="memmap=5G"),
        "this removes all RAM above 5 GiB; boot loaders swallow an unescaped “$”.",
        "mem=5G",
    ),
    "meant-as-reserve": Case(
        "memmap-reserves-nothing",
        Machine(line="memmap=1G@5G"),
        "memmap=1G@5G: “@” says that [5 GiB, 6 GiB) is RAM: this reserves nothing and changes nothing here.",
        "memmap=1G$5G",
        "memmap=1G$5G",
    ),
    "ram-where-none-is": Case(
        "memmap-adds-ram",
        Machine(line="memmap=1G@12G"),
        "memmap=1G@12G: “@” makes RAM of [12 GiB, 13 GiB), which the firmware's map does not have",
        "memmap=1G$9G",
    ),
    "over-no-ram": Case(
        "region-not-ram",
        Machine(line="memmap=1G!12G"),
        "memmap=1G!12G: None of [12 GiB, 13 GiB) is RAM in the firmware's map.",
        "memmap=1G!9G",
        "memmap=1G!9G",
    ),
    "over-devices": Case(
        "region-over-devices",
        Machine(line="memmap=2816M!1536M"),
        "takes in [0x78000000, 0x100000000), the addresses of devices below 4 GiB: of 2.75 GiB, 640 MiB is RAM.",
        "memmap=2816M!4352M",
        "memmap=2816M!4G",
    ),
    "swapped": Case(
        "size-and-start-swapped",
        Machine(line="memmap=9G!1G"),
        "The region takes in [0x78000000, 0x100000000), the addresses of devices below 4 GiB",
        "memmap=1G!9G",
        "memmap=1G!9G",
    ),
    "in-pieces": Case(
        "region-in-pieces",
        Machine(line="memmap=256M!1792M"),
        "memmap=256M!1792M: [0x70000000, 0x80000000) is not all RAM: of 256 MiB, 128 MiB is RAM",
        "memmap=128M!1792M",
    ),
    "all-of-a-node": Case(
        "node-emptied",
        Machine(line="memmap=3G!7G"),
        "memmap=3G!7G: This takes all memory of node 1, 3 GiB: the node has none left.",
        "memmap=2G!7G",
    ),
    "overlapping": Case(
        "regions-overlap",
        Machine(line="memmap=1G!5G memmap=1G!5632M"),
        "memmap=1G!5632M: It overlaps memmap=1G!5G: [0x160000000, 0x180000000) is a piece of its own.",
        "memmap=1G!5G memmap=1G!6G",
    ),
    "image": Case(
        "image-not-ram",
        Machine(line="memmap=1G!5G", release="6.6.20", behind=IMAGE),
        "memmap=1G!5G: the kernel's own image lies in the region, [0x150000000, 0x153000000), and stays RAM.",
        "memmap=1G!5G",
        "nokaslr",
    ),
    "too-new": Case(
        "argument-too-new",
        Machine(line="reserve_mem=4M:4096:trace", release="6.10.3"),
        "reserve_mem=4M:4096:trace: Understood from 6.11 on; before, it is ignored, and no memory is kept.",
        "",
    ),
    "sign-too-new": Case(
        "argument-too-new",
        Machine(line="memmap=1G%5G-1+2", release="4.14.20"),
        "“%” is known since 4.16; before, this removes all RAM above 1 GiB.",
        "memmap=1G$5G",
    ),
    "unit-of-crashkernel": Case(
        "argument-malformed",
        Machine(line="crashkernel=256MB"),
        "crashkernel=256MB: The kernel does not understand “B”, and reserves nothing for a crash kernel.",
        "crashkernel=256M",
    ),
    "size-of-hugepages": Case(
        "huge-pages-count",
        Machine(line="hugepagesz=1G hugepages=4G"),
        "hugepages=4G: It counts pages: this asks for 4 pages of 1 GiB, not for 4 GiB.",
        "hugepagesz=1G hugepages=4",
    ),
}
WITHOUT_NODES = {"all-of-a-node"}
"""Cases that need the SRAT, which a few lines do not have."""


def analysis_of(text: str) -> Analysis:
    return analyze(read(text.encode()).boots[-1])


def top(text: str) -> str:
    """The first five lines of the report, as one."""
    return " ".join(" ".join(render(document(analysis_of(text))).splitlines()[:5]).split())


def plain(sentence: str) -> str:
    """As a report without colours prints it."""
    return sentence.replace("“", '"').replace("”", '"')


def own(analysis: Analysis) -> list[Finding]:
    return [draft.finished() for draft in arguments.drafts(analysis)]


RUNS = [
    pytest.param(name, form, id=f"{name}-{form.__name__}")
    for name in CASES
    for form in TEXTS
    if form is not (few if name in WITHOUT_NODES else untimed)
]


@pytest.mark.parametrize(("name", "form"), RUNS)
def test_the_report_begins_with_the_argument_at_fault(name: str, form: Callable[[Machine], str]) -> None:
    case = CASES[name]
    analysis = analysis_of(form(case.machine))
    assert plain(case.sentence) in top(form(case.machine))
    first = findings(analysis)[0]
    assert (first.subject, first.severity) == ("arguments", "caution")
    assert set(analysis.log.command_line_lines) <= set(first.lines)


@pytest.mark.parametrize(("name", "form"), RUNS)
def test_a_healthy_twin_is_not_told_so(name: str, form: Callable[[Machine], str]) -> None:
    twin = Machine(line=CASES[name].healthy)
    found = own(analysis_of(form(twin)))
    assert {item.code for item in found} <= {"memory-argument"}
    assert findings(analysis_of(form(twin)))[0].severity in ("none", "info")
    assert plain(CASES[name].sentence) not in top(form(twin))


@pytest.mark.parametrize("name", sorted(CASES.keys() - WITHOUT_NODES))
def test_a_map_and_a_command_line_are_enough(name: str) -> None:
    case = CASES[name]
    first = findings(analysis_of(map_alone(case.machine)))[0]
    assert case.sentence in first.text


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.command_line])
def test_a_command_line_that_is_offered_was_simulated_and_is_good(name: str) -> None:
    case = CASES[name]
    analysis = analysis_of(whole(case.machine))
    first = findings(analysis)[0]
    assert first.remedy is not None
    assert (first.remedy.command_line, first.remedy.checked) == (case.command_line, True)
    line = own_command_line(analysis.booted_from)
    wrong = case.machine.line
    corrected = f"{line} nokaslr" if name == "image" else line.replace(wrong, case.command_line or "")
    changed, boot = what_if(analysis, corrected)
    assert not boot.image_mended
    assert not any(note.code and note.code == case.code for note in boot.problems)
    assert not any(hole.severity == "danger" for hole in changed.holes)


def test_every_case_is_of_its_code_and_every_caution_has_a_case() -> None:
    for case in CASES.values():
        codes = [item.code for item in own(analysis_of(whole(case.machine)))]
        assert case.code in codes or case.code == "size-and-start-swapped"
    cautions = {row.code for row in CODES if row.subject == "arguments" and row.severity == "caution"}
    assert cautions - {case.code for case in CASES.values()} == {"argument-ignored", "image-in-region"}


def test_a_release_that_parsed_arguments_too_early_is_named_and_the_nearest_that_does_not() -> None:
    first = findings(analysis_of(whole(CASES["no-effect"].machine)))[0]
    assert any("8d48bf8206f7" in sentence for sentence in first.details)
    assert first.remedy is not None
    assert first.remedy.release == "5.15.12"
    assert not first.remedy.checked
    other = Machine(line="mem=5G", release="6.12.40", user=UNCHANGED, nodes=NODES)
    first = findings(analysis_of(whole(other)))[0]
    assert first.code == "argument-no-effect"
    assert not any("8d48bf8206f7" in sentence for sentence in first.details)
    assert first.remedy is None


def test_without_a_user_defined_map_node_ranges_show_that_an_argument_had_no_effect() -> None:
    text = "\n".join(line for line in Machine(line="mem=5G", nodes=NODES).log if not line.startswith("user"))
    first = findings(analysis_of(text))[0]
    assert first.text == "mem=5G had no effect: [5 GiB, 10 GiB) is still RAM."
    assert first.details[0] == "The node ranges of the log have it as memory."


@pytest.mark.parametrize(
    ("release", "named", "said"),
    [("6.6.20", "6.6.33", True), ("6.1.80", None, False), ("6.1.90", "6.1.93", True), ("6.6.33", None, False)],
)
def test_the_release_that_keeps_the_kernel_out_of_regions_is_named_where_it_does_not_yet(
    release: str, named: str | None, said: bool
) -> None:
    first = findings(analysis_of(whole(Machine(line="memmap=1G!5G", release=release, behind=IMAGE))))[0]
    assert first.code == "image-not-ram"
    assert first.remedy is not None
    assert first.remedy.release == named
    assert any("15aa8fb852f9" in sentence for sentence in first.details) is said


def test_a_correction_that_would_leave_struct_pages_unwritten_is_not_offered() -> None:
    """On 4.17 nothing initialises the end of a section behind a node, and the region makes node 0 end there."""
    ram = (RAM[0], (MIB, 0x77FF0000), RAM[2])
    machine = Machine(line="memmap=3G@4G", release="4.17.0", ram=ram)
    [item] = [found for found in own(analysis_of(whole(machine))) if found.code == "memmap-reserves-nothing"]
    assert item.remedy is not None
    assert item.remedy.command_line is None
    assert "memmap=3G$4G is no better, simulated: nothing would write the struct pages of" in item.remedy.text


def test_arguments_that_did_what_they_say_are_told_calmly() -> None:
    analysis = analysis_of(whole(Machine(line="memmap=1G!5G memmap=1G$6G mem=9G")))
    assert [(item.severity, item.text) for item in own(analysis)] == [
        ("info", "memmap=1G!5G: [5 GiB, 6 GiB) is persistent memory, as it says."),
        ("info", "memmap=1G$6G: [6 GiB, 7 GiB) is reserved, as it says."),
        ("info", "mem=9G: 1 GiB of 7.87 GiB RAM lie above 9 GiB and are left out, as it says."),
    ]
    assert findings(analysis)[0].code == "nothing-to-do-but-know"


def test_more_regions_than_kaslr_avoids() -> None:
    line = " ".join(f"memmap=128M${4096 + 128 * at}M" for at in range(5))
    codes = {item.code: item.text for item in own(analysis_of(whole(Machine(line=line))))}
    assert "KASLR avoids 4 memmap= regions; with 5 regions the kernel is not moved" in codes["kaslr-off"]
    assert "kaslr-off" not in {item.code for item in own(analysis_of(whole(Machine(line=f"nokaslr {line}"))))}
    four = " ".join(line.split()[:4])
    assert "kaslr-off" not in {item.code for item in own(analysis_of(whole(Machine(line=four))))}


def test_fake_nodes_of_a_kernel_that_fakes_none() -> None:
    machine = Machine(line="numa=fake=4", nodes=NODES)
    assert "numa=fake=4 had no effect" in findings(analysis_of(whole(machine)))[0].text
    text = whole(machine).replace("Zone ranges:", f"Faking node 0 at {mem(0, GIB)} (1024MB)\nZone ranges:")
    assert own(analysis_of(text)) == []


def test_a_map_that_nothing_explains_is_told_and_is_no_reason_to_worry() -> None:
    """The kernel of this log has another map than its command line makes: RAM from 9 GiB on is gone."""
    user = (*UNCHANGED[:-1], entry("user", 4 * GIB, 9 * GIB, "usable"))
    nodes = (*NODES[:2], f"  node   1: {mem(7 * GIB, 9 * GIB)}")
    [item] = own(analysis_of(whole(Machine(line="mem=8G", user=user, nodes=nodes))))
    assert (item.code, item.severity) == ("arguments-not-reproduced", "info")
    assert "the log prints [0x100000000, 0x240000000) ram" in item.text


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*Machine(line="memmap=5G4G").head[:2], "Early memory node ranges", *NODES]),
        "\n".join(line for line in Machine(line="memmap=1G!12G").log if not line.startswith("Command line")),
        whole(Machine(line="quiet")),
    ],
)
def test_without_a_command_line_or_a_map_nothing_is_said(text: str) -> None:
    assert own(analysis_of(text)) == []


def test_of_a_map_that_the_arguments_have_worked_on_it_is_not_said_where_ram_was() -> None:
    log = Machine(line="memmap=1G!5G").log
    text = "\n".join(line for line in log if not line.startswith(("BIOS", "ACPI")))
    assert {item.code for item in own(analysis_of(text))} <= {"memory-argument"}


def test_other_architectures_read_mem_in_their_own_way() -> None:
    text = whole(Machine(line="mem=5G", user=UNCHANGED, nodes=NODES))
    assert list(arguments.drafts(analyze(read(text.encode()).boots[-1], arch="arm64"))) == []


def test_of_many_findings_of_one_kind_the_first_are_told() -> None:
    line = " ".join(f"memmap=1M!{20 + at}G" for at in range(40))
    assert len(own(analysis_of(whole(Machine(line=line))))) <= 2 * MOST_ALIKE
