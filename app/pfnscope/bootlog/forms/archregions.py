"""Memory that single architectures take or leave out, and limits that a command line sets."""

from pfnscope.bootlog.effects import Effect, Noted, Remark
from pfnscope.bootlog.forms.base import HEX, NUMBER, Form, Groups, base_size, exclusive, hexadecimal, number
from pfnscope.model.log import Lines, ReservedRegion
from pfnscope.model.ranges import ByteRange
from pfnscope.units import KIB, MIB

_LINEAR_32 = 0xC0000000
_LINEAR_64 = 0xC000000000000000


def _limit(groups: Groups, _lines: Lines) -> Effect:
    size = next(group for group in groups if group)
    message = f"The command line limits memory to {size} MB: the kernel leaves out what lies above."
    return Remark("info", "memory-limit", message)


def _initrd_powerpc(groups: Groups, lines: Lines) -> Effect:
    start, end = hexadecimal(groups[0]), hexadecimal(groups[1])
    base = _LINEAR_64 if start >= _LINEAR_64 else _LINEAR_32
    if start < base:
        return Noted()  # of a kernel whose linear map lies elsewhere
    return ReservedRegion(*ByteRange(start - base, end - base), "initrd", "initrd", lines)


def _fadump(groups: Groups, lines: Lines) -> Effect:
    size, megabytes, start = groups
    base = number(megabytes) * MIB if megabytes else hexadecimal(start)
    return ReservedRegion(*ByteRange.base_size(base, number(size) * MIB), "fadump", "crashkernel", lines)


def _kdump_mips(groups: Groups, lines: Lines) -> Effect:
    memory = ByteRange.base_size(number(groups[1]) * KIB, number(groups[0]) * KIB)
    return ReservedRegion(*memory, "elfcorehdr", "elfcorehdr", lines)


FORMS = (
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
            "[0-9]+MB (?:HIGHMEM|LOWMEM)« available»",
            "low ram: 0 - ",
            "total RAM covered: ",
            "«Phys»[.] mem: [0-9]",
            "Total memory = ",
        ),
        pattern=r"(?:(?:setup: )?The maximum memory size is [0-9]+MB|Max memory size: [0-9]+MB"
        r"|(?:Board|Kernel Managed) Memory: [0-9]+MB|(?:phys_mem_size|physicalMemorySize|physical_start)\s+= 0x"
        r"|[0-9]+MB (?:HIGHMEM|LOWMEM) available|(?:mapped )?low ram: 0 - |total RAM covered: [0-9]+M"
        r"|Phys\. mem: [0-9]+MB|Total memory = [0-9]+MB; using )",
        samples=(
            "setup: The maximum memory size is 4096MB",
            "Max memory size: 4096MB",
            "Board Memory: 64MB",
            "Kernel Managed Memory: 64MB",
            "phys_mem_size     = 0x40000000",
            "physicalMemorySize            = 0x40000000",
            "887MB LOWMEM available.",
            "mapped low ram: 0 - 377fe000",
            "low ram: 0 - 377fe000",
            "total RAM covered: 4096M",
            "Phys. mem: 512MB",
            "Total memory = 768MB; using 2048kB for hash table",
        ),
        source="arch/s390/kernel/setup.c, arch/powerpc/kernel/setup-common.c, arch/blackfin, arch/csky, arch/x86/mm,"
        " 2.6.11-7.1 (setup.c, init_32.c); sums, no places",
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
        pattern=rf"Initial ramdisk at: \S+ \({NUMBER} bytes\)",
        samples=("Initial ramdisk at: 0x8f000000 (8388608 bytes)", "Initial ramdisk at: 0x(ptrval) (8388608 bytes)"),
        source="arch/mips/kernel/setup.c, arch/ia64, arch/alpha, arch/riscv, 2.6.11-7.1; virtual",
    ),
    Form(
        name="fadump",
        family="reserved regions",
        triggers=("MB of memory at ",),
        pattern=rf"(?:fadump: |rtas fadump: )?Reserv(?:ed|ing) {NUMBER}MB of memory at (?:{NUMBER}MB|{HEX})"
        r" (?:\(System RAM: [0-9]+MB\)|for (?:saving crash dump|firmware-assisted dump|preserving crash data))",
        make=_fadump,
        samples=(
            "fadump: Reserved 1024MB of memory at 0x00000040000000 (System RAM: 16384MB)",
            "Reserved 256MB of memory at 128MB for saving crash dump",
            "fadump: Reserving 512MB of memory at 0x00000020000000 for preserving crash data",
        ),
        source="arch/powerpc/kernel/fadump.c, 3.4-7.1; start and size, whole MB",
    ),
    Form(
        name="elfcorehdr",
        family="reserved regions",
        triggers=("for elfcorehdr",),
        pattern=rf"(?:OF: fdt: ?)?Reserving {NUMBER} ?[Kk]i?B of memory at {HEX} for elfcorehdr",
        make=lambda g, lines: ReservedRegion(*base_size(g[1], number(g[0]) * KIB), "elfcorehdr", "elfcorehdr", lines),
        samples=(
            "Reserving 4KB of memory at 0x7ffff000 for elfcorehdr",
            "OF: fdt: Reserving 64 KiB of memory at 0xb6fff0000 for elfcorehdr",
        ),
        source="arch/arm64/mm/init.c 4.12, drivers/of/fdt.c 5.15-7.1, arch/loongarch; start and size",
    ),
    Form(
        name="elfcorehdr-mips",
        family="reserved regions",
        triggers=("for kdump",),
        pattern=rf"Reserving {NUMBER}KB of memory at {NUMBER}KB for kdump",
        make=_kdump_mips,
        samples=("Reserving 64KB of memory at 131008KB for kdump",),
        source="arch/mips/kernel/setup.c, 5.1-7.1; start and size in KB",
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
        make=lambda g, _lines: Remark(
            "info", "truncated-memory", f"The kernel does not use all memory: {(g[0] or '').rstrip(' (MPU')}."
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
