"""Whoever pastes a log, a mail or a line reads the answer in the first five lines; a healthy twin does not.

Every code above info has a case: in ``tests/support/cases.py``, as an argument in ``test_arguments.py``, as boots in
``test_stability.py``, or as a sentence that a form of the reader has for its sample.
"""

from collections.abc import Iterator

import pytest

from pfnscope.bootlog.forms import FORMS
from pfnscope.findings.codes import BY_CODE, CODES
from pfnscope.formats import text
from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.report.plain import Look
from pfnscope.service.analyzing import analyze
from tests.findings import test_arguments, test_sentences, test_stability
from tests.support import argument_logs, cases, crashes
from tests.support.cases import Case

UNREACHED = {
    "nomap-unwritten": "No known reader of everybody reaches NOMAP memory: pfn_valid() of arm64 refuses it up to 5.13.",
    "node-emptied": "Where nodes are printed node-memory-lost says more; only a simulated boot is told so.",
    "image-in-region": "Where the kernel prints it image-not-ram says so; only a simulated boot is told so.",
    "lines-missing": "Where holes hang on the lost lines struct-pages-uncertain says more.",
}
"""Codes that no text leads with, and why."""


def plain(sentence: str) -> str:
    """As a report for pipes prints it."""
    return sentence.replace("“", '"').replace("”", '"').replace("·", "-")


def of_sentences() -> Iterator[Case]:
    """The kernel's own sentences, one for each code."""
    seen = set()
    for form in FORMS:
        for sample in form.samples:
            failure = test_sentences.failure_of(form.name, sample)
            if failure is None or failure.code in seen or BY_CODE[failure.code].severity not in ALARMS:
                continue
            seen.add(failure.code)
            whole = test_sentences.in_a_log(sample)
            yield Case(failure.code, plain(failure.text), whole, sample, test_sentences.HEALTHY, sample)


def of_arguments() -> Iterator[Case]:
    for case in test_arguments.CASES.values():
        whole, few = argument_logs.whole(case.machine), argument_logs.few(case.machine)
        healthy = argument_logs.whole(argument_logs.Machine(line=case.healthy))
        yield Case(case.code, plain(case.sentence), whole, few, healthy)


def untimed(lines: str) -> str:
    return "".join(f"{line.partition('] ')[2]}\n" for line in lines.splitlines())


def of_stability() -> Iterator[Case]:
    first, resuming = test_stability.FIRST, test_stability.RESUMING
    node = "NODE_DATA(0) allocated [mem 0x5f000a00-0x5f02ffff]"
    left_out = test_stability.boot(first, node, test_stability.LEFT_OUT, extended=True)
    healthy = test_stability.boot(first, node, extended=True)
    text = "Hibernation does not save 1 page of memory that the kernel uses, [0x5f000000, 0x5f001000) 4 KiB, with"
    yield Case("nosave-in-use", text, left_out, untimed(left_out), healthy)
    same = test_stability.boot(command_line=resuming)
    moved = same + test_stability.boot(test_stability.SECOND, command_line=resuming)
    text = "The firmware's memory map is not the same at each boot of this machine (2 different maps in 2 boots):"
    yield Case("map-unstable-resume", text, moved, untimed(moved), same)


TABLE = {
    f"{case.code}-{at}": case
    for at, case in enumerate((*cases.CASES, *of_sentences(), *of_arguments(), *of_stability()))
}
TEXTS = [
    pytest.param(case, lines, id=f"{name}-{kind}") for name, case in TABLE.items() for kind, lines in case.texts.items()
]


def document(lines: str) -> Document:
    return analyze(lines.encode()).document


def first_five(shown: Document) -> str:
    return " ".join(" ".join(text.render(shown).splitlines()[:5]).split())


@pytest.mark.parametrize(("case", "lines"), TEXTS)
def test_the_first_five_lines_answer(case: Case, lines: str) -> None:
    shown = document(lines)
    assert case.sentence in first_five(shown)
    assert shown.findings[0].severity == BY_CODE[case.code].severity


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE)
def test_a_healthy_twin_is_calm(case: Case) -> None:
    shown = document(case.healthy)
    assert case.code not in {item.code for item in shown.findings}
    assert case.sentence not in first_five(shown)
    assert shown.findings[0].severity not in ALARMS
    assert len(text.render(shown).splitlines()) <= 24


