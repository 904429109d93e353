"""What single architectures say of memory: banks of RAM, which stand in the firmware map; memory taken or left out."""

from pfnscope.bootlog.effects import Effect, Header, MapLine, Noted, PfnReserved, Tally
from pfnscope.bootlog.forms.base import (
    BARE,
    HEX,
    NUMBER,
    Form,
    Groups,
    base_size,
    exclusive,
    hexadecimal,
    inclusive,
    number,
)
from pfnscope.bootlog.forms.efi import type_name
from pfnscope.model.counts import Count
from pfnscope.model.log import Failure, MapEntry, MemoryType, ReservedRegion
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import MIB

_ALPHA_PAGE = 8192
_CLUSTER_TAKEN = 3  # bit 0: console and PALcode, bit 1: non-volatile


def _unheaded(entry: MapEntry) -> MapLine:
    """An entry of the firmware map, over which these architectures print no header."""
    return MapLine("firmware", entry, headed=False)


def _ram(memory: ByteRange, label: str, lines: Lines) -> Effect:
    return _unheaded(MapEntry(*memory, MemoryType.RAM, label, lines))


def _cluster(groups: Groups, lines: Lines) -> Effect:
    usage, start, end = hexadecimal(groups[0]), number(groups[1]), number(groups[2])
    kind = MemoryType.RESERVED if usage & _CLUSTER_TAKEN else MemoryType.RAM
    memory = ByteRange(start * _ALPHA_PAGE, end * _ALPHA_PAGE)
    return _unheaded(MapEntry(*memory, kind, f"usage {groups[0]}", lines))


def _arc(groups: Groups, lines: Lines) -> Effect:
    start, size, unused = groups
    kind = MemoryType.OTHER if unused else MemoryType.RAM
    return _unheaded(MapEntry(*base_size(start, number(size) * MIB), kind, unused or "Memory", lines))


def _loongarch(groups: Groups, lines: Lines) -> Effect:
    """EFI types; all of these are memory of the node, some of them reserved besides."""
    kinds = {8: MemoryType.UNUSABLE, 9: MemoryType.ACPI, 13: MemoryType.RESERVED, 14: MemoryType.PMEM}
    kind = kinds.get(number(groups[1]), MemoryType.RAM)
    memory = base_size(groups[2], hexadecimal(groups[3]))
    return _unheaded(MapEntry(*memory, kind, type_name(number(groups[1])), lines))


def _loongarch_first(groups: Groups, lines: Lines) -> Effect:
    what, value, start, size = groups
    memory = base_size(start, hexadecimal(size))
    if what == "node_id":
        return _ram(memory, f"node {value}", lines)
    return _unheaded(MapEntry(*memory, MemoryType.RESERVED, type_name(number(value)), lines))


def _loongson(groups: Groups, lines: Lines) -> Effect:
    node, kind, start, size = groups
    base = (number(node) << 44) + hexadecimal(start)
    memory = ByteRange.base_size(base, hexadecimal(size) * MIB)
    kinds = {1: MemoryType.RAM, 2: MemoryType.RAM, 3: MemoryType.RESERVED}
    return _unheaded(MapEntry(*memory, kinds.get(number(kind), MemoryType.OTHER), f"type {kind}", lines))


_LINEAR_32 = 0xC0000000
_LINEAR_64 = 0xC000000000000000
_XKPHYS, _XKPHYS_SIZE = 0b10, 1 << 59
_KSEG0_SIZE = 1 << 29
_KSEG0 = (0x80000000 >> 29, 0xFFFFFFFF80000000 >> 29)


def _limit(groups: Groups, lines: Lines) -> Effect:
    size = next(group for group in groups if group)
    message = f"The command line limits memory to {size} MB: the kernel uses no other, but for what firmware needs."
    return Failure("memory-limit", message, lines, size=number(size) * MIB)


def _initrd_mips(groups: Groups, lines: Lines) -> Effect:
    """By the unmapped segments of MIPS, arch/mips/include/asm/addrspace.h; windows of others begin elsewhere."""
    start, size = hexadecimal(groups[0]), number(groups[1])
    if start >> 62 == _XKPHYS:
        return ReservedRegion(*ByteRange.base_size(start % _XKPHYS_SIZE, size), "initrd", "initrd", lines)
    if start >> 29 in _KSEG0:
        return ReservedRegion(*ByteRange.base_size(start % _KSEG0_SIZE, size), "initrd", "initrd", lines)
    return Noted()


