"""Who looks at struct pages, and how far: the readers that can meet one that nothing initialised."""

from enum import Enum
from functools import lru_cache

from msgspec import Struct, structs

from pfnscope.kernel.architectures import architecture, asks_memblock
from pfnscope.kernel.release import EVERY, Releases, Version, between, since, starting, until
from pfnscope.kernel.thresholds import BLOCK_HOLES_REFUSED, CUT_AT_END, HOLES_IN_ZONE


class Bound(str, Enum):
    """The frames that a reader visits, out of those that have a struct page."""

    MAX_PFN = "below max_pfn"
    PAST_MAX_PFN = "above max_pfn"
    SECTION_END = "to the end of the last section"
    ONLINE_SUBSECTIONS = "in 2 MiB sub-sections that hold memory"
    ONLINE_BELOW_MAX_PFN = "below max_pfn, in 2 MiB sub-sections that hold memory"
    ZONE_SPANS = "first and last frame of page blocks inside zone spans"
    WHOLE_SPANS = "inside zone spans"
    ONLINE_IN_SPANS = "inside zone spans, in 2 MiB sub-sections that hold memory"
    SECTION_HEADS = "first frame of sections inside node spans"
    MEMORY = "memory alone"


class Reader(Struct, frozen=True):
    """A reader on ``releases``.

    ``ordinary``: it looks at every frame in its bound, and monitoring tools use it. All of those are files that
    only root may open.
    """

    name: str
    releases: Releases
    bound: Bound
    ordinary: bool
    source: str


_CGROUP = since("4.3")  # /proc/kpagecgroup and the idle page bitmap
_TO_SECTION_END = CUT_AT_END.since  # the same commit: /proc/kpage* go on behind max_pfn
_ONLINE_SUBSECTIONS = since("5.12")  # pfn_to_online_page() looks at sub-sections
_BOUNDED = since("5.0", "4.19.78")  # is_mem_section_removable() ends with the zone
_CONTIGUOUS = since("4.6")  # "mm/compaction: speed up pageblock_pfn_to_page() when zone is contiguous"
_COUNTED_CONTIGUOUS = since("7.2")  # pages_with_online_memmap of linux-mm; 7.1.5 looks at each block, 7.2 was not read
_PAGE_EXT_READS = since("5.2")  # pfn_to_nid() in 5.4.18, early_pfn_to_nid() in 4.17; releases between were not read
_PAGE_OWNER = since("3.19")  # Documentation/mm/page_owner.rst
_DAMON = since("5.16")  # of physical addresses; in 6.1.20
_KCORE_ASKS = since("5.14")
_ALL_REMOVABLE = since("5.7")  # 53cdc1cb29e8 ("drivers/base/memory.c: indicate all memory blocks as removable")

