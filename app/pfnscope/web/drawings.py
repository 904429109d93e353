"""Layouts that were just analysed, with their drawings: a page, its figure and each zoom ask for the same ones."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import Lock

from pfnscope.drawing.axis import Axes
from pfnscope.drawing.scene import Scene
from pfnscope.drawing.view import shown
from pfnscope.model.document import Document
from pfnscope.service import Options
from pfnscope.service.jobs import unpacked
from pfnscope.service.whatif import Answer, Question

_MOST_BARS = 300_000
"""Bars held at most, some hundred bytes each; a machine's layout has a few dozen."""


class Drawn:
    """A scene with its axes, made once. ``documents`` are what it shows, the one that is asked about last."""

    def __init__(
        self, scene: Scene, *documents: Document, answer: Answer | None = None, axes: Axes | None = None
    ) -> None:
        self.scene = scene
        self.axes = axes or Axes(scene.lanes)
        self.documents = documents
        self.answer = answer

    def only(self, lanes: tuple[str, ...]) -> "Drawn":
        """The same with only the lanes of these families."""
        scene = shown(self.scene, lanes)
        return self if scene is self.scene else Drawn(scene, *self.documents, answer=self.answer)

    @property
    def weight(self) -> int:
        """Bars."""
        return sum(len(lane.bars) for lane in self.scene.lanes) + 100


class Recent:
    """The drawings used last, by a hash of the log, up to a number of bars; a deleted log's must not be served."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Drawn] = OrderedDict()
        self._bars = 0
        self._lock = Lock()

    def has(self, texts: tuple[bytes, ...], asked: Hashable) -> bool:
        """Whether :meth:`get` would find it made."""
        with self._lock:
            return _key(texts, asked) in self._kept

    def get(self, texts: tuple[bytes, ...], asked: Hashable, make: Callable[[], Drawn]) -> Drawn:
        """The drawing of these texts under what is asked of them; made where it is not there. Raises what that does."""
        key = _key(texts, asked)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        with self._lock:
            if key not in self._kept and made.weight <= _MOST_BARS:
                self._kept[key] = made
                self._bars += made.weight
                while self._bars > _MOST_BARS:
                    self._bars -= self._kept.popitem(last=False)[1].weight
        return made

    def take(self, text: bytes, options: Options, question: Question, packed: bytes) -> None:
        """Keep what :func:`pfnscope.service.jobs.packed` made in another process of what is asked of a text."""

        def make() -> Drawn:
            found = unpacked(packed)
            axes = Axes(found.scene.lanes, found.schematic, found.scale)
            return Drawn(found.scene, *found.answer.documents, answer=found.answer, axes=axes)

        self.get((text,), (options, question), make)


def _key(texts: tuple[bytes, ...], asked: Hashable) -> Hashable:
    return (*(blake2b(text, digest_size=16).digest() for text in texts), asked)
