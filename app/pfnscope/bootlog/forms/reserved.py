"""Memory that the kernel takes for itself while it starts, or gives back to Xen; allocators before memblock."""

from pfnscope.bootlog.effects import Effect, PfnReserved, Remark
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
from pfnscope.model.log import FIRST_MIB, Failure, ReservedRegion
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import KIB, MIB, format_size

_OLD = rf"{BARE}\s*-\s*{BARE}"


def _crashkernel_mb(groups: Groups, lines: Lines) -> Effect:
    size, low, start = groups
    memory = ByteRange.base_size(number(start) * MIB, number(size) * MIB)
    return ReservedRegion(*memory, "crashkernel low" if low else "crashkernel", "crashkernel", lines)


def _cma(groups: Groups, lines: Lines) -> Effect:
    """6.15 printed where the area was to begin, not where it does: 0 for anywhere (cma_declare_contiguous_nid())."""
    size, start = groups
    if hexadecimal(start) == 0:
        return Remark(
            "info", "reservation-without-address", f"{size} MiB of CMA are reserved; the line has no address."
        )
    return ReservedRegion(*base_size(start, number(size) * MIB), "CMA", "cma", lines)


def _nosave(memory: ByteRange, lines: Lines) -> Effect:
    return ReservedRegion(*memory, "not saved by hibernation", "nosave", lines)


def _no_initrd(groups: Groups, lines: Lines) -> Effect:
    start, size, used, needed, available = groups
    if start:
        memory = base_size(start, hexadecimal(size))
        why = "it overlaps memory that is in use" if used else "no RAM is there"
        text = f"The initial RAM disk, {format_size(memory.size)} at {memory}, is not used: {why}."
        return Failure("initrd-disabled", text, lines, memory.size, None, *memory)
    much = f": it needs {format_size(number(needed))} of {format_size(number(available))}" if needed else ""
    text = f"The initial RAM disk is too large for memory and is not used{much}."
    return Failure("initrd-disabled", text, lines, size=number(needed) if needed else None)


def _swiotlb(groups: Groups) -> ByteRange:
    """3.6 alone printed the last byte; the buffer is a multiple of 4 KiB, so a last byte shows."""
    memory = exclusive(groups[0], groups[1])
    return inclusive(groups[0], groups[1]) if hexadecimal(groups[1]) & 0xFFF == 0xFFF else memory


_SLOT = 2 * KIB
"""IO_TLB_SIZE of include/linux/swiotlb.h, 4.17 to 7.1."""


def _shrunk(groups: Groups, lines: Lines) -> Effect:
    size, left = number(groups[0]) * _SLOT, number(groups[1]) * _SLOT
    text = f"The kernel found no {format_size(size)} for bounce buffers (swiotlb), and took {format_size(left)}."
    return Failure("swiotlb-shrunk", text, lines, size=size)


def _reservation(groups: Groups, lines: Lines) -> Effect:
    start, end, name = groups
    return ReservedRegion(*exclusive(start, end), " ".join((name or "").split()), "early-reservation", lines)


