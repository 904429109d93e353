"""Architectures whose own pfn_valid() says no to struct pages that have no memory, and what follows from it.

Such a struct page exists and belongs to an online section, yet no walk over a zone initialises it, and no reader of the
kernel's that asks pfn_valid() looks at it. The passes over holes ask for the first frame of a page block only.
"""

from pfnscope.units import KIB

Version = tuple[int, int, int]

GENERIC_PFN_VALID: Version = (5, 14, 0)
"""arm64 drops its own pfn_valid() (16c9afc77660), and arm says yes to page blocks that hold memory: arch/arm64/Kconfig
and arch/arm/mm/init.c, in 5.14 and not in 5.12.9. Before, both ask memblock: 4.1.5 to 5.12.9."""

_PAGE_BLOCKS = {4 * KIB: 512, 16 * KIB: 2048, 64 * KIB: 8192}
"""Frames of a page block by page size: that of a huge page, pageblock_order in include/linux/pageblock-flags.h, 5.12.

An arm64 boot of 5.1 with 4 KiB pages counts 416 struct pages in holes and NOMAP memory, which is what this gives.
"""


def asks_memblock(arch: str | None, version: Version) -> bool:
    """Whether pfn_valid() of this architecture and release is true for memory alone."""
    return arch in ("arm64", "arm") and version < GENERIC_PFN_VALID


def pageblock_frames(page_size: int) -> int:
    """Frames of a page block, 2 MiB of them with 4 KiB pages."""
    return _PAGE_BLOCKS.get(page_size, 512)
