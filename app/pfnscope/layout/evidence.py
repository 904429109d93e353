"""Architecture, page size and memory model of a boot: what its lines prove, or else what is usual."""

from collections import Counter

from msgspec import Struct

from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.architectures import (
    ARCHITECTURES,
    PAGE_SIZES,
    architecture,
    freed_unit,
    max_order_pages,
    memory_model,
    pageblock_frames,
    section_size,
)
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import ORDER_INCLUSIVE
from pfnscope.model.layout import NO_MEMMAP, MemMap
from pfnscope.model.log import BootLog
from pfnscope.patterns import compiled
from pfnscope.units import GIB, KIB, MIB, whole_number


class ModelEvidence(Struct, frozen=True):
    """A memory model and what shows it; ``assumed`` where that is no proof.

    ``section`` is the size of a section in bytes and ``buddy`` the largest buddy in frames, where they are known to be
    other than usual.
    """

    model: MemoryModel
    why: str
    assumed: bool = False
    section: int | None = None
    buddy: int | None = None

    @classmethod
    def of(cls, memmap: MemMap) -> "ModelEvidence | None":
        """What a layout's memory map shows for other boots of the same kernel."""
        if memmap.model is None:
            return None
        sparse = memmap.model is MemoryModel.SPARSEMEM
        section, buddy = (memmap.section_size, None) if sparse else (None, memmap.block)
        return cls(
            memmap.model,
            memmap.why,
            memmap.assumed,
            section if memmap.own_unit else None,
            buddy if memmap.own_unit else None,
        )


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
    configured = configured_buddy(log, version)
    buddy, pae = evidence.buddy or configured or max_order_pages(arch, page_size), has_pae(log)
    own_unit = evidence.section is not None or evidence.buddy is not None
    page_block = pageblock_frames(arch, page_size, pae=pae, buddy=buddy)
    if model is MemoryModel.FLATMEM:
        first = _first_frame(log, page_size) if facts.from_memory else 0
        freed = freed_unit(arch, version, page_block, buddy)
        return MemMap(model, None, buddy, first, freed, page_block, assumed, why, own_unit)
    size = evidence.section or section_size(arch, version, page_size, pae=pae)
    if size is None:
        return NO_MEMMAP
    return MemMap(model, size, size // page_size, page_block=page_block, assumed=assumed, why=why, own_unit=own_unit)


def _first_frame(log: BootLog, page_size: int) -> int:
    return min((item.range.frames_inward(page_size).start for item in log.node_ranges), default=0)


def printed_model(log: BootLog) -> ModelEvidence | None:
    """The model that a line of the log proves, with the reason in words.

    Only FLATMEM and DISCONTIGMEM print a node_mem_map (mm/page_alloc.c, 2.6.32 to 4.12), and only SPARSEMEM has a
    vmemmap. A section field in page flags is SPARSEMEM without vmemmap (mm/mm_init.c, 2.6.32 to 7.1). Memory blocks
    are made of sections (drivers/base/memory.c).
    """
    kinds = {item.kind for item in log.struct_pages if item.address is not None}
    options = {item.name: item.value for item in log.config}
    for model in MemoryModel:
        if options.get(model.name) == "y":
            return ModelEvidence(model, "the kernel's configuration has it")
    if "flat" in kinds:
        return ModelEvidence(MemoryModel.FLATMEM, "the log prints node_mem_map")
    if kinds and not architecture(log.arch).always_prints_vmemmap:
        return ModelEvidence(MemoryModel.SPARSEMEM, "the log prints a vmemmap")
    if any(widths.section for widths in log.page_counts.flag_widths):
        return ModelEvidence(MemoryModel.SPARSEMEM, "page flags have a section field")
    if log.files.memory_blocks:
        return ModelEvidence(MemoryModel.SPARSEMEM, "the machine has memory blocks")
    return None


_ORDERS = ("ARCH_FORCE_MAX_ORDER", "FORCE_MAX_ZONEORDER")


def configured_buddy(log: BootLog, version: Version | None) -> int | None:
    """The largest buddy in frames by the kernel's configuration, or None where the text has none that says so."""
    values = (whole_number(item.value, 2) for item in log.config if item.name in _ORDERS)
    order = next((value for value in values if value is not None), None)
    if order is None:
        return None
    return 1 << (order if ORDER_INCLUSIVE.reached(version, unknown=True) else max(0, order - 1))


def has_pae(log: BootLog) -> bool:
    """Whether an i386 kernel was built with PAE, one of arm with LPAE: by its release, or RAM beyond 4 GiB in nodes."""
    if "pae" in (log.release or "").lower():
        return True
    return any(item.end > 4 * GIB for item in log.node_ranges)


_PC_LOW = "memory has the holes of a PC: page 0 and 640 KiB to 1 MiB"
_PC_DMA = "the DMA zone ends at 16 MiB, as on a PC"
_ARM64 = "there are zones DMA, DMA32 and Normal, and DMA does not end at 16 MiB as on a PC"


_POINTER = "a struct page lies where only this architecture has them"
_TIB_OF_MEMORY = 16 * GIB  # of struct pages


def _pointed_at(log: BootLog) -> str | None:
    """The architecture that keeps struct pages where the text has one."""
    bases = {base: row.name for row in ARCHITECTURES for base in row.vmemmap_bases}
    pointers = [event.struct_page for event in log.events if event.struct_page is not None]
    return next((bases[base] for base in bases for at in pointers if base <= at < base + _TIB_OF_MEMORY), None)


def likely_arch(log: BootLog) -> tuple[str, str] | None:
    """An architecture and what it is taken from, or None.

    Sources: zone_sizes_init() in arch/x86/mm/init.c and in arch/arm64/mm/init.c, 4.17 to 6.12; other architectures have
    other zones (arch/*/mm/init.c, 5.14, 7.1).
    """
    if own := _pointed_at(log):
        return own, _POINTER
    zones = {zone.zone: zone.range for zone in log.zone_ranges}
    pc = "i386" if "HighMem" in zones else "x86_64"
    ranges = sorted(item.range for item in log.node_ranges)
    if len(ranges) > 1 and ranges[0].start == 0x1000 and ranges[0].end <= 0xA0000 and ranges[1].start == MIB:
        return pc, _PC_LOW
    dma = zones.get("DMA")
    if dma is None or not {"DMA32", "HighMem"} & zones.keys():
        return None
    if dma.end == 16 * MIB:
        return pc, _PC_DMA
    if {"DMA32", "Normal"} <= zones.keys() and dma.end >= GIB:
        return "arm64", _ARM64
    return None


_NAMED = r"[-+._](4|16|64)k(?:[-+._]|$)"


def _named_page_size(release: str | None) -> int | None:
    """The page size in bytes that vendors put into a release, such as ``6.12.41-v8-16k+`` or ``5.14.0-427+64k``."""
    match = compiled(_NAMED).search((release or "").lower().encode("utf-8", "replace"))
    return int(match.group(1) or 0) * KIB if match else None


def page_size_of(log: BootLog, arch: str | None) -> tuple[int, str]:
    """The page size in bytes, and what it is taken from where no line proves it; empty where one does."""
    facts = architecture(arch)
    printed = log.page_size or _counted_page_size(log)
    named = _named_page_size(log.release) if len(facts.page_sizes) > 1 else None
    page_size = printed or named or facts.page_sizes[0]
    if "page_size" in log.assumed:  # what was printed in page frames was turned into bytes with this size
        page_size, named = 4 * KIB, None
    if printed is not None or facts.fixed_page_size:
        return page_size, ""
    return page_size, "the name of the release" if named else f"the usual page size of {arch or 'most architectures'}"


def _counted_page_size(log: BootLog) -> int | None:
    """The page size in bytes with which the node ranges have the "totalpages" of every node, or None."""
    if "page_size" in log.assumed:  # ranges printed in page frames have the same total in every size
        return None
    totals = {count.node: count.value for count in log.page_counts.node_total_pages if count.value}
    fitting = [size for size in PAGE_SIZES if totals and totals.items() <= _pages_of_nodes(log, size).items()]
    return fitting[0] if len(fitting) == 1 else None


def _pages_of_nodes(log: BootLog, page_size: int) -> Counter[int | None]:
    """How many whole pages the node ranges of each node have."""
    pages: Counter[int | None] = Counter()
    for item in log.node_ranges:
        pages[item.node] += item.range.frames_inward(page_size).pages
    return pages
