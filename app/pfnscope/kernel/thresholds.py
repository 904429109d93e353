"""Releases from which a kernel does something else than before: one row each, with what was read.

The rules of struct pages, their readers and the facts of architectures have rows of their own beside this module.
"""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.kernel.release import EARLIEST, Since, Version, since
from pfnscope.kernel.rules import INIT_GAPS


class Threshold(Struct, frozen=True):
    """A row: what is so from ``since`` on and was not before.

    ``source`` is the commit or the file, ``read`` says which releases were read, or what else tells the release.
    """

    since: Since
    effect: str
    source: str
    read: str

    def reached(self, version: Version | None, *, unknown: bool = False) -> bool:
        """Whether it is so on the release; ``unknown`` is the answer where no release is known."""
        return self.since.reached(version, unknown=unknown)


# memblock.reserved and ZONE_MOVABLE

WHOLE_FIRST_MIB = Threshold(
    since("5.13"),
    "x86 reserves the whole first MiB, before the first 64 KiB and the BIOS range",
    'f1d4d47c5851 ("x86/setup: Always reserve the first 1M of RAM")',
    "not in 5.12.9; frames below 1 MiB are free memory in recorded boots of 5.10.223, so 5.10.y has no backport",
)
SOFT_RESERVED = Threshold(
    since("5.5"),
    "x86 puts soft-reserved entries of e820 into memblock.reserved",
    '262b45ae3ab4 ("x86/efi: EFI soft reservation to E820 enumeration"), e820__memblock_setup()',
    "not in 5.4.18, in 5.7.6 to 7.1; its author says that 5.5 was the first release with it",
)
NEEDS_MIRRORS = Threshold(
    since("6.6"),
    "kernelcore=mirror is ignored on machines without mirrored memory",
    "find_zone_movable_pfns_for_nodes() in mm/mm_init.c",
    "not in 6.1, in 6.6",
)
MOVABLE_PERCENT = Threshold(
    since("4.17"),
    "kernelcore=nn% and movablecore=nn% are understood",
    "cmdline_parse_core() in mm/page_alloc.c",
    "not in 4.4, in 4.17",
)
MOVABLE_MIRROR = Threshold(
    since("4.6"),
    "kernelcore=mirror is understood",
    "cmdline_parse_kernelcore() in mm/page_alloc.c",
    "not in 4.4, in 4.17; documented for 4.6",
)
MOVABLE_NODE = Threshold(
    since("3.14"),
    "movable_node is understood",
    '"x86, numa, acpi, memory-hotplug: make movable_node have higher priority" in mm/page_alloc.c',
    "in 4.4; the commit was under review on 16 January 2014",
)

RESERVE_MEM = Threshold(
    since("6.11"),
    "reserve_mem=size:align:name is understood",
    '1e4c64b71c9b ("mm/memblock: Add "reserve_mem" to reserved named memory at boot up")',
    "the pull request of memblock for 6.11-rc1, of July 2024",
)
HUGE_PAGES_OF_NODES = Threshold(
    since("5.16"),
    "hugepages=node:number is understood",
    'b5389086ad7b ("hugetlbfs: extend the definition of hugepages parameter to support node allocation")',
    "the patch, and the report of 30 November 2021, in 5.16-rc, that it broke hugepages= for others",
)

# memory blocks

BLOCK_HOLES_REFUSED = Threshold(
    since("5.5"),
    "memory blocks that are not RAM throughout are not taken offline",
    'c5e79ef561b0 ("mm/memory_hotplug.c: don\'t allow to online/offline memory blocks with holes")',
    "not in 5.4, in 5.7 to 7.1; its author names its mainline id on 27 January 2020, a day after 5.5",
)
BLOCKS_BY_END = Threshold(
    since("4.17"),
    "x86-64 with 64 GiB or more: the largest memory block up to 2 GiB of which the end of RAM is a multiple",
    '078eb6aa50dc ("x86/mm/memory_hotplug: determine block size based on the end of boot memory")',
    "in 4.17; the patch has the code before it, 2 GiB without that condition",
)
BLOCKS_OF_BARE_METAL = Threshold(
    since("5.9"),
    "the same only in virtual machines; real ones with 64 GiB or more have memory blocks of 2 GiB",
    'fe124c95df9e ("x86/mm: use max memory block size on bare metal")',
    "posted on 14 July 2020, in linux-mm's list for 5.9; recorded boot of 6.12.117 with 65 GiB: 1 GiB",
)
BLOCKS_ADVISED = Threshold(
    since("6.15"),
    "windows for CXL memory make memory blocks smaller, so that they fill the windows",
    "memory_block_advise_max_size() in drivers/base/memory.c, probe_memory_block_size() in arch/x86/mm/init_64.c",
    "not in 6.12; patches of January to March 2025",
)

