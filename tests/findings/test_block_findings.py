"""Memory blocks: refused memory and what the kernel would take, blocks that stay online, capacity that is stranded."""

import pytest

from pfnscope.analysis import analyze as judged
from pfnscope.findings.blocks import drafts
from pfnscope.model.findings import Finding
from pfnscope.model.log import WindowNode
from pfnscope.model.ranges import ByteRange
from pfnscope.service import analyze
from tests.support import cases
from tests.support.machines import log, one
from tests.support.samples import text
from tests.support.seed import seed_log

REFUSED = "Block size [0x{:x}] unaligned hotplug range: start 0x{:x}, size 0x{:x}"
GIB, MIB = 1 << 30, 1 << 20


def remedy_of(finding: Finding) -> str:
    assert finding.remedy is not None
    assert finding.remedy.checked
    return finding.remedy.text


@pytest.mark.parametrize(
    ("block", "start", "size", "cause", "what"),
    [
        (128 * MIB, 5 * GIB, 96 * MIB, "Its size, 96 MiB, is no multiple of 128 MiB.", "Add 128 MiB at 0x140000000:"),
        (
            2 * GIB,
            65 * GIB,
            5 * GIB,
            "Its start, 0x1040000000, and its size, 5 GiB, are no multiple of 2 GiB.",
            "Add 4 GiB or 6 GiB at 0x1000000000 or 0x1080000000:",
        ),
        (
            GIB,
            4 * GIB + 512 * MIB,
            GIB,
            "Its start, 0x120000000, is no multiple of 1 GiB.",
            "Add 1 GiB at 0x100000000 or 0x140000000:",
        ),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "> [ 4711.123456] {}\n", "Dear list,\n\nkernel: {}\n\nwhy?\n"])
def test_the_nearest_size_and_start_from_the_line_alone(
    block: int, start: int, size: int, cause: str, what: str, frame: str
) -> None:
    finding = one(frame.format(REFUSED.format(block, start, size)), "unaligned-hotplug")
    assert finding.severity == "caution"
    assert finding.cause == cause
    assert remedy_of(finding).startswith(what)


def test_an_old_kernel_that_names_no_block_takes_sections() -> None:
    line = "Section-unaligned hotplug range: start 0x140000000, size 0x4000000"
    finding = one(log("4.4.1", "quiet", "", 2048, 512, after=line), "unaligned-hotplug")
    assert remedy_of(finding).startswith("Add 128 MiB at 0x140000000:")


LSMEM = """
$ lsmem -a
RANGE                                  SIZE  STATE REMOVABLE BLOCK
0x0000000000000000-0x0000000007ffffff  128M online       yes     0
0x0000000008000000-0x0000000077ffffff 1.75G online       yes  1-14

Memory block size:       128M
"""


def test_blocks_with_holes_are_told_where_the_text_is_about_blocks() -> None:
    quiet = log("6.12.5", "quiet", "", 1900, after="x86/mm: Memory block size: 128MB")
    assert "blocks-mixed" not in {item.code for item in analyze(quiet.encode()).document.findings}
    finding = one(quiet + LSMEM, "blocks-mixed")
    assert finding.severity == "info"
    assert finding.text == (
        "2 memory blocks of 128 MiB, among them memory0 at [0x0, 0x8000) · 128 MiB · 0x0, are not RAM throughout,"
        " so Linux 6.12.5 keeps them online."
    )
    assert finding.details[1] == "memory14: 108 MiB of 128 MiB are RAM."
    whole = log("6.12.5", "quiet", "", 1920, after="x86/mm: Memory block size: 128MB")
    assert "1 memory block of 128 MiB, memory0 at [0x0, 0x8000)" in one(whole + LSMEM, "blocks-mixed").text


def test_who_dies_in_a_block_hangs_on_the_release() -> None:
    """The same guest and option: on 4.17 nothing writes the struct pages behind the RAM of memory23."""
    finding = one(text("oops-1g-4g").decode(), "blocks-mixed")
    assert finding.text == (
        "2 memory blocks of 128 MiB, among them memory23 at [0xb8000, 0xc0000) · 128 MiB · 0xb8000000, are not RAM"
        " throughout, and lsmem and memory offlining can die there."
    )
    assert finding.details[0] == (
        "memory23: lsmem and memory offlining can die on Linux 4.17 at [0xbffe0, 0xc0000) · 128 KiB · 0xbffe0000,"
        " 32 struct pages that nothing writes."
    )
    assert "blocks-mixed" not in {item.code for item in analyze(text("fixed-1g-4g")).document.findings}


def test_what_a_damaged_text_leaves_open_is_not_told_as_never_written() -> None:
    (case,) = (item for item in cases.HOLES if item.code == "struct-pages-uncertain")
    finding = one(case.whole, "blocks-mixed")
    assert finding.text.endswith(", and lsmem and memory offlining may die there.")
    assert not any("that nothing writes" in detail for detail in finding.details)
    assert finding.details[0].endswith("struct pages of unknown state.")


