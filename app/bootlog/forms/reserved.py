"""Memory that a line names as taken."""

from app.bootlog.effects import Effect
from app.bootlog.forms.base import (
    BARE,
    HEX,
    MEM,
    NUMBER,
    Form,
    Groups,
    base_size,
    exclusive,
    inclusive,
    number,
)
from app.bootlog.model import Lines, ReservedRegion
from app.ranges import ByteRange
from app.units import MIB


def _crashkernel_mb(groups: Groups, lines: Lines) -> Effect:
    size, low, start = groups
    memory = ByteRange.base_size(number(start) * MIB, number(size) * MIB)
    return ReservedRegion(memory, "crashkernel low" if low else "crashkernel", "crashkernel", lines)


def _device_tree(groups: Groups, lines: Lines) -> Effect:
    start, end, words, name = groups
    return ReservedRegion(inclusive(start, end), (name or "").strip() or "unknown", f"device-tree {words}", lines)


FORMS = (
    Form(
        name="ramdisk",
        family="reserved regions",
        triggers=(r"RAMDISK: (?:\[mem|[0-9a-f]{8})",),
        pattern=rf"(Allocated new )?RAMDISK: {MEM}",
        make=lambda g, lines: ReservedRegion(
            inclusive(g[1], g[2]), "RAMDISK moved" if g[0] else "RAMDISK", "initrd", lines
        ),
        samples=("RAMDISK: [mem 0x35e9f000-0x36d3dfff]", "Allocated new RAMDISK: [mem 0x35ec2000-0x35f7dfff]"),
        source="arch/x86/kernel/setup.c, 3.6-7.1; end inclusive",
    ),
    Form(
        name="ramdisk-old",
        family="reserved regions",
        triggers=(r"RAMDISK: (?:\[mem|[0-9a-f]{8})",),
        pattern=r"RAMDISK: ([0-9a-f]{8,16}) - ([0-9a-f]{8,16})\b",
        make=lambda g, lines: ReservedRegion(exclusive(g[0], g[1]), "RAMDISK", "initrd", lines),
        samples=("RAMDISK: 37000000 - 37ffe000",),
        source="arch/x86/kernel/setup.c, 2.6.32-3.4; end exclusive",
    ),
    Form(
        name="crashkernel-mb",
        family="reserved regions",
        triggers=("for crashkernel",),
        pattern=rf"Reserving {NUMBER}MB of (low )?memory at {NUMBER}MB for crashkernel",
        make=_crashkernel_mb,
        samples=(
            "Reserving 256MB of memory at 752MB for crashkernel (System RAM: 4095MB)",
            "Reserving 72MB of low memory at 512MB for crashkernel (System low RAM: 4095MB)",
        ),
        source="arch/x86/kernel/setup.c and others, 2.6.24-6.8; whole MB",
    ),
    Form(
        name="crashkernel",
        family="reserved regions",
        triggers=("crashkernel (?:low memory )?reserved: 0x", "crashkernel: reserved 0x"),
        pattern=rf"crashkernel(?: (low) memory)?(?::)? reserved:? {HEX} - {HEX}\b",
        make=lambda g, lines: ReservedRegion(
            exclusive(g[1], g[2]), "crashkernel low" if g[0] else "crashkernel", "crashkernel", lines
        ),
        samples=(
            "crashkernel reserved: 0x000000006f400000 - 0x000000007f400000 (256 MB)",
            "crashkernel low memory reserved: 0xb2000000 - 0xc2000000 (256 MB)",
            "crashkernel: reserved 0x00000000b0000000 - 0x00000000c0000000 (256 MB)",
        ),
        source="arch/arm64/mm/init.c 4.12, kernel/crash_reserve.c 6.12-7.1; end exclusive",
    ),
    Form(
        name="cma",
        family="reserved regions",
        triggers=("cma: (?:CMA: )?[Rr]eserved",),
        pattern=rf"cma: (?:CMA: )?[Rr]eserved {NUMBER} MiB at (?:0x)?{BARE}\b",
        make=lambda g, lines: ReservedRegion(base_size(g[1], number(g[0]) * MIB), "CMA", "cma", lines),
        samples=(
            "cma: Reserved 64 MiB at 0x00000000fbe00000",
            "cma: Reserved 96 MiB at 0x00000001f0000000 on node -1",
            "cma: CMA: reserved 16 MiB at 1e000000",
        ),
        source="mm/cma.c, 3.6-7.1; start and size",
    ),
    Form(
        name="memory-pool",
        family="reserved regions",
        triggers=("Reserved memory: created",),
        pattern=rf"(?:cma: )?Reserved memory: created (CMA|DMA|restricted DMA) memory pool at {HEX}, size {NUMBER} MiB",
        make=lambda g, lines: ReservedRegion(base_size(g[1], number(g[2]) * MIB), f"{g[0]} memory pool", "pool", lines),
        samples=("Reserved memory: created CMA memory pool at 0x0000000138000000, size 64 MiB",),
        source="kernel/dma, 4.4-7.1; start and size",
    ),
    Form(
        name="device-tree",
        family="reserved regions",
        triggers=(r"OF: reserved mem: 0x",),
        pattern=rf"OF: reserved mem: {HEX}\.\.{HEX} \([0-9]+ KiB\)\s+((?:no)?map (?:non-)?reusable)\s*(\S*)",
        make=_device_tree,
        samples=("OF: reserved mem: 0x0000000140000000..0x000000015fffffff (524288 KiB) map reusable linux,cma",),
        source="drivers/of/of_reserved_mem.c, 6.6-7.1; end inclusive",
    ),
    Form(
        name="acpi-table",
        family="reserved regions",
        triggers=("table memory at",),
        pattern=rf"ACPI: Reserving\s+(\S{{1,4}}) table memory at {MEM}",
        make=lambda g, lines: ReservedRegion(inclusive(g[1], g[2]), f"ACPI {g[0]} table", "acpi", lines),
        samples=("ACPI: Reserving FACP table memory at [mem 0xbffe1e5e-0xbffe1ed1]",),
        source="drivers/acpi/tables.c, 5.12-7.1; end inclusive",
    ),
    Form(
        name="node-data",
        family="reserved regions",
        triggers=(r"NODE_DATA\([0-9]+\) allocated",),
        pattern=rf"NODE_DATA\({NUMBER}\) allocated {MEM}",
        make=lambda g, lines: ReservedRegion(inclusive(g[1], g[2]), f"NODE_DATA({g[0]})", "node-data", lines),
        samples=("NODE_DATA(1) allocated [mem 0x23fbd0000-0x23fbfafff]",),
        source="arch/x86/mm/numa.c 4.4-6.8, mm/numa.c 6.12-7.1; end inclusive",
    ),
    Form(
        name="swiotlb",
        family="reserved regions",
        triggers=(r"software IO TLB:? (?:mapped )?\[mem",),
        pattern=rf"software IO TLB(?:: mapped)? \[mem\s+{HEX}\s*-\s*{HEX}\]",
        make=lambda g, lines: ReservedRegion(exclusive(g[0], g[1]), "software IO TLB", "swiotlb", lines),
        samples=(
            "software IO TLB: mapped [mem 0x00000000bbfe0000-0x00000000bffe0000] (64MB)",
            "software IO TLB [mem 0xbbf00000-0xbff00000] (64MB) mapped at [ffff8800bbf00000-ffff8800bfefffff]",
        ),
        source="lib/swiotlb.c, kernel/dma/swiotlb.c, 3.10-7.1; end exclusive although written [mem a-b]",
    ),
    Form(
        name="reserved-memory-region",
        family="reserved regions",
        triggers=("DMAR: RMRR base",),
        pattern=rf"DMAR: RMRR base: {HEX} end: {HEX}\b",
        make=lambda g, lines: ReservedRegion(inclusive(g[0], g[1]), "DMAR RMRR", "rmrr", lines),
        samples=("DMAR: RMRR base: 0x0000007c000000 end: 0x000000803fffff",),
        source="drivers/iommu/intel/dmar.c, 2.6.24-7.1; end inclusive",
    ),
    Form(
        name="graphics-stolen",
        family="reserved regions",
        triggers=("Reserving Intel graphics",),
        pattern=rf"Reserving Intel graphics (?:stolen )?memory at (?:\[mem )?{HEX}-{HEX}\b",
        make=lambda g, lines: ReservedRegion(inclusive(g[0], g[1]), "Intel graphics memory", "stolen", lines),
        samples=("Reserving Intel graphics memory at [mem 0x7c800000-0x807fffff]",),
        source="arch/x86/kernel/early-quirks.c, 3.16-7.1; end inclusive",
    ),
)
