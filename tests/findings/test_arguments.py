"""What a report says of memory arguments: by kind, in a whole log, a mail, and a few lines; and a healthy twin."""

from collections.abc import Callable

import pytest
from msgspec import Struct

from pfnscope.analysis.whatif import what_if
from pfnscope.findings import findings
from pfnscope.findings.codes import CODES
from pfnscope.formats.text import render
from pfnscope.report.build import document
from pfnscope.simulation import own_command_line
from tests.support.argument_logs import (
    IMAGE,
    NODES,
    TEXTS,
    UNCHANGED,
    Machine,
    analysis_of,
    map_alone,
    own,
    untimed,
    whole,
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
    "escaped-too-often": Case(
        "sign-escaped",
        Machine(line=r"memmap=1G\$6G"),
        r"memmap=1G\$6G: The backslash before “$” has reached the kernel, so this removes all RAM above 1 GiB.",
        "memmap=1G$6G",
        "memmap=1G$6G",
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
    "overlapping": Case(
        "regions-overlap",
        Machine(line="memmap=1G!5G memmap=1G!5632M"),
        "memmap=1G!5632M: It overlaps memmap=1G!5G: [0x160000000, 0x180000000) is in both",
        "memmap=1G!5G memmap=1G!6G",
    ),
    "overlooked-by-kaslr": Case(
        "kaslr-overlooks",
        Machine(line="memmap=1M$5G memmap=1M$5121M memmap=1M$5122M memmap=1M$5123M memmap=1M$5124M"),
        "memmap=1M$5124M: KASLR avoids the first 4 memmap= regions and may move the kernel into this one",
        "memmap=1M$5G,1M$5121M,1M$5122M,1M$5123M",
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


def top(text: str) -> str:
    """The first five lines of the report, as one."""
    return " ".join(" ".join(render(document(analysis_of(text))).splitlines()[:5]).split())


def plain(sentence: str) -> str:
    """As a report without colours prints it."""
    return sentence.replace("“", '"').replace("”", '"')


RUNS = [
    pytest.param(name, form, id=f"{name}-{form.__name__}") for name in CASES for form in TEXTS if form is not untimed
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
    said = own(analysis_of(form(twin)))
    assert {item.code for item in said} <= {"memory-argument"}
    assert findings(analysis_of(form(twin)))[0].severity in ("none", "info")
    assert plain(CASES[name].sentence) not in top(form(twin))


@pytest.mark.parametrize("name", sorted(CASES))
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
    elsewhere = {"argument-ignored", "image-in-region", "huge-pages-ignored", "numa-fake-failed", "kernelcore-ignored"}
    assert cautions - {case.code for case in CASES.values()} == {"node-emptied", *elsewhere}


def test_a_region_that_takes_a_whole_node_is_told_as_the_memory_that_the_node_lost() -> None:
    machine = Machine(line="memmap=3G!7G")
    first, *others = findings(analysis_of(whole(machine)))
    assert (first.code, first.text[:22]) == ("node-memory-lost", "Node 1 has no memory: ")
    assert "node-emptied" not in {item.code for item in others}
    assert "node-emptied" in {item.code for item in own(analysis_of(whole(machine)))}
