"""Where kernels take memory for CMA areas, gigantic pages and ``reserve_mem=``: by architecture and release."""

from typing import Literal

from msgspec import Struct

from pfnscope.kernel.architectures import max_order_pages
from pfnscope.kernel.crashkernel import ZONES_LAST, Moment
from pfnscope.kernel.release import EVERY, NEWEST, Releases, Version, since, starting, until
from pfnscope.units import GIB, KIB, MIB

CMA_IN_ZONE = since("5.11")
"""The CMA area of arm64 lies in its first zone; before, below 4 GiB. bootmem_init() in arch/arm64/mm/init.c, 6.1, not
in 5.10; arm64_memblock_init() in 4.17, and in 5.5 with arm64_dma32_phys_limit."""
CMA_FROM_4G = since("5.12")
"""A CMA area goes to the lowest place from 4 GiB on, where memory ends high enough, whatever start was asked for:
df2ff39e78da ("mm: cma: allocate cma areas bottom-up"), whose second version was posted on 17 December 2020, in the
merge window of 5.11. In 6.1."""
CMA_BY_PAGE_BLOCK = since("5.19")
"""A CMA area is aligned to page blocks; before, to the largest buddy too: 11ac3e87ce09 ("mm: cma: use pageblock_order
as the single alignment"). Recorded boots of arm64 6.1 have areas at odd multiples of 2 MiB."""
CMA_EXACT = since("5.3")
"""A CMA area at an address that is not aligned is refused; before, the address is rounded up: c633324e3112 ("mm/cma.c:
fail if fixed declaration can't be honored"). Not in 4.17, in 6.1; posted in July 2019."""
CMA_LIMIT_OF_USER = since("6.17")
"""cma=size@start-end overrules the limit that the architecture sets; before, the lower one counts: "dma-contiguous:
hornor the cma address limit setup by user", posted on 12 June 2025, after 6.16-rc1. Not in 6.1."""
CMA_OF_NODES = since("7.2")
"""On machines of several nodes each gets an area as large as the global one behind it, unless numa_cma= or cma_pernuma=
says otherwise: CONFIG_CMA_SIZE_PERNUMA, dma_numa_cma_reserve() in kernel/dma/contiguous.c. In 7.2-rc1 and in recorded
boots of 7.2.13 and 7.3.4, not in those of 6.12.117."""
HUGETLB_CMA = since("5.7")
"""hugetlb_cma=size: cf11e85fc08c ("mm: hugetlb: optionally allocate gigantic hugepages using cma"), of April 2020."""
HUGETLB_CMA_OF_NODES = since("5.16")
"""hugetlb_cma=node:size: 38e719ab2673 ("hugetlb: support node specified when using cma for gigantic hugepages"), posted
on 15 October 2021, among the commits of mm for 5.16. In 6.1."""
HUGETLB_CMA_ALIGNED = since("6.10")
"""Areas of hugetlb_cma= begin at a multiple of the gigantic page; before, at one of a huge page: cc48be374b65
("mm/hugetlb: align cma on allocation order, not demotion order"), of 30 April 2024. Not in 6.1."""
HUGETLB_CMA_WHOLE = since("7.0")
"""hugetlb_cma= has to be whole gigantic pages; before, the share of each node is rounded up to them:
hugetlb_cma_reserve() in mm/hugetlb.c, 6.1 and 6.12, mm/hugetlb_cma.c, 7.1."""
CMA_IN_PARTS = since("6.15")
"""An area of hugetlb_cma= that fits in no one piece is made of up to eight ranges above 4 GiB:
cma_declare_contiguous_multi() in mm/cma.c, 7.1, not in 6.12; patches of February 2025."""
MOST_PARTS = 8
"""CMA_MAX_RANGES in mm/cma.h, 7.1."""
GIGANTIC_EARLY = since("6.15")
"""x86 allocates gigantic pages in setup_arch(), in front of struct pages and crash kernels; others go on to do so when
the command line is parsed or behind it: hugetlb_bootmem_alloc(), patches of February 2025, not in 6.12."""
EXACT_NODE = since("6.14")
"""hugepages=node:number takes pages of this node alone; before, of others where it has too few: "mm: hugetlb: avoid
fallback for specific node allocation of 1G pages", in the hotfixes of mm of 19 February 2025, after 6.14-rc3. Boots of
6.12.117 give a page of node 1 for one of node 0."""
IMAGE_SPARES_GIGANTIC = since("4.19")
"""KASLR of x86-64 keeps the kernel's image out of whole gigantic pages, as many as hugepages= begins with:
process_gb_huge_pages() and parse_gb_huge_pages() in arch/x86/boot/compressed/kaslr.c, 6.1, not in 4.17; 9b912485e0e7
("x86/boot/KASLR: Add two new functions for 1GB huge pages handling"), posted in June 2018."""


