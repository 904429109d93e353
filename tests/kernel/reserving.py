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
    """Where a crash kernel is looked for, whether above that too, and whether “,high” is known."""

    def outcome(version: Version) -> object:
        row = crash_search(arch, version)
        return row and (row.below, row.falls_back, row.high)

    return outcome
