"""Crashes: what a person who pasted one reads in the first five lines, of a whole log, a mail, or the crash alone."""

from typing import NamedTuple

import pytest

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
SHOWN = "of the 41 struct pages [0xbffd7, 0xc0000) - 164 KiB - 0xbffd7000 that nothing wrote."
IN_MEMORY = "pfn 0x81234 - 0x81234000, memory of node 0, DMA32."
SOMEWHERE = "pfn 0x81234 - 0x81234000, whose flags say node 0 and zone number 1"
DIED_ON = (
    "The kernel died on a struct page that nothing ever wrote (line {0}): the text does not tell of which page frame."
)
WALKED = (
    "The kernel died in isolate_migratepages_block() while compacting memory, or looking for large free blocks"
    " (line {0}); the text does not tell at which page frame."
)
NOT_ONLINE = "The kernel died in __alloc_pages_nodemask() (line {0}): it asked for memory of a node that is not online."
CHECKED = "The kernel died in move_something() at a check of its own (kernel BUG at mm/page_alloc.c:2431) (line {0});"
MET = "The text shows a struct page that nothing ever wrote"
RELEASED = "The kernel died in release_something() on a bad struct page"
DRIVEN = "An oops in frobnicate_probe() (line {0}): not about memory layout."
READ = "The kernel died in {} while reading {} on a struct page that nothing ever wrote (line 1)"


class Case(NamedTuple):
    """A crash, the log that it stands behind, what is said of it there, and what where the text has nothing else.

    {0} is the line that the sentence names, ``offset`` behind the first of the crash.
    """

    crash: str
    log: str
    sentence: str
    alone: str
    offset: int = 0


CASES = {
    "a reader in a hole": Case(
        READER, SEED, f"This is your panic: the oops in line {{0}} hit one {SHOWN}",
        READ.format("kpagecount_read()", "/proc/kpagecount"),
    ),
    "bt of crash": Case(
        BACKTRACE, SEED, f"This is your panic: the oops in line {{0}} hit one {SHOWN}",
        READ.format("stable_page_flags()", "/proc/kpageflags"),
    ),
    "kmem -p": Case(KMEM_P, SEED, f"Line {{0}} shows one {SHOWN}", MET, 2),
    "struct page": Case(STRUCT_PAGE, SEED, f"Line {{0}} shows one {SHOWN}", MET),
    "drgn": Case(DRGN, SEED, f"Lines from {{0}} on show 2 {SHOWN}", MET, 1),
    "a bad page": Case(
        BAD_PAGE, HEALTHY, f"The kernel found a bad struct page (line {{0}}): that of {IN_MEMORY}",
        f"The kernel found a bad struct page (line {{0}}): that of {SOMEWHERE.partition(',')[0]}",
    ),
    "an assertion on a page": Case(
        ASSERTED, HEALTHY, f"{RELEASED} (line {{0}}): that of {IN_MEMORY}",
        f"{RELEASED} (line {{0}}): that of {SOMEWHERE}",
    ),
    "a poisoned page": Case(POISONED, HEALTHY, DIED_ON, DIED_ON),
    "a walker": Case(COMPACTING, HEALTHY, WALKED, WALKED),
    "a node that is not there": Case(NO_NODE, HEALTHY, NOT_ONLINE, NOT_ONLINE),
    "a check of the page allocator": Case(CHECK, HEALTHY, CHECKED, CHECKED),
    "an oops in a driver": Case(DRIVER, HEALTHY, DRIVEN, DRIVEN),
}  # fmt: skip


def line_of(crash: str, lines: str) -> int:
    """Where a crash begins in a text."""
    first = crash.splitlines()[0]
    return next(at for at, line in enumerate(lines.splitlines(), 1) if line.endswith(first))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_whole_log_begins_with_what_happened(case: Case) -> None:
    lines = case.log + case.crash
    assert case.sentence.format(line_of(case.crash, lines) + case.offset) in first_five(lines)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_so_does_a_mail_that_quotes_it(case: Case) -> None:
    lines = quoted(case.log, case.crash)
    assert case.sentence.format(line_of(case.crash, lines) + case.offset) in first_five(lines)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_so_does_the_crash_alone(case: Case) -> None:
    assert case.alone.format(1 + case.offset) in first_five(case.crash)
    assert {finding.subject for finding in judged(case.crash).findings} == {"crashes"}


