"""What comes of a release for crash kernels, pools of memory and memory blocks."""

from collections.abc import Callable

from pfnscope.kernel.crashkernel import crash_search
from pfnscope.kernel.pools import after_crash_kernel, cma_alignment, cma_search, gigantic_moment, pool_alignment
from pfnscope.kernel.release import Version
from pfnscope.layout import build_layout
from pfnscope.layout.blocks import block_size
from pfnscope.model.log import WindowNode
from tests.kernel.outcomes import boot, named


def blocks_of(end: int, *windows: WindowNode) -> Callable[[Version], object]:
    """The memory block of a machine whose RAM ends at so many GiB; None where the release leaves several."""

    def outcome(version: Version) -> object:
        log = boot("x86_64", (0, 1, end * 1024), window_nodes=windows)
        size = block_size(log, build_layout(log, named(version)))
        return size and size.size

    return outcome


def crash_search_of(arch: str) -> Callable[[Version], object]:
    """Where a crash kernel is looked for and when, how it is aligned, what is tried next, and what “,high” does."""

    def outcome(version: Version) -> object:
        row = crash_search(arch, version)
        if row is None:
            return None
        beside = (row.default_low(64 << 20) >> 20, row.low_of_plain)
        aligned = (row.align >> 20, row.fixed >> 20)
        up = row.falls_up and (row.up_from,)
        return row.below, row.time, up, row.high and (row.high_from, row.falls_down), beside, aligned

    return outcome


def cma_search_of(arch: str) -> Callable[[Version], object]:
    """Where a CMA area is looked for, and when."""

    def outcome(version: Version) -> object:
        row = cma_search(arch, version)
        return row and (row.limit, row.time)

    return outcome


def cma_aligned(version: Version) -> object:
    """The alignment of CMA areas with pages of 4 KiB."""
    return cma_alignment("x86_64", version, 4096, 512)


def pool_aligned(version: Version) -> object:
    """The alignment of areas of hugetlb_cma= where a gigantic page has 1 GiB, a huge one 2 MiB."""
    return pool_alignment(version, 1 << 30, 2 << 20)


def gigantic_of(arch: str) -> Callable[[Version], object]:
    """When gigantic pages are allocated at boot, and whether crash kernels have memory by then."""
    return lambda version: (gigantic_moment(arch, version), after_crash_kernel(version))