FORMS = (
    Form(
        name="ramdisk",
        family="reserved regions",
        triggers=("RAMDISK: ",),
        pattern=rf"(Allocated new )?RAMDISK: {MEM}",
        make=lambda g, lines: ReservedRegion(
            *inclusive(g[1], g[2]), "RAMDISK moved" if g[0] else "RAMDISK", "initrd", lines
        ),
        samples=("RAMDISK: [mem 0x35e9f000-0x36d3dfff]", "Allocated new RAMDISK: [mem 0x35ec2000-0x35f7dfff]"),
        source="arch/x86/kernel/setup.c, 3.6-7.1; end inclusive",
        releases=(("", spellings.RANGES),),
        damaged=r"RAMDISK: \[mem",
    ),
    Form(
        name="ramdisk-old",
        family="reserved regions",
        triggers=("RAMDISK: ",),
        pattern=r"(Allocated new )?RAMDISK: ([0-9a-f]{8,16}) - ([0-9a-f]{8,16})\b",
        make=lambda g, lines: ReservedRegion(
            *exclusive(g[1], g[2]), "RAMDISK moved" if g[0] else "RAMDISK", "initrd", lines
        ),
        samples=("RAMDISK: 37000000 - 37ffe000", "Allocated new RAMDISK: 00900000 - 0162e400"),
        source="arch/x86/kernel/setup.c, 2.6.32-3.4; end exclusive",
        releases=(("", spellings.RANGES_OLD),),
    ),
    Form(
        name="ramdisk-move",
        family="reserved regions",
        triggers=("Move RAMDISK from",),
        pattern=r"Move RAMDISK from ",
        samples=(
            "Move RAMDISK from [mem 0x7f1c2000-0x7ffeefff] to [mem 0x35ec2000-0x36ceefff]",
            "Move RAMDISK from 000000007f2c1000 - 000000007ffeffff to 00900000 - 0162efff",
        ),
        source="arch/x86/kernel/setup.c, 2.6.32-7.1; both places have their own lines",
    ),
    Form(
        name="initrd-xen",
        family="reserved regions",
        triggers=("initrd moved from",),
        pattern=rf"(?:xen: )?initrd moved from {MEM} to {MEM}",
        make=lambda g, lines: ReservedRegion(*exclusive(g[2], g[3]), "RAMDISK moved", "initrd", lines),
        samples=("initrd moved from [mem 0x02000000-0x03800000] to [mem 0x7c000000-0x7d800000]",),
        source="arch/x86/xen/setup.c, 4.4-7.1; end exclusive although written [mem a-b]",
    ),
    Form(
        name="kexec-handover",
        family="reserved regions",
        triggers=("found kexec handover data",),
        pattern=r"KHO: found kexec handover data",
        make=lambda _g, _lines: Remark(
            "info",
            "kexec-handover",
            "This kernel took over memory of the one before it (KHO); which, no line says.",
        ),
        samples=("KHO: found kexec handover data.",),
        source="kernel/kexec_handover.c, kernel/liveupdate/kexec_handover.c, 6.16-7.1",
    ),
    Form(
        name="initrd-disabled",
        family="reserved regions",
        triggers=("INITRD: 0x", "initrd too large to handle", "initial RAM disk does not fit"),
        pattern=rf"INITRD: {HEX}\+{HEX} (?:is not a memory region|(overlaps in-use memory region))"
        rf"|initrd too large to handle, disabling initrd(?: \({NUMBER} needed, {NUMBER} available\))?"
        r"|(?:setup: )?The initial RAM disk does not fit into the memory",
        make=_no_initrd,
        tail=r"\(?(?:[0-9]+ )?(?:needed, )?(?:[0-9]+ )?available\)",
        samples=(
            "INITRD: 0x48000000+0x01000000 is not a memory region - disabling initrd",
            "INITRD: 0x84200000+0x00e00000 overlaps in-use memory region - disabling initrd",
            "initrd too large to handle, disabling initrd (268435456 needed, 201326592 available)",
            "setup: The initial RAM disk does not fit into the memory",
        ),
        source="arch/arm/mm/init.c, arch/riscv/mm/init.c, 2.6.39-7.1, arch/s390/kernel/setup.c 6.1,"
        " arch/x86/kernel/setup.c 3.16; start and size",
    ),
    Form(
        name="crashkernel-mb",
        family="reserved regions",
        triggers=("for crashkernel",),
        pattern=rf"(?:setup: |kexec: )?Reserving {NUMBER}MB of (low )?memory at {NUMBER}MB for crashkernel",
        make=_crashkernel_mb,
        samples=(
            "Reserving 256MB of memory at 752MB for crashkernel (System RAM: 4095MB)",
            "Reserving 72MB of low memory at 512MB for crashkernel (System low RAM: 4095MB)",
        ),
        source="arch/x86/kernel/setup.c and others, 2.6.24-6.8; whole MB",
    ),
    Form(
        name="crashkernel-hex",
        family="reserved regions",
        triggers=("for crashkernel",),
        pattern=rf"Reserving {NUMBER}MB of memory at {HEX} for crashkernel",
        make=lambda g, lines: ReservedRegion(*base_size(g[1], number(g[0]) * MIB), "crashkernel", "crashkernel", lines),
        samples=("Reserving 16MB of memory at 0x02000000 for crashkernel (System RAM: 64MB)",),
        source="arch/sh/kernel/machine_kexec.c, 2.6.32-6.12; start in bytes, size in MB",
    ),
    Form(
        name="crashkernel-first-mib",
        family="reserved regions",
        triggers=("for crashkernel",),
        pattern=r"(?:kexec: )?Reserving the low 1M of memory for crashkernel",
        make=lambda _g, lines: ReservedRegion(*ByteRange(0, MIB), "first MiB, for the crash kernel", FIRST_MIB, lines),
        samples=("kexec: Reserving the low 1M of memory for crashkernel",),
        source="crash_reserve_low_1M() in arch/x86/kernel/crash.c, 5.5-5.13; printed wherever crashkernel= is given",
    ),
    Form(
        name="crashkernel",
        family="reserved regions",
        triggers=("«crashkernel »(?:low memory:? )?reserved:? 0x", "crashkernel: reserved"),
        pattern=rf"crashkernel(?: (low) memory)?(?::)? reserved:? {HEX} - {HEX}\b",
        make=lambda g, lines: ReservedRegion(
            *exclusive(g[1], g[2]), "crashkernel low" if g[0] else "crashkernel", "crashkernel", lines
        ),
        samples=(
            "crashkernel reserved: 0x000000006f400000 - 0x000000007f400000 (256 MB)",
            "crashkernel low memory reserved: 0xb2000000 - 0xc2000000 (256 MB)",
            "crashkernel: reserved 0x00000000b0000000 - 0x00000000c0000000 (256 MB)",
        ),
        source="arch/arm64/mm/init.c 4.12, kernel/crash_reserve.c 6.12-7.1; end exclusive",
        releases=(("^crashkernel reserved", spellings.CRASHKERNEL),),
        damaged=r"crashkernel reserved: 0x",
    ),
    Form(
        name="cma",
        family="reserved regions",
        triggers=("«cma: »(?:CMA: )?[Rr]eserved", "«eserved »[0-9]+ MiB at"),
        pattern=rf"(?:cma: )?(?:CMA: )?[Rr]eserved {NUMBER} MiB at (?:0x)?{BARE}\b",
        make=_cma,
        samples=(
            "cma: Reserved 64 MiB at 0x00000000fbe00000",
            "cma: Reserved 96 MiB at 0x00000001f0000000 on node -1",
            "cma: Reserved 32 MiB at 0x0000000000000000",
            "cma: CMA: reserved 16 MiB at 1e000000",
            "CMA: reserved 24 MiB at 2e800000",
        ),
        source="drivers/base/dma-contiguous.c 3.6-3.16, mm/cma.c 4.4-7.1; start and size",
        releases=(
            ("CMA: reserved", spellings.CMA_DRIVER),
            ("^cma: Reserved", spellings.CMA),
            (" on node", spellings.CMA_ON_NODE),
        ),
    ),
    Form(
        name="cma-no-place",
        family="reserved regions",
        triggers=("MiB in ", "hugetlb_cma: reserve", "crashkernel CMA reserved"),
        pattern=r"(?:cma: Reserved [0-9]+ MiB in [0-9]+ ranges?|hugetlb_cma: reserved? [0-9]+ MiB"
        r"|crashkernel CMA reserved: [0-9]+ MB)",
        samples=(
            "cma: Reserved 1024 MiB in 2 ranges",
            "cma: Reserved 1024 MiB in 1 range",
            "hugetlb_cma: reserve 4096 MiB, up to 2048 MiB per node",
            "crashkernel CMA reserved: 512 MB in 2 ranges",
        ),
        source="mm/cma.c 6.19-7.1, mm/hugetlb_cma.c, kernel/crash_reserve.c; no address is printed",
    ),
    Form(
        name="nosave",
        family="reserved regions",
        triggers=("egistered nosave",),
        pattern=rf"PM: (?:hibernation: )?Registered nosave memory: {MEM}",
        make=lambda g, lines: _nosave(inclusive(g[0], g[1]), lines),
        samples=(
            "PM: Registered nosave memory: [mem 0x0009b000-0x0009bfff]",
            "PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]",
        ),
        source="kernel/power/snapshot.c, 3.10-7.1; end inclusive",
        releases=(
            ("^PM: Reg", spellings.NOSAVE),
            ("^PM: hib", spellings.NOSAVE_HIBERNATION),
        ),
        damaged=r"Registered nosave memory: \[mem",
    ),
    Form(
        name="nosave-old",
        family="reserved regions",
        triggers=("egistered nosave",),
        pattern=rf"(?:PM|swsusp): Registered nosave memory(?: region)?: {_OLD}\b",
        make=lambda g, lines: _nosave(exclusive(g[0], g[1]), lines),
        samples=(
            "PM: Registered nosave memory: 000000000009b000 - 000000000009c000",
            "swsusp: Registered nosave memory region: 00000000000a0000 - 0000000000100000",
        ),
        source="kernel/power/snapshot.c, 2.6.24-3.6; end exclusive",
    ),
    Form(
        name="node-data",
        family="reserved regions",
        triggers=(") allocated",),
        pattern=rf"NODE_DATA\({NUMBER}\) allocated {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[1], g[2]), f"NODE_DATA({g[0]})", "node-data", lines),
        samples=("NODE_DATA(1) allocated [mem 0x23fbd0000-0x23fbfafff]",),
        source="arch/x86/mm/numa.c 4.4-6.8, mm/numa.c 6.12-7.1; end inclusive",
        releases=(("", spellings.NODE_DATA_ALLOCATED),),
        damaged=r"NODE_DATA\([0-9]+\) allocated \[mem",
    ),
    Form(
        name="node-data-unnumbered",
        family="reserved regions",
        triggers=("NODE_DATA [",),
        pattern=rf"(?:numa:\s+|NUMA:\s+)?NODE_DATA (?:{MEM}|\[{BARE} - {BARE}\])",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0] or g[2], g[1] or g[3]), "NODE_DATA", "node-data", lines),
        samples=(
            "NODE_DATA [mem 0x3ffd8000-0x3fffefff]",
            "NODE_DATA [0000000000001000 - 0000000000005fff]",
            "numa:   NODE_DATA [mem 0x7ffd4a00-0x7ffdbcff]",
            "NUMA: NODE_DATA [mem 0x17fbb5500-0x17fbb7fff]",
        ),
        source="arch/x86/mm/numa_64.c 2.6.32-3.16, arch/powerpc/mm/numa.c, arch/arm64/mm/numa.c; end inclusive in all",
        releases=(
            (r"^NODE_DATA \[mem", spellings.NODE_DATA_UNNUMBERED),
            (r"^NODE_DATA \[[0-9a-f]", spellings.RANGES_OLD),
        ),
        damaged=r"NODE_DATA \[mem",
    ),
    Form(
        name="node-data-elsewhere",
        family="reserved regions",
        triggers=(") on node",),
        pattern=rf"(?:numa:\s+|NUMA:\s+)?NODE_DATA\({NUMBER}\) on node [0-9]+",
        samples=("NODE_DATA(1) on node 0", "numa:     NODE_DATA(0) on node 1"),
        source="arch/x86/mm/numa.c, arch/powerpc/mm/numa.c, mm/numa.c, 3.4-7.1",
    ),
    Form(
        name="swiotlb",
        family="reserved regions",
        triggers=(r"«software IO TLB»:? (?:mapped )?\[mem",),
        pattern=rf"software IO TLB(?:: mapped)? \[mem\s+{HEX}\s*-\s*{HEX}\]",
        make=lambda g, lines: ReservedRegion(*_swiotlb(g), "software IO TLB", "swiotlb", lines),
        samples=(
            "software IO TLB: mapped [mem 0x00000000bbfe0000-0x00000000bffe0000] (64MB)",
            "software IO TLB [mem 0xbbf00000-0xbff00000] (64MB) mapped at [ffff8800bbf00000-ffff8800bfefffff]",
            "software IO TLB [mem 0xb7f00000-0xbbefffff] (64MB) mapped at [ffff8800b7f00000-ffff8800bbefffff]",
        ),
        source="lib/swiotlb.c, kernel/dma/swiotlb.c, 3.6-7.1; end exclusive from 3.10 on although written [mem a-b]",
        releases=(
            (r"TLB \[mem", spellings.SWIOTLB),
            ("TLB: mapped", spellings.SWIOTLB_MAPPED),
        ),
    ),
    Form(
        name="swiotlb-shrunk",
        family="failed reservations",
        triggers=("bounce buffer size adjusted",),
        pattern=rf"(?:software IO TLB: )?SWIOTLB bounce buffer size adjusted {NUMBER} -> {NUMBER} slabs",
        make=_shrunk,
        samples=("software IO TLB: SWIOTLB bounce buffer size adjusted 1048576 -> 262144 slabs",),
        source="swiotlb_init_remap() in kernel/dma/swiotlb.c, 6.12; slots of 2 KiB",
    ),
    Form(
        name="swiotlb-old",
        family="reserved regions",
        triggers=("software IO TLB at phys",),
        pattern=rf"software IO TLB at phys {HEX} - {HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "software IO TLB", "swiotlb", lines),
        samples=("software IO TLB at phys 0xbbf00000 - 0xbff00000",),
        source="lib/swiotlb.c, 2.6.32-3.4; end exclusive",
        releases=(("", spellings.RANGES_OLD),),
    ),
    Form(
        name="memory-mapping",
        family="kernel mapping",
        triggers=(
            "init_memory_mapping: ",
            "initial memory mapped",
            "kernel direct mapping tables",
            r"[0-9a-fA-F ]\]?« page »(?:4k|2M|4M|1G)",
        ),
        pattern=rf"(?:init_memory_mapping: (?:{MEM}|{_OLD})|initial memory mapped ?: (?:{MEM}|{_OLD})"
        rf"|kernel direct mapping tables up to |(?:{MEM}|{_OLD}) page (?:4k|2M|4M|1G))",
        samples=(
            "init_memory_mapping: [mem 0x00000000-0x7f7fffff]",
            "init_memory_mapping: 0000000000000000-000000007f800000",
            "initial memory mapped : 0 - 20000000",
            "initial memory mapped: [mem 0x00000000-0x1fffffff]",
            "kernel direct mapping tables up to 7f800000 @ 8000-a000",
            "[mem 0x00100000-0x001fffff] page 4k",
            "0000200000 - 002f800000 page 2M",
        ),
        source="arch/x86/mm/init.c, arch/x86/kernel/setup.c, 2.6.32-3.16; what is mapped, not what is RAM",
    ),
    Form(
        name="early-header",
        family="early reservations",
        triggers=("early reservations",),
        pattern=r"(?:Subtract )?\([0-9]+(?:/[0-9]+)? early reservations\)",
        samples=(
            "(7 early reservations) ==> bootmem [0000000000 - 0040000000]",
            "(7/32 early reservations) ==> bootmem [0000000000 - 0040000000]",
            "Subtract (7 early reservations)",
        ),
        source="arch/x86/kernel/e820.c 2.6.27-2.6.32, kernel/early_res.c 2.6.34",
    ),
    Form(
        name="early-reservation",
        family="early reservations",
        triggers=(r"#[0-9]+ \[[0-9a-fA-F]+« - »",),
        pattern=rf"#[0-9]+ \[{BARE} - {BARE}\]\s+([^=]*[^=\s])",
        make=_reservation,
        samples=(
            "#3 [0001000000 - 0001a00000]    TEXT DATA BSS ==> [0001000000 - 0001a00000]",
            "#1 [0037000000 - 0037ffe000]          RAMDISK",
        ),
        source="arch/x86/kernel/e820.c, kernel/early_res.c, 2.6.27-2.6.37; end exclusive",
    ),
    Form(
        name="active-range",
        family="node memory",
        triggers=("dd_active_range(",),
        pattern=r"(?:Entering )?add_active_range\([0-9]+, [0-9a-fx]+, [0-9a-fx]+\)",
        samples=("Entering add_active_range(0, 256, 458576) 1 entries of 3200 used",),
        source="mm/page_alloc.c, 2.6.19-2.6.39; page frames that the list of active ranges has, put together",
    ),
    Form(
        name="bootmem",
        family="early reservations",
        triggers=("bootmem::",),
        pattern=r"bootmem::\w+ ",
        samples=("bootmem::init_bootmem_core nid=0 start=0 map=1a end=8000 mapsize=1000",),
        source="mm/bootmem.c with bootmem_debug, 2.6.32-4.19; the allocator's own steps",
    ),
    Form(
        name="xen-freeing",
        family="Xen",
        triggers=("pfn range: ", "xen_release_chunk: looking at"),
        pattern=rf"(?:xen: )?(?:Freeing\s+{BARE}-{BARE} pfn range|xen_release_chunk: looking at area pfn {BARE}-{BARE})"
        r": [0-9]+ pages freed",
        make=lambda g, _lines: PfnReserved(
            hexadecimal(g[0] or g[2]), hexadecimal(g[1] or g[3]), "given back to Xen", "xen"
        ),
        samples=(
            "Freeing 9f-100 pfn range: 97 pages freed",
            "xen_release_chunk: looking at area pfn 9f-100: 97 pages freed",
        ),
        source="arch/x86/xen/setup.c, 2.6.37-3.16; page frames, end exclusive",
    ),
    Form(
        name="xen-populating",
        family="Xen",
        triggers=("pfn range: ",),
        pattern=r"(?:xen: )?Populating [0-9a-f]+-[0-9a-f]+ pfn range: [0-9]+ pages added",
        samples=("Populating 80000-80061 pfn range: 97 pages added",),
        source="arch/x86/xen/setup.c, 3.4-3.16; the map printed afterwards holds them",
    ),
    Form(
        name="xen-released",
        family="Xen",
        triggers=("«eleased »[0-9]+ page", "to 1-1 mapping", "1-1 mapping on "),
        pattern=r"(?:xen: )?(?:[Rr]eleased [0-9]+ page(?:s of unused memory|\(s\))|Set [0-9]+ page\(s\) to 1-1 mapping"
        r"|1-1 mapping on [0-9a-f]+->[0-9a-f]+)",
        samples=(
            "Released 216 pages of unused memory",
            "Released 216 page(s)",
            "Set 216 page(s) to 1-1 mapping",
            "released 0 pages of unused memory",
            "1-1 mapping on 9f->100",
        ),
        source="arch/x86/xen/setup.c, 2.6.35-7.1; counts without places",
    ),
)
