"""Struct page pointers find their frame by whatever the text proves, and only by that."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis.analyze import Analysis, analyze
from pfnscope.analysis.pointers import Pointers
from pfnscope.bootlog import read
from pfnscope.kernel.vmemmap import Machine
from pfnscope.model.analysis import Event
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.report.build import document
from pfnscope.service.errors import BadOption
from pfnscope.service.lookup import find, lookup
from pfnscope.units import GIB

ROOT = Path(__file__).parents[2]
RAM = "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable\n"
POISONED = """\
[    9.0] page:{pointer} is uninitialized and poisoned
[    9.0] raw: ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff
[    9.0] page dumped because: VM_BUG_ON_PAGE(PagePoisoned(p))
"""
ALL_ONES = """\
[    9.0] BUG: unable to handle page fault for address: fffffffffffffffe
[    9.0] Oops: 0000 [#1] SMP
[    9.0] RIP: 0010:stable_page_flags+0x25/0x2f0
[    9.0] RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 0000000000000000
[    9.0] RDX: 0000000000000001 RSI: 0000000000000000 RDI: {rdi}
[    9.0] R13: {r13} R14: 0000000000000000 R15: 0000000000000000
"""


def seed() -> str:
    return (ROOT / "sample_logs/seed-1g-4g/dmesg.txt").read_text()


def analysis(text: str, *, whole: bool = True, arch: str | None = None) -> Analysis:
    """Of a text; where it is not ``whole``, without the memory map that made it readable."""
    (boot,) = read(text.encode()).boots
    return analyze(boot if whole else msgspec.structs.replace(boot, firmware_map=()), arch=arch)


def events(text: str, *, whole: bool = True) -> tuple[Event, ...]:
    return analysis(text, whole=whole).events


def test_an_oops_on_a_kernel_that_should_initialise_is_placed_by_the_register_with_its_frame() -> None:
    text = seed().replace("4.17.0-rc6-mm1", "6.1.0")
    text += ALL_ONES.format(rdi="ffffed1182fff5c0", r13="00000000000bffd7")
    (event,) = events(text)
    assert (event.pfn, event.hole) == (0xBFFD7, FrameRange(0xBFFD7, 0xC0000))
    assert event.how is not None
    assert "a register beside the pointer holds the frame" in event.how


def test_a_page_dump_and_the_oops_behind_it_prove_each_other() -> None:
    text = (
        seed()
        + POISONED.format(pointer="ffffed1182fff5c0")
        + (
            "[    9.0] kernel BUG at include/linux/mm.h:990!\n"
            "[    9.0] RIP: 0010:get_nid_for_pfn+0x6d/0x90\n"
            "[    9.0] RAX: 0000000000000034 RBX: ffffed1182fff5c0 RCX: 0000000000000000\n"
            "[    9.0] R10: 0000000000000000 R11: ffff88810deadec7 R12: 00000000000bffd7\n"
        )
    )
    assert [event.pfn for event in events(text)] == [0xBFFD7, 0xBFFD7]
    place = document(analysis(text)).vmemmap
    assert place is not None
    assert (place.base, place.struct_page_size) == (0xFFFFED1180000000, 64)


def test_the_frame_of_a_bad_page_report_is_that_of_the_dump_behind_it_and_places_all_other_pointers() -> None:
    dump = "page:{:016x} count:0 mapcount:0 mapping:0000000000000000 index:0x0\n"
    base = 0xFFFFED1180000000 - 7 * GIB
    text = (
        RAM
        + "[    8.0] BUG: Bad page state in process cat  pfn:300d5\n"
        + f"[    8.0] {dump.format(base + 0x300D5 * 64)}"
        + "[    9.0] RIP: 0010:x+0x1/0x2\n"
        + f"[    9.5] {dump.format(base + 0x21234 * 64)}"
    )
    assert [event.pfn for event in events(text, whole=False)] == [0x300D5, 0x300D5, 0x21234]


def test_the_arm64_crash_of_august_2018_lies_in_the_first_hole() -> None:
    text = (
        "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]\n"
        "[    0.000000] Linux version 4.18.0 (a@b)\n"
        "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000f85dffff]\n"
        "[    0.000000]   node   0: [mem 0x00000000f86c0000-0x00000000ffffffff]\n"
        "[    0.000000] Dentry cache hash table entries: 524288 (order: 6, 4194304 bytes)\n"
    ) + POISONED.format(pointer="fffffdff802e1780")
    (event,) = events(text)
    assert (event.pfn, event.hole) == (0xF85E, FrameRange(0xF85E, 0xF86C))
    assert lookup(document(analysis(text)), "0xfffffdff802e1780").pfn == 0xF85E


OLD = """\
[   12.0] BUG: unable to handle kernel paging request at ffffea000005b2d0
[   12.0] IP: [<ffffffff8115f0e1>] kfree+0x51/0x230
[   12.0] Pid: 318, comm: modprobe Not tainted 3.8.0 #1
[   12.0] RAX: ffffea0000000000 RBX: {rbx} RCX: 0000000000000000
[   12.0] RDX: {rdx} RSI: 0000000000000000 RDI: ffff880001a0c000
"""


@pytest.mark.parametrize(
    ("rbx", "rdx"), [("0000000001a0c000", "0000000000000000"), ("0000000000000000", "000000000005b2a0")]
)
def test_registers_prove_struct_pages_of_56_bytes(rbx: str, rdx: str) -> None:
    known = analysis(RAM + OLD.format(rbx=rbx, rdx=rdx))
    assert [event.pfn for event in known.events] == [0x1A0C]
    place = lookup(document(known), "page:0xffffea000005b2d0")
    assert (place.pfn, place.address, place.candidates) == (0x1A0C, 0x1A0C000, ())


def test_without_such_a_register_all_sizes_of_a_struct_page_remain() -> None:
    known = analysis(RAM + OLD.format(rbx="0000000000000000", rdx="0000000000000001"))
    sizes = (0x16CB, 0x1A0C, 0x1442, 0x123C)
    assert [(event.pfn, event.candidates) for event in known.events] == [(None, sizes)]
    place = lookup(document(known), "0xffffea000005b2d0")
    assert (place.pfn, place.address, place.candidates) == (None, None, sizes)
    assert "pfn 0x16cb, 0x1a0c, 0x1442 or 0x123c" in find(document(known), "0xffffea000005b2d0").what


def test_kasan_and_a_printed_offset_say_that_nothing_was_moved() -> None:
    for line in ("BUG: KASAN: use-after-free in f+0x1/0x2", "Oops: 0000 [#1] SMP KASAN PTI", "Kernel Offset: disabled"):
        text = seed() + f"[    9.0] {line}\n"
        place = document(analysis(text)).vmemmap
        assert place is not None, line
        assert (place.base, place.struct_page_size) == (0xFFFFEA0000000000, 64)
    assert document(analysis(seed())).vmemmap is None


def test_of_frames_that_alignment_leaves_the_one_without_memory_is_it_and_all_are_named_where_none_is() -> None:
    text = (
        "[    0.000000] Linux version 4.17.0 (a@b)\n"
        "[    0.000000] e820: last_pfn = 0x4000000 max_arch_pfn = 0x400000000\n"
        "[    0.000000]   node   0: [mem 0x0000000000001000-0x00000000bffd6fff]\n"
        "[    0.000000]   node   0: [mem 0x0000000100000000-0x0000003fffffffff]\n"
    )
    (event,) = events(text + POISONED.format(pointer="ffffed1182fff5c0"))
    assert (event.pfn, event.candidates) == (0xBFFD7, ())
    (event,) = events(text + POISONED.format(pointer="ffffed1182000000"))
    assert (event.pfn, event.candidates) == (None, (0x80000, 0x1080000, 0x2080000, 0x3080000))


def test_without_a_layout_the_pointer_the_flags_and_the_architecture_still_say_something() -> None:
    text = RAM + (
        "[    9.0] page:ffffea0002fff5c0 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0\n"
        "[    9.0] flags: 0x57ffffc0001000(reserved)\n"
    )
    (event,) = events(text, whole=False)
    assert (event.pfn, event.linked_node, event.linked_zone) == (0xBFFD7, 1, "Normal")
    assert analysis(text, whole=False).layout.arch == "x86_64"


def test_a_stack_pointer_is_no_struct_page() -> None:
    text = seed() + ALL_ONES.format(rdi="ffffb3c182000040", r13="0000000000000000")
    assert [event.pfn for event in events(text)] == [None]


@pytest.mark.parametrize(
    ("lines", "arch"),
    [
        ("pstate: 40000085 (nzcv daIf -PAN -UAO)", "arm64"),
        ("8<--- cut here ---", "arm"),
        ("[fffffffe] *pgd=affff861, *pte=00000000, *ppte=00000000", "arm"),
        ("[<c010a600>] (show_stack) from [<c0a1b2c4>] (dump_stack+0x88/0x9c)", "arm"),
        ("Boot CPU: AArch64 Processor [410fd034]", "arm64"),
        ("CPU: AArch64 Processor [410fd033] revision 3", "arm64"),
        ("Detected VIPT I-cache on CPU0", "arm64"),
        ("CPU: All CPU(s) started at EL2", "arm64"),
        ("kernel BUG at mm/slub.c:1!\n[ 1.0] RIP: 0010:kfree+0x1/0x2", "x86_64"),
        ("kernel BUG at mm/slub.c:1!\n[ 1.0] RAX: 0000000000000000 RBX: 0000000000000000", "x86_64"),
        ("kernel BUG at mm/slub.c:1!\n[ 1.0] EIP: kfree+0x1/0x2", "i386"),
        ("kernel BUG at mm/slub.c:1!\n[ 1.0] x29: ffff80001002bd40 x28: ffff0000c0a80000", "arm64"),
        ("CPU: 0 PID: 1 Comm: a Not tainted 5.3.8-300.fc31.x86_64 #1", "x86_64"),
        ("CPU: 0 PID: 1 Comm: a Not tainted 5.3.8 #1", None),
    ],
)
def test_an_oops_or_a_line_of_set_up_tells_the_architecture(lines: str, arch: str | None) -> None:
    memory = "[    0.0]   node   0: [mem 0x0000000040000000-0x000000004fffffff]\n"
    (boot,) = read(f"{memory}[ 1.0] {lines}\n".encode()).boots
    assert boot.arch == arch


def test_a_pointer_of_arm64_is_not_answered_by_the_rules_of_x86() -> None:
    text = RAM + "[ 9.0] pstate: 40000085 (nzcv daIf -PAN -UAO)\n" + POISONED.format(pointer="fffffdff802e1780")
    place = lookup(document(analysis(text, whole=False)), "page:0xfffffdff802e1780")
    assert (place.pfn, place.candidates, place.has_struct_page, place.in_memory) == (None, (), None, None)
    assert lookup(document(analysis(seed())), "0xfffffdff802e1780").pfn is None
    with pytest.raises(BadOption):
        lookup(document(analysis(seed())), "0xffff888000100000")


def test_what_a_text_without_node_ranges_does_not_say_is_null() -> None:
    place = lookup(document(analysis(RAM, whole=False)), "pfn:0x1000")
    assert (place.has_struct_page, place.in_memory, place.zone, place.hole) == (None, None, None, None)


RECORDED = ROOT / "sample_logs/oops-1g-4g/dmesg.txt"


@pytest.mark.parametrize("there", ["ffffea000", "ffffed118"])
def test_a_recorded_crash_is_placed_without_a_word_about_kaslr(there: str) -> None:
    facts = json.loads((ROOT / "tests/recorded/oops-1g-4g.json").read_bytes())
    text = RECORDED.read_text().replace("nokaslr", "").replace("ffffea000", there)
    assert {event.pfn for event in events(text)} == set(facts["kpageflags_crash_pfns"])


@given(
    base=st.integers(0xFFFFA90000000000 // GIB, 0xFFFFFC0000000000 // GIB),
    size=st.sampled_from([56, 64, 72, 80]),
    hole=st.integers(0x10000, 0x3FFFF00),
    at=st.integers(0, 31),
)
def test_a_pointer_to_a_struct_page_in_a_hole_is_placed_there_or_stands_in_front_of_all_with_memory(
    base: int, size: int, hole: int, at: int
) -> None:
    pages, holes = FrameSet(((0, 0x4000000),)), FrameSet(((hole, hole + 32),))
    machine = Machine(arch="x86_64", version=(3, 10, 0), page_size=4096, pages=pages, end=pages.end)
    placed = Pointers(machine, holes).place(base * GIB + (hole + at) * size)
    if placed.pfn is not None:
        assert placed.pfn == hole + at
    else:
        assert hole + at in placed.candidates
        assert all(pfn in holes for pfn in placed.candidates[: placed.candidates.index(hole + at)])
