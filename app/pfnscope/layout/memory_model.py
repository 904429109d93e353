"""SPARSEMEM or FLATMEM, and which frames have a struct page in each: what lines prove, or else what is usual."""

from msgspec import Struct

from pfnscope.kernel.architectures import MemoryModel, architecture, max_order_pages, memory_model, section_size
from pfnscope.kernel.release import Version
from pfnscope.model.log import BootLog
from pfnscope.model.memmap import NO_MEMMAP, MemMap
from pfnscope.units import GIB


class ModelEvidence(Struct, frozen=True):
    """A memory model and what tells it; ``assumed`` where that is no proof."""

    model: MemoryModel
    why: str
    assumed: bool = False


def find_memmap(
    log: BootLog,
    arch: str | None,
    version: Version | None,
    nodes: int,
    page_size: int,
    forced: MemoryModel | ModelEvidence | None = None,
) -> MemMap:
    """The memory model of a boot. ``forced`` is one that is known from elsewhere."""
    facts, row = architecture(arch), memory_model(arch, version, nodes)
    evidence = ModelEvidence(forced, "asked for") if isinstance(forced, MemoryModel) else forced or printed_model(log)
    if evidence is None and row is not None:
        evidence = ModelEvidence(row.model, row.why, not row.proven)
    if evidence is None or (evidence.model is MemoryModel.FLATMEM and facts.virtual):
        return NO_MEMMAP
    model, why, assumed = evidence.model, evidence.why, evidence.assumed
    if model is MemoryModel.FLATMEM:
        block = max_order_pages(arch, page_size)
        first = _first_frame(log, page_size) if facts.from_memory else 0
        return MemMap(model, None, block, first, facts.freed, assumed, why)
    size = section_size(arch, version, page_size, pae=has_pae(log))
    if size is None:
        return NO_MEMMAP
    return MemMap(model, size, size // page_size, assumed=assumed, why=why)


def _first_frame(log: BootLog, page_size: int) -> int:
    return min((item.range.frames_inward(page_size).start for item in log.node_ranges), default=0)


def printed_model(log: BootLog) -> ModelEvidence | None:
    """The model that a line of the log proves, with the reason in words.

    Only FLATMEM and DISCONTIGMEM print a node_mem_map (mm/page_alloc.c, 2.6.32 to 4.12), and only SPARSEMEM has a
    vmemmap. A section field in page flags is SPARSEMEM without vmemmap (mm/mm_init.c, 2.6.32 to 7.1). Memory blocks
    are made of sections (drivers/base/memory.c).
    """
    kinds = {item.kind for item in log.struct_pages}
    if "flat" in kinds:
        return ModelEvidence(MemoryModel.FLATMEM, "the log prints node_mem_map")
    if kinds and not architecture(log.arch).always_prints_vmemmap:
        return ModelEvidence(MemoryModel.SPARSEMEM, "the log prints a vmemmap")
    if any(widths.section for widths in log.page_counts.flag_widths):
        return ModelEvidence(MemoryModel.SPARSEMEM, "page flags have a section field")
    if log.files.memory_blocks:
        return ModelEvidence(MemoryModel.SPARSEMEM, "the machine has memory blocks")
    return None


def has_pae(log: BootLog) -> bool:
    """Whether an i386 kernel was built with PAE: its release says so, or RAM beyond 4 GiB is in its nodes."""
    if "pae" in (log.release or "").lower():
        return True
    return any(item.end > 4 * GIB for item in log.node_ranges)
