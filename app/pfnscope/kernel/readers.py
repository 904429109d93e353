"""Who looks at struct pages, and how far: the readers that can meet one that nothing initialised."""

from enum import Enum

from msgspec import Struct, structs

from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import NEWEST, OLDEST
from pfnscope.kernel.validity import asks_memblock


class Bound(str, Enum):
    """The frames that a reader visits, out of those that have a struct page."""

    MAX_PFN = "below max_pfn"
    PAST_MAX_PFN = "above max_pfn"
    SECTION_END = "to the end of the last section"
    ONLINE_SUBSECTIONS = "in 2 MiB sub-sections that hold memory"
    ZONE_SPANS = "first and last frame of page blocks inside zone spans"
    MEMORY = "memory alone, since pfn_valid() says no elsewhere"


class Reader(Struct, frozen=True):
    """A reader on releases [first, before).

    ``ordinary``: it looks at every frame in its bound, and monitoring tools use it. All of those are files that
    only root may open.
    """

    name: str
    first: Version
    before: Version
    bound: Bound
    ordinary: bool
    source: str


FROM_4_3: Version = (4, 3, 0)

READERS = (
    *(
        Reader(name, max(oldest, first), before, bound, ordinary=True, source=source)
        for name, oldest in (
            ("/proc/kpageflags", OLDEST),
            ("/proc/kpagecount", OLDEST),
            ("/proc/kpagecgroup", FROM_4_3),
        )
        for first, before, bound, source in (
            # pfn_to_online_page() of 5.4, also in 4.19.108, lets every section of boot memory pass, as pfn_valid() did
            (OLDEST, (5, 6, 0), Bound.MAX_PFN, "fs/proc/page.c, 4.13 to 5.4"),
            ((5, 6, 0), (5, 12, 0), Bound.SECTION_END, "fs/proc/page.c, 5.7"),
            ((5, 12, 0), NEWEST, Bound.ONLINE_SUBSECTIONS, "fs/proc/page.c and pfn_to_online_page(), 5.14 to 7.1"),
        )
    ),
    *(
        Reader("idle page bitmap", first, before, bound, ordinary=True, source="mm/page_idle.c, 4.17 and 5.14")
        for first, before, bound in (
            (FROM_4_3, (5, 12, 0), Bound.MAX_PFN),
            ((5, 12, 0), NEWEST, Bound.ONLINE_SUBSECTIONS),
        )
    ),
    # the length left to max_pfn is unsigned, so a read that starts above max_pfn is not cut; one that starts there is
    Reader(
        "seeks in /proc/kpage*",
        OLDEST,
        (5, 6, 0),
        Bound.PAST_MAX_PFN,
        ordinary=False,
        source="fs/proc/page.c, 4.17, 5.4",
    ),
    # "removable" is open to every user (lsmem), yet gives up at the first page block that cannot be moved
    *(
        Reader("lsmem", first, before, bound, ordinary=False, source="is_mem_section_removable(), 4.17, 4.19.78, 5.4")
        for first, before, bound in (
            (OLDEST, (4, 19, 78), Bound.SECTION_END),
            ((4, 19, 78), (4, 20, 0), Bound.ONLINE_SUBSECTIONS),
            ((4, 20, 0), (5, 0, 0), Bound.SECTION_END),
            ((5, 0, 0), (5, 7, 0), Bound.ONLINE_SUBSECTIONS),
        )
    ),
    # blocks with holes are refused before their struct pages are looked at: not yet in 5.4, in 5.7 to 7.1
    Reader(
        "memory offlining", OLDEST, (5, 7, 0), Bound.SECTION_END, ordinary=False, source="mm/memory_hotplug.c, 4.17"
    ),
    # a block whose first frame is not linked to the zone is skipped, so wrong links cost memory that could move
    Reader(
        "compaction",
        (2, 6, 39),
        NEWEST,
        Bound.ZONE_SPANS,
        ordinary=False,
        source="__pageblock_pfn_to_page() in mm/page_alloc.c, 4.17 to 6.1, later mm/mm_init.c",
    ),
    Reader("section walkers", OLDEST, NEWEST, Bound.SECTION_END, ordinary=False, source="crash, drgn, page_owner"),
)

NOPAGE_GONE: Version = (6, 16, 0)
"""From here on /proc/kpageflags gives 0 for a frame that is not online, no longer KPF_NOPAGE (bit 20).

"fs/proc/page: refactor to reduce code duplication" (posted in March 2025): fs/proc/page.c, not in 6.14, in 6.19 and
7.1. 6.15 has not been read; lists of the mm tree have it among what went into 6.16.
"""

SUBSECTION_BYTES = 2 << 20


def readers_for(version: Version, arch: str | None = None) -> tuple[Reader, ...]:
    """The readers of a release; where pfn_valid() is true for memory alone, the kernel's own read nothing else."""
    found = (reader for reader in READERS if reader.first <= max(version, OLDEST) < reader.before)
    if not asks_memblock(arch, version):
        return tuple(found)
    return tuple(
        reader if reader.name == "section walkers" else structs.replace(reader, bound=Bound.MEMORY) for reader in found
    )
