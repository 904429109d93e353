"""Nodes without memory of their own, and claims of tables that only some machines have."""

from pfnscope.bootlog.effects import Tally
from pfnscope.bootlog.forms.base import (
    BARE,
    HEX,
    NUMBER,
    Form,
    base_size,
    exclusive,
    hexadecimal,
    inclusive,
    number,
)
from pfnscope.kernel import spellings
from pfnscope.model.counts import Count, NodeProcessor
from pfnscope.model.log import ReservedRegion
from pfnscope.units import GIB, MIB

FORMS = (
    Form(
        name="hotplug-block",
        family="hotplug memory",
        triggers=("emory block size", "memory block size "),
        pattern=r"(?:x86/mm: )?[Mm]emory block size ?: ?([0-9]{1,9})([MG])B"
        r"|UV: memory block size ([0-9]{1,9})([MG])B",
        make=lambda g, lines: Tally(
            "memory_block_size", Count(number(g[0] or g[2]) * (GIB if "G" in (g[1], g[3]) else MIB), lines)
        ),
        samples=("x86/mm: Memory block size: 128MB", "memory block size : 2048MB", "UV: memory block size 2GB"),
        source="arch/x86/mm/init_64.c, 2.6.39-7.1; the unit of hotplug in bytes, not a section",
    ),
    Form(
        name="hotplug-waste",
        family="hotplug memory",
        triggers=("Memory hotplug will waste",),
        pattern=r"(?:memory_hotplug: )?Memory hotplug will waste [0-9]+ pages",
        samples=("Memory hotplug will waste 512 pages in each memory block",),
        source="mm/memory_hotplug.c, 6.6-7.1",
    ),
    Form(
        name="srat-hotplug-old",
        family="SRAT",
        triggers=("«SRAT: »(?:[Hh]ot ?plug|hot plug)",),
        pattern=r"SRAT: (?:Hotplug region ignored|hot plug zone found [0-9a-f]+ - [0-9a-f]+)",
        samples=("SRAT: Hotplug region ignored", "SRAT: hot plug zone found 100000000 - 140000000"),
        source="arch/x86_64/mm/srat.c, arch/x86/mm/srat_64.c, 2.6.18-2.6.34; its entry has its own line",
    ),
    Form(
        name="numa-none",
        family="NUMA",
        triggers=(
            "No NUMA configuration found",
            "NUMA turned off",
            "NUMA disabled",
            "Initialized distance table",
        ),
        pattern=r"(?:NUMA: )?(?:No NUMA configuration found|NUMA turned off|NUMA disabled|Initialized distance table)",
        samples=(
            "No NUMA configuration found",
            "NUMA turned off",
            "NUMA: NUMA disabled",
            "NUMA: Initialized distance table, cnt=2",
        ),
        source="arch/x86/mm/numa.c, drivers/base/arch_numa.c, mm/numa_memblks.c, 2.6.11-7.1",
    ),
    Form(
        name="node-order",
        family="NUMA",
        triggers=(
            "Fallback order for Node ",
            "Policy zone: ",
            "Demotion targets for Node",
            "Initializing node ",
        ),
        pattern=r"(?:Fallback order for Node [0-9]+: |Policy zone: |Demotion targets for Node [0-9]+: "
        r"|Initializing node [0-9]+ as memoryless)",
        samples=(
            "Fallback order for Node 0: 0 1",
            "Policy zone: Normal",
            "Demotion targets for Node 0: null",
            "Initializing node 0 as memoryless",
        ),
        source="mm/page_alloc.c, mm/mm_init.c, mm/memory-tiers.c, 2.6.18-7.1; no memory",
        releases=(("^Fallback order", spellings.FALLBACK_ORDER),),
    ),
    Form(
        name="node-processor",
        family="NUMA",
        triggers=("SRAT: PXM ", "... node ", "Booting Node "),
        pattern=r"(?:ACPI: )?(?:NUMA: )?SRAT: PXM [0-9]+ -> \S+ \S+ (?:-> CPU [0-9]+ )?-> Node ([0-9]{1,6})$"
        r"|\.\.\.\. node +#([0-9]{1,6}), CPUs:|(?:smpboot: )?Booting Node +([0-9]{1,6}), Processors\s+#",
        make=lambda g, lines: NodeProcessor(number(g[0] or g[1] or g[2]), lines),
        samples=(
            "SRAT: PXM 0 -> APIC 0x00 -> Node 0",
            "ACPI: NUMA: SRAT: PXM 1 -> MPIDR 0x100 -> Node 1",
            ".... node  #1, CPUs:      #1",
            "smpboot: Booting Node   1, Processors  #8 #9 #10 #11 OK",
            "SRAT: PXM 1 -> APIC 4 -> CPU 4 -> Node 1",
        ),
        source="srat.c of x86 and arm64, smpboot.c of x86, 2.6.38-7.1; without the boot processor in the last two",
    ),
    Form(
        name="node-unused-processor",
        family="NUMA",
        triggers=("SRAT: PXM ",),
        pattern=r"(?:ACPI: )?(?:NUMA: )?SRAT: PXM [0-9]+ -> (?:\S+ \S+ ignored|.* skipped apicid that is too big)",
        samples=(
            "SRAT: PXM 1 -> X2APIC 0x0100 ignored",
            "SRAT: PXM 1 -> APIC 0x100 -> Node 1 skipped apicid that is too big",
        ),
        source="srat.c of x86, 2.6.38-7.1; a processor that this kernel cannot use",
    ),
    Form(
        name="ivmd",
        family="reserved regions",
        triggers=("range_start: ",),
        pattern=rf"(?:AMD-Vi: )?\s*IVMD_TYPE.* range_start: {BARE} range_end: {BARE} flags",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "AMD IVMD", "rmrr", lines),
        samples=("AMD-Vi: IVMD_TYPE_ALL\t\t range_start: 00000000bf000000 range_end: 00000000bf100000 flags: f",),
        source="drivers/iommu/amd/init.c with amd_iommu_dump, 2.6.32-7.1; end exclusive",
    ),
    Form(
        name="ramoops",
        family="reserved regions",
        triggers=("ramoops: ",),
        pattern=rf"ramoops: (?:using|attached) {HEX}@{HEX}, ecc:",
        make=lambda g, lines: ReservedRegion(*base_size(g[1], hexadecimal(g[0])), "ramoops", "ramoops", lines),
        samples=(
            "ramoops: using 0x100000@0x9f000000, ecc: 0",
            "ramoops: attached 0x100000@0x9f000000, ecc: 0/0",
        ),
        source="fs/pstore/ram.c, 3.4-7.1; size before start",
    ),
    Form(
        name="trampoline",
        family="reserved regions",
        triggers=("Base memory trampoline at",),
        pattern=rf"Base memory trampoline at \[[^\]]*\] {BARE} size {NUMBER}",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], number(g[1])), "trampoline", "trampoline", lines),
        samples=("Base memory trampoline at [ffff880000099000] 99000 size 24576",),
        source="arch/x86/kernel/setup.c, arch/x86/realmode/init.c, 2.6.37-5.7; start and size",
    ),
    Form(
        name="brk",
        family="reserved regions",
        triggers=(" PGTABLE",),
        pattern=rf"BRK \[{HEX}, {HEX}\] PGTABLE",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "kernel page tables", "brk", lines),
        samples=("BRK [0x01f2a000, 0x01f2afff] PGTABLE",),
        source="arch/x86/mm/init.c, 3.8-5.7; end inclusive",
    ),
    Form(
        name="swiotlb-placed",
        family="reserved regions",
        triggers=("software IO TLB between 0x",),
        pattern=rf"Placing software IO TLB between {HEX} - {HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "software IO TLB", "swiotlb", lines),
        samples=("Placing software IO TLB between 0x4a7c000 - 0x8a7c000",),
        source="arch/ia64/lib/swiotlb.c, lib/swiotlb.c, 2.6.11-2.6.24; end exclusive",
    ),
    Form(
        name="swiotlb-placed-virtual",
        family="reserved regions",
        triggers=("MB software IO TLB between",),
        pattern=r"Placing [0-9]+MB software IO TLB between [0-9a-f]+ - [0-9a-f]+",
        samples=("Placing 64MB software IO TLB between ffff880020000000 - ffff880024000000",),
        source="lib/swiotlb.c, 2.6.28-3.4; virtual; the physical place has its own line",
    ),
)
