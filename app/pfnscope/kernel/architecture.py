"""What an architecture fixes about physical memory: page sizes, memory model, section sizes."""

from enum import Enum

from msgspec import Struct

from pfnscope.kernel.release import Version
from pfnscope.units import GIB, KIB, MIB

NEWEST: Version = (9999, 0, 0)

_MAX_ORDER_PAGES = {
    ("arm64", 16 * KIB): 2048, ("arm64", 64 * KIB): 8192, ("loongarch64", 16 * KIB): 2048,
    ("loongarch64", 64 * KIB): 8192, ("ppc64", 4 * KIB): 4096,
    ("ppc64le", 4 * KIB): 4096, ("ppc64", 64 * KIB): 256, ("ppc64le", 64 * KIB): 256,
    ("mips64", 16 * KIB): 2048, ("mips64", 64 * KIB): 8192, ("sparc64", 8 * KIB): 4096, ("ia64", 16 * KIB): 65536,
}  # fmt: skip
"""Defaults of ARCH_FORCE_MAX_ORDER (FORCE_MAX_ZONEORDER up to 5.19) in arch/*/Kconfig, 4.17 and 7.1."""


class MemoryModel(str, Enum):
    """How struct pages are kept: by sections of a fixed size, or as one array for each node."""

    SPARSEMEM = "sparsemem"
    FLATMEM = "flatmem"


class ModelRow(Struct, frozen=True):
    """A row: the memory model of an architecture on the releases ``first`` to ``last``.

    ``proven``: no configuration has another; otherwise ``why`` says what it is taken from. ``nodes``: the row holds
    for one node only, or for several only.
    """

    arch: str
    model: MemoryModel
    why: str
    proven: bool = False
    nodes: str = "any"
    first: Version = (2, 6, 11)
    last: Version = NEWEST


class SectionSize(Struct, frozen=True):
    """A row: the size of a memory section in bytes on the releases ``first`` to ``last`` of an architecture.

    ``page_size`` is None where the row holds for every page size.
    """

    arch: str
    size: int
    first: Version = (2, 6, 11)
    last: Version = NEWEST
    page_size: int | None = None


_SPARSE, _FLAT = MemoryModel.SPARSEMEM, MemoryModel.FLATMEM

MODELS = (
    # ARCH_*MEM_ENABLE and ARCH_*MEM_DEFAULT of arch/*/Kconfig, choice of mm/Kconfig: read in 4.4 to 7.1.
    # DISCONTIGMEM of older releases keeps one array for each node, so it counts as FLATMEM.
    ModelRow("x86_64", _SPARSE, "x86-64 has no other", proven=True),
    ModelRow("i386", _FLAT, "the usual configuration of i386 without NUMA", nodes="one"),
    ModelRow(
        "i386", _FLAT, "the usual configuration of i386 with NUMA (DISCONTIGMEM)", nodes="many", last=(5, 13, 9999)
    ),
    ModelRow("i386", _SPARSE, "i386 with NUMA has no other", nodes="many", first=(5, 14, 0)),
    ModelRow("arm64", _SPARSE, "arm64 has no other up to 4.17", proven=True, last=(4, 18, 9999)),
    ModelRow("arm64", _SPARSE, "the default of arm64", first=(4, 19, 0), last=(5, 12, 9999)),
    ModelRow("arm64", _SPARSE, "arm64 has no other from 5.14 on", proven=True, first=(5, 13, 0)),
    ModelRow("arm", _FLAT, "the usual configuration of arm"),
    ModelRow("riscv64", _FLAT, "riscv has no other up to 5.3", proven=True, last=(5, 3, 9999)),
    ModelRow("riscv64", _SPARSE, "the configuration that riscv64 ships with", first=(5, 4, 0)),
    ModelRow("ppc64", _SPARSE, "the default of 64-bit servers"),
    ModelRow("ppc64le", _SPARSE, "the default of 64-bit servers"),
    ModelRow("ppc", _FLAT, "32-bit powerpc has no other", proven=True),
    ModelRow("s390", _SPARSE, "s390 has no other", proven=True),
    ModelRow("s390x", _SPARSE, "s390 has no other", proven=True),
    ModelRow("sparc64", _SPARSE, "sparc64 has no other", proven=True),
    ModelRow("loongarch64", _SPARSE, "loongarch with NUMA, as distributions build it, has no other"),
    ModelRow("mips", _FLAT, "the default of mips without NUMA", nodes="one"),
    ModelRow("mips", _SPARSE, "mips with NUMA on current releases", nodes="many", first=(5, 3, 0)),
    ModelRow("mips64", _FLAT, "the default of mips without NUMA", nodes="one"),
    ModelRow("mips64", _SPARSE, "mips with NUMA on current releases", nodes="many", first=(5, 3, 0)),
    ModelRow("sh", _SPARSE, "the default of sh"),
    ModelRow("ia64", _SPARSE, "the usual configuration of ia64"),
)

