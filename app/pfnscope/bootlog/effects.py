"""What one recognised line says, before the boot it belongs to is known.

Most forms give a fact of :mod:`pfnscope.model.log`, which goes to the list of BootLog of its type, or a line of a
file. These are the rest: headers, values that need the page size or an open section, and pieces of several lines.
"""

from typing import Literal, Protocol

import msgspec

from pfnscope.model.counts import Count, FlagWidths, WalkedZone, Zonelist
from pfnscope.model.log import (
    EfiEntry,
    Failure,
    Initmem,
    MapEntry,
    MemblockRegion,
    MovableStart,
    NodeRange,
    PageDump,
    ReservedRegion,
    ZoneRange,
)
from pfnscope.model.ranges import Address, ByteRange, Lines, borders
from pfnscope.model.sizes import NamedSize

Section = Literal["firmware", "user", "extended", "modified", "zones", "movable", "nodes", "memblock", "image", "fault"]
MapName = Literal["firmware", "user", "extended", "modified"]


class Fact(Protocol):
    """A fact of the model, or a line of a file: it knows the lines that say it."""

    @property
    def lines(self) -> Lines:
        """Line numbers, 1-based in the text as given."""


class Header(msgspec.Struct, frozen=True):
    """A line that opens a section."""

    section: Section


class Noted(msgspec.Struct, frozen=True):
    """A line that is recognised and adds no fact."""


class MapLine(msgspec.Struct, frozen=True):
    """An entry of a memory map; ``map`` is None where only the open section tells which.

    ``headed``: whether the kernel prints a header over such entries, so that one that lacks it shows a cut.
    """

    map: MapName | None
    entry: MapEntry
    headed: bool = True


class EfiLine(msgspec.Struct, frozen=True):
    """An entry of an EFI map and its number there: a dump that starts again is another dump."""

    number: int
    entry: EfiEntry


class PfnNode(msgspec.Struct, frozen=True):
    """Memory of a node in page frames, end exclusive (up to 3.4)."""

    node: int
    start: int
    end: int

    def in_bytes(self, page_size: int, lines: Lines) -> NodeRange:
        """A line of "Early memory node ranges"."""
        return NodeRange(self.node, *_bytes(self.start, self.end, page_size), lines)


class PfnZone(msgspec.Struct, frozen=True):
    """Limits of a zone in page frames, end exclusive (up to 3.4)."""

    zone: str
    start: int
    end: int

    def in_bytes(self, page_size: int, lines: Lines) -> ZoneRange:
        """A line of "Zone ranges"; an empty zone has no range."""
        limits = _bytes(self.start, self.end, page_size) if self.start < self.end else None
        return ZoneRange(self.zone, *borders(limits), lines)


class PfnMovable(msgspec.Struct, frozen=True):
    """Start of ZONE_MOVABLE as a page frame number (up to 3.4)."""

    node: int
    pfn: int

    def in_bytes(self, page_size: int, lines: Lines) -> MovableStart:
        """Where ZONE_MOVABLE starts."""
        return MovableStart(self.node, Address(self.pfn * page_size), lines)


class PfnInitmem(msgspec.Struct, frozen=True):
    """First and last memory of a node in page frames, end exclusive."""

    node: int
    start: int
    end: int

    def in_bytes(self, page_size: int, lines: Lines) -> Initmem:
        """An "Initmem setup node" line."""
        return Initmem(self.node, *_bytes(self.start, self.end, page_size), lines)


class StructPageMemory(msgspec.Struct, frozen=True):
    """A request for ``size`` bytes for struct pages near ``node``; the reservation behind it has the place."""

    size: int
    node: int | None
    lines: Lines


class PfnReserved(msgspec.Struct, frozen=True):
    """Memory that a line names as taken, in page frames, end exclusive."""

    start: int
    end: int
    name: str
    kind: str

    def in_bytes(self, page_size: int, lines: Lines) -> ReservedRegion:
        """Memory that is taken."""
        return ReservedRegion(*_bytes(self.start, self.end, page_size), self.name, self.kind, lines)


InFrames = PfnNode | PfnZone | PfnMovable | PfnInitmem | PfnReserved
"""Facts in page frames; ``in_bytes`` gives the one of the model, once the page size is known."""


def _bytes(start: int, end: int, page_size: int) -> ByteRange:
    return ByteRange(start * page_size, max(start, end) * page_size)


class RegionName(msgspec.Struct, frozen=True):
    """The name of a memory pool whose line names only its kind, by where the pool begins."""

    name: str
    start: Address


class NodeMemory(msgspec.Struct, frozen=True):
    """Memory of one node from a line that names all its ranges, older than the list of node ranges."""

    ranges: tuple[NodeRange, ...]


class Remark(msgspec.Struct, frozen=True):
    """A line in which the kernel itself reports trouble with the memory map: it becomes a diagnostic."""

    severity: Literal["info", "warning"]
    code: str
    message: str


