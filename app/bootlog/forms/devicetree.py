"""Memory that a device tree reserves, and what becomes of its memory nodes."""

from app.bootlog.effects import Effect, Noted, Remark
from app.bootlog.forms.base import HEX, NUMBER, Form, Groups, base_size, exclusive, inclusive, number
from app.bootlog.model import Lines, ReservedRegion
from app.units import MIB


def _region(groups: Groups, lines: Lines) -> Effect:
    start, end, words, name = groups
    return ReservedRegion(inclusive(start, end), (name or "").strip() or "unknown", f"device-tree {words}", lines)


def _overlap(groups: Groups, _lines: Lines) -> Effect:
    message = f"The device tree's reserved memory {groups[0]} overlaps {groups[1]}."
    return Remark("warning", "overlapping-reserved-memory", message)


FORMS = (
    Form(
        name="memory-pool",
        family="reserved regions",
        triggers=("Reserved memory: created",),
        pattern=rf"(?:cma: |OF: reserved mem: )?Reserved memory: created (CMA|DMA|restricted DMA) memory pool at {HEX},"
        rf" size {NUMBER} MiB",
        make=lambda g, lines: ReservedRegion(base_size(g[1], number(g[2]) * MIB), f"{g[0]} memory pool", "pool", lines),
        samples=(
            "Reserved memory: created CMA memory pool at 0x0000000138000000, size 64 MiB",
            "Reserved memory: created DMA memory pool at 0x000000009f000000, size 1 MiB",
            "cma: Reserved memory: created CMA memory pool at 0x3c000000, size 32 MiB",
        ),
        source="kernel/dma/contiguous.c, kernel/dma/coherent.c, 4.4-7.1; start and size",
    ),
    Form(
        name="device-tree",
        family="reserved regions",
        triggers=(r"OF: reserved mem: 0x",),
        pattern=rf"OF: reserved mem: {HEX}\.\.{HEX} \([0-9]+ KiB\)\s+((?:no)?map (?:non-)?reusable)\s*(\S*)",
        make=_region,
        samples=("OF: reserved mem: 0x0000000140000000..0x000000015fffffff (524288 KiB) map reusable linux,cma",),
        source="drivers/of/of_reserved_mem.c, 6.6-7.1; end inclusive",
    ),
    Form(
        name="device-tree-node",
        family="reserved regions",
        triggers=("initialized node [^ ]+, compatible id",),
        pattern=r"(?:Reserved memory|OF: reserved mem): initialized node \S+, compatible id \S+",
        make=lambda _groups, _lines: Noted(),
        samples=(
            "OF: reserved mem: initialized node linux,cma, compatible id shared-dma-pool",
            "Reserved memory: initialized node vdev@9f000000, compatible id shared-dma-pool",
        ),
        source="drivers/of/of_reserved_mem.c, 3.16-7.1; a name without an address",
    ),
    Form(
        name="device-tree-overlap",
        family="contradictions",
        triggers=(r"\(0x[0-9a-f]+--0x[0-9a-f]+\) overlaps with",),
        pattern=rf"(?:OF: reserved mem: )?(\S+ \({HEX}--{HEX}\)) overlaps with (\S+ \({HEX}--{HEX}\))".replace(
            HEX, "0x[0-9a-f]{1,16}"
        ),
        make=_overlap,
        samples=("secmem@50000000 (0x50000000--0x52000000) overlaps with fb@51000000 (0x51000000--0x51800000)",),
        source="drivers/of/of_reserved_mem.c, 4.9-7.1; ends exclusive",
    ),
    Form(
        name="device-tree-ignored",
        family="ignored memory",
        triggers=("Ignoring memory (?:range|block)",),
        pattern=rf"(?:OF: fdt: ?)?Ignoring memory (?:range|block) {HEX} - {HEX}\b",
        make=lambda g, lines: ReservedRegion(exclusive(g[0], g[1]), "ignored by the kernel", "ignored", lines),
        samples=(
            "OF: fdt: Ignoring memory range 0x80000000 - 0x80200000",
            "OF: fdt:Ignoring memory block 0x80000000 - 0x80100000",
        ),
        source="drivers/of/fdt.c, 3.16-7.1; end exclusive",
    ),
    Form(
        name="arm-ignored",
        family="ignored memory",
        triggers=("Ignoring RAM at",),
        pattern=r"Ignoring RAM at (?:0x)?([0-9a-f]{6,16})-(?:0x)?([0-9a-f]{6,16})\b",
        make=lambda g, lines: ReservedRegion(inclusive(g[0], g[1]), "ignored by the kernel", "ignored", lines),
        samples=(
            "Ignoring RAM at 30000000-3fffffff (vmalloc region overlap).",
            "Ignoring RAM at 0x30000000-0x3fffffff",
        ),
        source="arch/arm/mm/mmu.c, 2.6.32-7.1; end inclusive",
    ),
    Form(
        name="arm-truncated",
        family="ignored memory",
        triggers=("Truncating RAM at",),
        pattern=r"Truncating RAM at ",
        make=lambda _groups, _lines: Remark(
            "info", "truncated-memory", "The kernel uses a bank of memory only in part: the rest has no room."
        ),
        samples=(
            "Truncating RAM at 40000000-7fffffff to -6f7fffff (vmalloc region overlap).",
            "Truncating RAM at 0x40000000-0x80000000 to -0x6f800000",
        ),
        source="arch/arm/mm/mmu.c, 2.6.32-7.1",
    ),
)
