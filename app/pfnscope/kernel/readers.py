"""Who looks at struct pages, and how far: the readers that can meet one that nothing initialised."""

from enum import Enum

from msgspec import Struct, structs

from pfnscope.kernel.architectures import asks_memblock
from pfnscope.kernel.release import EVERY, Releases, Version, between, since, starting, until
from pfnscope.kernel.thresholds import CUT_AT_END


class Bound(str, Enum):
    """The frames that a reader visits, out of those that have a struct page."""

    MAX_PFN = "below max_pfn"
    PAST_MAX_PFN = "above max_pfn"
    SECTION_END = "to the end of the last section"
    ONLINE_SUBSECTIONS = "in 2 MiB sub-sections that hold memory"
    ZONE_SPANS = "first and last frame of page blocks inside zone spans"
    MEMORY = "memory alone, since pfn_valid() says no elsewhere"


class Reader(Struct, frozen=True):
    """A reader on ``releases``.

    ``ordinary``: it looks at every frame in its bound, and monitoring tools use it. All of those are files that
    only root may open. ``functions`` are those of the kernel in which it is seen to die, ``doing`` tells what it does
    there.
    """

    name: str
    releases: Releases
    bound: Bound
    ordinary: bool
    source: str
    functions: tuple[str, ...] = ()
    doing: str = ""


_CGROUP = since("4.3")  # /proc/kpagecgroup and the idle page bitmap
_TO_SECTION_END = CUT_AT_END.since  # the same commit: /proc/kpage* go on behind max_pfn
_ONLINE_SUBSECTIONS = since("5.12")  # pfn_to_online_page() looks at sub-sections
_BOUNDED = since("5.0", "4.19.78")  # is_mem_section_removable() ends with the zone
_HOLES_REFUSED = since("5.7")  # memory blocks with holes are not offlined, and lsmem no longer looks

READERS = (
    *(
        Reader(name, releases, bound, ordinary=True, source=source, functions=functions, doing=f"reading {name}")
        for name, first, functions in (
            ("/proc/kpageflags", None, ("stable_page_flags", "kpageflags_read")),
            ("/proc/kpagecount", None, ("kpagecount_read",)),
            ("/proc/kpagecgroup", _CGROUP, ("kpagecgroup_read", "page_cgroup_ino")),
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
            source="mm/page_idle.c, 4.17 and 5.14",
            functions=("page_idle_get_page", "page_idle_bitmap_read", "page_idle_bitmap_write"),
            doing="going through the idle page bitmap",
        )
        for releases, bound in (
            (between(_CGROUP, _ONLINE_SUBSECTIONS), Bound.MAX_PFN),
            (starting(_ONLINE_SUBSECTIONS), Bound.ONLINE_SUBSECTIONS),
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
            functions=("is_mem_section_removable", "is_pageblock_removable_nolock", "removable_show"),
            doing="reading whether memory blocks are removable, as lsmem does",
        )
        for releases, bound in (
            (until(_BOUNDED), Bound.SECTION_END),
            (between(_BOUNDED, _HOLES_REFUSED), Bound.ONLINE_SUBSECTIONS),
        )
    ),
    # blocks with holes are refused before their struct pages are looked at: not yet in 5.4, in 5.7 to 7.1
    Reader(
        "memory offlining",
        until(_HOLES_REFUSED),
        Bound.SECTION_END,
        ordinary=False,
        source="mm/memory_hotplug.c, 4.17",
        functions=("test_pages_in_a_zone", "has_unmovable_pages", "scan_movable_pages", "valid_zones_show"),
        doing="taking memory offline, or reading to which zones memory blocks can go",
    ),
    # a block whose first frame is not linked to the zone is skipped, so wrong links cost memory that could move
    Reader(
        "compaction",
        EVERY,
        Bound.ZONE_SPANS,
        ordinary=False,
        source="__pageblock_pfn_to_page() in mm/page_alloc.c, 4.17 to 6.1, later mm/mm_init.c; mm/compaction.c, 5.7",
        functions=(
            "__pageblock_pfn_to_page",
            "isolate_freepages_block",
            "isolate_migratepages_block",
            "__reset_isolation_pfn",
            "set_pfnblock_flags_mask",
            "get_pfnblock_flags_mask",
        ),
        doing="compacting memory, or marking blocks of free pages",
    ),
    Reader("section walkers", EVERY, Bound.SECTION_END, ordinary=False, source="crash, drgn, page_owner"),
)

