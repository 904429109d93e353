"""What a kernel does that dies on a struct page: functions that go through struct pages by their frames, and checks."""

from msgspec import Struct

from pfnscope.patterns import compiled


class Walker(Struct, frozen=True):
    """What a kernel does that goes through struct pages by their frames: functions in which it is seen to die there.

    ``reader`` is the name of the reader that does it, where that is one of :data:`pfnscope.kernel.readers.READERS`.
    """

    doing: str
    functions: frozenset[str]
    source: str
    reader: str | None = None


def _walker(doing: str, functions: str, source: str, reader: str | None = None) -> Walker:
    return Walker(doing, frozenset(functions.split()), source, reader)


WALKERS = (
    _walker(
        "reading /proc/kpageflags", "stable_page_flags kpageflags_read", "fs/proc/page.c, 4.17", "/proc/kpageflags"
    ),
    _walker(
        "reading /proc/kpagecount",
        "kpagecount_read get_kpage_count",
        "fs/proc/page.c, 4.17 and 6.18",
        "/proc/kpagecount",
    ),
    _walker(
        "reading /proc/kpagecgroup", "kpagecgroup_read page_cgroup_ino", "fs/proc/page.c, 4.17", "/proc/kpagecgroup"
    ),
    _walker(
        "going through the idle page bitmap",
        "page_idle_get_page page_idle_get_folio page_idle_bitmap_read page_idle_bitmap_write",
        "mm/page_idle.c, 4.17 and 5.14",
        "idle page bitmap",
    ),
    _walker(
        "reading whether memory blocks are removable, as lsmem does",
        "is_mem_section_removable is_pageblock_removable_nolock show_mem_removable removable_show",
        "mm/memory_hotplug.c and drivers/base/memory.c, 4.17 and 5.4",
        "lsmem",
    ),
    _walker(
        "reading to which zones memory blocks can go, or taking one offline",
        "test_pages_in_a_zone show_valid_zones valid_zones_show",
        "mm/memory_hotplug.c and drivers/base/memory.c, 4.17",
        "memory offlining",
    ),
    _walker(
        "taking memory offline",
        "has_unmovable_pages scan_movable_pages start_isolate_page_range __offline_pages offline_pages",
        "mm/page_isolation.c and mm/memory_hotplug.c, 4.17",
        "memory offlining",
    ),
    _walker(
        "linking memory blocks to nodes in sysfs",
        "get_nid_for_pfn register_mem_sect_under_node register_mem_block_under_node_early",
        "drivers/base/node.c, 4.17 and 6.14",
    ),
    _walker(
        "compacting memory, or looking for large free blocks",
        "__pageblock_pfn_to_page pageblock_pfn_to_page isolate_freepages isolate_freepages_block compact_zone"
        " isolate_migratepages isolate_migratepages_block fast_isolate_freepages fast_isolate_around"
        " reset_isolation_suitable __reset_isolation_suitable __reset_isolation_pfn compaction_alloc",
        "mm/compaction.c, 4.17 and 5.7",
        "compaction",
    ),
    _walker(
        "moving or marking blocks of free pages",
        "move_freepages move_freepages_block set_pfnblock_flags_mask get_pfnblock_flags_mask set_pageblock_migratetype",
        "mm/page_alloc.c, 4.17",
        "move_freepages",
    ),
    _walker(
        "looking for the pages that hibernation saves",
        "saveable_page saveable_highmem_page count_data_pages copy_data_pages mark_free_pages",
        "kernel/power/snapshot.c, 4.17",
        "hibernation",
    ),
    _walker(
        "initialising struct pages at boot",
        "memmap_init memmap_init_zone memmap_init_range memmap_init_zone_range init_unavailable_range"
        " __init_single_page init_reserved_page reserve_bootmem_region free_area_init_core"
        " deferred_init_memmap zero_resv_unavail",
        "mm/page_alloc.c, 4.17 and 5.14, and mm/mm_init.c, 6.8",
    ),
    _walker(
        "handing memory to the page allocator at boot",
        "__free_one_page __free_pages_core __free_pages_bootmem __free_pages_boot_core free_one_page"
        " memblock_free_all free_low_memory_core_early deferred_free_range",
        "mm/page_alloc.c and mm/memblock.c, 4.17 and 5.14",
    ),
    _walker(
        "noting or reading owners of pages (page_owner)",
        "init_page_owner init_early_allocated_pages init_pages_in_zone read_page_owner"
        " pagetypeinfo_showmixedcount_print",
        "mm/page_owner.c, 4.17 and 5.14",
        "page_owner",
    ),
    _walker("looking for leaks (kmemleak)", "kmemleak_scan", "mm/kmemleak.c, 4.17"),
    _walker(
        "splitting huge pages by debugfs",
        "split_huge_pages_set split_huge_pages_all split_huge_pages_write",
        "mm/huge_memory.c, 4.17 and 5.14",
    ),
    _walker(
        "handling a page with a memory error",
        "unpoison_memory memory_failure soft_offline_page get_any_page",
        "mm/memory-failure.c, 4.17",
        "memory failure",
    ),
    _walker(
        "looking whether a zone is without gaps",
        "set_zone_contiguous",
        "mm/page_alloc.c, 4.17 and 6.1.20, and mm/mm_init.c, 7.1.5",
        "zone contiguity at boot",
    ),
    _walker("setting up page_ext", "page_ext_init", "mm/page_ext.c, 4.17 and 7.1.5", "page_ext at boot"),
    _walker(
        "reading /proc/pagetypeinfo",
        "pagetypeinfo_showblockcount_print pagetypeinfo_showblockcount",
        "mm/vmstat.c, 4.17 and 5.14 to 7.1.5",
        "/proc/pagetypeinfo",
    ),
    _walker(
        "watching memory accesses (DAMON)", "damon_get_page damon_get_folio", "mm/damon/ops-common.c, 6.1.20", "DAMON"
    ),
    _walker("injecting a memory error", "hwpoison_inject", "mm/hwpoison-inject.c, 4.17 to 7.1.5", "hwpoison-inject"),
    _walker(
        "looking for contiguous memory, as for huge pages and CMA",
        "pfn_range_valid_contig pfn_range_valid_gigantic alloc_contig_range alloc_contig_pages",
        "mm/page_alloc.c, 5.10 and 6.6; mm/hugetlb.c, 4.17",
    ),
    _walker(
        "noting which memory holds struct pages",
        "get_page_bootmem put_page_bootmem register_page_bootmem_memmap register_page_bootmem_info_section"
        " register_page_bootmem_info_node",
        "mm/memory_hotplug.c, 4.17, and mm/bootmem_info.c, 5.14",
    ),
    _walker("setting up memory at boot", "paging_init bootmem_init mem_init", "arch/arm/mm/mmu.c and init.c, 6.19-rc3"),
    _walker(
        "looking at a struct page",
        "PageHuge page_mapped page_mapping folio_mapping is_free_buddy_page snapshot_page",
        "called by stable_page_flags() in fs/proc/page.c, 4.17 and 6.18; mm/hugetlb.c, mm/util.c and mm/page_alloc.c",
    ),
    _walker("printing memory statistics", "show_mem show_free_areas __show_mem", "lib/show_mem.c, 4.17"),
)
"""By what the kernel does, in words that go on after "while"."""

