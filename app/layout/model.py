"""The model of one physical memory layout, in page frames. Read from a log or simulated, it is one type."""

from functools import cached_property

from msgspec import Struct

from app.bootlog.model import Lines, MemoryType
from app.ranges import FrameRange, FrameSet, Painted


class MemoryRange(Struct, frozen=True):
    """A range of memblock.memory and its node."""

    frames: FrameRange
    node: int
    lines: Lines


class ZoneLimit(Struct, frozen=True):
    """The frames that a zone may hold on any node ("Zone ranges"); None where empty."""

    zone: str
    frames: FrameRange | None
    lines: Lines


class ZoneSpan(Struct, frozen=True):
    """A zone of one node: ``frames`` is its span; ``present`` counts the node's own memory in it."""

    node: int
    zone: str
    frames: FrameRange
    present: int


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
    """

    arch: str | None
    page_size: int
    section_size: int | None
    memory: tuple[MemoryRange, ...]
    zone_limits: tuple[ZoneLimit, ...]
    zone_spans: tuple[ZoneSpan, ...]
    owners: Painted[Owner]
    reserved: FrameSet
    reserved_complete: bool
    max_pfn: int
    assumed: tuple[tuple[str, str], ...] = ()

    @cached_property
    def memory_frames(self) -> FrameSet:
        """All of memblock.memory."""
        return FrameSet.of(item.frames for item in self.memory)

    @cached_property
    def struct_pages(self) -> FrameSet:
        """Frames that have a struct page from boot: every section that holds memory, whole.

        Source: memory_present() and sparse_init() in mm/sparse.c, 4.17 to 7.1 (sections are populated whole
        at boot). Without a known section size: the memory alone.
        """
        if self.section_size is None:
            return self.memory_frames
        return self.memory_frames.rounded_out(self.section_size // self.page_size)

    @cached_property
    def without_memory(self) -> FrameSet:
        """Frames that have a struct page and no memory: the holes."""
        return self.struct_pages - self.memory_frames

    @cached_property
    def outside_zone_spans(self) -> FrameSet:
        """Those of the holes that no zone of any node spans."""
        return self.without_memory - FrameSet.of(span.frames for span in self.zone_spans)
