"""What a boot log says: one frozen value per fact, each with the line numbers that say it.

Addresses are bytes in half-open ranges, whatever convention the line printed; ``lines`` are 1-based
in the text as given. What the text does not say is None or empty, never a default.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from pfnscope.kernel.release import Bounds, Release, Version
from pfnscope.model.counts import Count, NodeProcessor, PrintedCounts
from pfnscope.model.maps import MemoryMaps
from pfnscope.model.ranges import Address, Bordered, ByteRange, FrameRange, Lines, MaybeBordered
from pfnscope.model.sizes import FreeBlocks, InstalledMemory, NamedSize, NodeTotal
from pfnscope.model.sources import Source, UnusedFile, line_words


class MemoryType(StrEnum):
    """What a memory map calls a range, across the spellings of all releases (arch/x86/kernel/e820.c)."""

    RAM = "ram"
    RESERVED = "reserved"
    ACPI = "acpi"
    NVS = "nvs"
    UNUSABLE = "unusable"
    PMEM = "pmem"
    PRAM = "pram"
    SOFT_RESERVED = "soft_reserved"
    DISABLED = "disabled"
    OTHER = "other"


class MapEntry(Bordered, msgspec.Struct, frozen=True, gc=False):
    """One entry of a memory map. ``label`` is its type as printed, empty where the text has lost it."""

    start: Address
    end: Address
    type: MemoryType
    label: str
    lines: Lines


class E820Change(Bordered, msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A change of the e820 table that the kernel printed. ``from`` and ``to`` are types as printed."""

    action: Literal["update", "remove", "reserve"]
    start: Address
    end: Address
    from_: str | None
    to: str | None
    lines: Lines


class EfiEntry(Bordered, msgspec.Struct, frozen=True):
    """One entry of the EFI memory map."""

    start: Address
    end: Address
    type: str
    attributes: str
    lines: Lines


class SratEntry(Bordered, msgspec.Struct, frozen=True):
    """Memory that the ACPI SRAT gives to a node."""

    node: int
    start: Address
    end: Address
    hotplug: bool
    non_volatile: bool
    lines: Lines


class ConfigOption(msgspec.Struct, frozen=True):
    """An option of a kernel's ``.config`` that stands in the text, with its value as written."""

    name: str
    value: str
    lines: Lines


class MemblockRegion(Bordered, msgspec.Struct, frozen=True):
    """One region of a memblock=debug dump."""

    start: Address
    end: Address
    node: int | None
    flags: int | None
    lines: Lines


class ReservedRegion(Bordered, msgspec.Struct, frozen=True):
    """Memory that the log names as taken."""

    start: Address
    end: Address
    name: str
    kind: str
    lines: Lines


_OF_EFI = ("efi", "efi-table")
"""Kinds of reserved regions that only firmware of EFI leaves."""
FIRST_MIB = "first-mib"
"""Kind of the reserved region below 1 MiB, which x86 before 5.13 takes for crashkernel= alone."""
KERNEL_IMAGE = "kernel image"
IMAGE_KINDS = frozenset({KERNEL_IMAGE, "kernel"})
IMAGE_RESOURCES = frozenset({"Kernel code", "Kernel rodata", "Kernel data", "Kernel bss"})
"""The kernel's image: kinds of reserved regions, and parts in /proc/iomem (arch/x86/kernel/setup.c and others)."""


class NodeRange(Bordered, msgspec.Struct, frozen=True, gc=False):
    """Memory of one node, as memblock has it."""

    node: int
    start: Address
    end: Address
    lines: Lines


class WindowNode(NodeRange, frozen=True, gc=False):
    """A window for CXL memory (CFMWS of the ACPI CEDT) that the SRAT does not have, as a node of its own."""


class EmulatedNode(NodeRange, frozen=True, gc=False):
    """What ``numa=fake=`` gives a node."""


class ZoneRange(MaybeBordered, msgspec.Struct, frozen=True):
    """Limits of a zone; null where printed empty."""

    zone: str
    start: Address | None
    end: Address | None
    lines: Lines


class MovableStart(msgspec.Struct, frozen=True):
    """Start of ZONE_MOVABLE on a node."""

    node: int
    start: Address
    lines: Lines


