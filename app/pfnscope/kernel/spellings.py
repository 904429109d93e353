"""Which releases print a line in which words: what bounds a release that no line names.

A row holds where its words are proven: from the release after the last one that was read without them, and until the
first one that was read without them again. So where words change between two releases that were read, both hold in
between. Vendors take the words of a line with the code around it: what a line tells is whose code a kernel has, not the
number that it bears.
"""

from functools import cache

from msgspec import Struct

from pfnscope.kernel.release import Bounds, Releases, between, starting, until
from pfnscope.kernel.rules import HOLES_BY_ZONE, ONE_PASS, RAW_MEMMAP, ZERO_GAPS


class Spelling(Struct, frozen=True):
    """Words of a line, and the releases that can print them. ``read`` says which releases were read."""

    releases: tuple[Releases, ...]
    source: str
    read: str

    @property
    def bounds(self) -> Bounds:
        """The releases that can print the words."""
        return _bounds(self.releases)


@cache
def _bounds(releases: tuple[Releases, ...]) -> Bounds:
    return Bounds.of(*releases)


def _row(releases: Releases, source: str, read: str) -> Spelling:
    return Spelling((releases,), source, read)


# Memory maps

RANGES_OLD = _row(
    until("3.5"), "arch/x86/kernel/e820.c, mm/page_alloc.c, arch/x86/mm/srat.c", "in 3.4, not in logs of 3.5 and in 3.6"
)
RANGES = _row(
    starting("3.5"),
    'arch/x86/kernel/e820.c, mm/page_alloc.c: "print physical addresses consistently with other parts of kernel",'
    " posted on 13 February 2012",
    "not in 3.4, in logs of 3.5 and in 3.6",
)
NAMED_E820 = _row(between("3.5", "4.19"), "arch/x86/kernel/e820.c", "not in 3.4, in 3.6 to 4.17, not in 4.19")
NAMELESS_E820 = Spelling(
    (until("3.5"), starting("4.17")),
    "arch/x86/kernel/e820.c",
    "in 3.4, not in logs of 3.5 and in 3.6 to 4.17, in a log of 4.17-rc6-mm1 and in 4.19 to 7.1.5",
)
USABLE = _row(until("7.0"), "e820_print_type() in arch/x86/kernel/e820.c", "in 6.19.10, not in 7.0")
SYSTEM_RAM = _row(starting("7.0"), "e820_print_type() in arch/x86/kernel/e820.c", "not in 6.19.10, in 7.0 and 7.1.5")

# Nodes and zones

SRAT_UNNAMED = _row(
    between("3.5", "4.9"), "arch/x86/mm/srat.c, drivers/acpi/numa.c", "not in 3.4, in 3.6 to 4.4, not in 4.9"
)
SRAT_OF_ACPI = _row(starting("4.5"), "drivers/acpi/numa.c, drivers/acpi/numa/srat.c", "not in 4.4, in 4.9 to 7.1.5")
NARROW = _row(until("4.4"), "%#010lx in mm/page_alloc.c", "in 3.6 to 3.16, not in 4.4")
WIDE = _row(
    starting("3.19"),
    '%#018Lx in mm/page_alloc.c: "mm: use correct format specifiers when printing address ranges", posted on 8 January'
    " 2015, when 3.18 was the last release",
    "not in 3.16, in 4.4 to 7.1.5",
)
MEMORYLESS = _row(starting("5.18"), "mm/page_alloc.c, later mm/mm_init.c", "not in 5.17, in 6.1.20 to 7.1.5")
NODE_DATA_UNNUMBERED = _row(
    between("3.5", "4.4"), "setup_node_data() in arch/x86/mm/numa.c", "not in 3.4, in 3.6 to 3.16, not in 4.4"
)
NODE_DATA_ALLOCATED = _row(starting("3.17"), "arch/x86/mm/numa.c, mm/numa.c", "not in 3.16, in 4.4 to 7.1.5")
FALLBACK_ORDER = _row(starting("5.16"), "build_zonelists() in mm/page_alloc.c", "not in 5.15, in 5.17 to 7.1.5")

# Counts