# e820 and the kernel's image

PRAM_ARGUMENT = Threshold(
    since("4.1"),
    "memmap=nn!ss is understood, and type 12 has a name",
    'ec776ef6bbe1 ("x86/mm: Add support for the non-standard protected e820 type")',
    "in 4.1",
)
MANIPULATION_ARGUMENT = Threshold(
    since("4.16"),
    "memmap=nn%ss-from+to is understood",
    'ef61f8a340fd ("x86/boot/e820: Implement a range manipulation operator")',
    "in 4.16",
)
MEMMAP_LIST = Threshold(
    since("3.9"),
    "memmap= takes several regions, with commas between them; before, what follows the first is rejected",
    '"x86, mm: Let "memmap=" take more entries one time", parse_memmap_opt() in arch/x86/kernel/e820.c',
    "in the pull request of x86/mm for 3.9-rc1, of February 2013; in 4.17 and 6.1",
)
STUB_PLACES_IMAGE = Threshold(
    since("6.6", "6.1.81"),
    "the EFI stub itself places an x86 kernel, at random, and knows nothing of mem= and memmap=; before, the"
    " decompressor does, which avoids the first regions of memmap=",
    'a1b87d54f4e4 ("x86/efistub: Avoid legacy decompressor when doing EFI boot")',
    "the text of 15aa8fb852f9, which mends it; among the patches of the review of 6.1.81, not of branches before 6.1",
)
STUB_SPARES_REGIONS = Threshold(
    since("6.10", "6.9.4", "6.6.33", "6.1.93"),
    "the EFI stub does not move the kernel in physical memory where the command line has mem=, memmap=, efi_fake_mem="
    " or hugepages=",
    '15aa8fb852f9 ("x86/efistub: Omit physical KASLR when memory reservations exist")',
    "the patch, pulled for 6.10-rc1, and the reviews of 6.9.4, 6.6.33 and 6.1.93, of June 2024",
)
SOFT_RESERVED_APART = Threshold(
    since("5.10"),
    "soft-reserved entries of e820 are not merged, as those of type 12 are not",
    "e820_nomerge() in arch/x86/kernel/e820.c",
    'in 5.14, not in 5.8; "efi/fake_mem: Arrange for a resource entry per efi_fake_mem instance", which adds it, was'
    " posted on 31 July 2020",
)
LIMIT_SPARES_NOMAP = Threshold(
    since("4.8"),
    "mem= of arm64 leaves memory that firmware keeps out of the map (NOMAP), wherever it lies",
    'a571d4eb55d8 ("mm/memblock.c: add new infrastructure to address the mem limit issue"), arch/arm64/mm/init.c',
    "not in 4.4.154, in 4.9 to 7.1; the patch is of July 2016",
)
TREE_MARKS_NOMAP = Threshold(
    since("5.12"),
    "no-map regions of a device tree stay memory and are marked NOMAP; before, they were removed, which leaves a gap",
    '86588296acbf ("fdt: Properly handle "no-map" field in the memory region"), drivers/of/fdt.c',
    "not in 5.10, in 6.1; the patch is of January 2021",
)
HEAD_LEFT_OUT = Threshold(
    since("5.11"),
    "/proc/iomem of arm64 begins the kernel's code behind the head of its image",
    'e2a073dde921 ("arm64: omit [_text, _stext) from permanent kernel mapping"), arch/arm64/kernel/setup.c',
    "not in 5.10, in 6.1; the patch is of November 2020",
)
IMAGE_MOVES = Threshold(
    since("4.12"),
    "CONFIG_RANDOMIZE_BASE is on by default",
    '6807c84652b0 ("x86: Enable KASLR by default")',
    "in 4.12",
)

