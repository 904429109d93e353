"""A layout with what was asked of it, as a drawing and in the forms that can be taken away."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from pfnscope.drawing import svg
from pfnscope.formats.registry import Export
from pfnscope.model.document import Document
from pfnscope.report.compared import WordedChange, compared, worded_changes
from pfnscope.report.plain import Look
from pfnscope.service import analyze, jobs
from pfnscope.service.errors import CannotSimulate
from pfnscope.service.jobs import LARGE, scene_of
from pfnscope.service.whatif import Answer, Question, ask
from pfnscope.web.asked import Asked, encoded
from pfnscope.web.deps import Services
from pfnscope.web.forms import FORMS, Shape
from pfnscope.web.panel import usual_region
from pfnscope.web.recent import Drawn, Recent
from pfnscope.web.subjects import Subject

T = TypeVar("T")


async def of(owned: Services, fetch: Callable[[], Subject], question: Question, work: Callable[[Subject], T]) -> T:
    """What ``work`` makes of a layout, in a thread; the drawing of a large one is made in a process before.

    Raises what ``fetch``, ``work`` and :func:`pfnscope.service.whatif.ask` raise.
    """
    subject = await owned.workers.run(fetch)
    if len(subject.text) > LARGE and not owned.recent.has((subject.text,), (subject.options, question)):
        packed = await owned.workers.compute(subject.text, jobs.drawn, subject.text, subject.options, question)
        await owned.workers.run(owned.recent.take, subject.text, subject.options, question, packed)
    return await owned.workers.run(work, subject)


def asked_drawn(recent: Recent, subject: Subject, question: Question) -> tuple[Answer, Drawn]:
    """A layout with what is asked of it, and its drawing; both are kept for the next request."""

    def make() -> Drawn:
        answer = ask(subject.text, subject.options, question)
        return Drawn(scene_of(answer), *answer.documents, answer=answer)

    made = recent.get((subject.text,), (subject.options, question), make)
    if made.answer is None:
        raise AssertionError("only comparisons are drawn without an answer")
    return made.answer, made


def written(form: str, subject: Subject, question: Question, shape: Shape) -> bytes:
    """A layout in one of :data:`FORMS`, with a change the simulated one; the drawing also has the places asked for.

    Raises CannotSimulate where the change leads to no layout.
    """
    write, axis, look = FORMS[form].write, shape.axis, Look(shape.width)
    if question.change is None and not (form == "svg" and question.size):
        document = analyze(subject.text, subject.options).document
        return write(Export(document, subject.text, None, axis, look))
    answer = ask(subject.text, subject.options, question)
    if question.change is not None and answer.changed is None:
        raise CannotSimulate(answer.refused)
    if form == "svg" and question.size:
        return svg.draw(scene_of(answer), axis).encode()
    today = answer.today if answer.changed else None
    shown = answer.changed or answer.today
    return write(Export(shown, subject.text, today, axis, look))


def changes(one: Document, other: Document) -> list[tuple[str, list[WordedChange]]]:
    """What differs, titled, in the order in which a reader asks."""
    return worded_changes(compared(one, other))


def whatifs(today: Document, asked: Asked) -> list[tuple[str, str]]:
    """Questions that this layout suggests, in words with the query that asks them; none beside another question."""
    worst = next((hole for hole in today.holes if hole.severity == "danger" and hole.causes), None)
    if worst is None or asked.question.change is not None:
        return []
    names = " ".join(worst.causes)
    found = [(f"What if without {names}?", encoded([*asked_of(asked), *(("remove", cause) for cause in worst.causes)]))]
    size, kind = usual_region(worst.causes)
    if size:
        instead = [("remove", cause) for cause in worst.causes if cause.startswith(f"memmap={size}{kind}")]
        found.append((f"Where is {size} safe?", encoded([*asked_of(asked), *instead, ("size", size), ("kind", kind)])))
    return found


def without(causes: Iterable[str]) -> str:
    """The query that takes these arguments away."""
    return encoded(("remove", cause) for cause in causes)


def asked_of(asked: Asked) -> list[tuple[str, str]]:
    """The options of a query string: which boot, as which release."""
    return [(name, value) for name, value in asked.canonical if name in ("kernel", "arch", "boot")]


class Lines(msgspec.Struct, frozen=True):
    """Where the items of a document stand in its text, found again by what a comparison tells of them."""

    found: dict[tuple[str, object], list[int]]

    def of(self, what: str, item: dict[str, object] | None) -> list[int]:
        """The lines of one side of a change."""
        return [] if item is None else self.found.get((what, _key(item)), [])


def source_lines(document: Document) -> Lines:
    """The lines of all that a comparison of this document can name."""
    lists: dict[str, Iterable[Any]] = {
        "map_in_force": document.map_in_force,
        **{what: getattr(document, what) for what in _LINED},
    }
    found: dict[tuple[str, object], list[int]] = {
        (what, _key(msgspec.structs.asdict(item))): item.lines for what, items in lists.items() for item in items
    }
    return Lines(found)


_LINED = ("firmware_map", "srat", "node_ranges", "zone_ranges", "movable_start", "holes")


def _key(item: Mapping[str, object]) -> object:
    names = ("start_pfn", "end_pfn") if "start_pfn" in item else ("node", "zone", "start", "end")
    return tuple(item.get(name) for name in names)
