"""One physical layout in page frames: memory by node, struct pages, zone spans; one type for read and simulated."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from msgspec import Struct

from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import FLATMEM_FILLED, FLATMEM_TAIL
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, Lines, Painted


class MemMap(Struct, frozen=True):
    """How the struct pages of a layout are kept; ``model`` None: not known, nothing is said of them.

    ``section_size`` in bytes, None without sections. ``block``: struct pages exist for whole multiples of so many
    frames, none below the frame ``first``; those of gaps in FLATMEM are given back in blocks of ``freed`` frames, where
    that is not 0. ``page_block``: frames of a page block. ``why`` and ``assumed``: what the model is taken from;
    ``own_unit``: the unit is not what architecture and release have usually, but shown or demanded.
    """

    model: MemoryModel | None
    section_size: int | None = None
    block: int = 1
    first: int = 0
    freed: int = 0
    page_block: int = 512
    assumed: bool = False
    why: str = ""
    own_unit: bool = False

    def fills_holes(self, version: Version) -> bool:
        """Whether passes of a release reach struct pages without memory. In FLATMEM of old they stay zeroed."""
        return self.model is not MemoryModel.FLATMEM or FLATMEM_FILLED.reached(version)

    def tail(self, version: Version) -> int:
        """Frames to a multiple of which the pass goes on that ends struct page initialisation."""
        return self.block if self.model is not MemoryModel.FLATMEM or FLATMEM_TAIL.reached(version) else 1


NO_MEMMAP = MemMap(None)


def struct_pages(memmap: MemMap, memory: FrameSet, nodes: Iterable[Iterable[FrameRange]]) -> FrameSet:
    """Frames that have a struct page from boot; without a known model the memory alone.

    ``memory`` is all of memblock.memory, ``nodes`` the same by node. Sources: memory_present() and sparse_init() in
    mm/sparse.c, 4.17 to 7.1: sections are populated whole at boot. alloc_node_mem_map() in mm/page_alloc.c, 2.6.34 to
    6.1, later mm/mm_init.c, 7.1: from the first to the last frame of a node, rounded out to the largest buddy.
    free_unused_memmap() in mm/memblock.c, 6.1 to 7.1: what lies between two ranges, and not what is behind the last.
    """
    if memmap.model is not MemoryModel.FLATMEM:
        return memory.rounded_out(memmap.block)
    extents = [(min(item.start for item in node), max(item.end for item in node)) for node in map(list, nodes)]
    whole = FrameSet.of(FrameRange(*extent) for extent in extents).rounded_out(memmap.block).clip(memmap.first, 1 << 64)
    if not memmap.freed or not memory:
        return whole
    kept = memory.rounded_out(memmap.freed)
    return (whole - FrameSet.of([FrameRange(kept.pairs[0][0], kept.end)])) | (whole & kept)


class MemoryRange(Struct, frozen=True):
    """A range of memblock.memory, its node, and what it is marked as."""

    frames: FrameRange
    node: int
    lines: Lines
    hotplug: bool = False
    mirror: bool = False


class ZoneLimit(Struct, frozen=True):
    """The frames that a zone may hold on any node ("Zone ranges"); None where empty."""

    zone: str
    frames: FrameRange | None
    lines: Lines


class Missing(Struct, frozen=True):
    """Lines of a list that the text lacks, as the rest of it proves: ``why`` in a sentence, with the ``lines`` of that.

    ``frames`` are where that may lie which they say, empty where something stands in for it. ``spans`` are nodes with
    the first and last frame that is printed for them, which says more than their ranges.
    """

    subject: Literal["zone_ranges", "node_ranges"]
    why: str
    lines: Lines
    frames: FrameSet = FrameSet()
    spans: tuple[tuple[int, FrameRange], ...] = ()


class ZoneSpan(Struct, frozen=True):
    """A populated zone of a node. absent = spanned - present."""

    node: int
    zone: str
    start_pfn: int
    end_pfn: int
    spanned_pages: int
    present_pages: int
    absent_pages: int

    @classmethod
    def of(cls, node: int, zone: str, frames: FrameRange, present: int) -> "ZoneSpan":
        """The span ``frames`` of a zone with ``present`` pages of the node's own memory in it."""
        return cls(node, zone, frames.start, frames.end, frames.pages, present, frames.pages - present)

    @property
    def frames(self) -> FrameRange:
        """The span."""
        return FrameRange(self.start_pfn, self.end_pfn)


