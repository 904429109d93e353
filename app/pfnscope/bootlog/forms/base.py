"""A line form: what a line looks like, which releases print it and what it says.

Patterns are RE2, anchored at the start of the message behind its prefix. Blanks are never counted,
and what follows the part that is needed is left alone, because people annotate logs.
"""

from collections.abc import Callable, Container
from functools import lru_cache

import msgspec

from pfnscope.bootlog.effects import Effect, Noted, Section
from pfnscope.kernel.spellings import Spelling
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.patterns import compiled

Groups = tuple[str | None, ...]
Make = Callable[[Groups, Lines], Effect | None]

HEX = r"0x([0-9a-fA-F]+)"
BARE = r"([0-9a-fA-F]+)"
MEM = rf"\[mem\s+{HEX}\s*-\s*{HEX}\s*\]"
NUMBER = r"([0-9]{1,18})"
ZONE = "(DMA|DMA32|Normal|HighMem|Movable|Device)"
_MOST_DIGITS = 16  # of a hexadecimal number; counted here, for a pattern that counts takes much longer to compile


def noted(_groups: Groups, _lines: Lines) -> Effect:
    """The line adds no fact: others say it, or it says nothing of memory."""
    return Noted()


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    ``triggers`` find candidates: one of them every such line holds on its first physical line, and every message that
    ``pattern`` matches holds a word of one; see :mod:`pfnscope.bootlog.candidates`. ``needs`` names
    the section that has to be open. ``tail`` matches a whole further line that a mailer may have cut off
    although the first part alone is understood. Lines of a row without ``make`` are recognised and add no fact.

    Two fragments of RE2 for rows whose lines are unmistakable. ``anchor`` is how their messages begin, read in any
    section: from what stands in front of it, prefixes of unknown kinds are learned. ``damaged`` is what their messages
    still hold when the rest is damaged: a line with it that no row matches gets a remark.

    ``torn``: lines of the row have lost their end; it is tried where no line behind them completes them.
    ``releases`` are words of the row's messages, as RE2, with the releases that can print them: all words that a
    message holds count.
    """

    name: str
    family: str
    triggers: tuple[str, ...]
    pattern: str
    samples: tuple[str, ...]
    source: str
    make: Make = noted
    needs: tuple[Section, ...] = ()
    tail: str | None = None
    anchor: str | None = None
    damaged: str | None = None
    torn: bool = False
    releases: tuple[tuple[str, Spelling], ...] = ()

    def spellings(self, message: bytes, known: Container[Spelling] = ()) -> list[Spelling]:
        """What bounds the release of a message of this row, but what is ``known`` already."""
        rows = [row for row in self.releases if row[1] not in known]
        return [spelling for words, spelling in rows if compiled(words).find(message) >= 0] if rows else []


@lru_cache(1024)
def architectures_of(source: str) -> frozenset[str]:
    """The folders of arch/ that a row names as its source; a row that names one alone holds there only."""
    return frozenset(part.partition("/")[0] for part in source.split("arch/")[1:])


@lru_cache(1024)
def is_of_x86_map(source: str) -> bool:
    """Whether x86 alone prints a row, from its memory map."""
    return "kernel/e820" in source and architectures_of(source) == {"x86"}


class DamagedError(ValueError):
    """The numbers of a line are not as any kernel prints them: digits were lost or changed."""


def number(text: str | None) -> int:
    """A decimal group."""
    return int(text or "0")


def hexadecimal(text: str | None) -> int:
    """A hexadecimal group, without 0x."""
    if text and len(text) > _MOST_DIGITS:
        raise DamagedError
    return int(text or "0", 16)


def same_width(first: str | None, last: str | None) -> None:
    """Refuse two numbers that no format prints: only a number without zeros in front is longer than the other."""
    if first and last and len(first) != len(last) and max(first, last, key=len)[0] == "0":
        raise DamagedError


def inclusive(first: str | None, last: str | None) -> ByteRange:
    """A printed range whose last byte belongs to it."""
    if first and last and len(first) == len(last) <= _MOST_DIGITS:  # nearly all
        return ByteRange(int(first, 16), int(last, 16) + 1)
    same_width(first, last)
    return ByteRange(hexadecimal(first), hexadecimal(last) + 1)


def exclusive(start: str | None, end: str | None) -> ByteRange:
    """A printed range whose end does not belong to it."""
    same_width(start, end)
    return ByteRange(hexadecimal(start), hexadecimal(end))


def base_size(base: str | None, size: int) -> ByteRange:
    """A printed start, and a size in bytes."""
    return ByteRange.base_size(hexadecimal(base), size)
