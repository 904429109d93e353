"""Drawings kept in memory: a page, its figure and each zoom need the same one.

The drawing of a text that was just pasted comes from the process or thread that read the text.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import Lock
from typing import TypeVar

from pfnscope.drawing.axis import Axes
from pfnscope.pages.bars import Drawn
from pfnscope.pages.subjects import Subject
from pfnscope.service import Options, jobs
from pfnscope.service.jobs import LARGE, scene_of, unpacked
from pfnscope.service.whatif import Answer, Question, ask
from pfnscope.web.workers import Workers

T = TypeVar("T")

_MOST_BARS = 300_000
"""Bars held at most, some hundred bytes each; a machine's layout has a few dozen."""


class Recent:
    """The drawings used last, bounded by their bars.

    Keyed by a hash of the log, which the storage has to give first: the drawing of a deleted log is not served.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Drawn] = OrderedDict()
        self._bars = 0
        self._lock = Lock()

    def has(self, texts: tuple[bytes, ...], variant: Hashable) -> bool:
        """Whether :meth:`get` needs no ``make``."""
        with self._lock:
            return _key(texts, variant) in self._kept

    def get(self, texts: tuple[bytes, ...], variant: Hashable, make: Callable[[], Drawn]) -> Drawn:
        """The drawing of these texts with these options and question, by ``make`` where it is not kept."""
        key = _key(texts, variant)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        drawn = make()
        with self._lock:
            if key not in self._kept and drawn.weight <= _MOST_BARS:
                self._kept[key] = drawn
                self._bars += drawn.weight
                while self._bars > _MOST_BARS:
                    self._bars -= self._kept.popitem(last=False)[1].weight
        return drawn

    def take(self, text: bytes, options: Options, question: Question, packed: bytes) -> None:
        """Keep a drawing that :func:`pfnscope.service.jobs.packed` has from another process."""

        def make() -> Drawn:
            drawing = unpacked(packed)
            axes = Axes(drawing.scene.lanes, drawing.schematic, drawing.scale)
            return Drawn(drawing.scene, *drawing.answer.documents, answer=drawing.answer, axes=axes)

        self.get((text,), (options, question), make)

    def of(self, subject: Subject, question: Question) -> tuple[Answer, Drawn]:
        """A layout with the answer to a question, and its drawing."""

        def make() -> Drawn:
            answer = ask(subject.text, subject.options, question)
            return Drawn(scene_of(answer), *answer.documents, answer=answer)

        drawn = self.get((subject.text,), (subject.options, question), make)
        if drawn.answer is None:
            raise AssertionError("only comparisons are drawn without an answer")
        return drawn.answer, drawn


def _key(texts: tuple[bytes, ...], variant: Hashable) -> Hashable:
    return (*(blake2b(text, digest_size=16).digest() for text in texts), variant)


async def with_drawing(
    workers: Workers, recent: Recent, fetch: Callable[[], Subject], question: Question, work: Callable[[Subject], T]
) -> T:
    """The result of ``work`` on a layout, in a thread; the drawing of a large one is made in a process before.

    Raises what ``fetch``, ``work`` and :func:`pfnscope.service.whatif.ask` raise.
    """
    subject = await workers.run(fetch)
    if len(subject.text) > LARGE and not recent.has((subject.text,), (subject.options, question)):
        packed = await workers.compute(subject.text, jobs.drawn, subject.text, subject.options, question)
        await workers.run(recent.take, subject.text, subject.options, question, packed)
    return await workers.run(work, subject)