class Initmem(MaybeBordered, msgspec.Struct, frozen=True):
    """First and last memory of a node; null for a node without memory."""

    node: int
    start: Address | None
    end: Address | None
    lines: Lines


class StructPages(msgspec.Struct, frozen=True):
    """A line that tells where struct pages lie; ``address`` is virtual.

    What it is the struct page of: "start", frame 0; "window" and "actual", the start of memory as the release has it;
    "populated", the first frame of a section; "flat", the first frame of ``node``, without SPARSEMEM. "unmoved" and
    "kasan", without an address: KASLR is off, or KASAN is on.
    """

    kind: Literal["start", "window", "actual", "populated", "flat", "unmoved", "kasan"]
    address: int | None
    node: int | None
    lines: Lines


class PageDump(msgspec.Struct, frozen=True):
    """What dump_page() prints: page->flags, node and zone by number (from 5.14 on), raw words in order (4.14)."""

    flags: int | None = None
    node: int | None = None
    zone: int | None = None
    words: tuple[int, ...] = ()


TOOL = "page-shown"
"""Kind of an event that is no trouble: a struct page that crash or drgn showed."""


class LogEvent(msgspec.Struct, frozen=True):
    """Trouble in the log, or a struct page that a tool showed.

    ``pfn`` and ``struct_page`` only where the text proves them; ``physical`` is an address of the page in bytes.
    """

    kind: str
    text: str
    lines: Lines
    address: int | None = None
    struct_page: int | None = None
    pfn: int | None = None
    registers: tuple[tuple[str, int], ...] = ()
    dump: PageDump | None = None
    physical: int | None = None


class Failure(msgspec.Struct, frozen=True):
    """A line in which the kernel itself says what went wrong with memory. ``text`` is a sentence.

    ``code`` is that of its finding. Of the memory, in bytes: ``size``, ``[start, end)``, ``unit``, such as a block.
    """

    code: str
    text: str
    lines: Lines
    size: int | None = None
    node: int | None = None
    start: Address | None = None
    end: Address | None = None
    unit: int | None = None

    @property
    def range(self) -> ByteRange | None:
        """The bytes ``[start, end)``, None where the line does not tell them."""
        return None if self.start is None or self.end is None else ByteRange(self.start, self.end)


class Diagnostic(msgspec.Struct, frozen=True):
    """Something the reader should know; line and column are 1-based."""

    severity: Literal["info", "warning", "error"]
    code: str
    message: str
    line: int | None
    column: int | None


class ZoneInfo(msgspec.Struct, frozen=True):
    """A zone of /proc/zoneinfo. ``start_pfn`` is null where the file leaves it out, for an empty zone."""

    node: int
    zone: str
    start_pfn: int | None
    spanned_pages: int
    present_pages: int
    managed_pages: int | None
    lines: Lines

    @property
    def frames(self) -> FrameRange:
        """The span; from 0 where the file leaves out where it begins."""
        start = self.start_pfn or 0
        return FrameRange(start, start + self.spanned_pages)


class Resource(Bordered, msgspec.Struct, frozen=True):
    """An entry of /proc/iomem. ``depth`` counts the entries that it lies in."""

    start: Address
    end: Address
    name: str
    depth: int
    lines: Lines


class DebugfsRegion(Bordered, msgspec.Struct, frozen=True):
    """A region of a memblock list of debugfs; ``flag`` is the name of its lowest flag, null before 6.6."""

    start: Address
    end: Address
    node: int | None
    flag: str | None
    lines: Lines


class BlockRange(Bordered, msgspec.Struct, frozen=True):
    """Memory blocks that follow each other and are alike: state, node and zones as lsmem or sysfs name them."""

    start: Address
    end: Address
    state: str
    node: int | None
    zones: str | None
    lines: Lines


class Files(msgspec.Struct, frozen=True):
    """Neighbouring files of a boot: what the running kernel says of its own memory. Empty where not pasted."""

    zoneinfo: tuple[ZoneInfo, ...] = ()
    iomem: tuple[Resource, ...] = ()
    firmware_memmap: tuple[MapEntry, ...] = ()
    memblock_memory: tuple[DebugfsRegion, ...] = ()
    memblock_reserved: tuple[DebugfsRegion, ...] = ()
    memblock_physmem: tuple[DebugfsRegion, ...] = ()
    memory_blocks: tuple[BlockRange, ...] = ()
    memory_block_size: Count | None = None
    totals: tuple[NodeTotal, ...] = ()
    installed: tuple[InstalledMemory, ...] = ()
    free: tuple[FreeBlocks, ...] = ()