@pytest.mark.parametrize("log", [SEED, HEALTHY], ids=["dangerous", "healthy"])
def test_a_log_without_a_crash_says_nothing_of_one(log: str) -> None:
    assert not [finding for finding in judged(log).findings if finding.subject == "crashes"]


@pytest.mark.parametrize("log", [SEED, HEALTHY, ""], ids=["dangerous", "healthy", "crash alone"])
@pytest.mark.parametrize("crash", [DRIVER, FAILURE, KMEM_P_FINE], ids=["driver", "memory failure", "kmem -p"])
def test_what_is_not_about_struct_pages_is_no_alarm(log: str, crash: str) -> None:
    ours = [finding for finding in judged(log + crash).findings if finding.subject == "crashes"]
    assert {finding.severity for finding in ours} <= {"info"}
    if log == HEALTHY:
        assert judged(log + crash).verdict.severity in ("info", "none")


@pytest.mark.parametrize("crash", [READER, POISONED, COMPACTING, CHECK], ids=["reader", "poison", "walker", "check"])
def test_a_crash_alone_says_what_to_paste_next(crash: str) -> None:
    remedy = judged(crash).findings[0].remedy
    assert remedy is not None
    assert remedy.text == "Now paste the boot part as well: journalctl -k -b -1 | head -300."


def test_a_kernel_that_died_while_booting_has_no_other_boot_part() -> None:
    remedy = judged("[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n" + CHECK).findings[0].remedy
    assert remedy is not None
    assert "from “Linux version” to the crash" in remedy.text


def test_the_headline_of_a_crash_has_two_lines_and_one_number_system() -> None:
    lines = text.render(judged(SEED + READER)).splitlines()
    assert lines[0].startswith("DANGER: This is your panic")
    assert lines[1].endswith("that nothing wrote.")
    finding = judged(SEED + READER).findings[0]
    assert [(span.start, span.end) for span in finding.ranges] == [(0xBFFD7000, 0xC0000000)]


def test_below_stand_who_why_and_the_known_fix() -> None:
    finding = judged(SEED + READER).findings[0]
    assert finding.cause is not None
    assert finding.cause.startswith("“memmap=1G!4G” takes")
    assert finding.details[0] == (
        "The kernel died in kpagecount_read() while reading /proc/kpagecount, at pfn 0xbffe9 (line 43): the fault"
        " address 0xfffffffffffffffe comes from a struct page full of 0xff, PAGE_POISON_PATTERN."
    )
    assert finding.details[1].startswith("Known fix: 907ec5fca3dc (“mm: zero remaining unavailable struct pages”)")
    assert "from 4.20, 4.19.103" in finding.details[1]


def test_a_release_that_has_the_fix_is_told_of_none() -> None:
    finding = judged(SEED.replace("4.17.0", "5.6.0") + READER).findings[0]
    assert finding.code == "crash-in-hole"
    assert not [text for text in finding.details if text.startswith("Known fix")]


def test_oopses_are_counted_with_the_frames_that_they_hit() -> None:
    second = oops("stable_page_flags", ONES, VMEMMAP + (HOLE + 1) * 64, HOLE + 1).replace("71.25", "72.25")
    assert judged(SEED + READER + second).findings[0].text == (
        "This is your panic: 2 oopses, from line 43 on, hit 2 of the 41 struct pages"
        " [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 that nothing wrote."
    )


def test_of_two_boots_the_one_that_crashed_is_named() -> None:
    document = judged(HEALTHY + SEED + READER)
    assert document.findings[0].code == "crash-in-hole"
    assert any(f"of boot {document.boot.index} of 2 in this text" in item for item in document.findings[0].details)


@pytest.mark.parametrize(
    ("crash", "reason"), [(BAD_PAGE, "nonzero mapcount"), (ASSERTED, "VM_BUG_ON_PAGE(page_ref_count(page) == 0)")]
)
def test_what_the_kernel_says_is_wrong_with_a_page_is_the_cause(crash: str, reason: str) -> None:
    assert judged(HEALTHY + crash).findings[0].cause == f"The kernel says why: {reason}."