ENDS_WITH_RAM = Threshold(
    since("2.6.27"),
    "last_pfn is the end of RAM; before, end_pfn_map is that of the whole map, whatever its last entry is",
    "e820_end_of_ram_pfn() in arch/x86/kernel/e820.c",
    "not in arch/x86/kernel/e820_64.c of 2.6.24, in 2.6.32; releases in between have not been read",
)
ACPI_IN_MAX_PFN = Threshold(
    since("6.11"),
    "max_pfn and last_pfn end with RAM or ACPI data, whichever is higher; before, with RAM",
    '06fa48d85b09 ("x86/mm: Make e820__end_ram_pfn() cover E820_TYPE_ACPI ranges")',
    "not in 6.1.192, in 6.12.117, 7.0 and 7.3-rc; in mainline by 16 July 2024, in the merge window of 6.11",
)

# NUMA nodes of x86

MIB_WITHOUT_NODE = Threshold(
    since("6.13", "6.12.5", "6.6.70"),
    "memory that has no node makes the kernel refuse the nodes when it is more than 1 MiB; before, from 1 MiB on",
    '9cdc6423acb4 ("memblock: allow zero threshold in validate_numa_converage()")',
    "not in numa_meminfo_cover_memory() of 6.1.192, in 6.12.117 and 7.3-rc; in the tree of memblock's fixes on"
    " 1 December 2024, before 6.13; reviews of 6.12.5 and 6.6.70",
)
CUT_TO_MEMORY = Threshold(
    since("6.12"),
    "nodes of the firmware are cut to [first memory, end of memory), so numa=fake= counts from the first memory on;"
    " before, to [0, max_pfn)",
    'f7feea289f9a ("mm: numa_memblks: use memblock_{start,end}_of_DRAM() when sanitizing meminfo")',
    "numa_cleanup_meminfo(): not in arch/x86/mm/numa.c of 4.17, in mm/numa_memblks.c of 6.12.117 and 7.3-rc; one of 26"
    " patches of August 2024 that move the file; boots of 4.17, 6.18.15 and 7.3.4 with numa=fake=",
)
SMALL_NODES = Threshold(
    since("6.7", "6.6.3", "6.5.13", "6.1.64", "5.15.140", "5.10.202", "5.4.262", "4.19.300", "4.14.331"),
    "a node of less than 4 MiB is brought online; before, no zone has its memory, unless the node has processors",
    'a1e2b8b36820 ("x86/mm: Drop the 4 MB restriction on minimal NUMA node memory size")',
    "numa_register_memblks() in arch/x86/mm/numa.c: not in 6.1.192; what it takes away is in its patches for 5.4, 5.10"
    " and 6.1, and in setup_node_bootmem() of 2.6.37; reviews of 24 November 2023, that of 4.14.331 whole, those of"
    " 5.4.262 and 6.1.64 by the patch, the rest by their queues",
)
DEBIAN_FAKES = Threshold(
    since("6.18"),
    "Debian builds its x86 kernels with CONFIG_NUMA_EMU",
    "the configuration of linux-image-6.18.15+deb13-amd64, for mm/numa_emulation.c",
    "boots of 5.10.223, 6.1.192 and 6.12.107 fake no nodes, those of 6.18.15 and 7.3.4 do; builds between 6.12 and 6.18"
    " have not been read",
)

# FLATMEM

FLATMEM_FILLED = Threshold(
    since("5.15"),
    "FLATMEM initialises struct pages of holes as SPARSEMEM does; before, they stay as allocated: zeroed",
    'c3ab6baf6a00 ("mm/page_alloc: always initialize memory map for the holes") and c803b3c8b3b7 ("mm: introduce'
    ' memmap_alloc() to unify memory map allocation")',
    "not in mm/page_alloc.c of 5.14, in 6.1",
)
FLATMEM_TAIL = Threshold(
    since("6.15"),
    "FLATMEM initialises the struct pages behind the last memory, to the end of the largest buddy, which pfn_valid()"
    " knows from then on; that of arm knows page blocks with memory",
    "memmap_init() and alloc_node_mem_map() in mm/mm_init.c, pfn_valid() in arch/arm/mm/init.c",
    "not in 6.12, in 7.1.5",
)
ORDER_INCLUSIVE = Threshold(
    since("6.4"),
    "CONFIG_ARCH_FORCE_MAX_ORDER is the order of the largest buddy; before, it is one more",
    '23baf831a32c ("mm, treewide: redefine MAX_ORDER sanely"), arch/*/Kconfig',
    "one more in 6.1.20, not in 6.12",
)
HOLES_IN_ZONE = Threshold(
    since("4.19"),
    "move_freepages() of arm64 asks pfn_valid() for each frame of a page block; before, kernels without NUMA read all"
    " of them",
    'f52bb98f5ade ("arm64: mm: always enable CONFIG_HOLES_IN_ZONE"), arch/arm64/Kconfig',
    "not in 4.17, in 5.4.18; posted on 30 August 2018, before 4.19 was out. Stable branches were not read",
)

