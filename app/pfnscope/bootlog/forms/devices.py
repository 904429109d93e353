"""Memory that firmware tables, devices and device trees claim."""

from pfnscope.bootlog.effects import Effect, Noted, RegionName
from pfnscope.bootlog.forms.base import (
    BARE,
    HEX,
    MEM,
    NUMBER,
    Form,
    Groups,
    base_size,
    exclusive,
    hexadecimal,
    inclusive,
    number,
)
from pfnscope.kernel import spellings
from pfnscope.model.log import Failure, ReservedRegion
from pfnscope.model.ranges import Address, ByteRange, Lines, borders
from pfnscope.units import KIB, MIB, format_size

_MP_TABLE = 16
_BARE_LONG = r"([0-9a-f]{6,16})"


def _region(groups: Groups, lines: Lines) -> Effect:
    start, end, words, name = groups
    return ReservedRegion(*inclusive(start, end), (name or "").strip() or "unknown", f"device-tree {words}", lines)


def _overlap(groups: Groups, lines: Lines) -> Effect:
    name, start, end, other, other_start, other_end = groups
    mine, theirs = exclusive(start, end), exclusive(other_start, other_end)
    first = max(mine.start, theirs.start)
    both = ByteRange(first, max(first, min(mine.end, theirs.end)))
    text = f"“{name}” and “{other}” of the device tree share {format_size(both.size)} at {both}."
    return Failure("overlapping-reserved-memory", text, lines, both.size, None, *both)


def _refused(groups: Groups, lines: Lines) -> Effect:
    name, start, count, unit = groups
    size = number(count) * (KIB if unit == "K" else MIB) if count else None
    memory = base_size(start, size) if start and size is not None else None
    what = f"{format_size(size)} " if size is not None else "memory "
    where = f" at {memory}" if memory else ""
    text = f"The kernel did not reserve {what}for “{name}” of the device tree{where}."
    return Failure("device-tree-refused", text, lines, size, None, *borders(memory))


def _mediatek(groups: Groups, lines: Lines) -> Effect:
    """What is taken from DRAM; lines about DRAM itself and sizes alone tell nothing that others do not."""
    name, start, end = groups
    if start is None or (name or "").lower().startswith(("dram", "orig_dram", "phone", "avai", "mblock[")):
        return Noted()
    return ReservedRegion(*inclusive(start, end), (name or "").strip(), "device-tree", lines)


def _ignored(memory: ByteRange, lines: Lines) -> Effect:
    return ReservedRegion(*memory, "ignored by the kernel", "ignored", lines)


def _truncated(groups: Groups, lines: Lines) -> Effect:
    _, end, kept = groups
    return _ignored(ByteRange(hexadecimal(kept) + 1, hexadecimal(end) + 1), lines)


