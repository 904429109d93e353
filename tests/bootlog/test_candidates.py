"""Lines and forms found by words: nothing that the triggers or patterns themselves would find is missed."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pfnscope.bootlog import candidates
from pfnscope.bootlog.candidates import forms_of, fragment, lines_with_triggers, words
from pfnscope.bootlog.forms import FORMS, Form
from pfnscope.bootlog.records import Record, records
from pfnscope.bootlog.text.searchable import LONGEST_LINE, Text
from pfnscope.patterns import compiled

SAMPLE_LOGS = sorted((Path(__file__).parent.parent.parent / "sample_logs").glob("*/dmesg.txt"))
TRIGGERS = sorted({trigger for form in FORMS for trigger in form.triggers})
LINES = [sample for form in FORMS for sample in form.samples]
BROKEN = st.builds(
    lambda line, at, rest: line[:at] + rest + line[at:],
    st.sampled_from(LINES),
    st.integers(0, 60),
    st.sampled_from(["", "\n", " \n ", "\r\n", "\n> ", "x", "0", " "]),
)
TEXTS = st.lists(st.one_of(BROKEN, st.sampled_from(["0x1000", "  0x9fbff", "> 0x0", "chatter", ""])), max_size=12).map(
    lambda lines: "\n".join(lines).encode()
)


ANY_ORDER = ("fault-registers", "fault-registers-risc")  # take all registers, and have words for those of each line
FEW = settings(max_examples=10, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@pytest.fixture(params=[0, 1 << 60], ids=["all triggers at once", "by words"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of finding the lines."""
    monkeypatch.setattr(candidates, "_PAYS", request.param)


def records_of(data: bytes, pays: int) -> list[Record]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "_PAYS", pays)
        return list(records(Text(data)))


def test_no_word_is_too_common_to_be_looked_for() -> None:
    assert all(len(word) > 1 or word == "$" for trigger in TRIGGERS for word in words(trigger))


@pytest.mark.parametrize("trigger", [trigger for trigger in TRIGGERS if "«" in trigger])  # others are one word
def test_what_a_trigger_matches_holds_one_of_its_words(trigger: str) -> None:

    @FEW
    @given(st.from_regex(re.compile(fragment(trigger).encode("latin-1"), re.ASCII), fullmatch=True))
    def holds(text: bytes) -> None:
        assume(compiled(fragment(trigger)).search(text))
        line = b"\n" + text.removeprefix(b"\n").partition(b"\n")[0]
        assert any(word.encode("latin-1") in line for word in words(trigger)), "on the line on which it begins"

    holds()


@pytest.mark.parametrize("form", [form for form in FORMS if form.name not in ANY_ORDER], ids=lambda form: form.name)
def test_what_a_form_matches_is_offered_to_it(form: Form) -> None:
    index, blanks = FORMS.index(form), form.pattern.replace(r"\s", " ")

    @FEW
    @given(st.from_regex(re.compile(blanks.encode("latin-1"), re.ASCII), fullmatch=True))
    def offered(message: bytes) -> None:
        assume(b"\n" not in message and compiled(form.pattern).match(message))
        assert index in forms_of(message)
        assert any(compiled(fragment(trigger)).search(b"\n" + message) for trigger in form.triggers)

    offered()


@given(TEXTS)
def test_both_ways_find_the_same_records(text: bytes) -> None:
    assert records_of(text, 1 << 60) == records_of(text, 0)


@pytest.mark.parametrize("log", SAMPLE_LOGS, ids=lambda path: path.parent.name)
def test_both_ways_find_the_same_records_of_a_log(log: Path) -> None:
    data = log.read_bytes()
    assert records_of(data, 1 << 60) == records_of(data, 0)


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("before", [b"", b"chatter\n", b"\n\n", b"x" * ((1 << 16) - 20) + b"\n"])
def test_a_line_is_found_wherever_it_stands(before: bytes) -> None:
    line = b"[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable"
    (record,) = records(Text(before + line + b"\nchatter"))
    assert (record.start, record.end) == (len(before), len(before) + len(line))


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("text", [b"0x0\n0x9fbff\nSystem RAM", b"\n0x0\r\n", b"> > 0x0", b"a\n | 0x0\nb"])
def test_a_number_alone_on_its_line_is_found_behind_quotes(text: bytes) -> None:
    start, end = next(lines_with_triggers(text))
    assert text[start:end].strip(b"> |\r") == b"0x0"


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(("said", "times"), [(b"node 0: [mem 0x0-0xfff] ", 1), (b"cut ", 0), (b"node ", 0)])
def test_a_line_longer_than_any_that_is_read_is_named_once(said: bytes, times: int) -> None:
    line = said * (LONGEST_LINE // len(said) + 1)
    places = [(record.start, record.end) for record in records(Text(b"a\n" + line + b"\nb"))]
    assert places == [(2, 2 + len(line))] * times
