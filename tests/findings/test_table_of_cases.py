"""Whoever pastes a log, a mail or a line reads the answer in the first five lines; a healthy twin does not."""

import pytest

from pfnscope.findings.codes import CODES
from pfnscope.formats import text
from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.service.analyzing import analyze
from tests.support.cases import Case, by_id

TEXTS = [pytest.param(case, lines, id=f"{name}-{kind}") for name, case in by_id() for kind, lines in case.texts.items()]


def document(lines: str) -> Document:
    return analyze(lines.encode()).document


def first_five(shown: Document) -> str:
    return " ".join(" ".join(text.render(shown).splitlines()[:5]).split())


@pytest.mark.parametrize(("case", "lines"), TEXTS)
def test_the_first_five_lines_answer(case: Case, lines: str) -> None:
    shown = document(lines)
    assert case.sentence in first_five(shown)
    assert case.code == shown.findings[0].code


@pytest.mark.parametrize("case", [case for _, case in by_id()], ids=[name for name, _ in by_id()])
def test_a_healthy_twin_is_calm(case: Case) -> None:
    shown = document(case.healthy)
    assert case.code not in {item.code for item in shown.findings}
    assert shown.findings[0].severity not in ALARMS
    assert len(text.render(shown).splitlines()) <= 24
