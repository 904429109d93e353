"""What one line of a neighbouring file says, before the rest of its file is known."""

from typing import Literal

import msgspec

from pfnscope.bootlog.model import Lines, MapEntry
from pfnscope.ranges import ByteRange

ListName = Literal["memory", "reserved", "physmem"]


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
    """A file name of debugfs, from a prompt or a pager, that says which list follows."""

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
    """A row of lsmem: its range, and the cells behind it, of which empty ones leave no trace, or values by column."""

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


class MemTotal(FileLine, frozen=True, kw_only=True):
    """Memory that the running kernel hands out, in KiB, of a node or of all."""

    file: str
    node: int | None
    kib: int
