"""What comes of a release for crash kernels and memory blocks."""

from collections.abc import Callable

from pfnscope.kernel.crashkernel import crash_search
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