class CmaSearch(Struct, frozen=True):
    """Where kernels of an architecture look for memory of the global CMA area.

    ``limit``: the end of all memory, of the first zone, of low memory, or in bytes. ``bottom_up``: from the lowest
    address on. ``after_crash_kernel``: its memory is reserved already.
    """

    arches: tuple[str, ...]
    releases: Releases
    limit: Literal["memory", "zone", "low"] | int
    time: Moment
    source: str
    bottom_up: bool = False
    after_crash_kernel: bool = False


_ARM64 = "arm64_memblock_init() in arch/arm64/mm/init.c, 4.17 and 5.5; bootmem_init(), 6.1 and 7.1"
_X86 = "setup_arch() in arch/x86/kernel/setup.c, 4.17 to 7.1"
_RISCV = "setup_bootmem() in arch/riscv/mm/init.c, 6.1; misc_mem_init(), recorded boots of 7.2.13"
_LOONG = "arch_mem_init() in arch/loongarch/kernel/setup.c, 6.1; recorded boots of 7.2.13"

CMA_SEARCHES = (
    CmaSearch(("x86_64",), EVERY, "memory", "before zones", _X86),
    CmaSearch(("i386",), EVERY, "low", "before zones", _X86),
    CmaSearch(("arm64",), until(CMA_IN_ZONE), 4 * GIB, "first", _ARM64, after_crash_kernel=True),
    CmaSearch(("arm64",), starting(CMA_IN_ZONE), "zone", "after zones", _ARM64),
    CmaSearch(("arm",), EVERY, 4 * GIB - 1, "first", "arm_memblock_init() in arch/arm/mm/init.c, 6.1"),
    CmaSearch(("riscv64",), until(ZONES_LAST), 4 * GIB, "first", _RISCV),
    CmaSearch(("riscv64",), starting(ZONES_LAST), 4 * GIB, "before zones", _RISCV),
    CmaSearch(("loongarch64",), EVERY, "memory", "after zones", _LOONG, bottom_up=True, after_crash_kernel=True),
    CmaSearch(("s390x", "s390"), EVERY, "memory", "first", "setup_arch() in arch/s390/kernel/setup.c, 6.1"),
    CmaSearch(("mips", "mips64"), EVERY, "low", "first", "arch_mem_init() in arch/mips/kernel/setup.c, 6.1"),
)

_CURRENT: Version = (NEWEST[0] - 1, 0, 0)


def cma_search(arch: str | None, version: Version | None) -> CmaSearch | None:
    """The row of a kernel, of the newest release where none is known; None where no source was read."""
    return next(
        (row for row in CMA_SEARCHES if arch in row.arches and (version or _CURRENT) in row.releases),
        None,
    )


def cma_alignment(arch: str | None, version: Version | None, page_size: int, page_block: int) -> int:
    """Bytes to a multiple of which a CMA area begins and ends; ``page_block`` in frames.

    Source: CMA_MIN_ALIGNMENT_BYTES in include/linux/cma.h, 6.1; cma_declare_contiguous() in mm/cma.c, 4.17.
    """
    if CMA_BY_PAGE_BLOCK.reached(version, unknown=True):
        return page_block * page_size
    return max(page_block, max_order_pages(arch, page_size)) * page_size


