"""How struct pages are kept, SPARSEMEM or FLATMEM, and which frames have one in each."""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import FLATMEM_FILLED, FLATMEM_TAIL
from pfnscope.model.ranges import FrameRange, FrameSet


class MemMap(Struct, frozen=True):
    """How the struct pages of a layout are kept; ``model`` None: not known, nothing is said of them.

    ``section_size`` in bytes, None without sections. ``block``: struct pages exist for whole multiples of so many
    frames, none below the frame ``first``; where ``freed``, in FLATMEM too for blocks with memory alone. ``why`` and
    ``assumed``: what the model is taken from.
    """

    model: MemoryModel | None
    section_size: int | None = None
    block: int = 1
    first: int = 0
    freed: bool = False
    assumed: bool = False
    why: str = ""

    def fills_holes(self, version: Version) -> bool:
        """Whether passes of a release reach struct pages without memory. In FLATMEM of old they stay zeroed."""
        return self.model is not MemoryModel.FLATMEM or FLATMEM_FILLED.reached(version)

    def tail(self, version: Version) -> int:
        """Frames to a multiple of which the pass goes on that ends struct page initialisation."""
        return self.block if self.model is not MemoryModel.FLATMEM or FLATMEM_TAIL.reached(version) else 1


NO_MEMMAP = MemMap(None)


def struct_pages(memmap: MemMap, memory: FrameSet, nodes: Iterable[Iterable[FrameRange]]) -> FrameSet:
    """Frames that have a struct page from boot; without a known model the memory alone.

    ``memory`` is all of memblock.memory, ``nodes`` the same by node. Sources: memory_present() and sparse_init() in
    mm/sparse.c, 4.17 to 7.1: sections are populated whole at boot. alloc_node_mem_map() in mm/page_alloc.c, 2.6.34 to
    6.1, later mm/mm_init.c, 7.1: from the first to the last frame of a node, rounded out to the largest buddy.
    """
    if memmap.model is MemoryModel.FLATMEM and not memmap.freed:
        extents = [(min(item.start for item in node), max(item.end for item in node)) for node in map(list, nodes)]
        return (
            FrameSet.of(FrameRange(*extent) for extent in extents).rounded_out(memmap.block).clip(memmap.first, 1 << 64)
        )
    return memory.rounded_out(memmap.block)