READERS = (
    *(
        Reader(name, releases, bound, ordinary=True, source=source)
        for name, first in (
            ("/proc/kpageflags", None),
            ("/proc/kpagecount", None),
            ("/proc/kpagecgroup", _CGROUP),
        )
        for releases, bound, source in (
            # pfn_to_online_page() of 5.4, also in 4.19.108, lets every section of boot memory pass, as pfn_valid() did
            (
                between(first, _TO_SECTION_END) if first else until(_TO_SECTION_END),
                Bound.MAX_PFN,
                "fs/proc/page.c, 4.13 to 5.4",
            ),
            (between(_TO_SECTION_END, _ONLINE_SUBSECTIONS), Bound.SECTION_END, "fs/proc/page.c, 5.7"),
            (
                starting(_ONLINE_SUBSECTIONS),
                Bound.ONLINE_SUBSECTIONS,
                "fs/proc/page.c and pfn_to_online_page(), 5.14 to 7.1",
            ),
        )
    ),
    *(
        Reader(
            "idle page bitmap",
            releases,
            bound,
            ordinary=True,
            source="mm/page_idle.c, 4.17 and 5.14 to 7.1.5",
        )
        for releases, bound in (
            (between(_CGROUP, _ONLINE_SUBSECTIONS), Bound.MAX_PFN),
            (starting(_ONLINE_SUBSECTIONS), Bound.ONLINE_BELOW_MAX_PFN),
        )
    ),
    # the length left to max_pfn is unsigned, so a read that starts above max_pfn is not cut; one that starts there is
    Reader(
        "seeks in /proc/kpage*",
        until(_TO_SECTION_END),
        Bound.PAST_MAX_PFN,
        ordinary=False,
        source="fs/proc/page.c, 4.17, 5.4",
    ),
    # "removable" is open to every user (lsmem), yet gives up at the first page block that cannot be moved
    *(
        Reader(
            "lsmem",
            releases,
            bound,
            ordinary=False,
            source="is_mem_section_removable(), 4.17, 4.19.78, 5.4",
        )
        for releases, bound in (
            (until(_BOUNDED), Bound.SECTION_END),
            (between(_BOUNDED, _ALL_REMOVABLE), Bound.ONLINE_SUBSECTIONS),
        )
    ),
    # blocks with holes are refused before their struct pages are looked at
    Reader(
        "memory offlining",
        until(BLOCK_HOLES_REFUSED.since),
        Bound.SECTION_END,
        ordinary=False,
        source="mm/memory_hotplug.c, 4.17",
    ),
    # a block whose first frame is not linked to the zone is skipped, so wrong links cost memory that could move
    Reader(
        "compaction",
        EVERY,
        Bound.ZONE_SPANS,
        ordinary=False,
        source="__pageblock_pfn_to_page() in mm/page_alloc.c, 4.17 to 6.1, later mm/mm_init.c; mm/compaction.c, 5.7",
    ),
    # at boot, without anybody's doing: what is not contiguous makes compaction look at each block again
    Reader(
        "zone contiguity at boot",
        between(_CONTIGUOUS, _COUNTED_CONTIGUOUS),
        Bound.ZONE_SPANS,
        ordinary=False,
        source="set_zone_contiguous() in mm/page_alloc.c, 4.17 and 6.1.20, and mm/mm_init.c, 7.1.5; no longer so in"
        " linux-mm at 7.3-rc5",
    ),
    # with CONFIG_DEBUG_VM a page of the block that is linked to another zone stops the kernel
    Reader(
        "move_freepages",
        EVERY,
        Bound.ZONE_SPANS,
        ordinary=False,
        source="move_freepages_block() and set_pfnblock_flags_mask() in mm/page_alloc.c, 4.17 to 7.1.5",
    ),
    # needs page_owner=on or another user of page_ext
    Reader(
        "page_ext at boot",
        starting(_PAGE_EXT_READS),
        Bound.SECTION_HEADS,
        ordinary=False,
        source="pfn_to_nid() in page_ext_init(), mm/page_ext.c, 5.4.18 to 7.1.5; early_pfn_to_nid() in 4.17",
    ),
    Reader(
        "page_owner",
        starting(_PAGE_OWNER),
        Bound.MAX_PFN,
        ordinary=False,
        source="read_page_owner() in mm/page_owner.c, 4.17 to 7.1.5: pfn_valid() once for each largest buddy",
    ),
    *(
        Reader("memory failure", releases, bound, ordinary=False, source=source)
        for releases, bound, source in (
            (until(_ONLINE_SUBSECTIONS), Bound.SECTION_END, "memory_failure() in mm/memory-failure.c, 4.17 and 5.4.18"),
            (
                starting(_ONLINE_SUBSECTIONS),
                Bound.ONLINE_SUBSECTIONS,
                "memory_failure() and soft_offline_page() in mm/memory-failure.c, 5.14 to 7.1.5",
            ),
        )
    ),
    Reader(
        "hwpoison-inject",
        EVERY,
        Bound.SECTION_END,
        ordinary=False,
        source="hwpoison_inject() in mm/hwpoison-inject.c, 4.17 to 7.1.5: pfn_valid()",
    ),
    Reader(
        "DAMON",
        starting(_DAMON),
        Bound.ONLINE_SUBSECTIONS,
        ordinary=False,
        source="damon_get_page() in mm/damon/ops-common.c, 6.1.20 to 7.1.5",
    ),
    *(
        Reader(name, releases, bound, ordinary=False, source=source)
        for name, source in (
            ("hibernation", "saveable_page() in kernel/power/snapshot.c, 4.17, 5.4.18 and 5.14 to 7.1.5"),
            ("/proc/pagetypeinfo", "pagetypeinfo_showblockcount_print() in mm/vmstat.c, 4.17 and 5.14 to 7.1.5"),
            ("page isolation", "start_isolate_page_range() in mm/page_isolation.c, 4.17 and 5.14 to 7.1.5"),
        )
        for releases, bound in (
            (until(_ONLINE_SUBSECTIONS), Bound.WHOLE_SPANS),
            (starting(_ONLINE_SUBSECTIONS), Bound.ONLINE_IN_SPANS),
        )
    ),
    # System RAM alone, of which no hole is part
    Reader(
        "/proc/kcore",
        starting(_KCORE_ASKS),
        Bound.MEMORY,
        ordinary=False,
        source="read_kcore() in fs/proc/kcore.c, 5.14 to 7.1.5: pfn_to_online_page(); not in 4.17",
    ),
    Reader("section walkers", EVERY, Bound.SECTION_END, ordinary=False, source="crash, drgn"),
)

FILES = {"idle page bitmap": "/sys/kernel/mm/page_idle/bitmap"}
"""Files of readers that are not called after theirs."""

PROGRAMS = {"/proc/kpageflags": "page-types", "lsmem": "sosreport"}
"""Programs that use a reader: tools/vm/page-types.c, 3.4 to 6.8; sos/report/plugins/memory.py of sos."""

WRONG_LINKS = (
    "compaction leaves out a block with such a page, and a kernel with CONFIG_DEBUG_VM can stop where it moves free"
    " pages there"
)
"""What links to a zone that does not span the page lead to: move_freepages_block() and set_pfnblock_flags_mask() in
mm/page_alloc.c, 4.17 to 7.1.5; the text of 0740a50b9baa."""

SUBSECTION_BYTES = 2 << 20


@lru_cache(256)
def readers_for(version: Version, arch: str | None = None) -> tuple[Reader, ...]:
    """The readers of a release; where pfn_valid() is true for memory alone, the kernel's own read nothing else.

    Not so move_freepages() of arm64 without NUMA up to 4.18, which asks for no frame inside a page block.
    """
    readers = (reader for reader in READERS if version in reader.releases)
    if not asks_memblock(arch, version):
        return tuple(readers)
    asking_nothing = {"section walkers"}
    if architecture(arch).vmemmap and not HOLES_IN_ZONE.reached(version):
        asking_nothing.add("move_freepages")
    return tuple(
        reader if reader.name in asking_nothing else structs.replace(reader, bound=Bound.MEMORY) for reader in readers
    )
