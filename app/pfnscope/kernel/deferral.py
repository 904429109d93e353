"""What comes late to struct pages: the reserve pass, and the part of a node that is left for later.

Deferred initialisation is CONFIG_DEFERRED_STRUCT_PAGE_INIT. Only the last zone of a node is deferred. Up to 5.7 the
walk that stops there also leaves its holes untouched; later ones walk memory alone, and holes have a pass of their own.
What memblock.reserved has beyond that point is initialised by the reserve pass: as the zone of a node that spans it, or
with MAX_NR_ZONES, the number of no zone, of which page flags keep as many bits as zones need.
"""

from enum import Enum

from msgspec import Struct

from pfnscope.kernel.release import Releases, Version, between, since, starting, until
from pfnscope.kernel.rules import ONLY_RESERVED_BY_MEMBLOCK
from pfnscope.units import GIB

_RESERVED_BY_MEMBLOCK = ONLY_RESERVED_BY_MEMBLOCK.since
_ONE_SECTION = since("4.17")
_NODE_BELOW = since("6.6")
_NODE_OF_BLOCK = since("6.15", "6.14.6", "6.12.28", "6.6.90")
"""The announcements of 6.14.6 and 6.6.90 name "mm/memblock: pass size instead of end to memblock_set_node()"; 6.12.28
is of the same day and has not been read, 6.12.107 and 6.12.117 have it."""


class NodeOfReserved(str, Enum):
    """Whose node a reserved frame without memory gets when the reserve pass initialises it."""

    FIRST = "the first node"
    BELOW = "the node of the memory below"
    BLOCK = "the node of the SRAT block around it, or else the first node"


class Deferral(Struct, frozen=True):
    """A row: a node's last zone is walked for ``least_bytes``, or one section if 0.

    ``share``: at least this part of the node's span is walked too.
    """

    releases: Releases
    least_bytes: int
    share: int
    reserved: NodeOfReserved
    source: str


DEFERRALS = (
    # reservations in that area move the stop further up: they are not known, so it is the earliest that is given
    Deferral(
        between(_RESERVED_BY_MEMBLOCK, _ONE_SECTION), 2 * GIB, 256, NodeOfReserved.FIRST,
        "reset_deferred_meminit() and update_defer_init() in mm/page_alloc.c, 4.4.155, 4.15.1 and 4.16.13; 4.2.8"
        " without the share",
    ),
    Deferral(
        between(_ONE_SECTION, _NODE_BELOW), 0, 0, NodeOfReserved.FIRST,
        "update_defer_init() and init_reserved_page(), 4.17 to 4.19; defer_init(), 5.4 to 6.1",
    ),
    # memblock_set_node() is given the end of the memory for its size, so it goes on for that far
    Deferral(
        between(_NODE_BELOW, _NODE_OF_BLOCK), 0, 0, NodeOfReserved.BELOW,
        "defer_init() in mm/mm_init.c, memmap_init_reserved_pages() in mm/memblock.c, 6.6 and 6.14",
    ),
    Deferral(
        starting(_NODE_OF_BLOCK), 0, 0, NodeOfReserved.BLOCK,
        "memmap_init_reserved_pages() in mm/memblock.c and numa_clear_kernel_node_hotplug() in mm/numa_memblks.c,"
        " 6.12.117; struct pages of recorded boots of 6.12.107 to 7.3.4",
    ),
)  # fmt: skip


def deferral(version: Version) -> Deferral | None:
    """The row of a release; None before 4.2, which defers nothing."""
    return next((row for row in DEFERRALS if version in row.releases), None)


def walked_early(row: Deferral, node_spanned: int, section_frames: int, page_size: int) -> int:
    """Frames of a node's last zone that are initialised before the walk may stop at a section's start."""
    least = row.least_bytes // page_size if row.least_bytes else section_frames
    return max(least, node_spanned // row.share if row.share else 0)


def kept_zone_number(zones: int) -> int | None:
    """What page flags keep of MAX_NR_ZONES where that many zones are configured; None: a number that no zone has.

    Source: ZONES_SHIFT in include/linux/page-flags-layout.h and set_page_zone() in include/linux/mm.h, 4.17 to 7.1.
    With four zones, as riscv64 and s390x have them, two bits are kept: the number of the lowest zone.
    """
    return None if zones & (zones - 1) else 0


class Reserving(Struct, frozen=True):
    """A row: which struct pages the reserve pass marks PageReserved, and what else it writes to them."""

    releases: Releases
    marks: str
    writes: str
    source: str


_NOMAP_TOO = since("5.14")
_FLAG_ALONE = since("6.12")

RESERVING = (
    Reserving(
        until(_RESERVED_BY_MEMBLOCK), "every frame of a zone span, until it is freed", "nothing else",
        "memmap_init_zone() in mm/page_alloc.c, 2.6.39.4 to 4.1.5",
    ),
    Reserving(
        between(_RESERVED_BY_MEMBLOCK, _NOMAP_TOO), "frames of memblock.reserved that pfn_valid() knows",
        "empties the lru list, so that a page that was never written is no longer taken for a tail page; beyond a"
        " deferral point, the whole page, as node of the first node",
        "reserve_bootmem_region() in mm/page_alloc.c, 4.2.8 to 5.12.9",
    ),
    Reserving(
        between(_NOMAP_TOO, _NODE_BELOW), "the same, and NOMAP regions", "the same",
        "memmap_init_reserved_pages() in mm/memblock.c, 5.14 and 6.1, not in 5.12.9",
    ),
    Reserving(
        between(_NODE_BELOW, _FLAG_ALONE), "the same",
        "the same, but beyond a deferral point as node of the memory below, from 6.6.90 on of the SRAT block",
        "memmap_init_reserved_pages(), 6.6.9",
    ),
    Reserving(
        starting(_FLAG_ALONE), "the same, without regions marked MEMBLOCK_RSRV_NOINIT",
        "beyond a deferral point the whole page; elsewhere the flag alone",
        "memmap_init_reserved_pages(), 6.12 to 7.1; RSRV_NOINIT is not in 6.6.9, releases between have not been read",
    ),
)  # fmt: skip
"""What follows for a page that nothing wrote: up to 6.11 its compound head is clean where memblock.reserved has it."""