SUBSECTION_BYTES = 2 << 20


def reader_in(function: str) -> Reader | None:
    """The reader that is in this function when it dies, of any release; None where several call it or none does."""
    return next((reader for reader in READERS if function in reader.functions), None)


def readers_for(version: Version, arch: str | None = None) -> tuple[Reader, ...]:
    """The readers of a release; where pfn_valid() is true for memory alone, the kernel's own read nothing else."""
    readers = (reader for reader in READERS if version in reader.releases)
    if not asks_memblock(arch, version):
        return tuple(readers)
    return tuple(
        reader if reader.name == "section walkers" else structs.replace(reader, bound=Bound.MEMORY)
        for reader in readers
    )


class Walker(Struct, frozen=True):
    """Kernel code that goes through struct pages by their frames, and is no reader that anybody starts: see Reader."""

    doing: str
    functions: tuple[str, ...]
    source: str


WALKERS = (
    Walker(
        "linking memory blocks to nodes in sysfs",
        ("get_nid_for_pfn", "register_mem_sect_under_node", "register_mem_block_under_node_early"),
        "drivers/base/node.c, 4.17 and 6.14",
    ),
    Walker(
        "moving blocks of free pages",
        ("move_freepages", "move_freepages_block", "set_pageblock_migratetype"),
        "mm/page_alloc.c, 4.17",
    ),
    Walker(
        "looking for the pages that hibernation saves",
        ("saveable_page", "saveable_highmem_page", "count_data_pages", "copy_data_pages", "mark_free_pages"),
        "kernel/power/snapshot.c and mm/page_alloc.c, 4.17",
    ),
    Walker(
        "initialising struct pages at boot",
        (
            "memmap_init",
            "memmap_init_zone",
            "memmap_init_range",
            "memmap_init_zone_range",
            "init_unavailable_range",
            "__init_single_page",
            "init_reserved_page",
            "reserve_bootmem_region",
            "free_area_init_core",
            "deferred_init_memmap",
            "zero_resv_unavail",
        ),
        "mm/page_alloc.c, 4.17 and 5.14, and mm/mm_init.c, 6.8",
    ),
    Walker(
        "handing memory to the page allocator",
        ("__free_one_page", "free_one_page", "__free_pages_core", "__free_pages_boot_core", "deferred_free_range"),
        "mm/page_alloc.c, 4.17 and 5.14",
    ),
    Walker(
        "noting or reading owners of pages (page_owner)",
        (
            "init_page_owner",
            "init_early_allocated_pages",
            "init_pages_in_zone",
            "read_page_owner",
            "pagetypeinfo_showmixedcount_print",
        ),
        "mm/page_owner.c, 4.17 and 5.14",
    ),
    Walker("looking for leaks (kmemleak)", ("kmemleak_scan",), "mm/kmemleak.c, 4.17"),
    Walker(
        "splitting huge pages by debugfs",
        ("split_huge_pages_set", "split_huge_pages_all", "split_huge_pages_write"),
        "mm/huge_memory.c, 4.17 and 5.14",
    ),
    Walker(
        "handling a page with a memory error",
        ("unpoison_memory", "memory_failure", "soft_offline_page", "get_any_page"),
        "mm/memory-failure.c, 4.17",
    ),
)
"""``doing`` goes on after "while"."""


def doing_in(function: str) -> str | None:
    """What a kernel does while it is in this function; None for one that does not go through struct pages."""
    every: tuple[Reader | Walker, ...] = (*READERS, *WALKERS)
    return next((item.doing for item in every if function in item.functions), None)
