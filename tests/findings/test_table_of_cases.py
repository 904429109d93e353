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
from pfnscope.service.analyzing import analyze
from tests.findings import test_arguments, test_sentences, test_stability
from tests.support import argument_logs, cases
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