def _initrd_powerpc(groups: Groups, lines: Lines) -> Effect:
    start, end = hexadecimal(groups[0]), hexadecimal(groups[1])
    base = _LINEAR_64 if start >= _LINEAR_64 else _LINEAR_32
    if start < base:
        return Noted()  # of a kernel whose linear map lies elsewhere
    return ReservedRegion(*ByteRange(start - base, end - base), "initrd", "initrd", lines)


FORMS = (
    Form(
        name="map-parisc",
        family="memory map",
        triggers=("[0-9]«) Start 0x»",),
        pattern=rf"[0-9]{{1,2}}\) Start {HEX} End {HEX} Size\s+[0-9]+ MB",
        make=lambda g, lines: _ram(inclusive(g[0], g[1]), "Memory Range", lines),
        samples=("0) Start 0x0000000000000000 End 0x000000003fffffff Size   1024 MB",),
        source="arch/parisc/mm/init.c, 2.6.11-7.1; end inclusive",
    ),
    Form(
        name="map-alpha",
        family="memory map",
        triggers=("memcluster +[0-9]+«, usage»",),
        pattern=rf"memcluster\s+[0-9]+, usage\s+([0-9a-f]{{1,4}}), start\s+{NUMBER}, end\s+{NUMBER}\b",
        make=_cluster,
        samples=(
            "memcluster 0, usage 1, start        0, end      256",
            "memcluster 1, usage 0, start      256, end    32755",
        ),
        source="arch/alpha/kernel/setup.c, arch/alpha/mm/numa.c, 2.6.11-7.1; decimal pages of 8 KiB, end exclusive",
    ),
    Form(
        name="pages-alpha",
        family="reserved regions",
        triggers=("(?:reserving|freeing)« pages »[0-9]+:",),
        pattern=rf"(?:freeing pages [0-9]+:[0-9]+|reserving pages {NUMBER}:{NUMBER})\b",
        make=lambda g, _lines: (
            PfnReserved(number(g[0]), number(g[1]), "boot allocator", "bootmem") if g[0] else Noted()
        ),
        samples=("freeing pages 1048:32755", "reserving pages 1048:1049"),
        source="arch/alpha/kernel/setup.c, 2.6.11-4.19; decimal page frames, end exclusive",
    ),
    Form(
        name="map-node-alpha",
        family="memory map",
        triggers=("Detected node memory:",),
        pattern=r"Detected node memory:\s+start\s+[0-9]+, end\s+[0-9]+",
        samples=("Detected node memory:   start      256, end    32755",),
        source="arch/alpha/mm/numa.c, 2.6.11-5.12; from the first to the last free cluster",
    ),
    Form(
        name="map-microblaze",
        family="memory map",
        triggers=("Main mem: 0x",),
        pattern=rf"setup_memory: Main mem: {HEX}(?:-0x[0-9a-f]{{1,16}})?, size {HEX}\b",
        make=lambda g, lines: _ram(base_size(g[0], hexadecimal(g[1])), "Main mem", lines),
        samples=(
            "setup_memory: Main mem: 0x90000000, size 0x10000000",
            "setup_memory: Main mem: 0x90000000-0x9fffffff, size 0x10000000",
        ),
        source="arch/microblaze/mm/init.c, 2.6.32-5.9; start and size",
    ),
    Form(
        name="memory-microblaze",
        family="memory map",
        triggers=("setup_memory: ",),
        pattern=r"setup_memory: (?:max_mapnr|min_low_pfn|max_low_pfn|max_pfn): ",
        samples=("setup_memory: max_low_pfn: 0xa0000", "setup_memory: min_low_pfn: 0x90000"),
        source="arch/microblaze/mm/init.c, 2.6.32-7.1; the same in page frames",
    ),
    Form(
        name="kernel-microblaze",
        family="kernel image",
        triggers=("setup_memory: kernel addr",),
        pattern=rf"setup_memory: kernel addr={HEX}-{HEX} size={HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "kernel", "kernel", lines),
        samples=("setup_memory: kernel addr=0x90000000-0x902cc000 size=0x002cc000",),
        source="arch/microblaze/mm/init.c, 2.6.30-3.2; end exclusive",
    ),
    Form(
        name="map-openrisc",
        family="memory map",
        triggers=(": Memory: 0x",),
        pattern=rf"(?:setup_memory|map_ram): Memory: {HEX}-{HEX}\b",
        make=lambda g, lines: _ram(exclusive(g[0], g[1]), "Memory", lines),
        samples=("setup_memory: Memory: 0x0-0x2000000", "map_ram: Memory: 0x0-0x2000000"),
        source="arch/openrisc/kernel/setup.c, arch/openrisc/mm/init.c, 3.1-7.1; end exclusive",
    ),
    Form(
        name="reserved-openrisc",
        family="reserved regions",
        triggers=("Reserved - 0x",),
        pattern=rf"Reserved - {HEX}-{HEX}$",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], hexadecimal(g[1])), "memblock", "reserved", lines),
        samples=("Reserved - 0x00002000-0x00365d84",),
        source="arch/openrisc/kernel/setup.c, 3.1-4.19; start and size although written a-b",
    ),
    Form(
        name="map-arc",
        family="memory map",
        triggers=("Memory @ ",),
        pattern=rf"Memory @ {BARE} \[{NUMBER}M\](?: *(Not used))?",
        make=_arc,
        samples=("Memory @ 80000000 [512M] ", "Memory @ 100000000 [1024M] Not used"),
        source="arch/arc/mm/init.c, 4.4-7.1; start and whole MB",
    ),
    Form(
        name="map-m68k",
        family="memory map",
        triggers=(" -> ROMFS=0x",),
        pattern=rf"(?:KERNEL|MEMORY) -> ROMFS=0x[0-9a-f]+-0x[0-9a-f]+ MEM={HEX}-{HEX}\b",
        make=lambda g, lines: _ram(exclusive(g[0], g[1]), "MEM", lines),
        samples=(
            "KERNEL -> ROMFS=0x001d1b2c-0x00216b2c MEM=0x00216b2c-0x007ff000 STACK=0x007ff000-0x00800000",
            "MEMORY -> ROMFS=0x401d1b2c-0x40216b2c MEM=0x40216b2c-0x42000000",
        ),
        source="arch/m68k/kernel/setup_no.c, 2.6.11-7.1; end exclusive; what the kernel and its file system leave",
    ),
    Form(
        name="kernel-m68k",
        family="kernel image",
        triggers=("KERNEL -> TEXT=0x",),
        pattern=r"KERNEL -> TEXT=0x[0-9a-f]+-0x[0-9a-f]+ DATA=",
        samples=("KERNEL -> TEXT=0x00020000-0x00188f2c DATA=0x00189000-0x001a4f5c BSS=0x001a4f5c-0x001d1b2c",),
        source="arch/m68k/kernel/setup_no.c, 2.6.11-7.1; text may lie in ROM",
    ),
    Form(
        name="chunk-m68k",
        family="ignored memory",
        triggers=("Ignoring memory chunk at",),
        pattern=rf"Ignoring memory chunk at {HEX}:{HEX} before the first chunk",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[0], hexadecimal(g[1])), "ignored by the kernel", "ignored", lines
        ),
        samples=("Ignoring memory chunk at 0x0:0x400000 before the first chunk",),
        source="arch/m68k/mm/motorola.c, 2.6.11-7.1; start and size",
    ),
    Form(
        name="map-header-xtensa",
        family="memory map header",
        triggers=("Sysmem:",),
        pattern=r"Sysmem:$",
        make=lambda _groups, _lines: Header("firmware"),
        samples=("Sysmem:",),
        source="arch/xtensa/mm/init.c, 3.16-4.4",
    ),
    Form(
        name="map-xtensa",
        family="memory map",
        triggers=(r"0x[0-9a-fA-F]+ - 0x[0-9a-fA-F]+ +\([0-9]+«K)»",),
        pattern=rf"{HEX} - {HEX}\s+\([0-9]+K\)$",
        make=lambda g, lines: _ram(exclusive(g[0], g[1]), "Sysmem", lines),
        samples=("0x00000000 - 0x06000000 (98304K)",),
        source="arch/xtensa/mm/init.c, 3.16-4.4; end exclusive",
        needs=("firmware",),
    ),
    Form(
        name="bank-xtensa",
        family="ignored memory",
        triggers=("Ignoring memory bank 0x",),
        pattern=rf"Ignoring memory bank {HEX} size {NUMBER}(KB| bytes)",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[0], number(g[1]) << (10 if g[2] == "KB" else 0)), "ignored by the kernel", "ignored", lines
        ),
        samples=("Ignoring memory bank 0x00000000 size 16KB", "Ignoring memory bank 0x00000000 size 4095 bytes"),
        source="arch/xtensa/kernel/setup.c, arch/xtensa/mm/init.c, 2.6.24-4.4; start and size",
    ),
    Form(
        name="map-c6x",
        family="memory map",
        triggers=("Memory Start=",),
        pattern=rf"Memory Start={BARE}, Memory End={BARE}\b",
        make=lambda g, lines: _ram(exclusive(g[0], g[1]), "Memory", lines),
        samples=("Memory Start=e0000000, Memory End=e8000000",),
        source="arch/c6x/kernel/setup.c, 3.3-5.9; end exclusive",
    ),
    Form(
        name="node-memory-loongarch",
        family="memory map",
        triggers=(", mem_start:",),
        pattern=rf"Node{NUMBER}: mem_type:{NUMBER}, mem_start:{HEX}, mem_size:{HEX} Bytes",
        make=_loongarch,
        samples=(
            "Node0: mem_type:7, mem_start:0x200000, mem_size:0xee00000 Bytes",
            "Node0: mem_type:9, mem_start:0xfe000000, mem_size:0x10000 Bytes",
        ),
        source="arch/loongarch/kernel/numa.c, 6.1-7.1; EFI types, start and size, in bytes",
    ),
    Form(
        name="node-memory-loongarch-first",
        family="memory map",
        triggers=(", mem_start:",),
        pattern=rf"Debug: (node_id|mem_type):{NUMBER}, mem_start:{HEX}, mem_size:{HEX} Bytes",
        make=_loongarch_first,
        samples=(
            "Debug: node_id:0, mem_start:0x200000, mem_size:0xee00000 Bytes",
            "Debug: mem_type:2, mem_start:0xf000000, mem_size:0x1000000 Bytes",
        ),
        source="arch/loongarch/kernel/numa.c, 5.19-6.0; memory of a node, and what is not; start and size",
    ),
    Form(
        name="node-memory-loongson",
        family="memory map",
        triggers=(", mem_start:",),
        pattern=rf"Node{NUMBER}: mem_type:{NUMBER}, mem_start:{HEX}, mem_size:{HEX} MB",
        make=_loongson,
        samples=(
            "Node0: mem_type:1, mem_start:0x200000, mem_size:0xee MB",
            "Node1: mem_type:2, mem_start:0x90000000, mem_size:0x6e00 MB",
        ),
        source="arch/mips/loongson64/numa.c, 3.16-5.19; start within the node (its number << 44), size in MB",
    ),
    Form(
        name="reserved-loongarch",
        family="reserved regions",
        triggers=("Resvd: mem_type:",),
        pattern=rf"Resvd: mem_type:{NUMBER}, mem_start:{HEX}, mem_size:{HEX} Bytes",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[1], hexadecimal(g[2])), f"EFI {type_name(number(g[0]))}", "efi", lines
        ),
        samples=("Resvd: mem_type:5, mem_start:0xfd000000, mem_size:0x400000 Bytes",),
        source="arch/loongarch/kernel/numa.c, 6.1-7.1; start and size, in bytes",
    ),
    Form(
        name="node-pages-loongarch",
        family="memory map",
        triggers=("start_pfn:0x",),
        pattern=r"start_pfn:0x[0-9a-f]+, end_pfn:0x[0-9a-f]+, num_physpages:",
        samples=("start_pfn:0x80, end_pfn:0x3c00, num_physpages:0x3b80",),
        source="arch/loongarch/kernel/numa.c, arch/mips/loongson64/numa.c, 3.16-7.1; the line before in page frames",
    ),
    Form(
        name="memory-limit",
        family="memory limit",
        triggers=("Memory limited to ", "Memory [Ll]«imit: »[0-9]"),
        pattern=rf"(?:Memory limited to {NUMBER} ?MB|Memory [Ll]imit: {NUMBER} ?MB)",
        make=_limit,
        samples=("Memory limited to 2048MB", "Memory Limit: 2048 MB"),
        source="arch/arm64/mm/init.c, arch/riscv/mm/init.c, 3.18-7.1; from the command line, so it cuts at the top",
    ),
    Form(
        name="memory-limit-bytes",
        family="memory limit",
        triggers=("emory limit for", "emory limit = 0x"),
        pattern=r"(?:Adjusted|Disabled) memory limit for (?:crashkernel|kdump)|[Mm]emory limit = 0x",
        samples=(
            "Adjusted memory limit for crashkernel, now 0x60000000",
            "Disabled memory limit for crashkernel",
            "memory limit = 0x40000000",
        ),
        source="arch/powerpc/kernel/machine_kexec.c, arch/powerpc/kernel/prom.c, 2.6.24-7.1",
    ),
    Form(
        name="top-of-ram",
        family="top of RAM",
        triggers=("Top of RAM: 0x", "Memory hole size: "),
        pattern=r"(?:Top of RAM: 0x[0-9a-f]+, Total RAM: 0x[0-9a-f]+|Memory hole size: [0-9]+MB)",
        samples=("Top of RAM: 0x40000000, Total RAM: 0x40000000", "Memory hole size: 512MB"),
        source="arch/powerpc/mm/mem.c, arch/powerpc/mm/numa.c, arch/sparc/mm/init_64.c, 2.6.11-7.1; sums, no places",
    ),
    Form(
        name="memory-sizes",
        family="top of RAM",
        triggers=(
            "(?:«Max »|«maximum »|«Board »|«Managed »)(?:m|M)emory(?: size| size is)?:? *[0-9]+ ?MB",
            "(?:«phys_mem_size»|«physicalMemorySize»|«physical_start») +=",
            "total RAM covered: ",
            "«Phys»[.] mem: [0-9]",
            "Total memory = ",
        ),
        pattern=r"(?:(?:setup: )?The maximum memory size is [0-9]+MB|Max memory size: [0-9]+MB"
        r"|(?:Board|Kernel Managed) Memory: [0-9]+MB|(?:phys_mem_size|physicalMemorySize|physical_start)\s+= 0x"
        r"|total RAM covered: [0-9]+M"
        r"|Phys\. mem: [0-9]+MB|Total memory = [0-9]+MB; using )",
        samples=(
            "setup: The maximum memory size is 4096MB",
            "Max memory size: 4096MB",
            "Board Memory: 64MB",
            "Kernel Managed Memory: 64MB",
            "phys_mem_size     = 0x40000000",
            "physicalMemorySize            = 0x40000000",
            "total RAM covered: 4096M",
            "Phys. mem: 512MB",
            "Total memory = 768MB; using 2048kB for hash table",
        ),
        source="arch/s390/kernel/setup.c, arch/powerpc/kernel/setup-common.c, arch/blackfin, arch/csky, arch/x86/mm,"
        " 2.6.11-7.1 (setup.c, init_32.c); sums, no places",
    ),
    Form(
        name="low-ram",
        family="top of RAM",
        triggers=("low ram: 0 - ",),
        pattern=rf"(?:mapped )?low ram: 0 - {BARE}\b",
        make=lambda g, lines: Tally("low_ram", Count(hexadecimal(g[0]), lines)),
        samples=("mapped low ram: 0 - 377fe000", "low ram: 0 - 377fe000"),
        source="find_low_pfn_range() and initmem_init() of arch/x86/mm/init_32.c, 2.6.29-7.1; where HighMem begins",
    ),
    Form(
        name="initrd-powerpc",
        family="reserved regions",
        triggers=("Found initrd at 0x",),
        pattern=rf"Found initrd at {HEX}:{HEX}\b",
        make=_initrd_powerpc,
        samples=(
            "Found initrd at 0xc000000003600000:0xc0000000044d4b5f",
            "Found initrd at 0xcf000000:0xcf7d1000",
        ),
        source="arch/powerpc/kernel/setup-common.c, 2.6.18-7.1; in the linear map at 0xc00…, end exclusive",
    ),
    Form(
        name="initrd-parisc",
        family="reserved regions",
        triggers=("initrd: reserving ",),
        pattern=r"initrd: reserving ([0-9a-f]{8,16})-([0-9a-f]{8,16}) \(mem_max ",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "initrd", "initrd", lines),
        samples=("initrd: reserving 3e000000-3f400000 (mem_max 40000000)",),
        source="arch/parisc/mm/init.c, 2.6.11-7.1; end exclusive",
    ),
    Form(
        name="initrd-virtual",
        family="reserved regions",
        triggers=("Initial ramdisk at:",),
        pattern=rf"Initial ramdisk at: (?:{HEX}|\S+) \({NUMBER} bytes\)",
        make=_initrd_mips,
        samples=(
            "Initial ramdisk at: 0x900000000ff40000 (690176 bytes)",
            "Initial ramdisk at: 0x8f000000 (8388608 bytes)",
            "Initial ramdisk at: 0x(ptrval) (8388608 bytes)",
            "Initial ramdisk at: 0xe000000004000000 (8388608 bytes)",
        ),
        source="arch/mips/kernel/setup.c, arch/ia64, arch/alpha, arch/riscv, 2.6.11-7.1; virtual, and read for MIPS",
    ),
    Form(
        name="standby-s390",
        family="hotplug memory",
        triggers=("Standby memory at 0x",),
        pattern=rf"(?:sclp_cmd: |sclp_mem: )?Standby memory at {HEX} \({NUMBER}M of {NUMBER}M usable\)",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], number(g[2]) * MIB), "standby memory", "standby", lines),
        samples=("sclp_cmd: Standby memory at 0x100000000 (1024M of 1024M usable)",),
        source="drivers/s390/char/sclp_cmd.c, 3.10-7.1; start and size; no memory yet",
    ),
    Form(
        name="below-phys-offset",
        family="ignored memory",
        triggers=("Ignoring memory below PHYS_OFFSET",),
        pattern=rf"Ignoring memory below PHYS_OFFSET: {HEX}-{HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "ignored by the kernel", "ignored", lines),
        samples=("Ignoring memory below PHYS_OFFSET: 0x7fe00000-0x80000000",),
        source="arch/arm/kernel/setup.c, 3.14-7.1; end exclusive",
    ),
    Form(
        name="memory-cut",
        family="ignored memory",
        tail="(?:outside )?(?:32-bit )?(?:physical )?(?:address )?space",
        triggers=(
            "(?:gnoring|Truncating)« memory »(?:at|from) ",
            "Ignoring RAM after ",
            "overflows the linear mapping size",
            "NR_BANKS too low",
        ),
        pattern=r"((?:(?:NR_BANKS too low, )?[Ii]gnoring memory at 0x[0-9a-f]+(?: outside 32-bit [a-z ]+)?"
        r"|Truncating memory at 0x[0-9a-f]+ to fit in 32-bit physical address space"
        r"|Truncating memory from \S+ to \S+ \(MPU|Ignoring RAM after \S+, memory at \S+ ignored"
        r"|Physical memory overflows the linear mapping size: region above \S+ removed))",
        make=lambda g, lines: Failure(
            "truncated-memory", f"The kernel does not use all memory: {(g[0] or '').rstrip(' (MPU')}.", lines
        ),
        samples=(
            "Truncating memory at 0xc0000000 to fit in 32-bit physical address space",
            "Ignoring memory at 0x100000000 outside 32-bit physical address space",
            "NR_BANKS too low, ignoring memory at 0xa0000000",
            "Ignoring RAM after 0x30000000, memory at 0x40000000 ignored",
            "Physical memory overflows the linear mapping size: region above 0x0000004080000000 removed",
        ),
        source="arch/arm/kernel/setup.c, arch/arm/mm, arch/riscv/mm/init.c, 3.10-7.1",
    ),
    Form(
        name="node-pfn-low",
        family="Initmem setup",
        triggers=(": start_pfn = 0x",),
        pattern=r"Node [0-9]+: start_pfn = 0x[0-9a-f]+, low = 0x[0-9a-f]+",
        samples=("Node 0: start_pfn = 0xc000, low = 0xd000",),
        source="arch/sh/mm/init.c, arch/avr32/mm/init.c, arch/metag/mm/init.c, 2.6.24-6.19; the node's span again",
    ),
)