def test_memory_that_would_not_go_offline() -> None:
    line = "memory offlining [mem 0x70000000-0x77ffffff] failed due to memory holes"
    boot = log("5.10.9", "quiet", "", 1900, after="x86/mm: Memory block size: 128MB\n" + line)
    codes = {item.code for item in analyze(boot.encode()).document.findings}
    if "offline-failed" in codes:
        finding = one(boot, "offline-failed")
        assert finding.cause == "20 MiB of it are no RAM, and a memory block goes offline as a whole or not at all."


DUMP = """\
[   90.000001] page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:{:#x}
[   90.000002] flags: 0x17ffffc0000200(slab|node=0|zone=2|lastcpupid=0x1fffff)
[   90.000003] raw: 0017ffffc0000200 ffff957213f31a00 dead000000000122 0000000000000000
[   90.000004] raw: 0000000000000000 00000000001e0001 00000001ffffffff 0000000000000000
[   90.000005] page dumped because: {}
"""


def test_a_page_that_keeps_its_block_online() -> None:
    boot = log("6.12.5", "quiet", "", 2048, 1024, after="x86/mm: Memory block size: 128MB")
    twice = boot + DUMP.format(0x104321, "unmovable page") * 2
    blocked = [item for item in analyze(twice.encode()).document.findings if item.code == "offline-blocked"]
    assert [item.text for item in blocked] == ["Page frame 0x104321 cannot be moved, so memory32 stayed online."]
    alone = one(DUMP.format(0x104321, "unmovable page"), "offline-blocked")
    assert alone.text == "Page frame 0x104321 cannot be moved, so its memory block stayed online."
    other = analyze((boot + DUMP.format(0x104321, "nonzero _refcount")).encode()).document.findings
    assert "offline-blocked" not in {item.code for item in other}


SPECIAL = "BIOS-e820: [mem 0x0000000{:09x}-0x0000000{:09x}] soft reserved"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0x148000000, 0x150000000, None),
        (
            0x144000000,
            0x150000000,
            "64 MiB of soft-reserved memory at [0x144000, 0x150000) · 192 MiB · 0x144000000",
        ),
        (
            0x149000000,
            0x14A000000,
            "16 MiB of soft-reserved memory at [0x149000, 0x14a000) · 16 MiB · 0x149000000",
        ),
    ],
)
def test_what_fills_no_whole_block(start: int, end: int, said: str | None) -> None:
    boot = log("6.12.5", "quiet", "", 2048, 1024, after="x86/mm: Memory block size: 128MB")
    boot = boot.replace(
        "BIOS-e820: [mem 0x00000000fffc0000",
        f"{SPECIAL.format(start, end - 1)}\nBIOS-e820: [mem 0x00000000fffc0000",
    )
    stranded = [item for item in analyze(boot.encode()).document.findings if item.code == "capacity-stranded"]
    why = "cannot be added as memory: it fills no whole memory block of 128 MiB."
    assert [item.text for item in stranded] == ([f"{said} {why}"] if said else [])


@pytest.mark.parametrize(
    ("line", "size", "basis"), [("", 128 * MIB, "release"), ("UV: memory block size 2GB", 2 * GIB, "evidence")]
)
def test_the_document_has_the_blocks_and_what_their_size_is_from(line: str, size: int, basis: str) -> None:
    blocks = analyze(log("6.12.5", "quiet", "", 1900, after=line).encode()).document.memory_blocks
    assert (blocks.size, blocks.basis, blocks.ranges) == (size, basis, ())
    last = blocks.mixed[-1]
    assert (last.start, last.end, last.ram) == (
        1900 * MIB // size * size,
        (1900 * MIB // size + 1) * size,
        1900 * MIB % size - (0 if last.number else MIB - 0x9F000),
    )


def test_a_text_without_memory_has_no_blocks() -> None:
    blocks = analyze(REFUSED.format(128 * MIB, 5 * GIB, MIB).encode()).document.memory_blocks
    assert (blocks.size, blocks.basis, blocks.mixed) == (128 * MIB, "evidence", ())
    none = analyze(b"crashkernel reservation failed - No suitable area found.").document.memory_blocks
    assert (none.size, none.basis, none.mixed) == (None, None, ())


def test_windows_for_cxl_memory_count_as_well() -> None:
    window = WindowNode(2, *ByteRange(9 * GIB + 64 * MIB, 11 * GIB), (77,))
    (draft,) = [
        item for item in drafts(judged(seed_log("none", window_nodes=(window,)))) if item.code == "capacity-stranded"
    ]
    assert draft.text == (
        "64 MiB of a CXL window (node 2) at [0x244000, 0x2c0000) · 1.94 GiB · 0x244000000 cannot be added as memory:"
        " it fills no whole memory block of 128 MiB."
    )
    assert (draft.lines, draft.ranges) == ((77,), (window.range,))
    assert list(draft.details()) == ["What can be added is [0x248000, 0x2c0000) · 1.88 GiB · 0x248000000."]
    whole = WindowNode(2, *ByteRange(9 * GIB, 11 * GIB), (77,))
    assert "capacity-stranded" not in {item.code for item in drafts(judged(seed_log("none", window_nodes=(whole,))))}
