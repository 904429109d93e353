"""Comparisons find what differs, all of it and nothing else; what came after boot is recognised; gaps are told."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.verify import expected_reserved, verify, view_of
from pfnscope.bootlog import read
from pfnscope.model.answers import FileComparison, Verification
from pfnscope.model.counts import Count
from pfnscope.model.log import ReservedRegion, ZoneInfo
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, overlay
from pfnscope.model.sizes import FreeBlocks
from pfnscope.recording.model import Block, FlagRun, Kpageflags, Record
from tests.support.samples import text

BLOCK = 0x8000
SLUGS = ("fixed-1g-4g", "seed-1g-7g", "uneven-nodes", "efi-nodes")
ANALYSES = {slug: analyze(read(text(slug)).boots[-1]) for slug in SLUGS}


def flags_of(analysis: Analysis, end: int) -> Kpageflags:
    """/proc/kpageflags as the analysis would have it: holes as they are expected, memory plain."""
    blank = Kpageflags((FlagRun(FrameRange(0, end), True, False, 0, 0),), FrameSet(), (), end)
    shown = view_of(analysis, blank).shown
    holes = [(hole.frames, hole) for hole in analysis.holes]
    marks = [(item, True) for item in shown]
    runs = [
        FlagRun(frames, not seen, bool(seen and hole and expected_reserved(analysis, hole)), 0, 0)
        for frames, (seen, hole) in overlay(FrameSet.of([FrameRange(0, end)]), marks, holes)
    ]
    return Kpageflags(tuple(runs), FrameSet(), (), end)


def record_of(analysis: Analysis) -> Record:
    layout = analysis.layout
    return Record(
        zones=tuple(
            ZoneInfo(span.node, span.zone, span.frames.start, span.frames.pages, span.present_pages, None, ())
            for span in layout.zone_spans
        ),
        flags=flags_of(
            analysis,
            layout.max_pfn if analysis.release and analysis.release.stable < (5, 6, 0) else layout.struct_pages.end,
        ),
        blocks=tuple(Block(item, "online", None) for item in layout.struct_pages),
        block_frames=BLOCK,
        ram=layout.memory_frames,
        devices=FrameSet(),
        release=None,
        machine=None,
        page_size=None,
        missing={},
    )


def with_flags(record: Record, frames: FrameRange, *, nopage: bool, reserved: bool) -> Record:
    """The record with other flags on some frames."""
    assert record.flags is not None
    runs = [
        FlagRun(part, run.nopage, run.reserved, 0, 0)
        for run in record.flags.runs
        for part in FrameSet.of([run.frames]) - FrameSet.of([frames])
    ]
    changed = msgspec.structs.replace(record.flags, runs=(*runs, FlagRun(frames, nopage, reserved, 0, 0)))
    return msgspec.structs.replace(record, flags=changed)


def part(verification: Verification, what: str) -> FileComparison:
    return next(item for item in verification.comparisons if item.what == what)


def wrong(comparison: FileComparison) -> FrameSet:
    return FrameSet.of(item.frames for item in comparison.mismatches)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_record_that_the_analysis_foretells_agrees_everywhere(slug: str) -> None:
    verification = verify(ANALYSES[slug], record_of(ANALYSES[slug]))
    assert verification.agrees
    assert all(item.agreed is not None and item.differences == () for item in verification.comparisons)


@given(st.sampled_from(SLUGS), st.integers(0, 0x23FFFF), st.integers(1, 0x3000))
def test_frames_with_and_without_struct_page_are_told_apart_exactly(slug: str, start: int, pages: int) -> None:
    analysis = ANALYSES[slug]
    record = record_of(analysis)
    assert record.flags is not None
    shown, read_frames = view_of(analysis, record.flags).shown, record.flags.read
    frames = FrameRange(start, start + pages).clip(0, record.flags.end or 0)
    if not frames.pages:
        return
    lost = part(verify(analysis, with_flags(record, frames, nopage=True, reserved=False)), "struct pages")
    assert wrong(lost) == FrameSet.of([frames]) & shown & read_frames
    won = part(verify(analysis, with_flags(record, frames, nopage=False, reserved=False)), "struct pages")
    assert wrong(won) == FrameSet.of([frames]) - shown


@pytest.mark.parametrize("slug", SLUGS)
def test_a_hole_that_is_reserved_where_it_should_not_be_differs_or_the_other_way_round(slug: str) -> None:
    analysis = ANALYSES[slug]
    record = record_of(analysis)
    assert record.flags is not None
    seen = view_of(analysis, record.flags).shown & record.flags.read
    tried = 0
    for hole in analysis.holes:
        expected = expected_reserved(analysis, hole)
        if expected is None or not FrameSet.of([hole.frames]) <= seen:
            continue
        changed = with_flags(record, hole.frames, nopage=False, reserved=not expected)
        verification = verify(analysis, changed)
        assert wrong(part(verification, "Reserved bits of holes")) == FrameSet.of([hole.frames])
        assert not verification.agrees
        tried += 1
    assert tried


@pytest.mark.parametrize(("start", "mismatches"), [(0xBFFE0, 0), (0xBFFE1, 1)])
def test_frames_of_a_hole_that_an_initial_ram_disk_took_may_be_free_memory(start: int, mismatches: int) -> None:
    log = read(text("fixed-1g-4g")).boots[-1]
    disk = ReservedRegion(*ByteRange(start << 12, 0xBFFF0 << 12), "initrd", "initrd", ())
    analysis = analyze(msgspec.structs.replace(log, reserved_regions=(disk,)))
    hole = next(hole for hole in analysis.holes if hole.frames.start == 0xBFFE0)
    assert expected_reserved(analysis, hole)
    record = with_flags(record_of(analysis), FrameRange(0xBFFE0, 0xBFFF0), nopage=False, reserved=False)
    comparison = part(verify(analysis, record), "Reserved bits of holes")
    assert wrong(comparison).pages == mismatches
    assert sum(item.frames.pages for item in comparison.differences) == 0x10


@pytest.mark.parametrize(("reserved", "expected"), [(True, True), (False, False), (None, None)])
def test_what_is_only_zeroed_is_reserved_as_memblock_says(reserved: bool | None, expected: bool | None) -> None:
    analysis = analyze(read(text("seed-1g-4g")).boots[-1], kernel="5.0")
    hole = next(hole for hole in analysis.holes if hole.frames.start == 0xBFFD7)
    known = msgspec.structs.replace(hole, reserved=reserved)
    assert expected_reserved(analysis, known) is expected
    analysis.__dict__["holes"] = (known,)  # in the place of those that it finds
    record = with_flags(record_of(analysis), hole.frames, nopage=False, reserved=True)
    comparison = part(verify(analysis, record), "Reserved bits of holes")
    assert wrong(comparison) == (FrameSet() if expected is not False else FrameSet.of([hole.frames]))


def test_a_zone_that_differs_by_one_page_differs() -> None:
    analysis = ANALYSES["fixed-1g-4g"]
    record = record_of(analysis)
    zones = record.zones or ()
    for changed in (
        msgspec.structs.replace(zones[1], present_pages=zones[1].present_pages - 1),
        msgspec.structs.replace(zones[1], spanned_pages=zones[1].spanned_pages + 1),
        msgspec.structs.replace(zones[1], start_pfn=(zones[1].start_pfn or 0) + 1),
        msgspec.structs.replace(zones[1], spanned_pages=0),
    ):
        verification = verify(analysis, msgspec.structs.replace(record, zones=(zones[0], changed, zones[2])))
        assert not verification.agrees
        assert len(part(verification, "zone spans and present pages").mismatches) == 1


def plugged(record: Record, *, told_by_iomem: bool = True) -> Record:
    """The record after four more blocks of node 1 came at its end and were put into its last zone."""
    assert record.flags is not None
    new = FrameRange(0x240000, 0x260000)
    zones = record.zones or ()
    last = msgspec.structs.replace(
        zones[-1], spanned_pages=zones[-1].spanned_pages + new.pages, present_pages=zones[-1].present_pages + new.pages
    )
    flags = msgspec.structs.replace(
        record.flags, runs=(*record.flags.runs, FlagRun(new, False, False, 0, 0)), end=new.end
    )
    ram = record.ram | FrameSet.of([new]) if record.ram and told_by_iomem else record.ram
    blocks = (*(record.blocks or ()), Block(new, "online", 1))
    return msgspec.structs.replace(record, zones=(*zones[:-1], last), flags=flags, blocks=blocks, ram=ram)


def test_memory_plugged_in_after_boot_is_recognised_and_said() -> None:
    analysis = ANALYSES["fixed-1g-4g"]
    verification = verify(analysis, plugged(record_of(analysis)))
    assert verification.agrees
    assert [item.what for item in verification.comparisons if item.differences] == [
        "zone spans and present pages",
        "System RAM",
        "struct pages",
        "memory blocks",
    ]
    assert verification.changes == (
        "Memory at pfn [0x240000, 0x260000) was plugged in after boot, so the log cannot hold it.",
    )


def test_more_than_what_was_plugged_in_is_not_explained_by_it() -> None:
    analysis = ANALYSES["fixed-1g-4g"]
    record = plugged(record_of(analysis))
    zones = record.zones or ()
    more = msgspec.structs.replace(zones[-1], present_pages=zones[-1].present_pages - 1)
    assert not verify(analysis, msgspec.structs.replace(record, zones=(*zones[:-1], more))).agrees
    verification = verify(analysis, plugged(record_of(analysis), told_by_iomem=False))
    assert wrong(part(verification, "memory blocks")) == FrameSet.of([FrameRange(0x240000, 0x260000)])
    assert verification.changes == ()


def test_a_reader_killed_where_no_danger_is_differs() -> None:
    analysis = ANALYSES["fixed-1g-4g"]
    record = record_of(analysis)
    assert record.flags is not None
    died = FrameSet.of([FrameRange(0xBFFE0, 0xBFFE1)])
    flags = msgspec.structs.replace(record.flags, crashed=died)
    verification = verify(analysis, msgspec.structs.replace(record, flags=flags))
    assert wrong(part(verification, "frames that killed the reader")) == died


def test_what_is_not_there_is_told_and_is_no_agreement() -> None:
    missing = {
        "zoneinfo.txt": "only root may read it",
        "iomem.txt": "all its addresses are hidden",
        "kpageflags.runs.txt": "refused",
        "memory-blocks.txt": "none",
    }
    nothing = Record(None, None, None, 1, None, FrameSet(), None, None, None, missing)
    verification = verify(ANALYSES["fixed-1g-4g"], nothing)
    assert (verification.compared, verification.agrees) == (False, False)
    assert {item.left_out[0].why for item in verification.comparisons} == set(missing.values())


def test_where_no_flag_says_that_there_is_no_struct_page_a_zero_proves_nothing() -> None:
    """Kernels of 6.18 print 0 for such a frame, as for a page without flags."""
    analysis = analyze(read(text("fixed-1g-4g")).boots[-1], kernel="6.18.0")
    record = record_of(analysis)
    assert record.flags is not None
    runs = tuple(msgspec.structs.replace(run, nopage=False) for run in record.flags.runs)
    zeros = msgspec.structs.replace(record, flags=msgspec.structs.replace(record.flags, runs=runs))
    verification = verify(analysis, zeros)
    reserved = record.flags.having(reserved=True)
    assert verification.agrees
    assert part(verification, "struct pages").agreed == reserved.pages
    hidden = FrameRange(0xC0000, 0xC0001)
    assert not verify(analysis, with_flags(zeros, hidden, nopage=False, reserved=True)).agrees


def test_system_ram_that_the_log_lacks_differs_and_what_firmware_keeps_does_not() -> None:
    analysis = ANALYSES["fixed-1g-4g"]
    record = record_of(analysis)
    assert record.ram is not None
    new, kept = FrameRange(0x300000, 0x300010), FrameRange(0x100, 0x110)
    for changed, expected in (
        (msgspec.structs.replace(record, ram=record.ram | FrameSet.of([new])), FrameSet.of([new])),
        (msgspec.structs.replace(record, ram=record.ram - FrameSet.of([kept])), FrameSet.of([kept])),
        (
            msgspec.structs.replace(
                record, ram=record.ram - FrameSet.of([kept]), reserved=FrameSet.of([FrameRange(0, 0x1000)])
            ),
            FrameSet(),
        ),
    ):
        assert wrong(part(verify(analysis, changed), "System RAM")) == expected


@pytest.mark.parametrize(
    ("node", "zone", "free", "agrees"),
    [
        (0, "DMA32", (0,) * 10 + (700,), True),
        (0, "DMA32", (0,) * 10 + (800,), False),  # 819,200 pages of 782,304
        (1, "DMA32", (1,), False),
        (3, "Movable", (0, 0), True),
    ],
)
def test_a_zone_has_no_more_free_pages_than_pages(node: int, zone: str, free: tuple[int, ...], agrees: bool) -> None:
    analysis = ANALYSES["fixed-1g-4g"]
    record = msgspec.structs.replace(record_of(analysis), free=(FreeBlocks(node, zone, free, ()),))
    verification = verify(analysis, record)
    assert verification.agrees is agrees
    assert part(verification, "free pages of each zone").agreed == agrees


def test_blocks_of_another_node_or_size_differ() -> None:
    analysis = ANALYSES["uneven-nodes"]
    record = record_of(analysis)
    first = FrameRange(0, BLOCK)
    for node, expected in ((0, FrameSet()), (1, analysis.layout.memory_frames.clip(first.start, first.end))):
        blocks = (Block(first, "online", node), *(record.blocks or ()))
        verification = verify(analysis, msgspec.structs.replace(record, blocks=blocks))
        assert wrong(part(verification, "memory blocks")) == expected
    size = (Count(256 << 20, (1,)),)
    log = msgspec.structs.replace(
        analysis.log, page_counts=msgspec.structs.replace(analysis.log.page_counts, memory_block_size=size)
    )
    said = part(verify(analyze(log), record), "memory blocks").mismatches
    assert [(item.computed, item.recorded) for item in said] == [("blocks of 256 MiB", "blocks of 128 MiB")]
