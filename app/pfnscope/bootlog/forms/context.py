"""Lines that say which kernel ran, how it was started and how large its pages are."""

from typing import Literal

from pfnscope.bootlog.effects import (
    ArchHint,
    Banner,
    BootConfig,
    CommandLine,
    Effect,
    Farewell,
    FileName,
    Hardware,
    PageSize,
    Running,
)
from pfnscope.bootlog.file_names import shown_name
from pfnscope.bootlog.forms.base import NUMBER, Form, Groups, number
from pfnscope.kernel.architectures import PAGE_SIZES
from pfnscope.model.log import ConfigOption
from pfnscope.model.ranges import Lines
from pfnscope.model.sizes import NamedSize

ANY_TEXT = ".*"


def _banner(groups: Groups, _lines: Lines) -> Effect:
    return Banner(groups[0] or "", f"Linux version {groups[0]}{groups[1] or ''}".rstrip())


def _file_name(groups: Groups, _lines: Lines) -> Effect:
    return FileName(shown_name(groups[0] or ""), shown_name(groups[1]) if groups[1] else None)


def _command_line(groups: Groups, _lines: Lines) -> Effect:
    whole, text = groups[0], (groups[1] or "").strip()
    if text.endswith("\\"):
        return CommandLine(text[:-1].rstrip(), complete=False, passed=not whole)
    return CommandLine(text, passed=not whole)


def _hash_table(groups: Groups, lines: Lines) -> Effect | None:
    """The size of a page, and the table: a linear one comes from memblock, where a line says what it is.

    Source: dcache_init_early() and inode_init_early() in fs/, 4.17 to 7.1; with hashdist they are mapped, and later.
    """
    name, text, mapping = groups[0], groups[2], groups[3]
    order, size = number(groups[1]), number(text)
    page = size >> order if order < 64 else 0
    if page << order != size or page not in PAGE_SIZES:
        return None
    if mapping == "vmalloc":
        return PageSize(page)
    kind: Literal["allocation", "hash-table"] = "allocation" if mapping else "hash-table"
    return PageSize(page, NamedSize(kind, f"{(name or '').strip(' -').lower()} hash table", size, lines))


_CONFIGURED = ("SPARSEMEM", "FLATMEM", "ARCH_FORCE_MAX_ORDER", "FORCE_MAX_ZONEORDER")