class PrintedBy(msgspec.Struct, frozen=True):
    """Releases of which one printed all lines of a boot as they stand, and the lines that bound them."""

    releases: Bounds
    lines: Lines


class BootLog(MemoryMaps, msgspec.Struct, frozen=True):
    """One boot, or one excerpt, of a text. ``index`` is 1-based among the ``count`` boots of that text.

    ``host`` is the machine that a log daemon names, ``hardware`` its model and firmware as DMI has them.
    ``capture_kernel``: it only saves the memory of one that crashed. ``printed_by`` is what the lines tell of a release
    that none names; None where they tell nothing. ``source`` is the file it was read from, of the ``sources`` that the
    text was put together of; ``unused_files`` lay beside them.
    """

    index: int = 1
    count: int = 1
    title: str = ""
    host: str | None = None
    hardware: str | None = None
    capture_kernel: bool = False
    release: str | None = None
    release_lines: Lines = ()
    banner: str | None = None
    command_line: str | None = None
    command_line_lines: Lines = ()
    arch: str | None = None
    arch_lines: Lines = ()
    page_size: int | None = None
    page_size_lines: Lines = ()
    firmware_map: tuple[MapEntry, ...] = ()
    user_map: tuple[MapEntry, ...] = ()
    extended_map: tuple[MapEntry, ...] = ()
    modified_map: tuple[MapEntry, ...] = ()
    e820_changes: tuple[E820Change, ...] = ()
    efi_map: tuple[EfiEntry, ...] = ()
    config: tuple[ConfigOption, ...] = ()
    srat: tuple[SratEntry, ...] = ()
    window_nodes: tuple[WindowNode, ...] = ()
    emulated_nodes: tuple[EmulatedNode, ...] = ()
    node_processors: tuple[NodeProcessor, ...] = ()
    memblock_memory: tuple[MemblockRegion, ...] = ()
    memblock_reserved: tuple[MemblockRegion, ...] = ()
    memblock_reserve_events: tuple[MemblockRegion, ...] = ()
    memblock_freed: tuple[ByteRange, ...] = ()
    reserved_regions: tuple[ReservedRegion, ...] = ()
    sizes: tuple[NamedSize, ...] = ()
    node_ranges: tuple[NodeRange, ...] = ()
    zone_ranges: tuple[ZoneRange, ...] = ()
    movable_start: tuple[MovableStart, ...] = ()
    initmem: tuple[Initmem, ...] = ()
    page_counts: PrintedCounts = PrintedCounts()
    struct_pages: tuple[StructPages, ...] = ()
    files: Files = Files()
    events: tuple[LogEvent, ...] = ()
    failures: tuple[Failure, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    assumed: tuple[str, ...] = ()
    recognised: Lines = ()
    printed_by: PrintedBy | None = None
    source: str | None = None
    sources: tuple[Source, ...] = ()
    unused_files: tuple[UnusedFile, ...] = ()

    def at(self, line: int) -> str:
        """Where a line of the text is, in words: ``line 5``, or by file as ``sos_commands/kernel/dmesg:5``."""
        return line_words((line,), self.sources)

    def stable_of(self, release: Release | None) -> Version | None:
        """The stable release to take for a kernel: its own, or the last of those that its lines leave possible.

        None where neither is known: what follows is then as on current releases.
        """
        if release is None:
            return self.printed_by.releases.newest if self.printed_by else None
        return release.stable

    @property
    def by_efi(self) -> bool:
        """Whether firmware of EFI started the kernel, as far as lines tell."""
        return bool(self.efi_map) or any(item.kind in _OF_EFI for item in self.reserved_regions)

    @property
    def has_layout(self) -> bool:
        """Whether any memory map or range was read."""
        return bool(
            self.map_in_force
            or self.node_ranges
            or self.zone_ranges
            or self.memblock_memory
            or self.efi_map
            or self.srat
        )