# /proc/kpageflags

NO_FLAG = Threshold(
    since("6.16"),
    "/proc/kpageflags gives 0 for a frame that is not online, no longer KPF_NOPAGE (bit 20)",
    '"fs/proc/page: refactor to reduce code duplication" in fs/proc/page.c, posted on 17 March 2025',
    "not in 6.12 and 6.14, in 6.19 and 7.1; on 8 May 2025, with 6.15 at its fifth candidate, the commit was still"
    " queued in the tree of mm",
)
ONLINE_ONLY = Threshold(
    since("5.4", "5.3.8", "4.19.81", "4.14.151"),
    "/proc/kpage* look at online memory alone; before, they also met struct pages of devices and of blocks that were"
    " plugged in and not yet online, which nothing had written",
    'aad5f69bc161 ("fs/proc/page.c: don\'t access uninitialized memmaps in fs/proc/page.c")',
    "not in 5.2, in 5.4 and 4.19.108; reviews of 5.3.8, 4.19.81 and 4.14.151",
)
CUT_AT_END = Threshold(
    since("5.6"),
    "a read of /proc/kpage* that starts above max_pfn is cut",
    "fs/proc/page.c",
    "not in 4.17 and 5.4, in 5.7",
)
ALL_WRITTEN = Threshold(
    INIT_GAPS.since,
    "every struct page of boot memory is written",
    '4b094b7851bf ("mm/page_alloc.c: initialize memmap of unavailable memory directly")',
    "mm/page_alloc.c, in 5.6.4 and 5.7",
)

KHO_FIXED = Threshold(
    since("6.17", "6.16.4"),
    "a kernel with CONFIG_DEFERRED_STRUCT_PAGE_INIT takes over no memory of the one before it (KHO): until then, struct"
    " pages of preserved memory were read before they were written",
    '8b66ed2c3f42 ("kho: mm: don\'t allow deferred struct page with KHO")',
    "among the commits after 6.17-rc2, in 7.1.5; its review for 6.16.y is of August 2025, 6.16.4 has not been read",
)
SHARED_TAILS = Threshold(
    since("6.15"),
    "with hugetlb_free_vmemmap=on, huge pages of boot are given struct pages whose tails share one page of memory from"
    " the start; before, they are made to later",
    "sparse_vmemmap_init_nid_early() in mm/sparse-vmemmap.c, preinited_vmemmap_section() in mm/sparse.c",
    "not in 6.12, in 7.1.5",
)

# what kernels print of zones and nodes

ROUNDED_UP = Threshold(
    since("2.6.27"),
    "a page that struct pages fill in part counts among those that they take",
    "free_area_init_core() in mm/page_alloc.c",
    "not in 2.6.24, in 2.6.34; asked for in May 2008",
)
ESTIMATED = Threshold(
    since("3.8"),
    "struct pages of a zone with large holes are counted by what is present, HighMem's are not counted, and a zone's"
    ' "pages, LIFO" may have them',
    "calc_memmap_size() in mm/page_alloc.c",
    "not in 3.4, in 4.4 to 6.6; releases between 3.4 and 4.4 have not been read",
)
ALL_PRESENT = Threshold(
    since("3.10"),
    'a zone\'s "pages, LIFO" are all that are present; up to 3.7 its struct pages are taken off',
    "zone_pcp_init() in mm/page_alloc.c",
    "not in 3.4, in 4.4; a 3.10.17",
)
HIGHMEM_WHOLE = Threshold(
    since("3.8"),
    "no struct pages may be taken off HighMem, where no line says so",
    "free_area_init_core() in mm/page_alloc.c",
    "a 3.10.17 prints them, 4.4 does not",
)
NOT_TAKEN_OFF = Threshold(
    since("6.10"),
    '"Total pages" are all that are present; before, struct pages are taken off',
    "free_area_init_core() in mm/mm_init.c",
    "not in 6.6, in 6.12",
)
ZONES_CUT = Threshold(
    since("3.19"),
    "x86 prints zones DMA and DMA32 as ending with RAM; before, with what they can have, however much there is",
    'c072b90c8dfe ("x86/mm: Fix zone ranges boot printout"), zone_sizes_init() in arch/x86/mm/init.c',
    "not in 3.2 and 3.13, which print 4 GiB, in 4.17; committed for x86/urgent on 11 December 2014",
)
GENERIC_INITMEM = Threshold(
    since("3.17"),
    'free_area_init_node() prints "Initmem setup node"; before, setup_node_data() of arch/x86/mm/numa.c does',
    "mm/page_alloc.c",
    "not in 3.16, in 4.4",
)