class GiganticPages(Struct, frozen=True):
    """Gigantic pages of an architecture: ``size`` in bytes for pages of ``page_size``, None for all.

    ``printed``: kernels of distributions print them among the huge pages that the machine has ("HugeTLB: registered").
    """

    arches: tuple[str, ...]
    page_size: int | None
    size: int
    source: str
    printed: bool = False


GIGANTIC = (
    GiganticPages(("x86_64",), None, GIB, "PUD_SIZE, with pdpe1gb, in arch/x86/mm/hugetlbpage.c, 4.17 to 7.1", True),
    GiganticPages(("arm64",), 4 * KIB, GIB, "PUD_SIZE in arch/arm64/mm/hugetlbpage.c, 4.17 to 7.1", True),
    GiganticPages(("arm64",), 16 * KIB, GIB, "CONT_PMD_SIZE in arch/arm64/mm/hugetlbpage.c, 4.17 to 7.1"),
    GiganticPages(("arm64",), 64 * KIB, 16 * GIB, "CONT_PMD_SIZE in arch/arm64/mm/hugetlbpage.c, 4.17 to 7.1"),
    GiganticPages(("riscv64",), None, GIB, "PUD_SIZE in arch/riscv/mm/hugetlbpage.c, 6.1"),
    GiganticPages(("ppc64le", "ppc64"), None, GIB, "PUD_SIZE with radix tables, arch/powerpc/mm/hugetlbpage.c, 6.1"),
    GiganticPages(("s390x", "s390"), None, 2 * GIB, "PUD_SIZE with EDAT2, arch/s390/mm/hugetlbpage.c, 6.1"),
)


def gigantic_pages(arch: str | None, page_size: int) -> GiganticPages | None:
    """What hugetlb allocates before there is a page allocator; None where an architecture has no such pages."""
    return next((row for row in GIGANTIC if arch in row.arches and row.page_size in (None, page_size)), None)


def gigantic_moment(arch: str | None, version: Version | None) -> Moment | None:
    """When a kernel allocates gigantic pages at boot; None: when the command line is parsed, behind struct pages.

    Where no release is known it is the last of them, which leaves least. Source: hugepages_setup() in mm/hugetlb.c,
    4.17 to 6.12; mm_core_init_early() in mm/mm_init.c, 7.1.
    """
    early = ZONES_LAST.reached(version) or (arch == "x86_64" and GIGANTIC_EARLY.reached(version))
    return "before zones" if early else None


def after_crash_kernel(version: Version | None) -> bool:
    """Whether gigantic pages and areas of hugetlb_cma= that get memory in front of zones get it behind a crash kernel.

    Source: setup_arch() of x86 and bootmem_init() of arm64, 6.1, and mm_core_init_early() in mm/mm_init.c, 7.1.
    """
    return ZONES_LAST.reached(version, unknown=True)


def pool_alignment(version: Version | None, gigantic: int, huge: int) -> int:
    """Bytes to a multiple of which areas of hugetlb_cma= begin: of a ``gigantic`` page, or of a ``huge`` one.

    Source: hugetlb_cma_reserve() in mm/hugetlb.c, 6.1, mm/hugetlb_cma.c, 7.1; before pages could be split (5.16) they
    were aligned to gigantic pages too.
    """
    splits = HUGETLB_CMA_OF_NODES.reached(version, unknown=True)
    return huge if splits and not HUGETLB_CMA_ALIGNED.reached(version, unknown=True) else gigantic


LEAST_ALIGNMENT = 64
"""SMP_CACHE_BYTES, what reserve_mem= and memblock align to at least; 128 on some machines of arm64 and powerpc.

Source: reserve_mem() in mm/memblock.c, 6.11 to 7.1.
"""


_LOADED = {"riscv64": 512 * MIB}


def loaded_within(arch: str | None) -> int:
    """Bytes from the start of RAM within which boot loaders without EFI put an initial RAM disk and a device tree.

    Source: arm_setup_direct_kernel_boot() in hw/arm/boot.c, riscv_load_initrd() in hw/riscv/boot.c of QEMU 7.2; others
    may put them elsewhere.
    """
    return _LOADED.get(arch or "", 128 * MIB)
