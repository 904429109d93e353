"""The only module that compiles regular expressions for logs and requests: RE2, linear time, on bytes.

Whatever takes its place has to offer :func:`compiled`, :func:`escape`, :class:`Pattern`, :class:`Match` and
:class:`Choice`, with RE2's syntax (no look-around, no back-references; of alternatives the first counts) over bytes,
each read as one Latin-1 character.

Native matches are wrapped here directly: the wrapper that comes with RE2 spends several times as long on a line of a
log as RE2 itself.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from io import BytesIO

import re2
from re2 import _re2

_NOWHERE = (-1, -1)
_MOST_MEMORY = 64 << 20  # RE2's own 8 MiB are too few for all triggers at once: it would forget and start again
_ANYWHERE = _re2.RE2.Anchor.UNANCHORED
_AT_START = _re2.RE2.Anchor.ANCHOR_START
_WHOLE = _re2.RE2.Anchor.ANCHOR_BOTH
_ESCAPES = {ord(sign): f"\\{sign}" for sign in "()[]{}?*+-|^$\\.&~# \t\n\r\v\f"}


class Match:
    """Where a pattern matched; positions are byte offsets."""

    __slots__ = ("_spans", "_text")

    def __init__(self, text: bytes, spans: list[tuple[int, int]]) -> None:
        self._text, self._spans = text, spans

    def start(self, group: int = 0) -> int:
        """Where the group starts, or -1."""
        return self._spans[group][0]

    def end(self, group: int = 0) -> int:
        """One beyond the end of the group, or -1."""
        return self._spans[group][1]

    def group(self, group: int = 0) -> bytes | None:
        """The text of the group, or None where it took no part."""
        start, end = self._spans[group]
        return None if start < 0 else self._text[start:end]

    def groups(self) -> tuple[str | None, ...]:
        """The text of all groups from the first on, read as UTF-8."""
        return _groups(self._text, self._spans)


def _groups(text: bytes, spans: list[tuple[int, int]]) -> tuple[str | None, ...]:
    if len(spans) == 1:
        return ()
    if text.isascii():  # as nearly all: one decoding serves all groups
        whole = text.decode("ascii")
        return tuple([None if start < 0 else whole[start:end] for start, end in spans[1:]])
    return tuple([None if start < 0 else text[start:end].decode("utf-8", "replace") for start, end in spans[1:]])


class Pattern:
    """A compiled pattern over bytes. Raises ValueError for what RE2 does not understand."""

    __slots__ = ("_native",)

    def __init__(self, pattern: str) -> None:
        self._native = _re2.RE2(pattern.encode("latin-1"), _options())
        if not self._native.ok():
            raise ValueError(f"{pattern!r}: {self._native.error()}")

    def match(self, text: bytes, pos: int = 0) -> Match | None:
        """Match at ``pos``."""
        spans = self._native.Match(_AT_START, text, pos, len(text))
        return None if spans[0] == _NOWHERE else Match(text, spans)

    def groups(self, text: bytes) -> tuple[str | None, ...] | None:
        """The groups of a match at the beginning, as :meth:`Match.groups` gives them."""
        spans = self._native.Match(_AT_START, text, 0, len(text))
        return None if spans[0] == _NOWHERE else _groups(text, spans)

    def fullmatch(self, text: bytes) -> Match | None:
        """Match the whole text."""
        spans = self._native.Match(_WHOLE, text, 0, len(text))
        return None if spans[0] == _NOWHERE else Match(text, spans)

    def search(self, text: bytes, pos: int = 0) -> Match | None:
        """The first match from ``pos`` on."""
        spans = self._native.Match(_ANYWHERE, text, pos, len(text))
        return None if spans[0] == _NOWHERE else Match(text, spans)

    def find(self, text: bytes, pos: int = 0) -> int:
        """Where the first match from ``pos`` on starts, or -1."""
        start: int = self._native.Match(_ANYWHERE, text, pos, len(text))[0][0]
        return start

    def finditer(self, text: bytes, pos: int = 0) -> Iterator[Match]:
        """All matches that do not overlap."""
        while (match := self.search(text, pos)) is not None:
            yield match
            pos = match.end() + (match.end() == match.start())
            if pos > len(text):
                return

    def sub(self, by: bytes | Callable[[Match], bytes], text: bytes, group: int = 0) -> bytes:
        """The text with every match of one ``group`` replaced; the group must not be empty.

        The next match is looked for behind the group, so what the pattern has behind it is only looked at.
        """
        search, size = self._native.Match, len(text)
        spans = search(_ANYWHERE, text, 0, size)
        if spans[0] == _NOWHERE:
            return text
        view, out, at = memoryview(text), BytesIO(), 0
        while spans[0] != _NOWHERE:
            start, end = spans[group]
            out.write(view[at:start])
            out.write(by if isinstance(by, bytes) else by(Match(text, spans)))
            at = end
            spans = search(_ANYWHERE, text, at, size)
        out.write(view[at:])
        return out.getvalue()


class Choice:
    """Which of several patterns match at the start of a text, in one pass."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._native = _re2.Set(_AT_START, _options())
        for pattern in patterns:
            if self._native.Add(pattern.encode("latin-1")) < 0:
                raise ValueError(pattern)
        self._native.Compile()

    def of(self, text: bytes) -> list[int]:
        """Positions of the patterns that match, in ascending order."""
        positions: list[int] = self._native.Match(text)
        return positions if len(positions) < 2 else sorted(positions)


@cache
def compiled(pattern: str) -> Pattern:
    """Compile once, on first use: a short log needs few of the forms."""
    return Pattern(pattern)


def escape(text: str) -> str:
    """A pattern that matches exactly these characters, each the Latin-1 one of a byte."""
    return text.translate(_ESCAPES)


@cache
def _options() -> object:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return options
