"""SPARSEMEM or FLATMEM, and which frames have a struct page in each: what lines prove, or else what is usual."""

from msgspec import Struct

from pfnscope.kernel.architecture import (
    FLATMEM_FREED,
    FLATMEM_FROM_MEMORY,
    MemoryModel,
    max_order_pages,
    memory_model,
    section_size,
)
from pfnscope.kernel.release import Version
from pfnscope.model.log import BootLog
from pfnscope.model.memmap import NO_MEMMAP, MemMap
from pfnscope.units import GIB

VIRTUAL_MEMMAP = frozenset({"ia64"})
"""Whose node_mem_map is virtual and mapped where memory is, which no line tells whole: arch/ia64/mm/init.c, 4.17."""


class ToldModel(Struct, frozen=True):
    """A memory model that the log was found to tell, and how; ``assumed`` where that is no proof."""

    model: MemoryModel
    why: str
    assumed: bool = False


def find_memmap(
    log: BootLog,
    arch: str | None,
    version: Version | None,
    nodes: int,
    page_size: int,
    forced: MemoryModel | ToldModel | None = None,
) -> MemMap:
    """The memory model of a boot. ``forced`` is one that is known from elsewhere."""
    row = memory_model(arch, version, nodes)
    told = ToldModel(forced, "asked for") if isinstance(forced, MemoryModel) else forced or printed_model(log)
    if told is None and row is not None:
        told = ToldModel(row.model, row.why, not row.proven)
    if told is None or (told.model is MemoryModel.FLATMEM and arch in VIRTUAL_MEMMAP):
        return NO_MEMMAP
    model, why, assumed = told.model, told.why, told.assumed
    if model is MemoryModel.FLATMEM:
        block = max_order_pages(arch, page_size)
        first = _first_frame(log, page_size) if arch in FLATMEM_FROM_MEMORY else 0
        return MemMap(model, None, block, first, arch in FLATMEM_FREED, assumed, why)
    size = section_size(arch, version, page_size, pae=has_pae(log))
    if size is None:
        return NO_MEMMAP
    return MemMap(model, size, size // page_size, assumed=assumed, why=why)


def _first_frame(log: BootLog, page_size: int) -> int:
    return min((item.range.frames_inward(page_size).start for item in log.node_ranges), default=0)


def printed_model(log: BootLog) -> ToldModel | None:
    """The model that a line of the log proves, with the reason in words.

    Only FLATMEM and DISCONTIGMEM print a node_mem_map (mm/page_alloc.c, 2.6.32 to 4.12), and only SPARSEMEM has a
    vmemmap. A section field in page flags is SPARSEMEM without vmemmap (mm/mm_init.c, 2.6.32 to 7.1). Memory blocks
    are made of sections (drivers/base/memory.c).
    """
    kinds = {item.kind for item in log.struct_pages}
    if "flat" in kinds:
        return ToldModel(MemoryModel.FLATMEM, "the log prints node_mem_map")
    if kinds and log.arch != "riscv64":  # print_vm_layout() of riscv shows the window without a vmemmap too, 6.2
        return ToldModel(MemoryModel.SPARSEMEM, "the log prints a vmemmap")
    if any(widths.section for widths in log.page_counts.flag_widths):
        return ToldModel(MemoryModel.SPARSEMEM, "page flags have a section field")
    if log.files.memory_blocks:
        return ToldModel(MemoryModel.SPARSEMEM, "the machine has memory blocks")
    return None


def has_pae(log: BootLog) -> bool:
    """Whether an i386 kernel was built with PAE: its release says so, or RAM beyond 4 GiB is in its nodes."""
    if "pae" in (log.release or "").lower():
        return True
    return any(item.end > 4 * GIB for item in log.node_ranges)
