"""Oopses: first lines of all architectures."""

from pfnscope.bootlog.effects import Effect, Registers, Trouble
from pfnscope.bootlog.forms.base import Form, Groups, hexadecimal
from pfnscope.model.log import Lines

_ADDRESS = r"(?:0x)?([0-9a-fA-F]{8,16})\b"


def _fault(groups: Groups, _lines: Lines) -> Effect:
    text, address = groups
    return Trouble("oops", (text or "").strip(), address=hexadecimal(address) if address else None)


def _later(groups: Groups, _lines: Lines) -> Effect:
    """A line that most oopses have after their first, and that begins one where that is missing."""
    return Trouble("oops", (groups[0] or "").strip(), follows=True)


FORMS = (
    Form(
        name="fault-x86",
        family="oopses",
        triggers=("BUG: unable to handle",),
        pattern=r"(BUG: unable to handle (?:kernel paging request at|kernel NULL pointer dereference at"
        r"|page fault for address:|kernel paging request for address:) (?:virtual address )?"
        rf"(?:\(null\)|{_ADDRESS}).*)",
        make=_fault,
        samples=(
            "BUG: unable to handle kernel paging request at fffffffffffffffe",
            "BUG: unable to handle page fault for address: ffffea0002fff5c0",
            "BUG: unable to handle kernel NULL pointer dereference at 0000000000000008",
            "BUG: unable to handle kernel NULL pointer dereference at (null)",
            "BUG: unable to handle kernel paging request at virtual address c17ff5c0",
        ),
        source="arch/x86/mm/fault.c, arch/i386/mm/fault.c, 2.6.18-7.1",
    ),
    Form(
        name="fault-x86-first",
        family="oopses",
        triggers=("Unable to handle kernel",),
        pattern=r"(Unable to handle kernel (?:paging request|NULL pointer dereference) at"
        r" ([0-9a-f]{16}) (?:RIP:.*)?)",
        make=_fault,
        samples=("Unable to handle kernel paging request at ffff8101a0000000 RIP: ",),
        source="arch/x86_64/mm/fault.c, 2.6.11-2.6.24",
    ),
    Form(
        name="fault-null-x86",
        family="oopses",
        triggers=("BUG: kernel NULL pointer dereference",),
        pattern=rf"(BUG: kernel NULL pointer dereference, address: {_ADDRESS}.*)",
        make=_fault,
        samples=("BUG: kernel NULL pointer dereference, address: 0000000000000008",),
        source="arch/x86/mm/fault.c, 5.1-7.1",
    ),
    Form(
        name="fault-protection",
        family="oopses",
        triggers=("general protection fault",),
        pattern=r"(general protection fault(?:, (?:probably|maybe) for (?:non-canonical )?address"
        r" 0x([0-9a-f]{1,16}))?(?:: [0-9a-f]{4}).*)",
        make=_fault,
        samples=(
            "general protection fault: 0000 [#1] SMP",
            "general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP PTI",
        ),
        source="arch/x86/kernel/traps.c, 2.6.11-7.1; address from 5.6",
    ),
    Form(
        name="fault-arm",
        family="oopses",
        triggers=("Unable to handle kernel",),
        pattern=rf"((?:CPU [0-9]+ )?Unable to handle kernel [a-zA-Z -]{{1,60}} at virtual address {_ADDRESS}.*)",
        make=_fault,
        samples=(
            "Unable to handle kernel paging request at virtual address fffffdffbfe00008",
            "Unable to handle kernel NULL pointer dereference at virtual address 00000008 when read",
            "CPU 0 Unable to handle kernel paging request at virtual address 0000000000000104, era == 90000000002b7d2c",
            "Unable to handle kernel read from unreadable memory at virtual address 0000000000000008",
        ),
        source="arch/arm64/mm/fault.c, arch/arm/mm/fault.c, arch/riscv, arch/loongarch, arch/mips, 2.6.11-7.1",
    ),
    Form(
        name="fault-powerpc",
        family="oopses",
        triggers=(
            "Unable to handle kernel",
            "Kernel NULL pointer dereference",
            "«BUG: »(?:Unable to handle k|K)ernel ",
        ),
        pattern=r"((?:BUG: )?(?:Unable to handle kernel (?:paging request for [a-z ]+ at address"
        r"|[a-z ]+ access(?: on (?:read|write))? at|instruction fetch at|data access on \w+ at)"
        rf"|Kernel NULL pointer dereference (?:on \w+ )?at) {_ADDRESS}.*)",
        make=_fault,
        samples=(
            "Unable to handle kernel paging request for data at address 0xf000000000e00000",
            "BUG: Unable to handle kernel data access on read at 0xc00c000000e00000",
            "BUG: Kernel NULL pointer dereference on read at 0x00000008",
        ),
        source="arch/powerpc/mm/fault.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-s390",
        family="oopses",
        triggers=("Unable to handle kernel",),
        pattern=rf"(Unable to handle kernel pointer dereference (?:in|at) virtual (?:kernel|user) address"
        rf"(?: space| {_ADDRESS}).*)",
        make=_fault,
        samples=(
            "Unable to handle kernel pointer dereference in virtual kernel address space",
            "Unable to handle kernel pointer dereference at virtual kernel address 000003d080000000",
        ),
        source="arch/s390/mm/fault.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-address-s390",
        family="oopses",
        triggers=("ailing address: ",),
        pattern=r"[Ff]ailing address: ([0-9a-f]{16})\b",
        make=lambda g, _lines: Registers((("failing address", hexadecimal(g[0])),)),
        samples=("Failing address: 000003d080000000 TEID: 000003d080000803",),
        source="arch/s390/mm/fault.c, 3.14-7.1; the page of the address",
        needs=("fault",),
    ),
    Form(
        name="kernel-bug",
        family="oopses",
        triggers=("kernel BUG at",),
        pattern=r"(kernel BUG at [\w./-]+:[0-9]+!)",
        make=lambda g, _lines: Trouble("oops", g[0] or ""),
        samples=("kernel BUG at include/linux/mm.h:1020!",),
        source="lib/bug.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-null",
        family="oopses",
        triggers=("Unable to handle kernel NULL",),
        pattern=r"(Unable to handle kernel NULL pointer dereference(?: \(address ([0-9a-f]{16})\)|\s*$))",
        make=_fault,
        samples=(
            "Unable to handle kernel NULL pointer dereference (address 0000000000000008)",
            "Unable to handle kernel NULL pointer dereference",
        ),
        source="arch/ia64/mm/fault.c, arch/sparc/mm/fault_64.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-parisc",
        family="oopses",
        triggers=("«Code=»[0-9]+ (?:.*at addr|regs=)",),
        pattern=r"((?:[A-Z][\w ]*): Code=[0-9]+ (?:\(.*\) at addr |regs=\S+ \(Addr=)([0-9a-f]{8,16})\b.*)",
        make=_fault,
        samples=(
            "Kernel Fault: Code=15 (Data TLB miss fault) at addr 0000000000000008",
            "Kernel Fault: Code=26 regs=000000004da7c3c0 (Addr=000000000000022c)",
        ),
        source="arch/parisc/kernel/traps.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-um",
        family="oopses",
        triggers=("Kernel mode fault at addr",),
        pattern=r"((?:Kernel panic - not syncing: )?Kernel mode fault at addr 0x([0-9a-f]{1,16})\b.*)",
        make=_fault,
        samples=("Kernel panic - not syncing: Kernel mode fault at addr 0x8, ip 0x6004c8f1",),
        source="arch/um/kernel/trap.c, 2.6.24-7.1",
    ),
    Form(
        name="fault-powerpc-fetch",
        family="oopses",
        triggers=("instruction fetch", "unknown fault", "paging fault at"),
        pattern=r"((?:BUG: )?Unable to handle (?:kernel (?:paging request for (?:instruction fetch|unknown fault)"
        r"|instruction fetch(?: \(NULL pointer\?\))?)\s*$|unknown paging fault"
        rf" at {_ADDRESS}.*))",
        make=_fault,
        samples=(
            "Unable to handle kernel paging request for instruction fetch",
            "BUG: Unable to handle kernel instruction fetch (NULL pointer?)",
            "BUG: Unable to handle unknown paging fault at 0xc00c000000e00001",
            "Unable to handle kernel paging request for unknown fault",
        ),
        source="arch/powerpc/mm/fault.c, 2.6.18-7.1",
    ),
    Form(
        name="fault-unhandled",
        family="oopses",
        triggers=("Unhandled fault",),
        pattern=rf"(Unhandled fault(?:: .*?)? (?:\(0x[0-9a-f]+\) )?at {_ADDRESS}.*)",
        make=_fault,
        samples=(
            "Unhandled fault at 0xffff7e00b2ffd5c0",
            "Unhandled fault: synchronous external abort (0x96000210) at 0xffffff8008a5f000",
        ),
        source="arch/arm64/mm/fault.c, arch/arm/mm/fault.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-user-s390",
        family="oopses",
        triggers=("virtual user address",),
        pattern=r"(Unable to handle kernel paging request (?:in|at) virtual user address(?: space)?)",
        make=lambda g, _lines: Trouble("oops", g[0] or ""),
        samples=("Unable to handle kernel paging request in virtual user address space",),
        source="arch/s390/mm/fault.c, 2.6.11-7.1",
    ),
    Form(
        name="oops-later",
        family="oopses",
        triggers=(
            "Oops",
            "invalid opcode",
            "double fault",
            "stack segment",
            "Internal error: ",
            r"\([0-9]+«): »(?:Oops|Kernel Bug) ",
        ),
        pattern=r"((?:Oops(?:: [^\[]*)? ?|(?:invalid opcode|double fault|stack segment): [0-9a-f]{4} "
        r"|Internal error: [^\[]*)\[#[0-9]+\].*|Oops: kernel access of bad area, sig: [0-9]+"
        r"|[\w./-]+\([0-9]+\): (?:Oops|Kernel Bug) -?[0-9]+)",
        make=_later,
        samples=(
            "Oops: 0000 [#1] SMP PTI",
            "Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI",
            "Oops: Kernel access of bad area, sig: 11 [#1]",
            "Oops[#1]:",
            "Oops [#1]",
            "Internal error: Oops: 96000006 [#1] PREEMPT SMP",
            "invalid opcode: 0000 [#1] SMP PTI",
            "Oops: kernel access of bad area, sig: 11",
            "swapper(1): Oops 0",
        ),
        source="arch/*/kernel/traps.c, arch/x86/kernel/dumpstack.c, 2.6.11-7.1",
    ),
)
