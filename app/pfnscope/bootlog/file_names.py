"""The lines that name the files of a text which was put together of several, and what they say of its lines."""

from collections.abc import Sequence

import msgspec

from pfnscope.model.ranges import Lines
from pfnscope.model.sources import Source, UnusedFile
from pfnscope.patterns import compiled

MOST_FILES = 1_000
"""Names of files that are kept of one text; only a hostile one has more."""
_LONGEST_NAME = 240  # characters; of a longer name the end tells more
FILE_NAME = b"==> "
"""How a line begins that names a file."""
_MEMMAP, _MEMBLOCK = (b"start", b"end", b"type"), (b"memory", b"reserved", b"physmem")
_END, _UNUSED = b" <==", b" not used: "
_LINE = r"(?m)^==> .* <==.*$"
_PART = r"[A-Za-z]+#[0-9]+ Part([0-9]{1,4})\n"
_PART_BYTES = 64


class NamedFile(msgspec.Struct, frozen=True):
    """A line that names a file. ``blank``: the line above it is empty, as head prints it, and of no file."""

    name: str
    unused: str | None
    lines: Lines
    blank: bool


def shown_name(name: str) -> str:
    """The name of a file as one line: control characters and direction marks made visible, its end if it is long."""
    name = name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)


def names_file(line: bytes) -> bool:
    """Whether a line names a file: not one of sysfs or debugfs, whose forms read it, nor a range between two arrows."""
    name, end, behind = line[len(FILE_NAME) :].partition(_END)
    if not line.startswith(FILE_NAME) or not end or (behind.strip() and not behind.startswith(_UNUSED)):
        return False
    folder, _, last = name.rstrip().rpartition(b"/")
    of_memmap = last in _MEMMAP and folder.rpartition(b"/")[2].isdigit()
    return not (of_memmap or last in _MEMBLOCK or b"[mem " in name)


def part_number(data: bytes, start: int = 0) -> int | None:
    """The number in the heading of a pstore record at this offset; the last part of a log is part 1."""
    match = compiled(_PART).match(data[start : start + _PART_BYTES])
    return int(match.group(1) or b"0") if match else None


def first_lines(decoded: bytes) -> list[int]:
    """The 1-based numbers of all lines that name a file of a text."""
    if not (decoded.startswith(FILE_NAME) or b"\n" + FILE_NAME in decoded):
        return []
    numbers, at, number = [], 0, 1
    for match in compiled(_LINE).finditer(decoded):
        number += decoded.count(b"\n", at, match.start())
        at = match.start()
        if names_file(match.group(0) or b""):
            numbers.append(number)
    return numbers


def sources_of(names: Sequence[NamedFile], line_count: int) -> tuple[tuple[Source, ...], tuple[UnusedFile, ...]]:
    """The files that a text consists of, by their first lines, and those that it only names."""
    if not names:
        return (), ()
    ordered = sorted(names, key=lambda item: item.lines)
    ends = [item.lines[0] - item.blank for item in ordered[1:]] + [line_count + 1]
    sources = [
        Source(item.name, item.lines[-1] + 1, max(0, end - item.lines[-1] - 1))
        for item, end in zip(ordered, ends, strict=True)
        if item.unused is None
    ]
    return tuple(sources), tuple(UnusedFile(item.name, item.unused, item.lines) for item in ordered if item.unused)