RESERVED_UNAVAILABLE = _row(
    between(RAW_MEMMAP.since, ZERO_GAPS.mainline), "zero_resv_unavail() in mm/page_alloc.c", "in 4.15.1 to 4.19.78"
)
ZEROED_UNAVAILABLE = _row(
    between(ZERO_GAPS.stable[0], HOLES_BY_ZONE.mainline),
    "mm/page_alloc.c",
    "not in 4.19.78, in 5.0 to 5.11, not in 5.12",
)
ZONE_UNAVAILABLE = _row(
    between(HOLES_BY_ZONE.since, ONE_PASS.since), "memmap_init_zone() in mm/page_alloc.c", "in 5.11.14 and 5.12.9"
)
NODE_UNAVAILABLE = _row(
    starting(ONE_PASS.since), "mm/page_alloc.c, later mm/mm_init.c", "not in 5.12.9, in 5.14 to 7.1.5"
)
MEMORY_GENERIC = _row(starting("3.7"), "mem_init_print_info() in mm/page_alloc.c", "not in 3.6, in 3.14 to 7.1.5")
CMA_RESERVED = _row(starting("3.17"), "mem_init_print_info() in mm/page_alloc.c", "not in 3.16, in 4.4 to 7.1.5")
ZONELISTS_ORDERED = _row(until("4.15"), "build_all_zonelists() in mm/page_alloc.c", "in 2.6.24 to 4.12, not in 4.15")
ZONELISTS = _row(starting("4.13"), "build_all_zonelists() in mm/page_alloc.c", "not in 4.12, in 4.15 to 7.1.5")
DEFERRED_PAGES = _row(
    between("3.17", "5.8"), "deferred_init_memmap() in mm/page_alloc.c", "not in 3.16, in 4.4 to 5.7, not in 5.8"
)
DEFERRED = _row(starting("5.8"), "deferred_init_memmap() in mm/page_alloc.c", "not in 5.7, in 5.8 to 7.1.5")

# Reserved memory

NOSAVE = _row(between("3.7", "5.7"), "kernel/power/snapshot.c", "not in 3.6, in 3.10 to 5.4.18, not in 5.7")
NOSAVE_HIBERNATION = _row(starting("5.5"), "kernel/power/snapshot.c", "not in 5.4.18, in 5.7 to 7.1.5")
SWIOTLB = _row(between("3.5", "4.19"), "lib/swiotlb.c", "not in 3.4, in 3.6 to 4.17, not in 4.19")
SWIOTLB_MAPPED = _row(starting("4.18"), "kernel/dma/swiotlb.c", "not in 4.17, in 4.19 to 7.1.5")
CRASHKERNEL = _row(starting("4.10"), "arch/arm64/mm/init.c, kernel/crash_reserve.c", "not in 4.9, in 4.12 to 7.1.5")
CMA_DRIVER = _row(between("3.5", "4.4"), "drivers/base/dma-contiguous.c", "in 3.6 to 3.16, not in 4.4")
CMA = _row(starting("3.17"), "mm/cma.c", "not in 3.16, in 4.4 to 7.1.5")
CMA_ON_NODE = _row(between("6.2", "6.19"), "mm/cma.c", "not in 6.1.20, in 6.6 and 6.12, not in 6.19.10")
DEVICE_TREE = _row(
    starting("6.2"), "drivers/of/of_reserved_mem.c", "not in 6.1.20, in 6.6 to 7.1.5: with KiB, map and reusable"
)

# Oopses and page dumps

X86_FAULT_OLD = _row(until("5.2"), "arch/x86/mm/fault.c", "in 2.6.32 to 4.19, not in 5.2")
X86_FAULT = _row(starting("4.20"), "show_fault_oops() in arch/x86/mm/fault.c", "not in 4.19, in 5.2 to 7.1.5")
PROTECTION_ADDRESS = _row(starting("5.5"), "arch/x86/kernel/traps.c", "not in 5.4.18, in 5.14 to 7.1.5")
PLACE_IN_BRACKETS = _row(until("4.12"), "arch/x86/kernel/dumpstack.c", "in 2.6.32 to 4.9, not in 4.12")
PLACE_BARE = _row(starting("4.10"), "arch/x86/kernel/dumpstack.c", "not in 4.9, in 4.12 to 7.1.5")
COUNT = _row(until("5.2"), "dump_page() in mm/debug.c", "in 2.6.18 to 4.19, not in 5.2")
REFCOUNT = _row(starting("4.20"), "dump_page() in mm/debug.c", "not in 4.19, in 5.2 to 7.1.5")
DUMPED_FRAME = _row(starting("5.9"), "dump_page() in mm/debug.c", "not in 5.8, in 5.10 to 7.1.5")
NO_POINTER = _row(starting("6.9"), "dump_folio() in mm/debug.c", "not in 6.8.1, in 6.12 to 7.1.5")
NAMED_LINKS = _row(starting("5.12"), "lib/vsprintf.c: node= and zone= of %pGp", "not in 5.11.5, in 5.14 to 7.1.5")
POISONED = _row(starting("4.18"), "__dump_page() in mm/debug.c", "not in 4.17, in 4.19 to 7.1.5")
