"""Lines of files of /proc and /sys, each by itself, and where they are collected until the boots are known."""

from typing import Literal

import msgspec

from pfnscope.model.log import Diagnostic, MapEntry
from pfnscope.model.ranges import ByteRange, Lines

ListName = Literal["memory", "reserved", "physmem"]
_MOST_LINES = 100_000  # blocks of 128 MiB for 12 TiB; only a text made for it has more
_MOST_NOTES = 100
_SPACE = 1 << 64


class FileLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a file of the running kernel, which no boot log prints."""

    lines: Lines


class ZoneHeader(FileLine, frozen=True, kw_only=True):
    """``Node N, zone NAME`` of /proc/zoneinfo; the fields that follow are of this zone."""

    node: int
    zone: str


class ZoneField(FileLine, frozen=True, kw_only=True):
    """A number of the open zone, in pages or as a page frame number."""

    name: Literal["spanned", "present", "managed", "start_pfn"]
    value: int


class ZoneSizes(FileLine, frozen=True, kw_only=True):
    """Numbers of the open zone, in pages, as one line of crash has them."""

    spanned: int
    present: int


class ZoneNode(FileLine, frozen=True, kw_only=True):
    """The node of the table of zones that follows, in which crash does not repeat it."""

    node: int


class ZoneStart(FileLine, frozen=True, kw_only=True):
    """Where a zone of crash's table begins; ``start_pfn`` is a page frame number, ``spanned`` in pages."""

    zone: str
    spanned: int
    start_pfn: int


class ResourceLine(FileLine, frozen=True, kw_only=True):
    """A line of /proc/iomem; ``range`` is None where the kernel hid the addresses."""

    range: ByteRange | None
    name: str


class MemmapEntry(FileLine, frozen=True, kw_only=True):
    """A whole entry of /sys/firmware/memmap."""

    entry: MapEntry


class MemmapPart(FileLine, frozen=True, kw_only=True):
    """One of the three files of an entry of /sys/firmware/memmap."""

    index: int
    part: Literal["start", "end", "type"]
    value: str


class ListHeader(FileLine, frozen=True, kw_only=True):
    """A file name of debugfs, from a prompt or a pager, that names the list that follows."""

    which: ListName


class ListRegion(FileLine, frozen=True, kw_only=True):
    """A region of a memblock list of debugfs. ``which`` only where the line itself names its file."""

    which: ListName | None
    index: int
    range: ByteRange
    node: int | None
    flag: str | None


class LsmemHeader(FileLine, frozen=True, kw_only=True):
    """The column names of lsmem, as printed."""

    columns: str


class LsmemRow(FileLine, frozen=True, kw_only=True):
    """A row of lsmem: its range, and the cells after it, without empty ones, or values by column."""

    range: ByteRange
    cells: str
    named: tuple[tuple[str, str], ...] | None = None


class LsmemPart(FileLine, frozen=True, kw_only=True):
    """A value of the lsmem row above it, by its column, as JSON over several lines has them."""

    name: str
    value: str


class Block(FileLine, frozen=True, kw_only=True):
    """One directory of /sys/devices/system/memory."""

    index: int
    state: str
    zones: str | None
    node: int | None


class BlockSize(FileLine, frozen=True, kw_only=True):
    """Size of a memory block in bytes."""

    size: int


class Total(FileLine, frozen=True, kw_only=True):
    """A sum of lsmem, rounded for people: it says nothing that the rows do not say."""


class KnownLine(FileLine, frozen=True, kw_only=True):
    """A line of a file that is known and says nothing of struct pages."""

    file: str


class FreeCounts(KnownLine, frozen=True, kw_only=True):
    """A line of /proc/buddyinfo: how many free blocks of each order, from single pages on, a zone has."""

    node: int
    zone: str
    by_order: tuple[int, ...]


class MemTotal(FileLine, frozen=True, kw_only=True):
    """Memory that the running kernel hands out, in KiB, of a node or of all."""

    file: str
    node: int | None
    kib: int


class Module(FileLine, frozen=True, kw_only=True):
    """The size of installed memory in bytes, of one module or of all."""

    file: str
    size: int


class Collector:
    """The lines of files in a draft; :mod:`pfnscope.bootlog.files.facts` joins them once the boots are known."""

    __slots__ = ("_in_row", "_in_zone", "left_out", "lines")

    def __init__(self) -> None:
        self.lines: list[FileLine] = []
        self.left_out: Lines = ()
        self._in_zone = False
        self._in_row = False

    def take(self, line: FileLine) -> bool:
        """Add a line. Gives False for a field without its zone or row above it.

        Of lines beyond the limit only the first gives True, since it is reported.
        """
        if isinstance(line, ZoneField | ZoneSizes):
            if not self._in_zone:
                return False
        elif isinstance(line, LsmemPart):
            if not self._in_row:
                return False
        else:
            self._in_zone = isinstance(line, ZoneHeader)
            self._in_row = isinstance(line, LsmemRow) and line.named is not None
        if len(self.lines) >= _MOST_LINES:
            first, self.left_out = not self.left_out, self.left_out or line.lines
            return first
        self.lines.append(line)
        return True

    def absorb(self, other: "Collector") -> None:
        """Take in the lines of another draft."""
        self.lines += other.lines
        self.left_out = self.left_out or other.left_out


class Notes:
    """Diagnostics of the files of one boot; beyond a limit they are only counted."""

    def __init__(self) -> None:
        self._diagnostics: list[Diagnostic] = []
        self._more = 0

    def say(self, severity: Literal["info", "warning"], code: str, message: str, lines: Lines) -> None:
        """Add a diagnostic at the first of the lines."""
        if len(self._diagnostics) < _MOST_NOTES:
            self._diagnostics.append(Diagnostic(severity, code, message, lines[0] if lines else None, None))
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
            return tuple(self._diagnostics)
        message = f"{self._more} more notes on the files of /proc and /sys are not listed."
        return (*self._diagnostics, Diagnostic("warning", "more-notes", message, None, None))