def test_every_code_above_info_has_a_case() -> None:
    above = {row.code for row in CODES if row.severity in ALARMS}
    assert above - {case.code for case in TABLE.values()} == UNREACHED.keys()


# What stands in front of the bars


def front(lines: str) -> str:
    """All in front of the bars, as one line."""
    return " ".join(text.render(document(lines)).partition("\nPage frames")[0].split())


def test_an_argument_that_is_the_cause_is_not_told_again_and_what_most_machines_have_waits() -> None:
    said = front(crashes.SEED)
    assert 'Cause: "memmap=1G!4G" takes' in said
    assert "as it says" not in said
    assert "are not RAM throughout" not in said
    below = text.render(document(crashes.SEED)).partition("About these findings")[2]
    assert "memmap=1G!4G: [4 GiB, 5 GiB) is persistent memory, as it says." in below


def test_on_a_calm_machine_an_argument_comes_before_what_most_machines_have() -> None:
    said = front(cases.boot("6.1.20", cases.SHORT))
    assert "name Normal of node 1, a zone that does not span them." in said
    ram = ((0, 0xA0000), (cases.MIB, 0x77FD5000), (4 * cases.GIB, 10 * cases.GIB))
    said = front(argument_logs.whole(argument_logs.Machine(line="memmap=1G!5G", ram=ram)))
    assert said.index("as it says") < said.index("does not span")


def test_a_calm_report_has_as_many_findings_as_there_are_lines_for() -> None:
    regions = ",".join(f"1M${600 + 10 * at}M" for at in range(5))
    shown = document(argument_logs.whole(argument_logs.Machine(line=f"memmap={regions}")))
    lines = text.render(shown).splitlines()
    assert len(lines) <= 24
    assert any(line.strip().endswith("more with --full.") for line in lines)
    assert lines[1].startswith("  Worth knowing: ")
    whole = text.render(shown, Look(80, full=True))
    assert "more with --full" not in whole
    assert all(f"memmap=1M${600 + 10 * at}M: " in " ".join(whole.split()) for at in range(5))


def test_a_crash_elsewhere_is_not_followed_by_nothing_to_do() -> None:
    said = front(crashes.HEALTHY + crashes.DRIVER)
    assert said.startswith("An oops in frobnicate_probe() ")
    assert "Nothing to do" not in said
    assert "No struct page of this machine can crash a reader on 6.12.9." in said


def test_one_refusal_and_one_unmovable_page_are_told_once() -> None:
    refused = [
        "Block size [0x8000000] unaligned hotplug range: start 0x240000000, size 0x4000000",
        "acpi PNP0C80:00: add_memory failed",
        "acpi PNP0C80:00: acpi_memory_enable_device() error",
    ]
    codes = [item.code for item in document(cases.boot("6.1.20", cases.ONE, *refused)).findings]
    assert codes == ["unaligned-hotplug"]
    later = [refused[0], *["systemd[1]: Started something."] * 5, *refused[1:]]
    codes = [item.code for item in document(cases.boot("6.1.20", cases.ONE, *later)).findings]
    assert codes == ["unaligned-hotplug", "hotadd-failed"]


def test_an_unknown_architecture_is_to_be_named_and_a_known_one_without_rules_has_no_advice() -> None:
    unknown = "Early memory node ranges\n  node   0: [mem 0x0000000000000000-0x000000001fffffff]\n"
    said = document(unknown).findings[0]
    assert said.code == "no-verdict"
    assert said.remedy is not None
    assert said.remedy.text.startswith("Name the architecture (--arch). Send the log from its first line")
    known = f"Linux version 5.14.0 (a@b) (alpha-linux-gnu-gcc 12)\n{unknown}"
    assert (document(known).findings[0].code, document(known).findings[0].remedy) == ("no-verdict", None)


def test_a_small_node_comes_before_holes_that_only_a_reader_meets() -> None:
    both = (cases.LOW, (0, cases.MIB, 0x6FC00000), (1, 0x6FC00000, 0x6FED5000))
    codes = [item.code for item in document(cases.boot("4.17.2", both, *cases.srat(both))).findings]
    assert codes[:2] == ["small-node", "struct-pages-unwritten-far"]
