"""The text as given: decoded just enough to be searched, with line numbers kept.

Nothing here makes a list of all lines: a console log of 20 MB has a few hundred lines that matter.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from io import BytesIO

from pfnscope.bootlog.text.decoding import searched
from pfnscope.bootlog.text.plain import ADDED, soft_breaks
from pfnscope.bootlog.text.prefix import LearnedPrefixes

LONGEST_LINE = 1 << 16
"""Bytes of a line that are looked at; no kernel prints more, and a file without line ends is no log."""
START = 1 << 16
"""Bytes at the start of a file that show what it is: behind the headers of a dump's parts stand its notes."""


class Text:
    """Searchable bytes, in which the soft line breaks of quoted-printable mails are closed up.

    Offsets are into :attr:`data`; line numbers are 1-based in the text as given. ``decoded`` is the text with all of
    its line breaks; ``start`` are the first bytes as given, by which a file is known that is no text.
    """

    def __init__(self, raw: bytes, *, decoded: bool = False) -> None:
        self.start = raw[:START]
        raw, folded = (raw, True) if decoded else searched(raw)
        self.decoded = raw
        self.line_count = raw.count(b"\n") + (not raw.endswith(b"\n") and bool(raw))
        self._breaks = array("Q")
        self._added = array("Q")
        self.data = self._split(self._unfold(raw) if folded else raw)
        self._base = (0, 0)

    def _unfold(self, raw: bytes) -> bytes:
        """Close up lines at soft breaks."""
        if b"=\n" not in raw:
            return raw
        view, out, at = memoryview(raw), BytesIO(), 0
        for sign, rest in soft_breaks(raw):
            out.write(view[at:sign])
            self._breaks.append(out.tell())
            at = rest
        out.write(view[at:])
        return out.getvalue()

    def _split(self, data: bytes) -> bytes:
        """End lines where the decoding says so, in one line of the text as given."""
        at = data.find(ADDED)
        while at >= 0:
            self._added.append(at)
            at = data.find(ADDED, at + 1)
        return data.replace(ADDED, b"\n") if self._added else data

    @cached_property
    def _learned(self) -> LearnedPrefixes:
        return LearnedPrefixes(self.data)

    def learned_prefix(self, line: bytes) -> int:
        """How many bytes in front of a line are a prefix of no known kind, but usual in this text."""
        return self._learned.length(line)

    def whole(self, lines: Iterable[int]) -> tuple[int, ...]:
        """These lines and all that soft breaks join to them, ascending."""
        numbers = set(lines)
        if not numbers:
            return ()
        joined, at, count = array("Q"), 0, 1
        for index, offset in enumerate(self._breaks):
            count += self.data.count(b"\n", at, offset)
            at = offset
            joined.append(count + index - bisect_left(self._added, offset))
        numbers.update(number + 1 for number in joined if number in numbers)
        numbers.update(number for number in reversed(joined) if number + 1 in numbers)
        return tuple(sorted(numbers))

    def distance(self, start: int, end: int) -> int:
        """How many lines further on ``end`` is than ``start``."""
        broken = bisect_left(self._breaks, end) - bisect_left(self._breaks, start)
        return (
            self.data.count(b"\n", start, end)
            + broken
            - bisect_left(self._added, end)
            + bisect_left(self._added, start)
        )

    def _newlines(self, offset: int) -> int:
        at, count = self._base
        return count + self.data.count(b"\n", at, offset)

    def number(self, offset: int) -> int:
        """Line number of the byte at ``offset``."""
        number = 1 + self._newlines(offset)
        if self._breaks or self._added:
            number += bisect_left(self._breaks, offset + 1) - bisect_left(self._added, offset)
        return number

    @property
    def is_plain(self) -> bool:
        """Whether each line of :attr:`data` is one of the text as given."""
        return not self._breaks and not self._added

    def advanced(self, start: int, end: int) -> tuple[int, ...]:
        """Line numbers of ``[start, end)``; the counting starts there, and later calls must not use a lower offset."""
        count = self._newlines(start)
        self._base = start, count
        return self.numbers(start, end) if self._breaks or self._added else (count + 1,)

    def numbers(self, start: int, end: int) -> tuple[int, ...]:
        """Line numbers of the bytes ``[start, end)``, which are on one logical line."""
        first = self.number(start)
        if not self._breaks:
            return (first,)
        last = first + bisect_left(self._breaks, max(start, end - 1) + 1) - bisect_left(self._breaks, start + 1)
        return tuple(range(first, last + 1))

    def line_start(self, offset: int) -> int:
        """Offset of the first byte of the line around ``offset``."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Offset of the newline that ends the line around ``offset``, or of the end of the text."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end
