"""The kernel's own numbers, line by line: each agrees on recorded boots, and differs when the line is changed."""

import re
from pathlib import Path

import pytest

from pfnscope.formats.text import render
from pfnscope.model.analysis import Check
from pfnscope.model.document import Document
from pfnscope.report.plain import Look
from pfnscope.service import Options, analyze
from tests.support.samples import text

RECORDED = Path(__file__).parent.parent / "recorded"
RAW = text("oops-1g-4g")  # 4.17 prints all of them
FIXED = text("fixed-1g-4g")
MOVABLE = text("movable-nodes")


def checks(data: bytes) -> tuple[Check, ...]:
    return analyze(data).document.checks


def one(data: bytes, what: str, line: int | None = None) -> Check:
    matches = [check for check in checks(data) if check.what == what and line in (None, *check.lines)]
    assert len(matches) == 1, [check.what for check in checks(data)]
    return matches[0]


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (rb"On node 0 totalpages: (\d+)", "node 0: totalpages"),
        (rb"Initmem setup node 1 \[mem 0x\w+-0x0*(2)3fffffff", "node 1: first and last frame"),
        (rb"DMA zone: (\d+) pages used for memmap", "node 0, zone DMA: struct pages"),
        (rb"DMA32 zone: (\d+) pages used for memmap", "node 0, zone DMA32: struct pages"),
        (rb"DMA32 zone: (\d+) pages, LIFO", "node 0, zone DMA32: pages"),
        (rb"Total pages: (\d+)", "total pages of all zonelists"),
        (rb"Memory: \d+K/(\d+)K available", "Memory: total"),
        (rb"Memory: (\d+)K/\d+K available", "Memory: available"),
        (rb"last_pfn = 0x(240000)", "last_pfn"),
        (rb"Reserved but unavailable: (\d+) pages", "Reserved but unavailable"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_a_line_agrees_and_a_changed_one_differs_with_both_numbers(pattern: bytes, what: str) -> None:
    match = re.search(pattern, RAW)
    assert match
    line = RAW[: match.start()].count(b"\n") + 1
    assert one(RAW, what, line).agrees is True
    at = match.start(1)
    changed = RAW[:at] + (b"8" if RAW[at:].startswith(b"9") else b"9") + RAW[at + 1 :]
    document = analyze(changed).document
    (check,) = [check for check in document.checks if check.what == what and line in check.lines]
    assert check.agrees is False
    assert check.computed not in (None, check.printed)
    (diagnostic,) = [item for item in document.diagnostics if item.code == "check-differs" and item.line == line]
    assert check.printed in diagnostic.message
    assert str(check.computed) in diagnostic.message
    assert "DIFFERS" in render(document)
    assert "DIFFERS" not in render(analyze(RAW).document)


def test_each_unavailable_line_names_the_holes_that_make_it_up() -> None:
    document = analyze(FIXED).document
    lines = [check for check in document.checks if "unavailable" in check.what]
    assert len(lines) == len(document.page_counts.unavailable) == 3
    for check, printed in zip(lines, document.page_counts.unavailable, strict=True):
        assert sum(item.pages for item in check.ranges) == printed.pages
    named = {(item.start, item.end) for check in lines for item in check.ranges}
    assert named == {(0, 1), (0x9F, 0x100), (0xBFFE0, 0xC0000)}


def test_a_count_that_is_not_in_the_log_is_no_agreement() -> None:
    """Its line is lost: the number is ours alone."""
    lines = [line for line in FIXED.splitlines(keepends=True) if b"unavailable ranges" not in line]
    document = analyze(b"".join(lines)).document
    missing = [check for check in document.checks if check.printed == "not printed"]
    assert [(check.agrees, check.lines) for check in missing] == [(None, ())] * 3
    assert "3 of" not in render(document, Look(full=True)).split("own counts: ")[1].splitlines()[0]
    one_lost = FIXED.replace(b"zone DMA: 97 pages in unavailable ranges", b"zone DMA: ")
    outcomes = [(check.agrees, check.computed) for check in checks(one_lost) if "unavailable" in check.what]
    assert outcomes == [(True, "1 pages"), (True, "32 pages"), (None, "97 pages")]


def test_nothing_is_said_to_be_missing_where_the_text_ends_before() -> None:
    document = analyze(text("seed-1g-4g")).document
    assert [check for check in document.checks if check.printed == "not printed"] == []


def test_the_printed_start_of_zone_movable_wins_and_ours_is_its_check() -> None:
    assert [check.agrees for check in checks(MOVABLE) if "ZONE_MOVABLE" in check.what] == [True] * 3
    changed = re.sub(rb"(Node 1: 0x00000000)4ac00000", rb"\g<1>60000000", MOVABLE)
    assert changed != MOVABLE
    check = one(changed, "node 1: start of ZONE_MOVABLE")
    assert (check.printed, check.computed, check.agrees) == ("0x60000", "0x4ac00", False)
    spans = {(z.node, z.zone): z.start_pfn for z in analyze(changed).document.zone_spans}
    assert spans[1, "Movable"] == 0x60000


def test_what_the_arguments_ask_for_serves_where_no_zones_are_printed() -> None:
    lines = MOVABLE.splitlines(keepends=True)
    start = next(at for at, line in enumerate(lines) if b"Zone ranges" in line)
    end = next(at for at, line in enumerate(lines) if b"Early memory node ranges" in line)
    document = analyze(b"".join(lines[:start] + lines[end:])).document
    assert document.zone_spans == analyze(MOVABLE).document.zone_spans
    assert {"zone_ranges", "movable_start"} <= set(document.kernel.assumed)


@pytest.mark.parametrize("name", ["i386", "arm64"])
def test_other_architectures_agree_with_their_own_numbers(name: str) -> None:
    printed = checks((RECORDED / name / "dmesg.txt").read_bytes())
    assert len(printed) > 5
    assert [check for check in printed if check.agrees is not True] == []


OLD = b"""\
[    0.000000] Linux version 3.2.0 (a@b) (gcc) #1 SMP
[    0.000000] last_pfn = 0x40000 max_arch_pfn = 0x400000000
[    0.000000] Zone PFN ranges:
[    0.000000]   DMA      0x00000010 -> 0x00001000
[    0.000000]   DMA32    0x00001000 -> 0x00100000
[    0.000000]   Normal   empty
[    0.000000] Early memory PFN ranges
[    0.000000]     0: 0x00000010 -> 0x0000009f
[    0.000000]     0: 0x00000100 -> 0x00040000
[    0.000000] On node 0 totalpages: 262031
[    0.000000]   DMA zone: 64 pages used for memmap
[    0.000000]   DMA zone: 5 pages reserved
[    0.000000]   DMA zone: 3914 pages, LIFO batch:0
[    0.000000]   DMA32 zone: 4032 pages used for memmap
[    0.000000]   DMA32 zone: 254016 pages, LIFO batch:31
[    0.000000] Built 1 zonelists in Zone order, mobility grouping on.  Total pages: 257930
[    0.000000] Memory: 1020000k/1048576k available (4096k kernel code, 452k absent, 28124k reserved)
"""


def test_releases_up_to_3_7_take_struct_pages_off_what_is_present() -> None:
    outcomes = {check.what: (check.agrees, check.computed) for check in checks(OLD)}
    assert outcomes["node 0, zone DMA: pages"] == (True, "3914 pages")
    assert outcomes["node 0, zone DMA32: pages"] == (True, "254016 pages")
    assert outcomes["total pages of all zonelists"] == (True, "257930 pages")
    assert outcomes["Memory: absent"] == (True, "452 KiB")
    newer = {check.what: check.agrees for check in checks(OLD.replace(b"version 3.2.0", b"version 3.10.0"))}
    assert newer["node 0, zone DMA: pages"] is False


MMINIT = b"""\
[    0.000000] mminit::pageflags_layout_widths Section 0 Node 10 Zone 3 Lastcpupid 21 Flags 26
[    0.000000] mminit::memmap_init Initialising map node 0 zone 0 pfns 16 -> 4096
[    0.000000] mminit::memmap_init Initialising map node 0 zone 1 pfns 4096 -> 262144
[    0.000000] mminit::zonelist general 0:DMA = 0:DMA
[    0.000000] mminit::zonelist general 0:DMA32 = 0:DMA32 0:DMA
"""


def test_mminit_lines_are_held_against_spans_and_zones() -> None:
    mminit_checks = [check for check in checks(OLD + MMINIT) if check not in checks(OLD)]
    assert [(check.what, check.agrees) for check in mminit_checks] == [
        ("node 0, zone DMA: struct pages initialised", True),
        ("node 0, zone DMA32: struct pages initialised", True),
        ("bits for the zone in page flags", False),
        ("node 0, zone DMA: zones to fall back to", True),
        ("node 0, zone DMA32: zones to fall back to", True),
    ]
    wrong = checks(
        OLD + MMINIT.replace(b"Zone 3", b"Zone 2").replace(b"-> 4096", b"-> 4095").replace(b"0:DMA32 0:", b"0:")
    )
    assert [check.agrees for check in wrong if check not in checks(OLD)] == [False, True, True, True, False]


def test_agreeing_numbers_are_one_line_of_the_report() -> None:
    document: Document = analyze(RAW).document
    report = render(document)
    agreeing = sum(check.agrees is True for check in document.checks)
    assert f"The kernel's own counts: {agreeing} of {agreeing} match\n" in report
    assert "LIFO" not in report
    assert report.count("zone DMA32: struct pages") == 0


HIGHMEM = b"""\
[    0.000000] Linux version 3.10.17 (a@b) (gcc) #1 SMP
[    0.000000] last_pfn = 0x40000 max_arch_pfn = 0x1000000
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x00001000-0x00ffffff]
[    0.000000]   Normal   [mem 0x01000000-0x377fdfff]
[    0.000000]   HighMem  [mem 0x377fe000-0x3fffffff]
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x00001000-0x0009efff]
[    0.000000]   node   0: [mem 0x00100000-0x3fffffff]
[    0.000000] On node 0 totalpages: 262046
[    0.000000] free_area_init_node: node 0, pgdat c1c666c0, node_mem_map f7001020
[    0.000000]   DMA zone: 32 pages used for memmap
[    0.000000]   DMA zone: 0 pages reserved
[    0.000000]   DMA zone: 3998 pages, LIFO batch:0
[    0.000000]   Normal zone: 1744 pages used for memmap
[    0.000000]   Normal zone: 223230 pages, LIFO batch:31
[    0.000000]   HighMem zone: 273 pages used for memmap
[    0.000000]   HighMem zone: 34818 pages, LIFO batch:7
[    0.000000] Built 1 zonelists in Zone order, mobility grouping on.  Total pages: 259997
"""


@pytest.mark.parametrize("release", [b"Linux version 3.10.17 (a@b) (gcc) #1 SMP\n", b"\n"], ids=["3.10", "no release"])
def test_struct_pages_are_taken_off_highmem_where_a_line_says_so(release: bytes) -> None:
    printed = checks(HIGHMEM.replace(b"Linux version 3.10.17 (a@b) (gcc) #1 SMP\n", release))
    assert [check.what for check in printed if check.agrees is not True] == []
    assert any("of 32 bytes each, which these lines tell" in check.note for check in printed)
    without = [line for line in HIGHMEM.splitlines(keepends=True) if b"HighMem zone: 273" not in line]
    total = one(b"".join(without), "total pages of all zonelists")
    assert (total.computed, total.agrees) == ("260270 pages", False)


@pytest.mark.parametrize(
    ("line", "agrees", "printed"),
    [
        (b"Initmem setup node 1 as memoryless", True, "no memory"),
        (b"Initmem setup node 1 [mem 0x0000000000000000-0x0000000000000000]", True, "no memory"),
        (b"Initmem setup node 1 [mem 0x0000000080000000-0x00000000bfffffff]", None, "[0x80000, 0xc0000)"),
        (b"Initmem setup node 0 as memoryless", False, "no memory"),
        (b"Initmem setup node 0 [mem 0x0000000000000000-0x000000003fffffff]", True, "[0x0, 0x40000)"),
        (b"Initmem setup node 0 [mem 0x0000000000020000-0x000000003fffffff]", False, "[0x20, 0x40000)"),
    ],
)
def test_what_is_printed_of_a_node_is_held_against_its_memory(line: bytes, agrees: bool | None, printed: str) -> None:
    """3.2 prints what firmware gives the node, which may be more than its memory and is never less."""
    (check,) = [check for check in checks(OLD + b"[    0.000000] " + line + b"\n") if "first and last" in check.what]
    assert (check.agrees, check.printed) == (agrees, printed)


PER_ZONE = b"""\
[    0.000000] Linux version 5.12.9 (a@b) (gcc) #1 SMP x86_64
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000000001000-0x0000000000ffffff]
[    0.000000]   DMA32    [mem 0x0000000001000000-0x00000000ffffffff]
[    0.000000]   Normal   empty
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009ffff]
[    0.000000]   node   0: [mem 0x0000000000100000-0x000000007ffdffff]
[    0.000000]   DMA zone: 28769 pages in unavailable ranges
[    0.000000]   DMA32 zone: 32 pages in unavailable ranges
[    0.000000] Built 1 zonelists, mobility grouping on.  Total pages: 515988
"""


def test_lines_that_name_no_node_are_matched_one_by_one() -> None:
    assert [check.agrees for check in checks(PER_ZONE) if "unavailable" in check.what] == [True, True]
    lost = PER_ZONE.replace(b"DMA32 zone: 32 pages in", b"")
    outcomes = [(check.printed, check.computed, check.agrees) for check in checks(lost) if "unavailable" in check.what]
    assert outcomes == [("28769 pages", "28769 pages", True), ("not printed", "32 pages", None)]


@pytest.mark.parametrize("kernel", ["4.17.4", "5.4.18", "6.1"])
def test_counts_are_those_of_the_kernel_that_printed_them(kernel: str) -> None:
    """Judged as another release the layout stays as it is, and so does what the log's own kernel counted of it."""
    document = analyze(RAW, Options(kernel=kernel)).document
    assert [check.what for check in document.checks if check.agrees is False] == []
    assert "counts-differ" not in [finding.code for finding in document.findings]
