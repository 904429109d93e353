"""What an architecture fixes about physical memory: page sizes, section sizes, zone limits."""

from msgspec import Struct

from app.kernel.release import Version
from app.units import GIB, KIB, MIB

NEWEST: Version = (9999, 0, 0)


class SectionSize(Struct, frozen=True):
    """A row: the size of a memory section in bytes on the releases ``first`` to ``last`` of an architecture.

    ``page_size`` is None where the row holds for every page size.
    """

    arch: str
    size: int
    first: Version = (2, 6, 39)
    last: Version = NEWEST
    page_size: int | None = None


SECTION_SIZES = (
    # SECTION_SIZE_BITS of include/asm/sparsemem.h, read in 2.6.39 to 7.1
    SectionSize("x86_64", 128 * MIB),
    SectionSize("arm64", GIB, last=(5, 11, 9999)),
    SectionSize("arm64", 128 * MIB, first=(5, 12, 0), page_size=4 * KIB),
    SectionSize("arm64", 128 * MIB, first=(5, 12, 0), page_size=16 * KIB),
    SectionSize("arm64", 512 * MIB, first=(5, 12, 0), page_size=64 * KIB),
    SectionSize("riscv64", 128 * MIB),
    SectionSize("ppc64", 16 * MIB),
    SectionSize("ppc64le", 16 * MIB),
    SectionSize("s390", 256 * MIB, last=(6, 12, 9999)),
    SectionSize("s390", 128 * MIB, first=(6, 13, 0)),
    SectionSize("loongarch64", 512 * MIB),
)

PAGE_SIZES = {"x86_64": 4 * KIB, "i386": 4 * KIB, "s390": 4 * KIB, "riscv64": 4 * KIB, "arm": 4 * KIB, "arm64": 4 * KIB}
"""Base page sizes: fixed on x86, s390, riscv and arm; the usual one on arm64."""

FIXED_PAGE_SIZE = frozenset({"x86_64", "i386", "s390", "riscv64", "arm"})

ZONE_LIMITS: dict[str, tuple[tuple[str, int | None], ...]] = {
    # arch/x86/mm/init.c zone_sizes_init(), 4.17; arch_zone_limits_init(), 7.1: ends in bytes, None = end of memory
    "x86_64": (("DMA", 16 * MIB), ("DMA32", 4 * GIB), ("Normal", None)),
}


def section_size(arch: str | None, version: Version | None, page_size: int) -> int | None:
    """Size of a memory section in bytes, or None where the architecture or its memory model is unknown."""
    wanted = version or NEWEST
    for row in SECTION_SIZES:
        if row.arch == arch and row.page_size in (None, page_size) and row.first <= wanted <= row.last:
            return row.size
    return None