_NODE_ZONES = range(0x1000, 0x10000)
_ALLOCATES = frozenset(
    f"{prefix}alloc_{noun}"
    for prefix in ("__", "")
    for noun in ("pages", "pages_nodemask", "pages_noprof", "frozen_pages_noprof")
)

_OWN_FILES = (
    "page_alloc page_isolation mm_init memory_hotplug sparse sparse-vmemmap memblock bootmem nobootmem bootmem_info"
    " compaction page_ext page_owner"
)
_CHECKS = (
    rf"kernel BUG at (?:mm/(?:{'|'.join(_OWN_FILES.split())})\.c"
    r"|include/linux/(?:mm|mmzone|page-flags|memory_hotplug)\.h|arch/[\w/]+/mm/(?:init|numa)\w*\.c):"
)
"""Files whose BUG()s are checks of struct pages, zones and nodes, in 4.17 and 7.1."""


def checks_layout(text: str) -> bool:
    """Whether a "kernel BUG at" line names a file that looks after struct pages, zones or nodes."""
    return compiled(_CHECKS).search(text.encode("utf-8", "replace")) is not None


def takes_offline_node(function: str, address: int | None) -> bool:
    """Whether an allocation died on the zone lists of a node that is not online.

    NODE_DATA() of such a node is null, and its zone lists lie behind the zones of the structure: node_zonelist() in
    include/linux/gfp.h and struct pglist_data in include/linux/mmzone.h, 4.17 to 7.1.
    """
    return function in _ALLOCATES and address is not None and address in _NODE_ZONES


def walker_in(function: str) -> Walker | None:
    """What a kernel does while it is in this function; None where that is not known."""
    return next((walker for walker in WALKERS if function in walker.functions), None)


def doing_in(function: str) -> str | None:
    """The same in words."""
    walker = walker_in(function)
    return walker.doing if walker else None