def test_a_shown_page_that_is_as_it_should_be_is_no_verdict() -> None:
    (finding,) = judged(KMEM_P_FINE).findings
    assert (finding.code, finding.severity) == ("no-verdict", "none")


def test_page_flags_are_told_where_they_contradict_the_layout() -> None:
    (finding,) = [
        item for item in judged(HEALTHY + BAD_PAGE.replace("zone=1", "zone=2")).findings if item.subject == "crashes"
    ]
    assert finding.text.endswith("memory of node 0, DMA32, whose flags say node 0 and zone Normal.")


def test_a_page_that_is_in_use_is_no_bad_page() -> None:
    dump = BAD_PAGE.splitlines(keepends=True)[1:]
    dump[-1] = dump[-1].replace("nonzero mapcount", "migration failure")
    (finding,) = [item for item in judged(HEALTHY + "".join(dump)).findings if item.subject == "crashes"]
    assert (finding.code, finding.severity) == ("page-in-use", "info")


def test_ranges_of_struct_resource_are_system_ram() -> None:
    """Ends are inclusive, as in /proc/iomem."""
    document = judged(
        "crash> somebodys_list | grep RAM\n"
        "<struct resource 0xffff88013fffd2f8>          1000 -        9efff       System RAM (632.00 KiB)\n"
        "<struct resource 0xffff88013fffd3a0>        100000 -     bffd6fff\tSystem RAM (  3.00 GiB)\n"
    )
    assert [(item.start, item.end, item.name) for item in document.iomem] == [
        (0x1000, 0x9F000, "System RAM"),
        (0x100000, 0xBFFD7000, "System RAM"),
    ]


KMEM_Z = """\
crash> kmem -z
NODE: 1  ZONE: 0  ADDR: ffff88003d52a000  NAME: "DMA"
  SIZE: 4095  PRESENT: 3998  MIN/LOW/HIGH: 32/40/48
NODE: 1  ZONE: 1  ADDR: ffff88003d52a740  NAME: "DMA32"
  SIZE: 782295  MIN/LOW/HIGH: 6000/7500/9000
"""
KMEM_N = """\
crash> kmem -n
NODE    SIZE      PGLIST_DATA       BOOTMEM_DATA       NODE_ZONES
  1    786390   ffff88003d52a000        ----        ffff88003d52a000
ZONE  NAME         SIZE       MEM_MAP      START_PADDR  START_MAPNR
  0   DMA          4095  ffffea0000000040         1000            1
  1   DMA32      782295  ffffea0000040000      1000000         4096
   MEM_BLOCK        NAME     PHYSICAL RANGE      STATE   START_SECTION_NO
 ffff88003a707c00  memory0          0 -  7ffffff ONLINE  0
 ffff88003a6e0000  memory1    8000000 -  fffffff ONLINE  1
"""


def test_zones_of_crash_have_their_spans_and_frames_a_zone() -> None:
    document = judged(KMEM_Z + KMEM_N + KMEM_P)
    assert [
        (zone.node, zone.zone, zone.start_pfn, zone.spanned_pages, zone.present_pages) for zone in document.zoneinfo
    ] == [
        (1, "DMA", 1, 4095, 3998),
        (1, "DMA32", 0x1000, 782295, 782295),
    ]
    assert [(item.start, item.end, item.state) for item in document.memory_blocks.ranges] == [(0, 0x10000000, "online")]
    assert "pfn 0xbfffe · 0xbfffe000, in no zone" in document.findings[0].text
    inside = judged(KMEM_Z + KMEM_N + KMEM_P.replace("bfffe000", "bffd6000"))
    assert "pfn 0xbffd6 · 0xbffd6000, in node 1, DMA32" in inside.findings[0].text


def test_where_crash_has_the_struct_pages_of_a_node_places_other_pointers() -> None:
    """With KASLR they lie anywhere; here the page of frame 1 tells where."""
    base = 0xFFFFD3A1C0000000
    nodes = f"    MEM_MAP          START_PADDR    START_MAPNR\n{base + 64:x}        1000             1\n"
    lines = (
        SEED.replace("nokaslr", "quiet") + nodes + STRUCT_PAGE.replace("ffffea0002ffff80", f"{base + 0xBFFFE * 64:x}")
    )
    assert [event.pfn for event in judged(lines).events] == [1, 0xBFFFE]


