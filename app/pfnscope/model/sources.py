"""The files of which a text was put together, and where in them its lines are."""

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from pfnscope.model.ranges import Lines

_MOST_FILES = 2  # that are named for the lines of one fact


class Source(msgspec.Struct, frozen=True):
    """A file of the text: ``first_line`` is the 1-based position of its first line in the whole, ``lines`` how many."""

    name: str
    first_line: int
    lines: int


class UnusedFile(msgspec.Struct, frozen=True):
    """A file that lay beside them and is not in the text; ``reason`` as the end of a sentence."""

    name: str
    reason: str
    lines: Lines


def source_of(line: int, sources: Sequence[Source]) -> Source | None:
    """The file that a line of the whole text is in; None in front of the first name, or in a text of one file."""
    at = bisect_right(sources, line, key=lambda item: item.first_line) - 1
    source = sources[at] if at >= 0 else None
    return source if source and line < source.first_line + source.lines else None


def line_words(lines: Sequence[int], sources: Sequence[Source] = ()) -> str:
    """``line 5``, ``lines 5-7``, or in a text of several files ``dmesg:5-7, kern.log:9``; nothing for no line."""
    by_source: dict[Source | None, list[int]] = {}
    for line in lines:
        by_source.setdefault(source_of(line, sources) if sources else None, []).append(line)
    words = [_words(source, own[0], own[-1]) for source, own in by_source.items()]
    return ", ".join(words[:_MOST_FILES]) + (f" and {len(words) - _MOST_FILES} more" if words[_MOST_FILES:] else "")


def _words(source: Source | None, first: int, last: int) -> str:
    if source is None:
        return f"line {first}" if first == last else f"lines {first}-{last}"
    start, end = first - source.first_line + 1, last - source.first_line + 1
    return f"{source.name}:{start}" + (f"-{end}" if end > start else "")