# where struct pages lie

MEMORY_KASLR = Threshold(
    since("4.8"),
    "CONFIG_RANDOMIZE_MEMORY may move the struct pages of x86-64",
    '0483e1fa6e09 ("x86/mm: Implement ASLR for kernel memory regions"), kernel_randomize_memory()',
    "in arch/x86/mm/kaslr.c of 4.17; releases between 4.4 and 4.17 have not been read",
)
STRUCT_PAGE_ALIGNED = Threshold(
    since("3.1"),
    "a struct page of x86-64 has 64 bytes, aligned for SLUB; before, 56",
    "include/linux/mm_types.h",
    "56 bytes in 2.6.32, 64 in 3.4",
)
STRUCT_PAGE_SIZED = Threshold(
    since("3.19"),
    "a struct page of x86-64 has 64 bytes with a memory cgroup too, as distributions build it",
    '1306a85aed3e ("mm: embed the memcg pointer directly into struct page")',
    "in include/linux/mm_types.h of 4.4 to 6.12; releases between 3.4 and 4.4 have not been read",
)
ARM64_KASLR = Threshold(
    since("4.6"),
    "arm64 prints where the struct page of the first frame of memory lies, and KASLR moves the window",
    "arch/arm64/mm/init.c",
    "not in 3.10 and 4.4, in 4.14",
)
RISCV_BEYOND_ZERO = Threshold(
    since("6.7"),
    "the window of struct pages of riscv need not begin with frame 0",
    "arch/riscv/include/asm/pgtable.h",
    "it begins with frame 0 in 6.6.9",
)
RISCV_FROM_RAM = Threshold(
    since("6.12"),
    "the window of struct pages of riscv begins with the first frame of memory",
    "arch/riscv/include/asm/pgtable.h",
    "not in 6.6.9",
)


THRESHOLDS = tuple(row for row in tuple(globals().values()) if isinstance(row, Threshold))
"""Every row above."""


def each_side(thresholds: Iterable[Threshold]) -> tuple[Version, ...]:
    """A release for each combination of what some thresholds have reached, the newest first."""
    return (*sorted({row.since.mainline for row in thresholds}, reverse=True), EARLIEST)


MEMMAP_COUNTS = each_side((ROUNDED_UP, ESTIMATED, HIGHMEM_WHOLE))
"""Releases that count the struct pages of a zone each in their own way."""

# Memory that the kernel takes for itself

LOG_METADATA = Threshold(
    since("5.10"),
    "a log buffer has a descriptor and a record for each 32 bytes of text, beside it",
    '896fbe20b4e2 ("printk: use the lockless ringbuffer")',
    "setup_log_buf() in kernel/printk/printk.c: not in 4.17; a recorded boot of 6.12.107 with log_buf_len=4M reserves"
    " 4, 3 and 11 MiB for it",
)
BOOT_SERVICES_KEPT = Threshold(
    since("5.7"),
    "efi=debug, which prints the EFI map, keeps the memory of the boot services for /sys/kernel/debug/efi",
    '0e72a6a3cf71 ("efi: Export boot-services code and data as debugfs-blobs")',
    "efi_free_boot_services() in arch/x86/platform/efi/quirks.c; of boots with efi=debug 4.17 has that memory in"
    " MemTotal, 5.10.223, 6.1.192 and 6.12.107 have not",
)
LATE_MEMORY_LINE = Threshold(
    since("6.11"),
    "the “Memory:” line comes when all struct pages are initialised, and has what was given back before",
    "mem_init_print_info() is called by page_alloc_init_late() in mm/mm_init.c",
    "boots of 6.1.192 and 6.12.107, whose lines stand before and behind that of late struct pages; releases between"
    " them have not been read",
)