class Owner(Struct, frozen=True):
    """Who a memory map says a frame belongs to."""

    type: MemoryType
    label: str
    lines: Lines


class Layout(Struct, frozen=True, dict=True):
    """One layout. ``memory`` is in address order; ``zone_spans`` in node, then zone order, empty ones left out.

    ``owners`` is the memory map in force, by frame; ``reserved`` is what is known of memblock.reserved, all of
    it only where ``reserved_complete``. ``max_pfn`` is one beyond the highest frame of RAM. ``assumed`` names
    what the log does not prove, each with a sentence that says what it was taken from. Derived sets are kept.
    ``version`` is the release whose struct page handling this kernel has, ``deferred`` are the nodes whose struct
    pages the log shows to be initialised late, ``nomap`` is memory that a dump or a count proves to be marked NOMAP.
    ``node_blocks`` are firmware's nodes by frame, memory or not; None where the text does not tell them. ``missing`` is
    what the text lacks of the lists that this is made from.
    """

    arch: str | None
    page_size: int
    memmap: MemMap
    memory: tuple[MemoryRange, ...]
    zone_limits: tuple[ZoneLimit, ...]
    zone_spans: tuple[ZoneSpan, ...]
    owners: Painted[Owner]
    reserved: FrameSet
    reserved_complete: bool
    max_pfn: int
    assumed: tuple[tuple[str, str], ...] = ()
    version: Version | None = None
    deferred: tuple[int, ...] = ()
    nomap: FrameSet = FrameSet()
    node_blocks: Painted[int] | None = ()
    missing: tuple[Missing, ...] = ()

    @cached_property
    def memory_frames(self) -> FrameSet:
        """All of memblock.memory."""
        return FrameSet.of(item.frames for item in self.memory)

    @property
    def zones_configured(self) -> int | None:
        """MAX_NR_ZONES: one more than the lines of "Zone ranges", which leave out Movable; None where none is read."""
        return len(self.zone_limits) + 1 if any(limit.lines for limit in self.zone_limits) else None

    @property
    def section_size(self) -> int | None:
        """Size of a memory section in bytes; None without sections."""
        return self.memmap.section_size

    @property
    def knows_struct_pages(self) -> bool:
        """Whether it is known which frames have a struct page."""
        return self.memmap.model is not None

    @property
    def flat(self) -> bool:
        """Whether struct pages are one array for each node, without sections."""
        return self.memmap.model is MemoryModel.FLATMEM

    @cached_property
    def struct_pages(self) -> FrameSet:
        """Frames that have a struct page from boot; the memory alone where the memory model is not known."""
        return struct_pages(self.memmap, self.memory_frames, ([extent] for extent in self.extents.values()))

    @cached_property
    def by_node(self) -> dict[int, list[MemoryRange]]:
        """Memory of each node that has some, in address order."""
        nodes: dict[int, list[MemoryRange]] = {}
        for item in self.memory:
            nodes.setdefault(item.node, []).append(item)
        return nodes

    @cached_property
    def extents(self) -> dict[int, FrameRange]:
        """From the first to the last frame of memory of each node, printed where the ranges of it are not whole."""
        known = {node: FrameRange(own[0].frames.start, own[-1].frames.end) for node, own in self.by_node.items()}
        return known | dict(span for item in self.missing for span in item.spans)

    @cached_property
    def without_memory(self) -> FrameSet:
        """Frames that have a struct page and no memory: the holes."""
        return self.struct_pages - self.memory_frames

    @cached_property
    def outside_zone_spans(self) -> FrameSet:
        """Those of the holes that no zone of any node spans."""
        return self.without_memory - FrameSet.of(span.frames for span in self.zone_spans)
