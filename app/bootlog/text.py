"""The text as given: decoded just enough to be searched, with line numbers kept.

Nothing here makes a list of all lines: a console log of 20 MB has a few hundred lines that matter.
"""

from array import array
from bisect import bisect_left

from app.bootlog.patterns import compiled

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ANSI = r"\x1b\[[0-9;?]*[A-Za-z]"
_TYPOGRAPHY = ((b"\xc2\xa0", b" "), (b"\xe2\x80\x93", b"-"), (b"\xe2\x80\x91", b"-"))
_ENTITIES = (
    (b"&nbsp;", b" "),
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&quot;", b'"'),
    (b"&#39;", b"'"),
    (b"&#x27;", b"'"),
    (b"<br />", b""),
    (b"<br>", b""),
    (b"&amp;", b"&"),
)
_ENTITY = "&(?:gt|lt|nbsp);"
LONGEST_LINE = 1 << 16
"""Bytes of a line that are looked at; no kernel prints more, and a file without line ends is no log."""


def decode(raw: bytes) -> bytes:
    """UTF-8-like bytes without byte order mark, NULs, carriage returns, tabs, terminal colours and web pages' marks.

    The number of newlines stays, except that carriage returns are newlines in a text that has no others.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            raw = raw[len(mark) :]
            if encoding != "utf-8":
                raw = raw.decode(encoding, "replace").encode("utf-8", "replace")
            break
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"")
    if b"\r" in raw:
        raw = raw.replace(b"\r", b"" if b"\n" in raw else b"\n")
    raw = raw.replace(b"\t", b" ")
    if b"\x1b[" in raw:
        raw = _without_colours(raw)
    if not raw.isascii():
        for odd, plain in _TYPOGRAPHY:
            raw = raw.replace(odd, plain)
    if compiled(_ENTITY).search(raw):
        for entity, plain in _ENTITIES:
            raw = raw.replace(entity, plain)
    return raw


def _without_colours(raw: bytes) -> bytes:
    kept, at = [], 0
    for match in compiled(_ANSI).finditer(raw):
        kept.append(raw[at : match.start()])
        at = match.end()
    kept.append(raw[at:])
    return b"".join(kept)


class Text:
    """Searchable bytes, in which the soft line breaks of quoted-printable mails are closed up.

    Offsets are into :attr:`data`; line numbers are 1-based in the text as given.
    """

    def __init__(self, raw: bytes) -> None:
        raw = decode(raw)
        self.line_count = raw.count(b"\n") + (not raw.endswith(b"\n") and bool(raw))
        self._breaks = array("Q")
        self.data = self._unfold(raw)
        self._base = (0, 0)

    def _unfold(self, raw: bytes) -> bytes:
        """Close up lines at a single ``=`` before the newline; ``==`` is no soft break but somebody's ruler."""
        if b"=\n" not in raw:
            return raw
        pieces = raw.split(b"=\n")
        last = len(pieces) - 1
        length = 0
        for index, piece in enumerate(pieces):
            length += len(piece)
            if index == last:
                break
            if not piece or piece[-1] in b"=\n":
                pieces[index] = piece + b"=\n"
                length += 2
            else:
                self._breaks.append(length)
        return b"".join(pieces)

    def advance(self, offset: int) -> None:
        """Let the counting start at ``offset``; no lower offset may be asked for afterwards."""
        self._base = (offset, self._newlines(offset))

    def _newlines(self, offset: int) -> int:
        at, count = self._base
        return count + self.data.count(b"\n", at, offset)

    def number(self, offset: int) -> int:
        """Line number of the byte at ``offset``."""
        return 1 + self._newlines(offset) + bisect_left(self._breaks, offset + 1)

    def numbers(self, start: int, end: int) -> tuple[int, ...]:
        """Line numbers of the bytes ``[start, end)``, which are on one logical line."""
        first = self.number(start)
        last = first + bisect_left(self._breaks, max(start, end - 1) + 1) - bisect_left(self._breaks, start + 1)
        return tuple(range(first, last + 1))

    def line_start(self, offset: int) -> int:
        """Offset of the first byte of the line around ``offset``."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Offset of the newline that ends the line around ``offset``, or of the end of the text."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end