FORMS = (
    Form(
        name="acpi-table",
        family="reserved regions",
        triggers=("table memory at",),
        pattern=rf"ACPI: Reserving\s+(\S{{1,4}}) table memory at {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[1], g[2]), f"ACPI {g[0]} table", "acpi", lines),
        samples=("ACPI: Reserving FACP table memory at [mem 0xbffe1e5e-0xbffe1ed1]",),
        source="drivers/acpi/tables.c, 5.12-7.1; end inclusive",
        damaged=r"table memory at \[mem",
    ),
    Form(
        name="acpi-nvs",
        family="reserved regions",
        triggers=("Registering ACPI NVS region",),
        pattern=rf"(?:ACPI: )?PM: Registering ACPI NVS region {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "ACPI NVS", "acpi-nvs", lines),
        samples=(
            "PM: Registering ACPI NVS region [mem 0x7b5f0000-0x7b60cfff] (118784 bytes)",
            "ACPI: PM: Registering ACPI NVS region [mem 0x7b5f0000-0x7b60cfff] (118784 bytes)",
        ),
        source="drivers/acpi/nvs.c, 3.6-7.1; end inclusive",
    ),
    Form(
        name="acpi-nvs-old",
        family="reserved regions",
        triggers=("Registering ACPI NVS region",),
        pattern=rf"PM: Registering ACPI NVS region at {BARE} \({NUMBER} bytes\)",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], number(g[1])), "ACPI NVS", "acpi-nvs", lines),
        samples=("PM: Registering ACPI NVS region at 7b5f0000 (118784 bytes)",),
        source="drivers/acpi/nvs.c, 2.6.39-3.4; start and size",
    ),
    Form(
        name="mp-table",
        family="reserved regions",
        triggers=("found SMP MP-table",),
        pattern=rf"found SMP MP-table at {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "MP table", "mp-table", lines),
        samples=(
            "found SMP MP-table at [mem 0x000f5ba0-0x000f5baf]",
            "found SMP MP-table at [mem 0x000f5ba0-0x000f5baf] mapped at [ffff8800000f5ba0]",
        ),
        source="arch/x86/kernel/mpparse.c, 3.6-7.1; end inclusive",
    ),
    Form(
        name="mp-table-old",
        family="reserved regions",
        triggers=("found SMP MP-table",),
        pattern=rf"found SMP MP-table at (?:\[[0-9a-f]+\] )?{BARE}\s*$",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], _MP_TABLE), "MP table", "mp-table", lines),
        samples=("found SMP MP-table at [ffff8800000f5ba0] f5ba0", "found SMP MP-table at 000f5ba0"),
        source="arch/x86/kernel/mpparse.c, 2.6.11-3.4; start of 16 bytes",
    ),
    Form(
        name="reserved-memory-region",
        family="reserved regions",
        triggers=("RMRR base",),
        pattern=rf"(?:DMAR: ?)?RMRR base: {HEX} end: {HEX}\b",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "DMAR RMRR", "rmrr", lines),
        samples=(
            "DMAR: RMRR base: 0x0000007c000000 end: 0x000000803fffff",
            "DMAR:RMRR base: 0x0000007bee0000 end: 0x0000007bffffff",
        ),
        source="drivers/iommu/intel/dmar.c, 2.6.24-7.1; end inclusive",
    ),
    Form(
        name="graphics-stolen",
        family="reserved regions",
        triggers=("Reserving Intel graphics",),
        pattern=rf"Reserving Intel graphics (?:stolen )?memory at (?:\[mem )?{HEX}-{HEX}\b",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "Intel graphics memory", "stolen", lines),
        samples=(
            "Reserving Intel graphics memory at [mem 0x7c800000-0x807fffff]",
            "Reserving Intel graphics stolen memory at 0xbda00000-0xbf9fffff",
        ),
        source="arch/x86/kernel/early-quirks.c, 3.16-7.1; end inclusive",
    ),
    Form(
        name="sgx",
        family="reserved regions",
        triggers=("EPC section 0x",),
        pattern=rf"sgx: (?:\[Firmware Bug\]: )?EPC section {HEX}-{HEX}\b",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "SGX EPC", "sgx", lines),
        samples=("sgx: EPC section 0x70200000-0x75f7ffff",),
        source="arch/x86/kernel/cpu/sgx/main.c, 5.11-7.1; end inclusive",
    ),
    Form(
        name="snp-rmp-table",
        family="reserved regions",
        triggers=("«RMP »(?:table|segment)",),
        pattern=rf"SEV-SNP: RMP (table physical (?:range|address)|segment [0-9]+ physical address) \[{HEX} - {HEX}\]",
        make=lambda g, lines: ReservedRegion(*inclusive(g[1], g[2]), "SEV-SNP RMP", "rmp", lines),
        samples=(
            "SEV-SNP: RMP table physical range [0x0000000035600000 - 0x0000000075bfffff]",
            "SEV-SNP: RMP table physical address [0x0000000035600000 - 0x0000000075bfffff]",
            "SEV-SNP: RMP segment 0 physical address [0x35604000 - 0x75bfffff] covering [0x0 - 0xfffffffff]",
        ),
        source="arch/x86/virt/svm/sev.c, 6.12-7.1; end inclusive",
    ),
    Form(
        name="snp-rmp-base",
        family="reserved regions",
        triggers=("RMP base table",),
        pattern=rf"SEV-SNP: Segmented RMP base table physical range \[{HEX} - {HEX}\]",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "SEV-SNP RMP base", "rmp", lines),
        samples=("SEV-SNP: Segmented RMP base table physical range [0x35600000 - 0x35604000]",),
        source="arch/x86/virt/svm/sev.c, 6.19-7.1; end exclusive",
    ),
    Form(
        name="snp-rmp-edge",
        family="reserved regions",
        triggers=("Reserving start/end of RMP table",),
        pattern=rf"(?:SEV-SNP: )?Reserving start/end of RMP table on a 2MB boundary \[{HEX}\]",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], 2 * MIB), "SEV-SNP RMP", "rmp", lines),
        samples=("SEV-SNP: Reserving start/end of RMP table on a 2MB boundary [0x000000607da00000]",),
        source="arch/x86/virt/svm/sev.c, 6.10-7.3; three updates of e820 maps follow, which change no memory",
    ),
    Form(
        name="aperture",
        family="reserved regions",
        triggers=("aperture over RAM", "for GART"),
        pattern=rf"(?:AGP: )?(?:Mapping aperture over RAM {MEM}|e820: reserve {MEM} for GART)",
        make=lambda g, lines: ReservedRegion(
            *inclusive(g[0] or g[2], g[1] or g[3]), "GART aperture", "aperture", lines
        ),
        samples=(
            "Mapping aperture over RAM [mem 0xd0000000-0xd3ffffff] (65536KB)",
            "AGP: Mapping aperture over RAM [mem 0xc4000000-0xc7ffffff] (65536KB)",
            "e820: reserve [mem 0xd0000000-0xd3ffffff] for GART",
        ),
        source="arch/x86/kernel/aperture_64.c, 3.16-7.1; end inclusive",
    ),
    Form(
        name="aperture-old",
        family="reserved regions",
        triggers=("Mapping aperture over",),
        pattern=rf"Mapping aperture over {NUMBER} KB of RAM @ {BARE}\b",
        make=lambda g, lines: ReservedRegion(*base_size(g[1], number(g[0]) * KIB), "GART aperture", "aperture", lines),
        samples=("Mapping aperture over 65536 KB of RAM @ c4000000",),
        source="arch/x86/kernel/aperture_64.c, 2.6.18-3.14; start and size",
    ),
    Form(
        name="esrt",
        family="reserved regions",
        triggers=("Reserving ESRT space",),
        pattern=rf"esrt: Reserving ESRT space from {HEX} to {HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "EFI system resource table", "efi", lines),
        samples=("esrt: Reserving ESRT space from 0x00000000bdf5c218 to 0x00000000bdf5c278.",),
        source="drivers/firmware/efi/esrt.c, 4.4-7.1; end exclusive",
    ),
    Form(
        name="host-bridge-window",
        family="device registers",
        triggers=("root bus resource",),
        pattern=rf"pci_bus [0-9a-f:.]+: root bus resource \[(?:mem|io) +{HEX}-{HEX}",
        samples=(
            "pci_bus 0000:00: root bus resource [mem 0x80000000-0xfebfffff window]",
            "pci_bus 0000:00: root bus resource [io  0x0000-0x0cf7 window]",
        ),
        source="drivers/pci/probe.c, 2.6.38-7.1; addresses for devices, no memory",
    ),
    Form(
        name="drhd",
        family="device registers",
        triggers=("DRHD base",),
        pattern=rf"(?:DMAR: ?)?DRHD base: {HEX}",
        samples=("DMAR: DRHD base: 0x000000fed90000 flags: 0x0",),
        source="drivers/iommu/intel/dmar.c, 2.6.24-7.1; registers, no memory",
    ),
    Form(
        name="memory-pool",
        family="reserved regions",
        triggers=("ed memory: created",),
        pattern=r"(?:cma: |OF: reserved mem: )?(?:Reserved|Removed) memory: created (CMA|DMA|restricted DMA) memory"
        rf" pool at {HEX}, size {NUMBER} MiB",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[1], number(g[2]) * MIB), f"{g[0]} memory pool", "pool", lines
        ),
        samples=(
            "Reserved memory: created CMA memory pool at 0x0000000138000000, size 64 MiB",
            "Reserved memory: created DMA memory pool at 0x000000009f000000, size 1 MiB",
            "cma: Reserved memory: created CMA memory pool at 0x3c000000, size 32 MiB",
            "Removed memory: created DMA memory pool at 0x0000000085600000, size 1 MiB",
        ),
        source="kernel/dma/contiguous.c, kernel/dma/coherent.c, 4.4-7.1, vendors' dma-removed.c; start and size",
    ),
    Form(
        name="device-tree",
        family="reserved regions",
        triggers=(r"OF: reserved mem: 0x",),
        pattern=rf"OF: reserved mem: {HEX}\.\.{HEX}(?: \([0-9]+ KiB\))?\s+((?:no)?map (?:non-)?reusable)\s*(\S*)",
        make=_region,
        samples=("OF: reserved mem: 0x0000000140000000..0x000000015fffffff (524288 KiB) map reusable linux,cma",),
        source="drivers/of/of_reserved_mem.c, 6.6-7.1; end inclusive",
        releases=(("KiB", spellings.DEVICE_TREE),),
        damaged=r"OF: reserved mem: 0x",
    ),
    Form(
        name="device-tree-node",
        family="reserved regions",
        triggers=(", compatible id",),
        pattern=r"(?:Reserved memory|OF: reserved mem): initialized node ([^\s@,]\S*?)(?:@([0-9a-f]{1,16}))?,"
        r" compatible id \S+",
        make=lambda g, _lines: RegionName(g[0] or "", Address(hexadecimal(g[1]))) if g[1] else Noted(),
        samples=(
            "OF: reserved mem: initialized node linux,cma, compatible id shared-dma-pool",
            "Reserved memory: initialized node vdev@9f000000, compatible id shared-dma-pool",
        ),
        source="drivers/of/of_reserved_mem.c, 3.16-7.1; the name of a memory pool of the line before, by its address",
    ),
    Form(
        name="device-tree-total",
        family="reserved regions",
        triggers=("Total reserved memory: base=",),
        pattern=rf"Total reserved memory: base={HEX}, size={HEX}",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[0], hexadecimal(g[1])), "reserved memory", "device-tree", lines
        ),
        samples=("Total reserved memory: base=0x98200000, size=0x7e00000",),
        source="arch/arm/mach-msm/memory.c of vendors' 3.0; start and size, in bytes",
    ),
    Form(
        name="device-tree-reserved",
        family="reserved regions",
        triggers=("reserved region for node '", "allocated memory for '"),
        pattern=rf"(?:OF: fdt: ?|OF: reserved mem: )?(?:Reserved memory: reserved region for node '([^']*)'"
        rf"|(?:Reserved memory: )?allocated memory for '([^']*)' node): base {HEX}, size {NUMBER} MiB",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[2], number(g[3]) * MIB), g[0] or g[1] or "unknown", "device-tree", lines
        ),
        samples=(
            "Reserved memory: reserved region for node 'qseecom_region': base 0x00000000fb200000, size 36 MiB",
            "OF: reserved mem: allocated memory for 'linux,cma' node: base 0x000000009c000000, size 64 MiB",
            "Reserved memory: allocated memory for 'linux,cma' node: base 0x9c000000, size 64 MiB",
        ),
        source="drivers/of/fdt.c, drivers/of/of_reserved_mem.c, 3.16-7.1, where debug lines are printed; whole MiB",
    ),
    Form(
        name="device-tree-failed",
        family="reserved regions",
        triggers=("ailed to reserve memory", "ailed to allocate memory"),
        pattern=r"(?:OF: fdt: ?|OF: reserved mem: )?(?:Reserved memory: )?"
        rf"[Ff]ailed to (?:reserve|allocate) memory for node '([^']*)'(?:: (?:base {HEX}, )?size {NUMBER} (M|K)iB)?",
        make=_refused,
        tail=r"(?:(?:base )?0x[0-9a-f]+, )?(?:size )?(?:[0-9]+ )?[MK]iB",
        samples=(
            "OF: fdt: Reserved memory: failed to reserve memory for node 'fb@9e000000': base 0x9e000000, size 8 MiB",
            "OF: reserved mem: failed to allocate memory for node 'linux,cma': size 320 MiB",
        ),
        source="drivers/of/fdt.c, drivers/of/of_reserved_mem.c, 3.16-7.1",
    ),
    Form(
        name="cma-found",
        family="reserved regions",
        triggers=("cma: Found ",),
        pattern=rf"cma: Found [^,]+, memory base {HEX}, size {NUMBER} MiB, limit ",
        samples=(
            "cma: Found cont_splash_mem@0, memory base 0x0000000003400000, size 12 MiB, limit 0xffffffffffffffff",
        ),
        source="drivers/base/dma-contiguous.c of vendors, 3.4-3.18; the reservation has its own line",
    ),
    Form(
        name="mediatek",
        family="reserved regions",
        triggers=("[PHY layout]",),
        pattern=rf"\[PHY layout\]([^:\n]{{1,60}}?)\s*:\s*(?:{HEX}\s*-\s*{HEX}\s*\(0x[0-9a-f]+\))?",
        make=_mediatek,
        samples=(
            "[PHY layout]mblock-10-ccci   :   0x76000000 - 0x76bfffff (0xc00000)",
            "[PHY layout]DRAM size (dt) :  0x40000000 - 0xbfffffff  (0x80000000)",
            "[PHY layout]kernel_code : kernel",
        ),
        source="drivers/misc/mediatek/mem/mtk_memcfg.c of vendors, 3.4-4.19; end inclusive",
    ),
    Form(
        name="device-tree-overlap",
        family="contradictions",
        triggers=(") overlaps with",),
        pattern=rf"(?:OF: reserved mem: )?(\S+) \({HEX}--{HEX}\) overlaps with (\S+) \({HEX}--{HEX}\)",
        make=_overlap,
        samples=("secmem@50000000 (0x50000000--0x52000000) overlaps with fb@51000000 (0x51000000--0x51800000)",),
        source="drivers/of/of_reserved_mem.c, 4.9-7.1; ends exclusive",
    ),
    Form(
        name="device-tree-ignored",
        family="ignored memory",
        triggers=("Ignoring memory ",),
        pattern=rf"(?:OF: fdt: ?)?Ignoring memory (?:range|block) {HEX} - {HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "ignored by the kernel", "ignored", lines),
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
        pattern=rf"Ignoring RAM at {HEX}-{HEX}\b",
        make=lambda g, lines: _ignored(exclusive(g[0], g[1]), lines),
        samples=(
            "Ignoring RAM at 0x9ee00000-0xa0000000",
            "Ignoring RAM at 0x0000000030000000-0x0000000038000000",
        ),
        source="arch/arm/mm/mmu.c, 3.16-7.1; end exclusive: that of a memblock region",
    ),
    Form(
        name="arm-ignored-old",
        family="ignored memory",
        triggers=("Ignoring RAM at",),
        pattern=rf"Ignoring RAM at {_BARE_LONG}-{_BARE_LONG}\b",
        make=lambda g, lines: _ignored(inclusive(g[0], g[1]), lines),
        samples=(
            "Ignoring RAM at 30000000-3fffffff (vmalloc region overlap).",
            "Ignoring RAM at 30000000-37ffffff (!CONFIG_HIGHMEM).",
        ),
        source="arch/arm/mm/mmu.c, 2.6.32-3.14; end inclusive",
    ),
    Form(
        name="arm-truncated",
        family="ignored memory",
        triggers=("Truncating RAM at",),
        pattern=rf"Truncating RAM at {HEX}-{HEX} to -{HEX}\b",
        make=lambda g, lines: _ignored(exclusive(g[2], g[1]), lines),
        samples=("Truncating RAM at 0x00000000-0x3b000000 to -0x30000000",),
        source="arch/arm/mm/mmu.c, 3.16-7.1; ends exclusive; what lies behind the second one is lost",
    ),
    Form(
        name="arm-truncated-old",
        family="ignored memory",
        triggers=("Truncating RAM at",),
        pattern=rf"Truncating RAM at {_BARE_LONG}-{_BARE_LONG} to -{_BARE_LONG}\b",
        make=_truncated,
        samples=("Truncating RAM at 40000000-7fffffff to -6f7fffff (vmalloc region overlap).",),
        source="arch/arm/mm/mmu.c, 2.6.32-3.14; ends inclusive",
    ),
)
