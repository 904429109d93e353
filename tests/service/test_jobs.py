"""Drawings that one process makes for another are those that it would have made itself."""

import weakref

import pytest

from benchmarks.texts import memblock_dump
from pfnscope.drawing.axis import Axes
from pfnscope.drawing.view import shown
from pfnscope.service.jobs import let_go, packed, scene_of, unpacked
from pfnscope.service.places import Reservation
from pfnscope.service.whatif import NO_QUESTION, Change, Question, ask
from tests.support.samples import SLUGS, text

WHAT_IF = Question(Change(append="memmap=1G!4G"), Reservation("1G"))


@pytest.mark.parametrize("question", [NO_QUESTION, WHAT_IF], ids=["plain", "what if"])
@pytest.mark.parametrize("slug", SLUGS)
def test_a_drawing_comes_out_as_it_was_packed(slug: str, question: Question) -> None:
    assert_same(text(slug), question)


def test_a_large_drawing_does_too() -> None:
    assert_same(memblock_dump(2_000), NO_QUESTION)


def assert_same(log: bytes, question: Question) -> None:
    answer = ask(log, question=question)
    drawing = unpacked(packed(answer))
    assert drawing.shows == answer
    assert drawing.scene == scene_of(answer)
    axes = Axes(shown(drawing.scene, ()).lanes)
    assert (drawing.schematic, drawing.scale) == (axes["schematic"], axes["scale"])
    # where labels go depends on which knots are boundaries, and those are whole numbers
    assert list(map(type, drawing.schematic.pfns)) == list(map(type, axes["schematic"].pfns))


def test_a_failed_job_holds_nothing_of_its_text() -> None:
    class Text:
        pass

    def work() -> None:
        text = Text()
        texts.append(weakref.ref(text))
        try:
            int("none")
        except ValueError as error:
            raise LookupError from error

    texts: list[weakref.ref[Text]] = []
    try:
        work()
    except LookupError as error:
        let_go(error)
        assert texts[0]() is None
    else:
        pytest.fail("it fails")
