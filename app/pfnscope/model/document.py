"""The document, format 1: what the API, the page and ``--format json`` all show. Names: docs/api.md.

Addresses are lower-case hex strings in bytes, because 2**64 does not fit a JSON number; page frame
numbers and counts are integers. ``start``/``start_pfn`` is inclusive, ``end``/``end_pfn`` exclusive.
"""

from typing import Literal

import msgspec

from pfnscope.model.analysis import Basis, Check, Era, Event, Hole, NomapMemory, Severity, Verdict
from pfnscope.model.answers import Simulation
from pfnscope.model.findings import Finding
from pfnscope.model.layout import ZoneSpan
from pfnscope.model.ledger import Ledger
from pfnscope.model.log import (
    BlockRange,
    DebugfsRegion,
    Diagnostic,
    E820Change,
    EfiEntry,
    Initmem,
    MapEntry,
    MemblockRegion,
    MovableStart,
    NodeRange,
    ReservedRegion,
    Resource,
    SratEntry,
    ZoneInfo,
    ZoneRange,
)
from pfnscope.model.maps import MemoryMaps
from pfnscope.model.ranges import Address, Bordered, FrameRange, Lines
from pfnscope.model.sources import Source, UnusedFile


class Boot(msgspec.Struct, frozen=True):
    """Which boot of the text this is, 1-based."""

    index: int
    count: int
    title: str


class BootRow(msgspec.Struct, frozen=True):
    """One boot of the text, 1-based. ``severity`` is null where a text has more boots than are judged.

    ``host`` is the machine that a log daemon names, ``source`` the file that the boot was read from.
    ``capture_kernel``: a kernel that runs only to save the memory of one that crashed. ``differs`` names the facts in
    which the boot differs from the one that the document is of. ``arguments`` are those of its command line that shape
    memory, as far as the log shows or implies them.
    """

    index: int
    title: str
    host: str | None
    source: str | None
    severity: Severity | None
    capture_kernel: bool
    differs: tuple[str, ...]
    arguments: tuple[str, ...] = ()


class Kernel(msgspec.Struct, frozen=True):
    """The kernel that printed the log; ``assumed`` names the values that the log does not prove.

    ``memory_model``: sections of ``section_size``, or one array of struct pages for each node.
    """

    release: str | None
    version: tuple[int, ...] | None
    arch: str | None
    command_line: str | None
    page_size: int
    section_size: int | None
    assumed: tuple[str, ...]
    lines: Lines
    memory_model: Literal["sparsemem", "flatmem"] | None = None


class Memblock(msgspec.Struct, frozen=True):
    """The last memblock=debug dump of the boot."""

    memory: tuple[MemblockRegion, ...]
    reserved: tuple[MemblockRegion, ...]


class Unavailable(msgspec.Struct, frozen=True):
    """A count of struct pages without memory, as one line printed it."""

    node: int | None
    zone: str | None
    pages: int
    lines: Lines


class PageCounts(msgspec.Struct, frozen=True):
    """The kernel's own counts."""

    node_total_pages: dict[str, int]
    unavailable: tuple[Unavailable, ...]
    zeroed_unavailable: int | None
    reserved_unavailable: int | None
    available_kib: int | None
    total_kib: int | None


class Sections(msgspec.Struct, frozen=True):
    """Page frames that have a struct page from boot. ``size`` is a section in bytes, ``count`` sections."""

    size: int | None
    count: int
    ranges: tuple[FrameRange, ...]


class Vmemmap(msgspec.Struct, frozen=True):
    """Where the struct page of frame 0 lies or would lie, and how many bytes one has; ``why`` tells what shows it."""

    base: Address
    struct_page_size: int
    why: str


class DebugfsLists(msgspec.Struct, frozen=True):
    """The memblock lists of debugfs."""

    memory: tuple[DebugfsRegion, ...]
    reserved: tuple[DebugfsRegion, ...]
    physmem: tuple[DebugfsRegion, ...]


class MixedRange(Bordered, msgspec.Struct, frozen=True):
    """A memory block that is not RAM throughout: memory``number`` of sysfs, of which ``ram`` bytes are RAM."""

    number: int
    start: Address
    end: Address
    ram: int


class MemoryBlocks(msgspec.Struct, frozen=True):
    """The units of memory hotplug. A block is no section.

    ``size`` of one in bytes, as ``basis`` says: evidence, a file or a line, or the release, which leaves one size only.
    ``ranges`` are those of lsmem or sysfs, ``mixed`` the blocks with RAM and something else.
    """

    size: int | None
    ranges: tuple[BlockRange, ...]
    basis: Basis | None = None
    mixed: tuple[MixedRange, ...] = ()


class AppliedRule(msgspec.Struct, frozen=True):
    """The row of the rules behind the states, and what it was chosen by.

    ``why`` says so in words. ``doubt`` is what is not certain of the kernel history behind it, ``limits`` what no log
    tells of the mechanism.
    """

    id: str
    title: str
    releases: str
    basis: Basis
    why: str
    doubt: str | None
    limits: str | None


class Document(MemoryMaps, msgspec.Struct, frozen=True, kw_only=True):
    """Everything pfnscope has to say about one boot."""

    format: Literal[1] = 1
    origin: Literal["log", "computed", "simulated"]
    boot: Boot
    kernel: Kernel
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    firmware_map: tuple[MapEntry, ...]
    user_map: tuple[MapEntry, ...]
    extended_map: tuple[MapEntry, ...]
    modified_map: tuple[MapEntry, ...]
    e820_changes: tuple[E820Change, ...]
    efi_map: tuple[EfiEntry, ...]
    srat: tuple[SratEntry, ...]
    memblock: Memblock
    reserved_regions: tuple[ReservedRegion, ...]
    node_ranges: tuple[NodeRange, ...]
    zone_ranges: tuple[ZoneRange, ...]
    movable_start: tuple[MovableStart, ...]
    initmem: tuple[Initmem, ...]
    page_counts: PageCounts
    zone_spans: tuple[ZoneSpan, ...]
    sections: Sections
    holes: tuple[Hole, ...]
    eras: tuple[Era, ...]
    events: tuple[Event, ...]
    checks: tuple[Check, ...]
    diagnostics: tuple[Diagnostic, ...]
    boots: tuple[BootRow, ...] = ()
    vmemmap: Vmemmap | None = None
    rule: AppliedRule | None = None
    recognised_lines: Lines = ()
    zoneinfo: tuple[ZoneInfo, ...] = ()
    iomem: tuple[Resource, ...] = ()
    firmware_memmap: tuple[MapEntry, ...] = ()
    memblock_debugfs: DebugfsLists = msgspec.field(default_factory=lambda: DebugfsLists((), (), ()))
    memory_blocks: MemoryBlocks = msgspec.field(default_factory=lambda: MemoryBlocks(None, ()))
    hardware: str | None = None
    nomap: tuple[NomapMemory, ...] = ()
    simulation: Simulation | None = None
    ledger: Ledger | None = None
    sources: tuple[Source, ...] = ()
    unused_files: tuple[UnusedFile, ...] = ()
