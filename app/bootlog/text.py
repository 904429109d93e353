"""The text as given: decoded just enough to be searched, with line numbers kept.

Nothing here makes a list of all lines: a console log of 20 MB has a few hundred lines that matter.
"""

from array import array
from bisect import bisect_left
from io import BytesIO

from app.bootlog.decoding import ADDED, decode

LONGEST_LINE = 1 << 16
"""Bytes of a line that are looked at; no kernel prints more, and a file without line ends is no log."""


class Text:
    """Searchable bytes, in which the soft line breaks of quoted-printable mails are closed up.

    Offsets are into :attr:`data`; line numbers are 1-based in the text as given.
    """

    def __init__(self, raw: bytes) -> None:
        raw = decode(raw)
        self.line_count = raw.count(b"\n") + (not raw.endswith(b"\n") and bool(raw))
        self._breaks = array("Q")
        self._added = array("Q")
        self.data = self._split(self._unfold(raw))
        self._base = (0, 0)

    def _unfold(self, raw: bytes) -> bytes:
        """Close up lines at a single ``=`` before the newline; ``==`` is no soft break but somebody's ruler."""
        if b"=\n" not in raw:
            return raw
        view, out, at = memoryview(raw), BytesIO(), 0
        found = raw.find(b"=\n")
        while found >= 0:
            if found > at and raw[found - 1] not in b"=\n":
                out.write(view[at:found])
                self._breaks.append(out.tell())
                at = found + 2
            found = raw.find(b"=\n", found + 2)
        out.write(view[at:])
        return out.getvalue()

    def _split(self, data: bytes) -> bytes:
        """End lines where the decoding says so, in one line of the text as given."""
        at = data.find(ADDED)
        while at >= 0:
            self._added.append(at)
            at = data.find(ADDED, at + 1)
        return data.replace(ADDED, b"\n") if self._added else data

    def advance(self, offset: int) -> None:
        """Let the counting start at ``offset``; no lower offset may be asked for afterwards."""
        self._base = (offset, self._newlines(offset))

    def _newlines(self, offset: int) -> int:
        at, count = self._base
        return count + self.data.count(b"\n", at, offset)

    def number(self, offset: int) -> int:
        """Line number of the byte at ``offset``."""
        number = 1 + self._newlines(offset)
        if self._breaks or self._added:
            number += bisect_left(self._breaks, offset + 1) - bisect_left(self._added, offset)
        return number

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
