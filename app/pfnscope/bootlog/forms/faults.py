"""Oopses: first lines of all architectures, and the place and the registers that follow them."""

from pfnscope.bootlog.effects import Effect, Registers, Symbol, Trouble
from pfnscope.bootlog.forms.base import Form, Groups, hexadecimal
from pfnscope.kernel import spellings
from pfnscope.model.ranges import Lines

_ADDRESS = r"(?:0x)?([0-9a-fA-F]{8,16})\b"


def _fault(groups: Groups, _lines: Lines) -> Effect:
    text, address = groups
    return Trouble("oops", (text or "").strip(), address=hexadecimal(address) if address else None)


def _later(groups: Groups, _lines: Lines) -> Effect:
    """A line that most oopses have after their first, and that begins one where that is missing."""
    return Trouble("oops", (groups[0] or "").strip(), follows=True)


_SYMBOL = r"([A-Za-z_][\w.]*(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?)"
_PLACE = r"([A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+)"
_UPPER = r"(?:R[A-Z0-9]{2}|E(?:[A-D]X|[SD]I|[BS]P)|[CD]R[0-9]|[CDEFGS]S):\s+[0-9a-f]{8,16}\b"
_NAMES = "x[0-9]{1,2}|r[0-9]{1,2}|[ast][0-9]{1,2}|sp|pc|lr|ip|fp|gp|tp|ra|epc|psr"
_LOWER = rf"(?:{_NAMES})\s*:\s+(?:\[<)?[0-9a-f]{{8,16}}\b(?:>\])?"
_UPPER_WORDS = ["RDI", "RSI", "RBP", "R08", "R10", "R11", "R12", "R13", "R14", "R15", "ESI", "CR2"]
_UPPER_WORDS += [f"{width}{letter}X" for width in "RE" for letter in "ABCD"]
_UPPER_TRIGGER = rf"(?:{'|'.join(f'«{name}: »' for name in _UPPER_WORDS)})[0-9a-f]{{8}}"
_WITH_BLANK = [f"{letter}{i}" for letter in "xrast" for i in range(10)] + ["sp", "gp", "lr", "epc"]
_WITHOUT = [f"x{i}" for i in range(10, 32)] + [f"r{i}" for i in range(10, 16)] + ["s10", "s11"]
_LOWER_WORDS = [*_WITH_BLANK, *_WITHOUT, *(f"{name} " for name in _WITH_BLANK)]
_LOWER_TRIGGER = rf"(?:{'|'.join(f'«{name}:»' for name in _LOWER_WORDS)}) (?:\[<)?[0-9a-f]{{8}}"


def _symbol(groups: Groups, _lines: Lines) -> Effect:
    return Symbol(groups[0] or "")


def _registers(text: str | None) -> Registers:
    """Names and numbers in turn."""
    words = (text or "").replace(":", " ").split()
    return Registers(
        tuple((name, int(word.strip("[<>]"), 16)) for name, word in zip(words[::2], words[1::2], strict=True))
    )