def test_what_crash_says_of_the_kernel_is_its_release_and_architecture() -> None:
    head = "     RELEASE: 4.17.3-100.fc27.x86_64\n     MACHINE: x86_64  (2394 Mhz)\n"
    document = judged(head + BACKTRACE)
    assert (document.kernel.release, document.kernel.arch) == ("4.17.3-100.fc27.x86_64", "x86_64")
    assert document.findings[0].code == "crash-on-unwritten"


def test_where_a_zone_begins_is_not_guessed() -> None:
    document = judged(KMEM_Z + KMEM_P)
    assert [zone.start_pfn for zone in document.zoneinfo] == [None, None]
    assert document.zone_spans == ()


DRGN_ALONE = """\
>>> pfn_to_page(prog, 0xbfffe)
*(struct page *)0xffffea0002ffff80 = {
        .flags = (unsigned long)18446744073709551615,
        .lru = (struct list_head){
"""
DRGN_FLAGS = ">>> pfn_to_page(prog, 0xbfffe).flags\n(unsigned long)18446744073709551615\n"
DRGN_MEMDESC = DRGN_ALONE.replace(".flags = (unsigned", ".flags = (memdesc_flags_t){\n                .f = (unsigned")


@pytest.mark.parametrize("shown", [DRGN_ALONE, DRGN_FLAGS, DRGN_MEMDESC], ids=["whole", "flags", "6.18"])
def test_what_is_typed_at_the_prompt_of_drgn_names_the_frame(shown: str) -> None:
    (event,) = judged(SEED + shown).events
    assert (event.kind, event.pfn) == ("page-shown", 0xBFFFE)
    assert judged(SEED + shown).findings[0].code == "shown-unwritten"


@pytest.mark.parametrize("address", [0xFFFFC90000000008, 0xFFFFC90000003000, 0xFFFFB4D2C0003FC0])
def test_a_kernel_stack_that_an_ordinary_oops_points_to_is_no_struct_page(address: int) -> None:
    """Frames [0x9f, 0x100) are a hole, and struct pages are as aligned as the area that kernel stacks lie in."""
    for crash in (oops("frobnicate", address), oops("frobnicate", 0x10, address & ~0x3F)):
        ours = [item for item in judged(HEALTHY.replace("nokaslr", "") + crash).findings if item.subject == "crashes"]
        assert [item.code for item in ours] == ["crash-elsewhere"]


def test_a_fault_elsewhere_is_not_on_the_array() -> None:
    for address in (0xFFFFC90000003008, 0xFFFFFFFFA0123450, 0xFFFF888012345678):
        assert judged(OLD + oops("frobnicate", address)).findings[0].code == "crash-elsewhere"


OLD = "[    0.000000] Linux version 4.4.0 (a@b) (gcc) #1 SMP x86_64\n"


@pytest.mark.parametrize("log", [HEALTHY.replace("console=", "nokaslr console=", 1), OLD], ids=["nokaslr", "4.4"])
def test_a_fault_on_the_array_of_struct_pages_is_about_a_frame_that_has_none(log: str) -> None:
    """Where KASLR does not move it: no frame between 3 GiB and 4 GiB has one here."""
    crash = oops("frobnicate_page", VMEMMAP + (0xD1000 << 6) + 8)
    finding = judged(log + crash).findings[0]
    assert (finding.code, finding.severity) == ("crash", "caution")
    assert "The kernel died in frobnicate_page() (line " in finding.text
    assert finding.text.endswith(": nothing is mapped where the struct page of pfn 0xd1000 would be.")


def test_flags_of_another_structure_are_not_those_of_a_page() -> None:
    other = "struct zone {\n  flags = 0xffffffffffffffff,\n"
    assert judged(HEALTHY + KMEM_P_FINE + other).findings[0].severity != "danger"
    assert judged(HEALTHY + KMEM_P_FINE + other).events[0].kind == "page-shown"


def test_a_thousand_rows_of_crash_are_enough() -> None:
    rows = "".join(f"{VMEMMAP + pfn * 64:x} {pfn << 12:x} 0 0 1 100000000000000\n" for pfn in range(0x80000, 0x80800))
    assert len(judged(HEALTHY + rows).events) == 1000
