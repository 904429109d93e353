"""Counts that a kernel prints of pages, zones and nodes, each with the lines that say it."""

import msgspec

from pfnscope.kernel.rules import CountWording
from pfnscope.model.ranges import FrameRange, Lines


class NodeProcessor(msgspec.Struct, frozen=True):
    """That a node has processors; the lines of all of them."""

    node: int
    lines: Lines


class Count(msgspec.Struct, frozen=True):
    """A number that the kernel printed. Node and zone are None where the line names none.

    ``pages`` is a second number of the same line, where it has one.
    """

    value: int
    lines: Lines
    node: int | None = None
    zone: str | None = None
    pages: int | None = None


class WalkedZone(msgspec.Struct, frozen=True):
    """Page frames of a zone, by its number, that mminit_loglevel shows being initialised."""

    node: int
    zone: int
    frames: FrameRange
    lines: Lines


class FlagWidths(msgspec.Struct, frozen=True):
    """Bits that page flags have for section, node and zone."""

    section: int
    node: int
    zone: int
    lines: Lines


class Zonelist(msgspec.Struct, frozen=True):
    """Zones, with their nodes, that an allocation for a zone of a node falls back to."""

    node: int
    zone: str
    members: tuple[tuple[int, str], ...]
    lines: Lines


class PrintedCounts(msgspec.Struct, frozen=True):
    """The kernel's own page counts. ``unavailable`` holds one entry per printed line, in order.

    ``zone_*`` name no node: it is that of the lines around. ``zonelists`` has nodes as value and pages beside it,
    ``deferred`` a node whose struct pages were initialised late, with how many pages where that is printed.
    ``low_ram`` is where the memory ends that i386 maps all the time, ``memory_block_size`` the unit of hotplug, both in
    bytes. ``memory_generic`` tells that the total is what is present, as mem_init_print_info() prints it;
    ``memory_parts`` are all that it names in parentheses, in KiB, by the words for them.
    """

    node_total_pages: tuple[Count, ...] = ()
    unavailable: tuple[Count, ...] = ()
    zeroed_unavailable: Count | None = None
    reserved_unavailable: Count | None = None
    available_kib: Count | None = None
    total_kib: Count | None = None
    last_pfn: tuple[Count, ...] = ()
    low_ram: tuple[Count, ...] = ()
    zone_pages: tuple[Count, ...] = ()
    zone_memmap: tuple[Count, ...] = ()
    zone_reserved: tuple[Count, ...] = ()
    zone_exceeding: tuple[Count, ...] = ()
    zonelists: tuple[Count, ...] = ()
    zonelist_members: tuple[Zonelist, ...] = ()
    deferred: tuple[Count, ...] = ()
    walked: tuple[WalkedZone, ...] = ()
    flag_widths: tuple[FlagWidths, ...] = ()
    configured_cpus: tuple[Count, ...] = ()
    memory_block_size: tuple[Count, ...] = ()
    memory_generic: bool = False
    absent_kib: int | None = None
    reserved_kib: int | None = None
    cma_kib: int | None = None
    memory_parts: tuple[tuple[str, int], ...] = ()
    possible_cpus: tuple[Count, ...] = ()

    @property
    def count_line(self) -> CountWording | None:
        """The kind of unavailable-pages line that was printed."""
        if self.unavailable:
            with_node = self.unavailable[0].node is not None
            return CountWording.NODE_ZONE_UNAVAILABLE if with_node else CountWording.ZONE_UNAVAILABLE
        if self.zeroed_unavailable:
            return CountWording.ZEROED
        return CountWording.RESERVED_BUT_UNAVAILABLE if self.reserved_unavailable else None
