"""How large the memory blocks of a kernel are, the units in which memory comes and goes."""

from collections.abc import Iterator

from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import BLOCKS_ADVISED, BLOCKS_BY_END, BLOCKS_OF_BARE_METAL
from pfnscope.units import GIB

LARGEST = 2 * GIB
MANY_BYTES = 64 * GIB
"""MAX_BLOCK_SIZE and MEM_SIZE_FOR_LARGE_BLOCK of arch/x86/mm/init_64.c, 4.17 to 7.1."""


def possible_sizes(arch: str | None, version: Version | None, end: int, section: int, *, cxl: bool) -> Iterator[int]:
    """Sizes in bytes that a kernel can have chosen, where RAM ends at ``end``; ``cxl``: there are windows for CXL.

    Source: probe_memory_block_size(), 4.17 to 7.1; UV machines apart. On arm64 it is a section, by
    MIN_MEMORY_BLOCK_SIZE in drivers/base/memory.c; powerpc and s390 ask firmware.
    """
    if arch == "arm64" or (arch == "x86_64" and end < MANY_BYTES):
        yield section
    elif arch == "x86_64" and BLOCKS_BY_END.reached(version) and not (cxl and BLOCKS_ADVISED.reached(version)):
        yield by_end(end, section)
        if BLOCKS_OF_BARE_METAL.reached(version):
            yield LARGEST


def by_end(end: int, least: int) -> int:
    """The largest block up to 2 GiB of which the end of RAM in bytes is a multiple, and no less than ``least``."""
    return max(min(end & -end, LARGEST), least)


def grows_with_ram(arch: str | None, end: int) -> bool:
    """Whether RAM up to ``end`` makes blocks larger than a section."""
    return arch == "x86_64" and end >= MANY_BYTES