FORMS = (
    Form(
        name="kernel-config",
        family="kernel configuration",
        triggers=tuple(f"CONFIG_{name}=" for name in _CONFIGURED),
        pattern=rf"CONFIG_({'|'.join(_CONFIGURED)})=([0-9a-z]+)$",
        make=lambda g, lines: ConfigOption(g[0] or "", g[1] or "", lines),
        samples=("CONFIG_SPARSEMEM=y", "CONFIG_FLATMEM=y", "CONFIG_ARCH_FORCE_MAX_ORDER=11"),
        source="mm/Kconfig and arch code, 2.6.11-7.1; a .config beside the log",
    ),
    Form(
        name="banner",
        family="kernel release",
        triggers=("Linux version",),
        pattern=r"Linux version ([0-9]\S*)(.*)",
        make=_banner,
        samples=(
            "Linux version 4.17.0 (root@build) (gcc version 8.1.0) #4 SMP Thu Jun 7 08:00:00 UTC 2018",
            "Linux version 6.12.9",
        ),
        source="init/version.c, 2.6.11-7.1",
        anchor=r"Linux version [0-9]",
    ),
    Form(
        name="hardware",
        family="hardware",
        triggers=("DMI: ",),
        pattern=r"DMI: (\S.*?),? +BIOS (\S.*)",
        make=lambda g, _lines: Hardware(f"{' '.join((g[0] or '').split())}, BIOS {' '.join((g[1] or '').split())}"),
        samples=(
            "DMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-1 04/01/2014",
            "DMI: Example Laptop 14/Board 7, BIOS 03.04 02/01/2026",
        ),
        source="dmi_format_ids() in drivers/firmware/dmi_scan.c, 3.3-7.1",
        tail=ANY_TEXT,
    ),
    Form(
        name="command-line",
        family="command line",
        triggers=("ommand line:",),
        pattern=r"(?:(Kernel) c|C)ommand line: +(\S.*)",
        make=_command_line,
        samples=(
            "Command line: root=/dev/vda1 ro memmap=1G!4G",
            "Kernel command line: console=ttyS0 movablecore=1G \\",
        ),
        source="arch/x86/kernel/setup.c 2.6.32-7.1, init/main.c 2.6.11-7.1; cut in pieces from 6.19",
        tail=ANY_TEXT,
        anchor=r"(?:Kernel c|C)ommand line: ",
    ),
    Form(
        name="bootconfig",
        family="command line",
        triggers=("«Load bootconfig: »[0-9]",),
        pattern=r"Load bootconfig: [0-9]+ bytes [0-9]+ nodes",
        make=lambda _groups, _lines: BootConfig(),
        samples=("Load bootconfig: 187 bytes 12 nodes",),
        source="setup_boot_config() in init/main.c, 5.6-7.3",
    ),
    Form(
        name="hash-table",
        family="page size",
        triggers=("(?:Dentry |Inode-)«cache hash table»",),
        pattern=r"(Dentry |Inode-)cache hash table entries: [0-9]+ "
        rf"\(order: {NUMBER}, {NUMBER} bytes(?:, (linear|vmalloc))?",
        make=_hash_table,
        samples=(
            "Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes, linear)",
            "Dentry cache hash table entries: 262144 (order: 5, 2097152 bytes, linear)",
            "Inode-cache hash table entries: 524288 (order: 10, 4194304 bytes, linear)",
            "Inode-cache hash table entries: 262144 (order: 9, 2097152 bytes, vmalloc)",
            "Dentry cache hash table entries: 131072 (order: 8, 1048576 bytes)",
        ),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.11-7.1; bytes >> order is the page size",
        anchor=r"(?:Dentry |Inode-)cache hash table entries: [0-9]",
    ),
    Form(
        name="arm64-cpu",
        family="architecture",
        triggers=("Booting Linux on physical CPU 0x",),
        pattern=r"Booting Linux on physical CPU 0x[0-9a-f]{10}",
        make=lambda _groups, _lines: ArchHint("arm64"),
        samples=("Booting Linux on physical CPU 0x0000000000 [0x411fd070]",),
        source="arch/arm64/kernel/setup.c, 4.17-7.1",
    ),
    Form(
        name="arm64-setup",
        family="architecture",
        triggers=("CPU: AArch64 Processor", "I-cache on CPU", "started at EL"),
        pattern=r"(?:Boot )?CPU: AArch64 Processor \[|Detected [A-Z]{2,9} I-cache on CPU[0-9]"
        r"|CPU: All CPU\(s\) started at EL[12]",
        make=lambda _groups, _lines: ArchHint("arm64"),
        samples=(
            "Boot CPU: AArch64 Processor [410fd034]",
            "CPU: AArch64 Processor [410fd033] revision 3",
            "Detected VIPT I-cache on CPU0",
            "CPU: All CPU(s) started at EL2",
        ),
        source="arch/arm64/kernel/setup.c 3.7-4.16, arch/arm64/kernel/cpuinfo.c and smp.c 3.17-7.1",
    ),
    Form(
        name="arm64-oops",
        family="architecture",
        triggers=("«pstate: »[0-9a-f]{8}",),
        pattern=r"(?:pc : .* lr : .* )?pstate: [0-9a-f]{8}\b",
        make=lambda _groups, _lines: ArchHint("arm64"),
        samples=("pstate: 40000085 (nzcv daIf -PAN -UAO)", "pstate: 60400009 (nZCv daif +PAN -UAO -TCO BTYPE=--)"),
        source="arch/arm64/kernel/process.c, 4.4-7.1",
    ),
    Form(
        name="arm-oops",
        family="architecture",
        triggers=(
            "8<--- cut here ---",
            r"\[[0-9a-f]{8}«] *pgd=»[0-9a-f]{8}",
            r"\([A-Za-z_][\w.+/]*«) from [<»[0-9a-f]{8}>",
        ),
        pattern=r"8<--- cut here ---|\[[0-9a-f]{8}\] \*pgd=[0-9a-f]{8}"
        r"|(?:\[<[0-9a-f]{8}>\] )?\([A-Za-z_][\w.+/]*\) from \[<[0-9a-f]{8}>",
        make=lambda _groups, _lines: ArchHint("arm"),
        samples=(
            "8<--- cut here ---",
            "[fffffffe] *pgd=affff861, *pte=00000000, *ppte=00000000",
            "[<c010a600>] (show_stack) from [<c0a1b2c4>] (dump_stack+0x88/0x9c)",
        ),
        source="arch/arm/kernel/traps.c and arch/arm/mm/fault.c, 2.6.11-7.1; the first from 5.2",
    ),
    Form(
        name="arm-cpu",
        family="architecture",
        triggers=("CPU: ARM", "CPU: Feroceon", "CPU: XScale"),
        pattern=r"CPU: (?:ARM(?:v[4-8][A-Z]*|v6-compatible|[0-9]+\w*)|Feroceon|XScale)[\w -]* \[[0-9a-f]{8}\] revision",
        make=lambda _groups, _lines: ArchHint("arm"),
        samples=(
            "CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d",
            "CPU: ARMv6-compatible processor [410fb767] revision 7 (ARMv7), cr=00c5387d",
        ),
        source="arch/arm/kernel/setup.c, 2.6.11-7.1",
    ),
    Form(
        name="riscv-firmware",
        family="architecture",
        triggers=("SBI specification v",),
        pattern=r"(?:riscv: )?SBI specification v[0-9]",
        make=lambda _groups, _lines: ArchHint("riscv64"),
        samples=("SBI specification v0.3 detected",),
        source="arch/riscv/kernel/sbi.c, 5.7-7.1; 32-bit riscv has no layout that is known here",
    ),
    Form(
        name="powerpc-mmu",
        family="architecture",
        triggers=("-mmu: ",),
        pattern=r"(?:radix|hash)-mmu: ",
        make=lambda _groups, _lines: ArchHint("ppc64"),
        samples=(
            "radix-mmu: Mapped 0x0000000000000000-0x0000000040000000 with 1.00 GiB pages",
            "hash-mmu: Initializing hash mmu with SLB",
        ),
        source="arch/powerpc/mm/book3s64, 4.19-7.1, pgtable.c and hash_utils.c",
    ),
    Form(
        name="s390-setup",
        family="architecture",
        triggers=("setup: Linux is running ",),
        pattern=r"setup: Linux is running (?:as a z/VM|under KVM|natively in|in LPAR|as a guest)",
        make=lambda _groups, _lines: ArchHint("s390"),
        samples=("setup: Linux is running under KVM in 64-bit mode", "setup: Linux is running natively in 64-bit mode"),
        source="arch/s390/kernel/setup.c, 2.6.32-7.1",
    ),
    Form(
        name="loongarch-cpu",
        family="architecture",
        triggers=("64-bit Loongson Processor probed",),
        pattern=r"64-bit Loongson Processor probed",
        make=lambda _groups, _lines: ArchHint("loongarch64"),
        samples=("64-bit Loongson Processor probed (LA464 Core)",),
        source="arch/loongarch/kernel/cpu-probe.c, 5.19-7.1",
    ),
    Form(
        name="mips-cpu",
        family="architecture",
        triggers=("«revision is: »[0-9a-f]{8} ",),
        pattern=r"CPU[0-9]* revision is: [0-9a-f]{8} \(",
        make=lambda _groups, _lines: ArchHint("mips"),
        samples=("CPU0 revision is: 0001974c (MIPS 74Kc)", "CPU revision is: 00019655 (MIPS 24KEc)"),
        source="arch/mips/kernel/cpu-probe.c, 2.6.11-7.1; 32 or 64 bits",
    ),
    Form(
        name="sparc-setup",
        family="architecture",
        triggers=("ARCH: SUN4",),
        pattern=r"ARCH: SUN4[UV]",
        make=lambda _groups, _lines: ArchHint("sparc64"),
        samples=("ARCH: SUN4U", "ARCH: SUN4V"),
        source="arch/sparc/kernel/setup_64.c, 2.6.11-7.1",
    ),
    Form(
        name="oops-release",
        family="kernel release",
        triggers=("Not tainted", "Tainted: "),
        pattern=r"(?:CPU: [0-9]+ .*|Pid: [0-9]+, .*)(?:Not tainted,? \(?|Tainted: [A-Z \[\]=_,-]*[A-Z\]-],? +\(?)"
        r"([0-9]+\.[0-9]+[\w.+~-]*) #[0-9]",
        make=lambda g, _lines: Running(g[0] or ""),
        samples=(
            "CPU: 0 PID: 1 Comm: systemd Not tainted 4.17.0 #4",
            "CPU: 1 PID: 318 Comm: cat Tainted: G    B   W         5.3.0-rc4+ #85",
            "CPU: 2 UID: 0 PID: 1 Comm: init Tainted: G        W           6.12.9-200.fc41.x86_64 #1 PREEMPT",
            "CPU: 1 PID: 318 Comm: cat Tainted: GF       W  O--------------   3.10.0-123.el7.x86_64 #1",
            "Pid: 318, comm: page-types Not tainted 2.6.32-5-amd64 #1 KVM",
        ),
        source="kernel/panic.c, lib/dump_stack.c, 2.6.32-7.1; taken where no banner is, and marked as assumed",
    ),
    Form(
        name="pstore-part",
        family="parts of a log",
        triggers=("[0-9]+« Part»[0-9]",),
        pattern=r"[A-Za-z]+#[0-9]+ Part[0-9]{1,4}$",
        samples=("Panic#1 Part12", "Oops#2 Part1"),
        source="fs/pstore/platform.c, 2.6.38-7.1; the heading of each record, the last part of a log is part 1",
    ),
    Form(
        name="farewell",
        family="end of a boot",
        triggers=(
            "Restarting system",
            "reboot: Power down",
            "reboot: System halted",
            "tarting new kernel",
            "Starting crashdump kernel",
            "Bye!",
        ),
        pattern=r"(?:reboot: )?Restarting system|reboot: (?:Power down|System halted)"
        r"|(?:kexec(?:_core)?: )?Starting new kernel|Starting crashdump kernel|Bye!$",
        make=lambda _groups, _lines: Farewell(),
        samples=(
            "reboot: Restarting system",
            "Restarting system.",
            "reboot: Power down",
            "reboot: System halted",
            "kexec_core: Starting new kernel",
            "Starting crashdump kernel...",
            "Bye!",
        ),
        source="kernel/reboot.c, kernel/kexec_core.c, arch/*/kernel/machine_kexec.c, 2.6.11-7.1",
    ),
    Form(
        name="alpha-machine",
        family="architecture",
        triggers=("using machine vector",),
        pattern=r"Booting .{0,20}on .{0,100} using machine vector ",
        make=lambda _groups, _lines: ArchHint("alpha"),
        samples=("Booting GENERIC on Tsunami variation DP264 using machine vector DP264 from SRM",),
        source="arch/alpha/kernel/setup.c, 2.6.11-7.1",
    ),
    Form(
        name="ia64-sal",
        family="architecture",
        triggers=("«SAL »[0-9a-f]+[.][0-9a-f]+: ",),
        pattern=r"SAL [0-9a-f]{1,2}\.[0-9a-f]{1,2}: ",
        make=lambda _groups, _lines: ArchHint("ia64"),
        samples=("SAL 3.20: Intel SR870BN4 version 3.0",),
        source="arch/ia64/kernel/sal.c, 2.6.11-6.6",
    ),
    Form(
        name="sh-machine",
        family="architecture",
        triggers=("Booting machvec: ",),
        pattern=r"Booting machvec: ",
        make=lambda _groups, _lines: ArchHint("sh"),
        samples=("Booting machvec: SolutionEngine",),
        source="arch/sh/kernel/machvec.c, 2.6.24-7.1",
    ),
    Form(
        name="riscv-hart",
        family="architecture",
        triggers=("CPU with hartid=",),
        pattern=r"CPU with hartid=[0-9]{1,10} (?:is not available|has |does not support)",
        make=lambda _groups, _lines: ArchHint("riscv64"),
        samples=("CPU with hartid=0 is not available",),
        source="arch/riscv/kernel/cpu.c, 4.17-7.1; 32-bit riscv has no layout that is known here",
    ),
    Form(
        name="file-name",
        family="names of files",
        triggers=(" <==",),
        pattern=r"==> (\S.*?) <==(?: not used: (\S.*))?$",
        make=_file_name,
        samples=("==> sos_commands/kernel/dmesg <==", "==> vmcore <== not used: a dump of memory"),
        source="src/head.c and src/tail.c of coreutils; what is behind it, pfnscope.opening alone writes",
    ),
)
