"""What one recognised line says, before the boot it belongs to is known.

Most forms give a fact of :mod:`pfnscope.model.log`; these are the rest: headers, values that need the
page size or an open section, and pieces that are put together from several lines.
"""

from typing import Literal

import msgspec

from pfnscope.bootlog.files.lines import FileLine
from pfnscope.model.log import (
    Count,
    E820Change,
    EfiEntry,
    FlagWidths,
    Initmem,
    Lines,
    MapEntry,
    MemblockRegion,
    MovableStart,
    NodeRange,
    ReservedRegion,
    SratEntry,
    StructPages,
    WalkedZone,
    Zonelist,
    ZoneRange,
)

Section = Literal["firmware", "user", "extended", "modified", "zones", "movable", "nodes", "memblock", "fault"]
CountField = Literal[
    "node_total_pages",
    "unavailable",
    "zeroed_unavailable",
    "reserved_unavailable",
    "zone_pages",
    "zone_memmap",
    "zone_reserved",
    "zone_exceeding",
    "zonelists",
    "deferred",
    "zonelist_members",
    "walked",
    "flag_widths",
]
MapName = Literal["firmware", "user", "extended", "modified"]


class Header(msgspec.Struct, frozen=True):
    """A line that opens a section."""

    section: Section


class Noted(msgspec.Struct, frozen=True):
    """A line that is known and says nothing that other lines do not say."""


class MapLine(msgspec.Struct, frozen=True):
    """An entry of a memory map; ``map`` is None where only the open section tells which."""

    map: MapName | None
    entry: MapEntry


class EfiLine(msgspec.Struct, frozen=True):
    """An entry of an EFI map and its number there: a dump that starts again is another dump."""

    number: int
    entry: EfiEntry


class PfnNode(msgspec.Struct, frozen=True):
    """Memory of a node in page frames, end exclusive (up to 3.4)."""

    node: int
    start: int
    end: int


class PfnZone(msgspec.Struct, frozen=True):
    """Limits of a zone in page frames, end exclusive (up to 3.4)."""

    zone: str
    start: int
    end: int


class PfnMovable(msgspec.Struct, frozen=True):
    """Start of ZONE_MOVABLE as a page frame number (up to 3.4)."""

    node: int
    pfn: int


class PfnInitmem(msgspec.Struct, frozen=True):
    """First and last memory of a node in page frames, end exclusive."""

    node: int
    start: int
    end: int


class PfnReserved(msgspec.Struct, frozen=True):
    """Memory that a line names as taken, in page frames, end exclusive."""

    start: int
    end: int
    name: str
    kind: str


class NodeMemory(msgspec.Struct, frozen=True):
    """Memory of one node from a line that names all its ranges, older than the list of node ranges."""

    ranges: tuple[NodeRange, ...]


class Remark(msgspec.Struct, frozen=True):
    """A line in which the kernel itself reports trouble with the memory map: it becomes a diagnostic."""

    severity: Literal["info", "warning"]
    code: str
    message: str


class Banner(msgspec.Struct, frozen=True):
    """The "Linux version" line."""

    release: str
    text: str


class Running(msgspec.Struct, frozen=True):
    """The release that an oops names."""

    release: str


class CommandLine(msgspec.Struct, frozen=True):
    """A kernel command line; ``complete`` is False for a piece that ends in a backslash (6.19)."""

    text: str
    complete: bool = True


class ArchHint(msgspec.Struct, frozen=True):
    """A line that only one architecture prints."""

    arch: str


class PageSize(msgspec.Struct, frozen=True):
    """Base page size in bytes, from a hash table line."""

    size: int


class LastPfn(msgspec.Struct, frozen=True):
    """End of RAM as a page frame number, and the highest frame that the architecture can have."""

    pfn: int
    limit: int | None


class Tally(msgspec.Struct, frozen=True):
    """A page count, by the field of PrintedCounts that holds it."""

    field: CountField
    count: Count | WalkedZone | FlagWidths | Zonelist


class MemoryLine(msgspec.Struct, frozen=True):
    """The "Memory:" line, in KiB: free, all, and what else it names.

    ``memory_generic``: mem_init_print_info() printed it (K), not the architecture (k): the second number is what is
    present.
    """

    available_kib: int
    total_kib: int | None
    memory_generic: bool = False
    absent_kib: int | None = None
    reserved_kib: int | None = None
    cma_kib: int | None = None


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


class Symbol(msgspec.Struct, frozen=True):
    """Where a fault happened."""

    text: str


class Reason(msgspec.Struct, frozen=True):
    """Why a page was dumped."""

    text: str


class Registers(msgspec.Struct, frozen=True):
    """Registers at a fault."""

    values: tuple[tuple[str, int], ...]


Fact = E820Change | SratEntry | ReservedRegion | NodeRange | ZoneRange | MovableStart | Initmem | StructPages
Effect = (
    Fact
    | Header
    | Noted
    | MapLine
    | EfiLine
    | PfnNode
    | PfnZone
    | PfnMovable
    | PfnInitmem
    | PfnReserved
    | NodeMemory
    | Remark
    | Banner
    | Running
    | CommandLine
    | ArchHint
    | PageSize
    | LastPfn
    | Tally
    | MemoryLine
    | MemblockLine
    | Trouble
    | Symbol
    | Reason
    | Registers
    | FileLine
)

__all__ = [
    "ArchHint",
    "Banner",
    "CommandLine",
    "CountField",
    "Effect",
    "EfiLine",
    "Fact",
    "Header",
    "LastPfn",
    "Lines",
    "MapLine",
    "MapName",
    "MemblockLine",
    "MemoryLine",
    "NodeMemory",
    "Noted",
    "PageSize",
    "PfnInitmem",
    "PfnMovable",
    "PfnNode",
    "PfnReserved",
    "PfnZone",
    "Reason",
    "Registers",
    "Remark",
    "Running",
    "Section",
    "Symbol",
    "Tally",
    "Trouble",
]
