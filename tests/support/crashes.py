"""Crashes in own words and numbers, and the logs that they stand behind: one with a dangerous hole, one without."""

from pfnscope.formats import text
from pfnscope.model.document import Document
from pfnscope.service import Options, analyze
from tests.support.samples import text as sample

SEED = sample("seed-1g-4g").replace(b"4.17.0-rc6-mm1", b"4.17.0").decode()
HEALTHY = sample("seed-no-memmap").replace(b"4.17.0-rc6-mm1", b"6.12.9").decode()


def judged(lines: str) -> Document:
    return analyze(lines.encode(), Options()).document


def first_five(lines: str) -> str:
    """The first five lines of the report, as one."""
    return " ".join(" ".join(text.render(judged(lines)).splitlines()[:5]).split())


def quoted(*parts: str) -> str:
    """A mail that quotes parts of a log with words between them."""
    lines = [f"> {line}" for part in parts for line in (*part.splitlines(), "")]
    return "\n".join(("Hello,", "", "On Monday somebody wrote:", *lines, "", "What can that be?", ""))


def oops(function: str, address: int, page: int = 0, pfn: int = 0) -> str:
    """An oops of x86-64 as 5.x prints it, with the struct page in the first argument."""
    return f"""\
[   71.250011] BUG: unable to handle page fault for address: {address:016x}
[   71.250012] #PF: supervisor read access in kernel mode
[   71.250014] Oops: 0000 [#1] SMP
[   71.250015] CPU: 2 PID: 611 Comm: reader Not tainted 5.4.0 #1
[   71.250016] RIP: 0010:{function}+0x2c/0x310
[   71.250017] RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000
[   71.250018] RDX: 0000000000000001 RSI: 0000000000000000 RDI: {page:016x}
[   71.250019] R13: {pfn:016x} R14: 0000000000000000 R15: 0000000000000000
[   71.250020] CR2: {address:016x} CR3: 0000000000000000
"""


ONES = 0xFFFFFFFFFFFFFFFE
VMEMMAP = 0xFFFFEA0000000000
HOLE = 0xBFFE9  # in the hole [0xbffd7, 0xc0000) of the seed
MEMORY = 0x81234  # node 0, DMA32

READER = oops("kpagecount_read", ONES, VMEMMAP + HOLE * 64, HOLE)
DRIVER = oops("frobnicate_probe", 0x18)
BAD_PAGE = f"""\
[  300.000001] BUG: Bad page state in process cc1  pfn:{MEMORY:x}
[  300.000002] page:00000000b5c8d1e2 refcount:0 mapcount:3 mapping:0000000000000000 index:0x0 pfn:{MEMORY:#x}
[  300.000003] flags: 0x100000000000000(node=0|zone=1)
[  300.000004] page dumped because: nonzero mapcount
"""
ASSERTED = f"""\
[  300.000001] page:00000000b5c8d1e2 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:{MEMORY:#x}
[  300.000002] flags: 0x100000000000000(node=0|zone=1)
[  300.000003] page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)
[  300.000004] kernel BUG at include/linux/mm.h:717!
[  300.000005] invalid opcode: 0000 [#1] SMP
[  300.000006] RIP: 0010:release_something+0x44/0x90
"""
POISONED = """\
[    0.010001] page:0000000015ee7001 is uninitialized and poisoned
[    0.010002] page dumped because: VM_BUG_ON_PAGE(PagePoisoned(p))
"""
FAILURE = f"[  400.000001] Memory failure: {MEMORY:#x}: recovery action for dirty LRU page: Recovered\n"
COMPACTING = oops("isolate_migratepages_block", 0xFFFFC90000123450)
NO_NODE = oops("__alloc_pages_nodemask", 0x1DC8)
CHECK = """\
[    9.000001] kernel BUG at mm/page_alloc.c:2431!
[    9.000002] invalid opcode: 0000 [#1] SMP
[    9.000003] RIP: 0010:move_something+0x15e/0x160
"""
KMEM_P = """\
crash> kmem -p bfffe000
      PAGE        PHYSICAL      MAPPING       INDEX CNT FLAGS
ffffea0002ffff80  bfffe000                0        0  0 ffffffffffffffff
"""
KMEM_P_FINE = KMEM_P.replace(" 0 ffffffffffffffff", " 1 100000000001000 reserved").replace("bfffe000", "81234000")
STRUCT_PAGE = """\
crash> struct page -x ffffea0002ffff80
struct page {
  flags = 0xffffffffffffffff,
"""
DRGN = """\
>>> for pfn in range(0xbfffe, 0xc0000): print(hex(pfn), pfn_to_page(prog, pfn).flags)
0xbfffe (unsigned long)18446744073709551615
0xbffff (unsigned long)18446744073709551615
"""
BACKTRACE = """\
       PANIC: "BUG: unable to handle kernel paging request at fffffffffffffffe"
crash> bt
PID: 611    TASK: ffff8800b7e5a000  CPU: 2   COMMAND: "reader"
 #5 [ffff8800b8393de0] page_fault at ffffffff81a01134
    [exception RIP: stable_page_flags+44]
    RIP: ffffffff812a5e31  RSP: ffff8800b8393e90  RFLAGS: 00010246
    RAX: fffffffffffffffe  RBX: ffffffffffffffff  RCX: 00007fbc852bef08
    RDX: 0000000000000001  RSI: 0000000000000000  RDI: ffffea0002ffff80
"""
