"""What follows the first line of an oops: where it happened, and the registers."""

from pfnscope.bootlog.effects import Effect, Registers, Symbol
from pfnscope.bootlog.forms.base import Form, Groups
from pfnscope.model.log import Lines

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
        name="fault-place",
        family="oopses",
        triggers=("«IP: »[0-9a-f]{4}:", "«IP: »[A-Za-z_<:{]", "IP: [<"),
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