def _numbered(prefix: str, first: str | None, words: str | None) -> Registers:
    """Registers in a row of words, counted from the first."""
    start = int(first or "0")
    return Registers(tuple((f"{prefix}{start + i}", int(word, 16)) for i, word in enumerate((words or "").split())))


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
        releases=(
            ("(?:request|dereference) at", spellings.X86_FAULT_OLD),
            ("page fault for address", spellings.X86_FAULT),
        ),
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
        releases=(("", spellings.X86_FAULT),),
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
        releases=(("address 0x", spellings.PROTECTION_ADDRESS),),
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
    Form(
        name="fault-place",
        family="oopses",
        triggers=("«IP: »[0-9a-f]{4}:", "«IP: »[A-Za-z_<:{]", "IP: [<"),
        pattern=rf"([RE]?IP): (?:[0-9a-f]{{4}}:)?(?:\[?<[0-9a-f]+>\]?\s*)*(?::\w+:|\{{)?{_PLACE}",
        make=lambda g, _lines: Symbol(g[1] or "", g[0] or ""),
        samples=(
            "RIP: 0010:stable_page_flags+0x27/0x3c0",
            "IP: stable_page_flags+0x21/0x290",
            "IP: [<ffffffff812a5e31>] stable_page_flags+0x21/0x290",
            "RIP: 0010:[<ffffffff812a5e31>]  [<ffffffff812a5e31>] stable_page_flags+0x21/0x290",
            "EIP: stable_page_flags+0x21/0x290",
        ),
        source="arch/x86/kernel/process_64.c, arch/x86/kernel/dumpstack.c, 2.6.11-7.1",
        releases=(
            (r"\[<", spellings.PLACE_IN_BRACKETS),
            ("^RIP: [0-9a-f]{4}:[A-Za-z_]", spellings.PLACE_BARE),
        ),
        needs=("fault",),
    ),
    Form(
        name="fault-place-words",
        family="oopses",
        triggers=(" is at ",),
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
        triggers=(r"«pc » *: (?:[0-9a-f]+ )?[A-Za-z_][^ ]*\+0x", r"«NIP [»[0-9a-f]+\]", "«ERA: »[0-9a-f]+ "),
        pattern=rf"(?:pc : |epc\s+: (?:[0-9a-f]{{8,16}} )?|NIP \[[0-9a-f]{{8,16}}\] |ERA: [0-9a-f]{{16}} ){_PLACE}",
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
        name="fault-place-sparc",
        family="oopses",
        triggers=("TPC: <",),
        pattern=rf"TPC: <{_PLACE}>",
        make=_symbol,
        samples=("TPC: <stable_page_flags+0x24/0x3c8>",),
        source="arch/sparc/kernel/process_64.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-registers",
        family="oopses",
        triggers=(_UPPER_TRIGGER,),
        pattern=rf"((?:{_UPPER}\s*)+)",
        make=lambda g, _lines: _registers(g[0]),
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
        triggers=(_LOWER_TRIGGER,),
        pattern=rf"((?:{_LOWER}\s*)+)(?:$|[^\w\s])",
        make=lambda g, _lines: _registers(g[0]),
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
    Form(
        name="fault-registers-powerpc",
        family="oopses",
        triggers=("«GPR»[0-9]{2}: ",),
        pattern=r"GPR([0-9]{2}):((?:\s+[0-9a-fA-F]{8,16}\b)+)",
        make=lambda g, _lines: _numbered("r", g[0], g[1]),
        samples=("GPR00: c0000000004a1b2c c0000000fe2f3a50 c000000001585a00 c00c000000e00000",),
        source="arch/powerpc/kernel/process.c, 2.6.11-7.1; the first argument is in r3",
        needs=("fault",),
    ),
    Form(
        name="fault-registers-s390",
        family="oopses",
        triggers=("Krnl GPRS:",),
        pattern=r"Krnl GPRS:((?:\s+[0-9a-f]{16}\b)+)",
        make=lambda g, _lines: _numbered("r", "0", g[0]),
        samples=("Krnl GPRS: 0000000000000001 0000000000040000 000003d080bfd5c0 00000000000bffd7",),
        source="arch/s390/kernel/dumpstack.c, 2.6.11-7.1; the first four; the first argument is in r2",
        needs=("fault",),
    ),
    Form(
        name="fault-registers-mips",
        family="oopses",
        triggers=(r"«$»\s?[0-9]+\s+:",),
        pattern=r"\$\s?([0-9]{1,2})\s+:((?:\s+[0-9a-f]{8,16}\b)+)",
        make=lambda g, _lines: _numbered("r", g[0], g[1]),
        samples=("$ 4   : 810bffd5c0 000bffd7 00000001 00000000", "$24   : 00000000 80123456"),
        source="arch/mips/kernel/traps.c, 2.6.11-7.1; the first argument is in r4",
        needs=("fault",),
    ),
    Form(
        name="fault-registers-sparc",
        family="oopses",
        triggers=("o0: [0-9a-f]{16}« o1:»",),
        pattern=r"o0: ([0-9a-f]{16}) o1: ([0-9a-f]{16})",
        make=lambda g, _lines: Registers((("o0", int(g[0] or "0", 16)), ("o1", int(g[1] or "0", 16)))),
        samples=("o0: 0000000800bfd5c0 o1: 00000000000bffd7 o2: 0000000000000001 o3: 0000000000000000",),
        source="arch/sparc/kernel/process_64.c, 2.6.11-7.1; the first argument is in o0",
        needs=("fault",),
    ),
)