class FileName(msgspec.Struct, frozen=True):
    """The name in front of a file's text, or with ``unused`` of a file that is not in the text, and why."""

    name: str
    unused: str | None = None


class Banner(msgspec.Struct, frozen=True):
    """The "Linux version" line."""

    release: str
    text: str


class Hardware(msgspec.Struct, frozen=True):
    """The machine and its firmware, as DMI names them."""

    text: str


class Farewell(msgspec.Struct, frozen=True):
    """The kernel panicked, goes down, or starts another one: its clock may begin anew behind this line."""


class Panic(msgspec.Struct, frozen=True):
    """The kernel panicked for want of memory: a farewell with a reason."""

    failure: Failure


class CaptureKernel(msgspec.Struct, frozen=True):
    """This kernel runs only to save the memory of one that crashed."""


class Running(msgspec.Struct, frozen=True):
    """The release that an oops names."""

    release: str


class CommandLine(msgspec.Struct, frozen=True):
    """A kernel command line; ``complete`` is False for a piece that ends in a backslash (6.19).

    ``passed``: as the boot loader gave it, before arguments of the kernel's configuration are added.
    """

    text: str
    complete: bool = True
    passed: bool = False


class BootConfig(msgspec.Struct, frozen=True):
    """A bootconfig was read: its arguments stand in front of those of the boot loader."""


class ImageNotRam(msgspec.Struct, frozen=True):
    """The map in force does not call the kernel's own image RAM: the kernel removes its range and adds it as RAM."""


class ArchHint(msgspec.Struct, frozen=True):
    """A line that only one architecture prints."""

    arch: str


class PageSize(msgspec.Struct, frozen=True):
    """Base page size in bytes, from a hash table line, with the memory that it takes where that is from memblock."""

    size: int
    table: NamedSize | None = None


class LastPfn(msgspec.Struct, frozen=True):
    """End of RAM as a page frame number, and the highest frame that the architecture can have."""

    pfn: int
    limit: int | None


class Tally(msgspec.Struct, frozen=True):
    """A page count, by the field of PrintedCounts that holds it."""

    field: str
    count: Count | WalkedZone | FlagWidths | Zonelist


class MemoryLine(msgspec.Struct, frozen=True):
    """The "Memory:" line, in KiB: free, all, and what else it names, all of that by its words in ``parts``.

    ``memory_generic``: mem_init_print_info() printed it (K), not the architecture (k): the second number is what is
    present.
    """

    available_kib: int
    total_kib: int | None
    memory_generic: bool = False
    absent_kib: int | None = None
    reserved_kib: int | None = None
    cma_kib: int | None = None
    parts: tuple[tuple[str, int], ...] = ()


class MemblockLine(msgspec.Struct, frozen=True):
    """A region of a dump, of a memblock_reserve line ("event"), or of another step that changes the lists.

    ``number``: that of a region in its list of the dump.
    """

    which: Literal["memory", "reserved", "event", "freed", "added", "removed"]
    region: MemblockRegion
    number: int | None = None


class Trouble(msgspec.Struct, frozen=True):
    """The first line of an oops, a bad page report or a page dump.

    ``follows``: a line that comes second where the first is not missing.
    """

    kind: str
    text: str
    address: int | None = None
    struct_page: int | None = None
    pfn: int | None = None
    page_table_entry: int | None = None
    follows: bool = False
    dump: PageDump | None = None


class ToolPage(Trouble, frozen=True):
    """A struct page that a tool shows; ``physical`` is an address of the page in bytes."""

    physical: int | None = None


class ToolOops(Trouble, frozen=True):
    """Where a tool sees that a kernel died: ``symbol``."""

    symbol: str | None = None


class Symbol(msgspec.Struct, frozen=True):
    """Where a fault happened; ``register``: the name that an x86 oops has for the register that says it."""

    text: str
    register: str = ""


class Reason(msgspec.Struct, frozen=True):
    """Why a page was dumped."""

    text: str


class ShownFlags(msgspec.Struct, frozen=True):
    """page->flags of the struct page that a tool has begun to show."""

    flags: int


class Registers(msgspec.Struct, frozen=True):
    """Registers at a fault."""

    values: tuple[tuple[str, int], ...]


Effect = (
    Fact
    | StructPageMemory
    | Header
    | Noted
    | FileName
    | MapLine
    | EfiLine
    | InFrames
    | RegionName
    | NodeMemory
    | Remark
    | Banner
    | Hardware
    | Farewell
    | Panic
    | CaptureKernel
    | Running
    | CommandLine
    | BootConfig
    | ImageNotRam
    | ArchHint
    | PageSize
    | LastPfn
    | Tally
    | MemoryLine
    | MemblockLine
    | Trouble
    | Symbol
    | Reason
    | PageDump
    | ShownFlags
    | Registers
)