SECTION_SIZES = (
    # SECTION_SIZE_BITS of include/asm/sparsemem.h, read in 2.6.18 to 7.1
    SectionSize("x86_64", 128 * MIB),
    SectionSize("arm64", GIB, last=(5, 11, 9999)),
    SectionSize("arm64", 128 * MIB, first=(5, 12, 0), page_size=4 * KIB),
    SectionSize("arm64", 128 * MIB, first=(5, 12, 0), page_size=16 * KIB),
    SectionSize("arm64", 512 * MIB, first=(5, 12, 0), page_size=64 * KIB),
    SectionSize("arm", 256 * MIB, first=(4, 9, 0)),  # platforms may have their own, and had up to 4.4
    SectionSize("riscv64", 128 * MIB),
    SectionSize("ppc64", 16 * MIB),
    SectionSize("ppc64le", 16 * MIB),
    SectionSize("s390", 256 * MIB, last=(6, 12, 9999)),
    SectionSize("s390", 128 * MIB, first=(6, 13, 0)),
    SectionSize("s390x", 256 * MIB, last=(6, 12, 9999)),
    SectionSize("s390x", 128 * MIB, first=(6, 13, 0)),
    SectionSize("loongarch64", 512 * MIB),
    SectionSize("mips", 512 * MIB, page_size=64 * KIB),
    SectionSize("mips", 256 * MIB),
    SectionSize("mips64", 512 * MIB, page_size=64 * KIB),
    SectionSize("mips64", 256 * MIB),
    SectionSize("sparc64", GIB),
    SectionSize("ia64", GIB),
    SectionSize("sh", 64 * MIB),
)

PAE_SECTION, PLAIN_SECTION = 512 * MIB, 64 * MIB
"""Sections of i386 with PAE (from 2.6.32) and without: arch/x86/include/asm/sparsemem.h, 2.6.32 to 7.1."""

PAGE_SIZES = {
    "x86_64": 4 * KIB, "i386": 4 * KIB, "s390": 4 * KIB, "s390x": 4 * KIB, "riscv64": 4 * KIB, "arm": 4 * KIB,
    "arm64": 4 * KIB, "ppc": 4 * KIB, "ppc64": 64 * KIB, "ppc64le": 64 * KIB, "loongarch64": 16 * KIB,
    "mips": 4 * KIB, "mips64": 4 * KIB, "sparc64": 8 * KIB, "alpha": 8 * KIB, "ia64": 16 * KIB, "sh": 4 * KIB,
}  # fmt: skip
"""Base page sizes: fixed on x86, s390, riscv, arm, sparc64 and alpha; the usual one of distributions elsewhere."""

FIXED_PAGE_SIZE = frozenset({"x86_64", "i386", "s390", "s390x", "riscv64", "arm", "sparc64", "alpha"})

FLATMEM_FILLED: Version = (5, 15, 0)
"""From here on FLATMEM initialises struct pages of holes as SPARSEMEM does; before, they stay as allocated: zeroed.

c3ab6baf6a00 ("mm/page_alloc: always initialize memory map for the holes") and c803b3c8b3b7 ("mm: introduce
memmap_alloc() to unify memory map allocation"): not in mm/page_alloc.c of 5.14, in 6.1.
"""

FLATMEM_FROM_MEMORY = frozenset({"riscv64"})
"""Where pfn_valid() of FLATMEM begins with memory: ARCH_PFN_OFFSET of arch/riscv/include/asm/page.h, 5.14, 6.1."""

FLATMEM_FREED = frozenset({"arm"})
"""Where FLATMEM gives struct pages of holes back, but for blocks that hold memory: free_unused_memmap() in
arch/arm/mm/init.c, 4.17, and mm/memblock.c, 6.1; by MAX_ORDER_NR_PAGES, from 5.14 by page block, which is as large
without huge pages."""

FLATMEM_TAIL: Version = (6, 15, 0)
"""From here on FLATMEM initialises the struct pages behind the last memory: mm/mm_init.c, not in 6.12, in 7.1."""


def max_order_pages(arch: str | None, page_size: int) -> int:
    """MAX_ORDER_NR_PAGES, the largest buddy in page frames, as configurations leave it."""
    return _MAX_ORDER_PAGES.get((arch or "", page_size), 1024)


def memory_model(arch: str | None, version: Version | None, nodes: int) -> ModelRow | None:
    """The row for an architecture with this many nodes of memory, or None where it is not known."""
    wanted = version or NEWEST
    for row in MODELS:
        if (
            row.arch == arch
            and row.nodes in ("any", "one" if nodes <= 1 else "many")
            and row.first <= wanted <= row.last
        ):
            return row
    return None


def section_size(arch: str | None, version: Version | None, page_size: int, *, pae: bool = False) -> int | None:
    """Size of a memory section in bytes, or None where the architecture is unknown.

    ``pae``: i386 with addresses of more than 32 bits.
    """
    if arch == "i386":
        return PAE_SECTION if pae else PLAIN_SECTION
    wanted = version or NEWEST
    for row in SECTION_SIZES:
        if row.arch == arch and row.page_size in (None, page_size) and row.first <= wanted <= row.last:
            return row.size
    return None
