"""Deferred initialisation of struct pages (CONFIG_DEFERRED_STRUCT_PAGE_INIT): how much of a node comes early.

Only the last zone of a node is deferred. Up to 5.7 the walk that stops there also leaves its holes untouched; later
ones walk memory alone, and holes have a pass of their own. What memblock.reserved has beyond that point is initialised
by the reserve pass: as the zone of a node that spans it, or as no zone at all.
"""

from enum import Enum

from msgspec import Struct

from pfnscope.units import GIB

Version = tuple[int, int, int]


class NodeOfReserved(str, Enum):
    """Whose node a reserved frame without memory gets when the reserve pass initialises it."""

    FIRST = "the first node"
    BELOW = "the node of the memory below"


class Deferral(Struct, frozen=True):
    """A row for the releases [first, before): a node's last zone is walked for ``least_bytes``, or one section if 0.

    ``share``: at least this part of the node's span is walked too.
    """

    first: Version
    before: Version
    least_bytes: int
    share: int
    reserved: NodeOfReserved
    source: str


DEFERRALS = (
    # reservations in that area move the stop further up: they are not known, so it is the earliest that is given
    Deferral(
        (4, 2, 0), (4, 17, 0), 2 * GIB, 256, NodeOfReserved.FIRST,
        "reset_deferred_meminit() and update_defer_init() in mm/page_alloc.c, 4.4.155, 4.15.1 and 4.16.13; 4.2.8"
        " without the share",
    ),
    Deferral(
        (4, 17, 0), (6, 6, 0), 0, 0, NodeOfReserved.FIRST,
        "update_defer_init() and init_reserved_page(), 4.17 to 4.19; defer_init(), 5.4 to 6.1",
    ),
    Deferral(
        (6, 6, 0), (9999, 0, 0), 0, 0, NodeOfReserved.BELOW,
        "defer_init() in mm/mm_init.c, memmap_init_reserved_pages() in mm/memblock.c, 6.6 to 6.14",
    ),
)  # fmt: skip


def deferral(version: Version) -> Deferral | None:
    """The row of a release; None before 4.2, which defers nothing."""
    return next((row for row in DEFERRALS if row.first <= version < row.before), None)


def walked_early(row: Deferral, node_spanned: int, section_frames: int, page_size: int) -> int:
    """Frames of a node's last zone that are initialised before the walk may stop at a section's start."""
    least = row.least_bytes // page_size if row.least_bytes else section_frames
    return max(least, node_spanned // row.share if row.share else 0)
