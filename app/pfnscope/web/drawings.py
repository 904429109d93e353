"""Drawings kept in memory, packed: a page, its figure and each zoom need the same one.

The drawing of a text that was just pasted comes from the job that read the text. To unpack one takes a twentieth of the
time of what is made of it, so that only bytes are held, and given to the process that works on a large one.
"""

from collections import OrderedDict
from collections.abc import Hashable

from pfnscope.pages.subjects import Subject
from pfnscope.service.whatif import NO_QUESTION, Question

_MOST_BYTES = 64 << 20
_LARGEST = 32 << 20


class Recent:
    """The drawings used last, bounded by their bytes.

    Keyed by the names of layouts, which the storage has to give first: the drawing of a deleted log is not served.
    """

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._most = most
        self._bytes = 0

    def get(self, key: Hashable) -> bytes | None:
        """The drawing kept under this key."""
        packed = self._kept.get(key)
        if packed is not None:
            self._kept.move_to_end(key)
        return packed

    def keep(self, key: Hashable, packed: bytes) -> None:
        """Keep a drawing, in place of those that were used least lately."""
        if key in self._kept or len(packed) > min(self._most, _LARGEST):
            return
        self._kept[key] = packed
        self._bytes += len(packed)
        while self._bytes > self._most:
            self._bytes -= len(self._kept.popitem(last=False)[1])


def key_of(subject: Subject, question: Question = NO_QUESTION) -> Hashable:
    """What the drawing of a layout with the answer to a question is kept under."""
    return subject.name, subject.options, question
