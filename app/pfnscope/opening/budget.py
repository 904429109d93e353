"""What opening one thing may take, however it is wrapped."""

from pfnscope.opening.errors import TooDeep, TooMuch
from pfnscope.units import format_size

MOST_DEPTH = 6
"""Wrappings in each other: a mail, an archive in it, a packed archive in that, and a packed log, with two to spare."""
TIMES = 16
"""The limit of a text, this many times, may be unpacked to find it."""

MOST_FILES = 100_000
"""Files in one archive or folder and in all archives in it."""


class Budget:
    """Bytes that are unpacked on the way, and bytes of texts that are looked at and read."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._left = self._total = TIMES * limit
        self._files = MOST_FILES
        self._to_look_at = limit
        self._to_keep = limit

    @property
    def left(self) -> int:
        """Bytes that may still be unpacked. Raises TooMuch where there are none."""
        if self._left <= 0:
            raise TooMuch(f"more than {format_size(self._total)} after unpacking")
        return self._left

    def unpacked(self, size: int) -> None:
        """Count a file, and its bytes after unpacking. Raises TooMuch for too many files."""
        self._left -= size
        self._files -= 1
        if self._files < 0:
            raise TooMuch(f"more than {MOST_FILES:,} files")

    def looks_at(self, size: int) -> bool:
        """Whether a text of so many bytes may be looked at; then it counts."""
        fits = size <= self._to_look_at
        self._to_look_at -= size if fits else 0
        return fits

    def keeps(self, size: int) -> bool:
        """Whether a text of so many bytes may be read; then it counts."""
        fits = size <= self._to_keep
        self._to_keep -= size if fits else 0
        return fits


def deeper(depth: int) -> int:
    """One wrapping more. Raises TooDeep beyond MOST_DEPTH."""
    if depth >= MOST_DEPTH:
        raise TooDeep(MOST_DEPTH)
    return depth + 1
