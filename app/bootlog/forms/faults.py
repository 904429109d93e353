"""Oopses: first lines of all architectures, and what follows them."""

from app.bootlog.effects import Effect, Registers, Symbol, Trouble
from app.bootlog.forms.base import Form, Groups, hexadecimal
from app.bootlog.model import Lines
from app.bootlog.patterns import compiled

_ADDRESS = r"(?:0x)?([0-9a-fA-F]{8,16})\b"
_SYMBOL = r"([A-Za-z_][\w.]*(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?)"
_PLACE = r"([A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+)"
_REGISTER = r"(R[A-Z0-9]{2}|E(?:[A-D]X|[SD]I|[BS]P)|[CD]R[0-9]|[CDEFGS]S):\s+([0-9a-f]{8,16})\b"
_LOWER = r"(x[0-9]{1,2}|r[0-9]{1,2}|[ast][0-9]{1,2}|sp|pc|lr|ip|fp|gp|tp|ra|epc|psr)\s*:\s+(?:\[<)?([0-9a-f]{8,16})\b"


def _fault(groups: Groups, _lines: Lines) -> Effect:
    text, address = groups
    return Trouble("oops", (text or "").strip(), address=hexadecimal(address) if address else None)


def _symbol(groups: Groups, _lines: Lines) -> Effect:
    return Symbol(groups[0] or "")


def _registers(pattern: str, text: str | None) -> Effect:
    found = compiled(pattern).finditer((text or "").encode("latin-1", "replace"))
    return Registers(tuple(((m.group(1) or b"").decode("ascii"), int(m.group(2) or b"0", 16)) for m in found))


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
        triggers=("Unable to handle kernel", "BUG: (?:Unable to handle k|K)ernel "),
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
        triggers=("ailing address: [0-9a-f]{16}",),
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
        name="fault-place",
        family="oopses",
        triggers=("R?IP: (?:0010|e030|0060|0061):", "R?IP: [a-z_]", r"IP: \[<"),
        pattern=rf"[RE]?IP: (?:[0-9a-f]{{4}}:)?(?:\[?<[0-9a-f]+>\]?\s*)*(?::\w+:|\{{)?{_PLACE}",
        make=_symbol,
        samples=(
            "RIP: 0010:stable_page_flags+0x27/0x3c0",
            "IP: stable_page_flags+0x21/0x290",
            "IP: [<ffffffff812a5e31>] stable_page_flags+0x21/0x290",
            "RIP: 0010:[<ffffffff812a5e31>]  [<ffffffff812a5e31>] stable_page_flags+0x21/0x290",
            "EIP: stable_page_flags+0x21/0x290",
        ),
        source="arch/x86/kernel/process_64.c, arch/x86/kernel/dumpstack.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-place-words",
        family="oopses",
        triggers=("(?:EIP|PC|pc) is at ",),
        pattern=rf"(?:EIP|PC|pc) is at {_SYMBOL}",
        make=_symbol,
        samples=(
            "EIP is at stable_page_flags+0x21/0x290",
            "PC is at stable_page_flags+0x24/0x3c8",
            "PC is at paging_init",
        ),
        source="arch/x86/kernel/process_32.c, arch/arm/kernel/process.c, arch/arm64/kernel/process.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-place-risc",
        family="oopses",
        triggers=(r"(?:pc|epc) +: (?:[0-9a-f]+ )?[A-Za-z_][^ ]*\+0x", r"NIP \[[0-9a-f]+\]", r"ERA: [0-9a-f]+ "),
        pattern=rf"(?:pc : |epc\s*: (?:[0-9a-f]{{8,16}} )?|NIP \[[0-9a-f]{{8,16}}\] |ERA: [0-9a-f]{{16}} ){_PLACE}",
        make=_symbol,
        samples=(
            "pc : stable_page_flags+0x24/0x3c8",
            "epc : stable_page_flags+0x24/0x3c8",
            "epc   : 80123456 stable_page_flags+0x24/0x3c8",
            "NIP [c0000000004a1b2c] stable_page_flags+0x3c/0x4a0",
            "ERA: 90000000002b7d2c stable_page_flags+0x24/0x3c8",
        ),
        source="arch/arm64/kernel/process.c, arch/riscv, arch/mips, arch/powerpc, arch/loongarch, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-place-s390",
        family="oopses",
        triggers=("Krnl PSW : ",),
        pattern=rf"Krnl PSW : [0-9a-f]{{16}} [0-9a-f]{{16}} \(\[?<?[0-9a-f]*>?\]?\s*{_PLACE}",
        make=_symbol,
        samples=(
            "Krnl PSW : 0704c00180000000 00000000004a1b2c (stable_page_flags+0x3c/0x4a0)",
            "Krnl PSW : 0704000180000000 00000000002b7d2c ([<00000000002b7d2c>] stable_page_flags+0x3c/0x4a0)",
        ),
        source="arch/s390/kernel/dumpstack.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-registers",
        family="oopses",
        triggers=("(?:R[A-D]X|RDI|RSI|RBP|R08|R1[0-5]|E[A-D]X|ESI|CR2): [0-9a-f]{8}",),
        pattern=rf"((?:{_REGISTER.replace('(?:', '(').replace('(', '(?:')}\s*)+)",
        make=lambda g, _lines: _registers(_REGISTER, g[0]),
        samples=(
            "RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 00007fbc852bef08",
            "R13: 0000000000040000 R14: 00007fbc8527f010 R15: ffff8800b8393f00",
            "CR2: fffffffffffffffe CR3: 00000000b8380000 CR4: 00000000000006b0",
            "EAX: c17ff5c0 EBX: 000bffd7 ECX: 00000000 EDX: f5c0de00",
        ),
        source="arch/x86/kernel/process_64.c, arch/x86/kernel/process_32.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-registers-risc",
        family="oopses",
        triggers=(r"(?:x[0-9]{1,2}|r[0-9]{1,2}|[ast][0-9]{1,2}|sp|gp|lr|epc) ?: (?:\[<)?[0-9a-f]{8}",),
        pattern=rf"((?:{_LOWER.replace('(x', '(?:x').replace('([0-9a-f]', '(?:[0-9a-f]')}(?:>\])?\s*)+)(?:$|[^\w\s])",
        make=lambda g, _lines: _registers(_LOWER, g[0]),
        samples=(
            "x29: ffff80001002bd40 x28: ffff0000c0a80000",
            "x2 : 0000000000000000 x1 : 00000000000bffd7 x0 : fffffdffbfe00000",
            "sp : ffff80001002bd40",
            "r10: 00200000  r9 : d9400000  r8 : ffe00000",
            "a2 : ffffffff812ebae8 a3 : 0000000000001000 a4 : 0000000000080200",
            "epc : ffffffff801461e4 ra : ffffffff801462f0 sp : ffffffff81203b90",
        ),
        source="arch/arm64/kernel/process.c, arch/arm/kernel/process.c, arch/riscv/kernel/process.c, 2.6.11-7.1",
        needs=("fault",),
    ),
)
