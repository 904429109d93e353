"""Oopses, bad pages and page dumps: first lines, and what follows them."""

from app.bootlog.effects import Effect, Registers, Symbol, Trouble
from app.bootlog.forms.base import Form, Groups, hexadecimal
from app.bootlog.model import Lines
from app.bootlog.patterns import compiled

_ADDRESS = r"(?:0x)?([0-9a-fA-F]{8,16})\b"
_REGISTER = r"([A-Z][A-Z0-9]{1,2}):\s+([0-9a-f]{8,16})\b"


def _fault(groups: Groups, _lines: Lines) -> Effect:
    text, address = groups
    return Trouble("oops", (text or "").strip(), address=hexadecimal(address) if address else None)


def _bad_page(groups: Groups, _lines: Lines) -> Effect:
    text, pfn = groups
    return Trouble("bad-page", (text or "").strip(), pfn=hexadecimal(pfn))


def _page_dump(groups: Groups, _lines: Lines) -> Effect:
    text, pointer, pfn = groups
    # From 5.10 on the pointer is hashed and the frame number is printed beside it.
    page = hexadecimal(pointer) if pointer and not pfn else None
    return Trouble("page-dump", (text or "").strip(), struct_page=page, pfn=hexadecimal(pfn) if pfn else None)


def _poisoned(groups: Groups, _lines: Lines) -> Effect:
    text, pointer = groups
    value = hexadecimal(pointer)
    kernel_half = value if value >> 47 == (1 << 17) - 1 else None  # a hashed pointer has its upper half clear
    return Trouble("poisoned-page", (text or "").strip(), struct_page=kernel_half)


def _registers(groups: Groups, _lines: Lines) -> Effect:
    found = compiled(_REGISTER).finditer((groups[0] or "").encode("latin-1", "replace"))
    return Registers(tuple(((m.group(1) or b"").decode("ascii"), int(m.group(2) or b"0", 16)) for m in found))


FORMS = (
    Form(
        name="fault-x86",
        family="oopses",
        triggers=("BUG: unable to handle",),
        pattern=rf"(BUG: unable to handle (?:kernel paging request at|kernel NULL pointer dereference at"
        rf"|page fault for address:|kernel paging request for address:) (?:\(null\)|{_ADDRESS}).*)",
        make=_fault,
        samples=(
            "BUG: unable to handle kernel paging request at fffffffffffffffe",
            "BUG: unable to handle page fault for address: ffffea0002fff5c0",
            "BUG: unable to handle kernel NULL pointer dereference at 0000000000000008",
        ),
        source="arch/x86/mm/fault.c, 2.6.32-7.1",
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
        name="fault-arm",
        family="oopses",
        triggers=("Unable to handle kernel",),
        pattern=rf"(Unable to handle kernel (?:paging request|NULL pointer dereference|access to user memory outside"
        rf" uaccess routines) at virtual address {_ADDRESS}.*)",
        make=_fault,
        samples=("Unable to handle kernel paging request at virtual address fffffdffbfe00008",),
        source="arch/arm64/mm/fault.c, arch/arm/mm/fault.c, 2.6.11-7.1",
    ),
    Form(
        name="fault-place",
        family="oopses",
        triggers=("R?IP: 0010:", "R?IP: [a-z_]"),
        pattern=r"R?IP: (?:0010:)?(?:\[<[0-9a-f]+>\]\s*)*([A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+)",
        make=lambda g, _lines: Symbol(g[0] or ""),
        samples=("RIP: 0010:stable_page_flags+0x27/0x3c0", "IP: stable_page_flags+0x21/0x290"),
        source="arch/x86/kernel/process_64.c, 2.6.32-7.1",
        needs=("fault",),
    ),
    Form(
        name="fault-registers",
        family="oopses",
        triggers=("(?:R[A-D]X|RDI|RSI|RBP|R08|R1[0-5]|E[A-D]X|ESI|CR2): [0-9a-f]{8}",),
        pattern=rf"((?:{_REGISTER.replace('(', '(?:')}\s*)+)",
        make=_registers,
        samples=(
            "RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 00007fbc852bef08",
            "R13: 0000000000040000 R14: 00007fbc8527f010 R15: ffff8800b8393f00",
            "CR2: fffffffffffffffe CR3: 00000000b8380000 CR4: 00000000000006b0",
        ),
        source="arch/x86/kernel/process_64.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="bad-page",
        family="bad pages",
        triggers=("Bad page state in process",),
        pattern=r"(BUG: Bad page state in process .*?\s+pfn:([0-9a-f]{1,16})\b.*)",
        make=_bad_page,
        samples=("BUG: Bad page state in process swapper  pfn:2ffc53",),
        source="mm/page_alloc.c, 2.6.32-7.1; page frame in hexadecimal without 0x",
    ),
    Form(
        name="page-poisoned",
        family="bad pages",
        triggers=("is uninitialized and poisoned",),
        pattern=rf"(page:{_ADDRESS} is uninitialized and poisoned)",
        make=_poisoned,
        samples=(
            "page:ffffea0001000000 is uninitialized and poisoned",
            "page:000000001a2b3c4d is uninitialized and poisoned",
        ),
        source="mm/debug.c, 4.19-7.1; pointer hashed from 5.14 on",
    ),
    Form(
        name="page-dump",
        family="bad pages",
        triggers=("page: ?[0-9a-f(]*_*[a-z]*_*\\)? ?(?:ref)?count:",),
        pattern=rf"(page:\s*(?:{_ADDRESS}|\(____ptrval____\))?\s*(?:ref)?count:-?[0-9]+ mapcount:-?[0-9]+"
        r"(?:.*?\bpfn:0x([0-9a-f]{1,16})\b)?.*)",
        make=_page_dump,
        samples=(
            "page:ffffea0002fff5c0 count:0 mapcount:0 mapping:0000000000000000 index:0x0",
            "page:00000000abcd1234 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xbffd7",
            "page: refcount:0 mapcount:-128 mapping:0000000000000000 index:0x0 pfn:0x100000",
        ),
        source="mm/page_alloc.c, mm/debug.c, 2.6.34-7.1; pointer real to 5.8, pfn from 5.10",
    ),
)
