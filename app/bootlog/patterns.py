"""The one door to RE2: linear time on any input, on bytes as they come."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Protocol, cast

import re2


class Match(Protocol):
    """What a pattern found; positions are byte offsets."""

    def start(self, group: int = 0) -> int:
        """Where the group starts, or -1."""

    def end(self, group: int = 0) -> int:
        """One beyond the end of the group, or -1."""

    def group(self, group: int = 0) -> bytes | None:
        """The text of the group."""

    def groups(self) -> tuple[bytes | None, ...]:
        """All groups from the first on."""


class Pattern(Protocol):
    """A compiled pattern over bytes."""

    def match(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Match | None:
        """Match at ``pos``."""

    def fullmatch(self, text: bytes) -> Match | None:
        """Match the whole text."""

    def search(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Match | None:
        """The first match from ``pos`` on."""

    def finditer(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Iterator[Match]:
        """All matches that do not overlap."""


@cache
def _options() -> object:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


@cache
def compiled(pattern: str) -> Pattern:
    """Compile once, on first use: a short log needs few of the forms."""
    return cast("Pattern", re2.compile(pattern.encode("latin-1"), _options()))


class Choice:
    """Which of several patterns match at the start of a text, in one pass."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._set = re2.Set.MatchSet(_options())
        for pattern in patterns:
            self._set.Add(pattern.encode("latin-1"))
        self._set.Compile()

    def of(self, text: bytes) -> list[int]:
        """Positions of the patterns that match, in ascending order."""
        return sorted(self._set.Match(text) or ())
