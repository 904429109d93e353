"""What there is to say about the reading of a neighbouring file, gathered while it is put together."""

from typing import Literal

from pfnscope.bootlog.model import Diagnostic, Lines
from pfnscope.ranges import ByteRange

_MOST = 100
_SPACE = 1 << 64


class Notes:
    """Diagnostics of the files of one boot; further ones of a text full of them are only counted."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._more = 0

    def say(self, severity: Literal["info", "warning"], code: str, message: str, lines: Lines) -> None:
        """Add a diagnostic at the first of the lines."""
        if len(self._found) < _MOST:
            self._found.append(Diagnostic(severity, code, message, lines[0] if lines else None))
        else:
            self._more += 1

    def possible(self, memory: ByteRange, lines: Lines) -> bool:
        """Whether a range runs forward and ends within 2^64; if not, it is noted."""
        if memory.start < memory.end <= _SPACE:
            return True
        message = "The range ends before it starts, or beyond 2^64; it is left out."
        self.say("warning", "impossible-range", message, lines)
        return False

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """The diagnostics, and how many more there would be."""
        if not self._more:
            return tuple(self._found)
        message = f"{self._more} more notes on the files of /proc and /sys are not listed."
        return (*self._found, Diagnostic("warning", "more-notes", message))
