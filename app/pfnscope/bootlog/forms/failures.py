"""Lines in which the kernel says that memory for a crash kernel, persistent memory or a guest failed."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.forms.base import (
    HEX,
    NUMBER,
    Form,
    Groups,
    hexadecimal,
    inclusive,
    number,
)
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import KIB, MIB, format_size


def place(memory: ByteRange) -> str:
    """``128 MiB at [0x240000000, 0x248000000)``."""
    return f"{format_size(memory.size)} at {memory}"


def _crashkernel(groups: Groups, lines: Lines) -> Effect:
    low, size, kilobytes, why, overlap = groups
    size_in_bytes = hexadecimal(size) if size else number(kilobytes) * KIB if kilobytes else None
    what = f"{format_size(size_in_bytes)} " if size_in_bytes else "memory "
    why = "it would overlap this kernel" if overlap else (why or "").strip(" .!").lower()
    because = f": {why}" if why else ""
    text = f"The kernel could not reserve {what}for a crash kernel{' below 4 GiB' if low else ''}{because}."
    return Failure("crashkernel-low-failed" if low else "crashkernel-failed", text, lines, size=size_in_bytes)


def _low_crashkernel(groups: Groups, lines: Lines) -> Effect:
    text = f"The kernel could not reserve {groups[0]} MiB for a crash kernel below 4 GiB."
    return Failure("crashkernel-low-failed", text, lines, size=number(groups[0]) * MIB)


def _crashkernel_value(groups: Groups, lines: Lines) -> Effect:
    auto, what, zero = groups
    text = f"The kernel does not understand crashkernel= and reserves nothing for it: {what}."
    if zero:
        text = "crashkernel= asks for no memory on a machine with this much RAM, so no crash kernel can be loaded."
    if auto:
        text = "The kernel takes a size for crashkernel=; “auto” is known to kernels of RHEL 8 and older alone."
    return Failure("crashkernel-value", text, lines)


def _misaligned(groups: Groups, lines: Lines) -> Effect:
    name, first, last = groups
    memory = inclusive(first, last)
    text = f"Persistent memory {name} is not used: {place(memory)} neither begins nor ends where the kernel can map it."
    return Failure("pmem-misaligned", text, lines, memory.size, None, *memory)


def _pmem_refused(groups: Groups, lines: Lines) -> Effect:
    name, unit, border, differs, full = groups
    if unit or border:
        at = f" of {format_size(hexadecimal(unit))}" if unit else " that the kernel maps"
        why = f"its {border or 'start'} is no multiple of the unit{at}"
    else:
        why = "its struct pages would need more than it has" if full else f"it was set up by another kernel ({differs})"
    text = f"Persistent memory {name} is not used: {why}."
    return Failure("pmem-misaligned", text, lines, unit=hexadecimal(unit) if unit else None)


def _fadump(groups: Groups, lines: Lines) -> Effect:
    size, least, holes, why = groups
    if size:
        text = (
            f"Firmware-assisted dump is off: {format_size(hexadecimal(size))} for the capture kernel are less than the"
            f" {format_size(hexadecimal(least))} that it needs."
        )
        return Failure("fadump-failed", text, lines, size=hexadecimal(size))
    because = "too many holes in the memory to save" if holes else (why or "").lower().rstrip("!. ")
    return Failure("fadump-failed", f"Firmware-assisted dump is off: {because}.", lines)


def _kho(groups: Groups, lines: Lines) -> Effect:
    node, what = groups
    which = f"node {node}'s" if node else what or "its"
    text = f"Kexec handover (KHO) is off: the kernel could not reserve {which} scratch memory."
    return Failure("kho-failed", text, lines, node=number(node) if node else None)


def _rmp(groups: Groups, lines: Lines) -> Effect:
    expected, present, base, end, why = groups
    if expected:
        text = (
            f"SEV-SNP is off: the firmware's RMP table has {format_size(hexadecimal(present))} and needs"
            f" {format_size(hexadecimal(expected))} for all RAM."
        )
        return Failure("rmp-unusable", text, lines, size=hexadecimal(present))
    if base:
        return Failure("rmp-unusable", f"SEV-SNP is off: the RMP table 0x{base}-0x{end} is no valid range.", lines)
    because = "the firmware reserved no memory for the RMP table" if why else "the RMP table could not be mapped"
    return Failure("rmp-unusable", f"SEV-SNP is off: {because}.", lines)


def _rmp_page(groups: Groups, lines: Lines) -> Effect:
    frame, first, end = groups
    if frame:
        text = f"The kernel could not give page frame 0x{frame} to an encrypted guest, or back."
    else:
        text = f"Page frames [0x{first}, 0x{end}) of an encrypted guest are lost: the kernel could not take them back."
    return Failure("rmp-failed", text, lines)


FORMS = (
    Form(
        name="crashkernel-failed",
        family="failed reservations",
        triggers=(
            "cannot allocate crashkernel",
            "crashkernel reservation failed",
            "crashkernel: couldn't allocate",
            "memory for crashkernel!",
            "rash kernel can not overlap",
            "region reserved for crash kernel",
        ),
        pattern=r"(?:cannot allocate crashkernel (low memory )?\(size:0x([0-9a-f]{1,16})\)"
        r"|crashkernel: couldn't allocate ([0-9]{1,18})KB"
        r"|(?:setup: )?crashkernel reservation failed(?: -|:) ([A-Za-z][^.]*)"
        r"|(?:kexec: )?(?:Failed to reserve memory for crashkernel!|(Crash kernel can not overlap current kernel)"
        r"|Invalid memory region reserved for crash kernel))",
        make=_crashkernel,
        tail=r"(?:(?:chunk )?must )?(?:be )?(?:at )?(?:least )?(?:crashkernel )?size|(?:suitable )?(?:area )?found\.?"
        r"|(?:is )?(?:in )?use\.?",
        samples=(
            "cannot allocate crashkernel (size:0x20000000)",
            "cannot allocate crashkernel low memory (size:0x10000000).",
            "crashkernel reservation failed - No suitable area found.",
            "crashkernel reservation failed - memory is in use.",
            "setup: crashkernel reservation failed: first memory chunk must be at least crashkernel size",
            "crashkernel: couldn't allocate 196608KB",
            "Failed to reserve memory for crashkernel!",
            "Crash kernel can not overlap current kernel",
            "Invalid memory region reserved for crash kernel",
        ),
        source="arch/arm64/mm/init.c 4.17 and 6.1, arch/x86/kernel/setup.c 4.17 and 6.1, kernel/crash_reserve.c 6.12"
        " and 7.1, arch/riscv/mm/init.c 6.1, arch/s390/kernel/setup.c and arch/powerpc/kexec/core.c 6.12,"
        " arch/loongarch/kernel/setup.c 6.1",
    ),
    Form(
        name="crashkernel-low-failed",
        family="failed reservations",
        triggers=("MB crashkernel low memory",),
        pattern=rf"Cannot reserve {NUMBER}MB crashkernel low memory",
        make=_low_crashkernel,
        samples=("Cannot reserve 256MB crashkernel low memory, please try smaller size.",),
        source="arch/x86/kernel/setup.c, 4.17 and 6.1",
    ),
    Form(
        name="crashkernel-value",
        family="failed reservations",
        triggers=(
            "emory value expected",
            "crashkernel: '",
            "crashkernel: end <= start",
            "crashkernel: invalid size",
            "crashkernel: unrecognized char",
            "crashkernel size resulted in zero",
        ),
        pattern=r"(?:(?:crashkernel: |crahskernel: )?([Mm]emory value expected)(?: after '@')?"
        r"|crashkernel: ('-' expected|':' expected|end <= start|invalid size|unrecognized char: \S)"
        r"|crashkernel size resulted in (zero bytes))",
        make=_crashkernel_value,
        samples=(
            "crashkernel: memory value expected",
            "crashkernel: Memory value expected",
            "crashkernel: '-' expected",
            "crashkernel: end <= start",
            "crashkernel: invalid size",
            "crashkernel: unrecognized char: m",
            "crashkernel size resulted in zero bytes",
        ),
        source="kernel/crash_core.c 4.17 and 6.1, kernel/crash_reserve.c 6.12 and 7.1",
    ),
    Form(
        name="crashkernel-ignored",
        family="failed reservations",
        triggers=("crashkernel: ignoring reservation", "Ignoring crashkernel for a Xen"),
        pattern=r"(?:crashkernel: (ignoring reservation request)|Ignoring crashkernel for a (Xen PV domain))",
        make=lambda g, lines: Failure(
            "crashkernel-ignored",
            "crashkernel= has no effect: "
            + ("this kernel saves the memory of one that crashed." if g[0] else "this kernel runs in a Xen PV domain."),
            lines,
        ),
        samples=("crashkernel: ignoring reservation request", "Ignoring crashkernel for a Xen PV domain"),
        source="arch/riscv/mm/init.c 6.1, arch/x86/kernel/setup.c 6.12",
    ),
    Form(
        name="reserve-mem-failed",
        family="failed reservations",
        triggers=("reserve_mem: ",),
        pattern=r"(?:memblock: )?reserve_mem: (?:memblock allocation failed|(no more room for reserved memory"
        r"|empty or malformed parameter|name \"[^\"]{1,40}\" was already used))",
        make=lambda g, lines: Failure(
            "reserve-mem-failed",
            f"The kernel reserved nothing for a reserve_mem=: {g[0] or 'no free memory is large enough'}.",
            lines,
        ),
        samples=(
            "reserve_mem: memblock allocation failed",
            "reserve_mem: empty or malformed parameter",
            'reserve_mem: name "trace" was already used',
        ),
        source="mm/memblock.c, 7.1; kernels before it fail without a word",
    ),
    Form(
        name="elfcorehdr-overlapped",
        family="failed reservations",
        triggers=("elfcorehdr is overlapped",),
        pattern=r"(?:OF: fdt: ?)?elfcorehdr is overlapped",
        make=lambda _groups, lines: Failure(
            "elfcorehdr-overlapped",
            "The description of the crashed kernel (elfcorehdr) is overwritten: there will be no /proc/vmcore.",
            lines,
        ),
        samples=("OF: fdt: elfcorehdr is overlapped",),
        source="drivers/of/fdt.c, 6.1 and 6.12; init.c of arm64 4.17",
    ),
    Form(
        name="fadump-failed",
        family="failed reservations",
        triggers=(
            "fadump with boot memory size",
            "holes in boot memory area",
            "Failed to find memory chunk",
            "fadump: Failed to reserve memory",
        ),
        pattern=rf"(?:rtas )?fadump: (?:Can't enable fadump with boot memory size \({HEX}\) less than {HEX}"
        r"|(Too many holes in boot memory area to enable fadump)"
        r"|(Failed to find memory chunk for reservation!?|Failed to reserve memory!))",
        make=_fadump,
        samples=(
            "fadump: Can't enable fadump with boot memory size (0x10000000) less than 0x20000000",
            "fadump: Too many holes in boot memory area to enable fadump",
            "fadump: Failed to find memory chunk for reservation!",
            "fadump: Failed to reserve memory!",
        ),
        source="arch/powerpc/kernel/fadump.c, 5.4 to 6.12",
    ),
    Form(
        name="kho-failed",
        family="failed reservations",
        triggers=("KHO: Failed to reserve",),
        pattern=r"KHO: Failed to reserve (?:scratch (?:array|area)|nid ([0-9]{1,6}) scratch buffer"
        r"|(lowmem|global) scratch buffer)",
        make=_kho,
        samples=(
            "KHO: Failed to reserve scratch area, disabling kexec handover",
            "KHO: Failed to reserve lowmem scratch buffer",
            "KHO: Failed to reserve nid 1 scratch buffer",
        ),
        source="kernel/kexec_handover.c, kernel/liveupdate/kexec_handover.c, 6.16-7.1",
    ),
    Form(
        name="pmem-misaligned",
        family="failed reservations",
        triggers=("misaligned, unable to map", r"«namespace»[0-9.]+: \[mem"),
        pattern=rf"(?:nd_pmem |dax_pmem |nd_\w+ )?(\S+): \[mem {HEX}-{HEX}(?: flags 0x[0-9a-f]+)?\]"
        r" misaligned, unable to map",
        make=_misaligned,
        samples=("nd_pmem namespace0.0: [mem 0x100000000-0x1ffffffff flags 0x200] misaligned, unable to map",),
        source="drivers/nvdimm/namespace_devs.c, 5.8 to 7.1; end inclusive",
    ),
    Form(
        name="pmem-refused",
        family="failed reservations",
        triggers=(
            ": start 0x",
            "resource start misaligned",
            "resource end misaligned",
            ": init failed, ",
            "pfn array size exceeds",
        ),
        pattern=rf"(?:nd_pmem |dax_pmem |nd |device_dax )?([a-z][\w.]{{1,40}}): (?:"
        rf"\S{{1,40}}: start 0x[0-9a-f]+ misaligned to {HEX}|resource (start|end) misaligned"
        r"|init failed, ((?:struct )?page size mismatch|alignment mismatch)"
        r"|(pfn array size exceeds capacity))",
        make=_pmem_refused,
        samples=(
            "nd pfn0.1: namespace0.0: start 0x1c0200000 misaligned to 0x1000000",
            "nd_pmem pfn0.1: resource start misaligned",
            "nd_pmem pfn0.1: init failed, struct page size mismatch 56",
            "nd_pmem pfn0.1: init failed, alignment mismatch: 1073741824:2097152",
            "nd_pmem pfn0.1: pfn array size exceeds capacity of namespace0.0",
        ),
        source="drivers/nvdimm/pfn_devs.c, 5.8 to 6.12",
    ),
    Form(
        name="snp-rmp-unusable",
        family="failed reservations",
        triggers=("for the RMP table", "RMP configuration not valid", "Failed to map RMP table"),
        pattern=r"(?:SEV-SNP: )?(?:Memory reserved for the RMP table does not cover full system RAM"
        rf" \(expected {HEX} got {HEX}\)|RMP configuration not valid: base={HEX}, end={HEX}"
        r"|(Memory for the RMP table has not been reserved by BIOS)|Failed to map RMP table)",
        make=_rmp,
        samples=(
            "SEV-SNP: Memory for the RMP table has not been reserved by BIOS",
            "SEV-SNP: RMP configuration not valid: base=0x35600000, end=0x35600000",
            (
                "SEV-SNP: Memory reserved for the RMP table does not cover full system RAM"
                " (expected 0x40604000 got 0x20304000)"
            ),
            "SEV-SNP: Failed to map RMP table",
        ),
        source="arch/x86/virt/svm/sev.c, 6.9 and 6.12",
    ),
    Form(
        name="snp-rmp-failed",
        family="bad pages",
        triggers=("RMPUPDATE failed for PFN", "Leaking PFN range"),
        pattern=r"(?:SEV-SNP: )?(?:RMPUPDATE failed for PFN ([0-9a-f]{1,16}),"
        r"|Leaking PFN range 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16}))",
        make=_rmp_page,
        samples=(
            "SEV-SNP: RMPUPDATE failed for PFN 18a5a00, pg_level: 1, ret: 2",
            "SEV-SNP: Leaking PFN range 0x18a5a00-0x18a5a01",
        ),
        source="arch/x86/virt/svm/sev.c, 6.12 and 7.1; end exclusive",
    ),
)
