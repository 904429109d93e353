"""Which struct pages the reserve pass marks PageReserved, and what else it writes to them, by release."""

from msgspec import Struct

from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import NEWEST, OLDEST


class Reserving(Struct, frozen=True):
    """A row for the releases [first, before)."""

    first: Version
    before: Version
    marks: str
    writes: str
    source: str


RESERVING = (
    Reserving(
        OLDEST, (4, 2, 0), "every frame of a zone span, until it is freed", "nothing else",
        "memmap_init_zone() in mm/page_alloc.c, 2.6.39.4 to 4.1.5",
    ),
    Reserving(
        (4, 2, 0), (5, 14, 0), "frames of memblock.reserved that pfn_valid() knows",
        "empties the lru list, so that a page that was never written is no longer taken for a tail page; beyond a"
        " deferral point, the whole page, as node of the first node",
        "reserve_bootmem_region() in mm/page_alloc.c, 4.2.8 to 5.12.9",
    ),
    Reserving(
        (5, 14, 0), (6, 6, 0), "the same, and NOMAP regions", "the same",
        "memmap_init_reserved_pages() in mm/memblock.c, 5.14 and 6.1, not in 5.12.9",
    ),
    Reserving(
        (6, 6, 0), (6, 12, 0), "the same", "the same, but beyond a deferral point as node of the memory below",
        "memmap_init_reserved_pages(), 6.6.9",
    ),
    Reserving(
        (6, 12, 0), NEWEST, "the same, without regions marked MEMBLOCK_RSRV_NOINIT",
        "beyond a deferral point the whole page; elsewhere the flag alone",
        "memmap_init_reserved_pages(), 6.12 to 7.1; RSRV_NOINIT is not in 6.6.9, releases between have not been read",
    ),
)  # fmt: skip
"""What follows for a page that nothing wrote: up to 6.11 its compound head is clean where memblock.reserved has it."""
