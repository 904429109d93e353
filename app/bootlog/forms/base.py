"""A line form: what a line looks like, which releases print it and what it says.

Patterns are RE2, anchored at the start of the message behind its envelope. Blanks are never counted,
and what follows the part that is needed is left alone, because people annotate logs.
"""

import re
from collections.abc import Callable

import msgspec

from app.bootlog.effects import Effect, Section
from app.bootlog.model import Lines
from app.ranges import ByteRange

Groups = tuple[str | None, ...]
Make = Callable[[Groups, Lines], Effect | None]

_COUNTED = re.compile(r"\{([0-9]+)(?:,[0-9]*)?\}")
HEX = r"0x([0-9a-fA-F]{1,16})"
BARE = r"([0-9a-fA-F]{1,16})"
MEM = rf"\[mem\s+{HEX}\s*-\s*{HEX}\s*\]"
NUMBER = r"([0-9]{1,18})"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    ``triggers`` are RE2 fragments, one of which every such line holds on its first physical line; they
    find candidates in one pass over the whole text, so they have to be rare elsewhere. ``needs`` names
    the section that has to be open. ``tail`` matches a whole further line that a mailer may have cut off
    although the first part alone is understood.
    """

    name: str
    family: str
    triggers: tuple[str, ...]
    pattern: str
    make: Make
    samples: tuple[str, ...]
    source: str
    needs: tuple[Section, ...] = ()
    tail: str | None = None

    @property
    def shape(self) -> str:
        """The pattern with any number of repeats where it counts them: it matches more, and compiles much faster."""
        return _COUNTED.sub(lambda count: "*" if count[1] == "0" else "+", self.pattern)


def number(text: str | None) -> int:
    """A decimal group."""
    return int(text or "0")


def hexadecimal(text: str | None) -> int:
    """A hexadecimal group, without 0x."""
    return int(text or "0", 16)


class DamagedError(ValueError):
    """The numbers of a line are not as any kernel prints them: digits were lost or changed."""


def same_width(first: str | None, last: str | None) -> None:
    """Refuse two numbers that no format prints: only a number without zeros in front is longer than the other."""
    if first and last and len(first) != len(last) and max(first, last, key=len)[0] == "0":
        raise DamagedError


def inclusive(first: str | None, last: str | None) -> ByteRange:
    """A printed range whose last byte belongs to it."""
    if len(first or "") != len(last or ""):
        same_width(first, last)
    return ByteRange.inclusive(hexadecimal(first), hexadecimal(last))


def exclusive(start: str | None, end: str | None) -> ByteRange:
    """A printed range whose end does not belong to it."""
    if len(start or "") != len(end or ""):
        same_width(start, end)
    return ByteRange(hexadecimal(start), hexadecimal(end))


def base_size(base: str | None, size: int) -> ByteRange:
    """A printed start, and a size in bytes."""
    return ByteRange.base_size(hexadecimal(base), size)
