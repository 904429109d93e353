"""What capture must not read: told by the log, by the running kernel's files, and never less than the analysis says."""

import msgspec
import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.hazards import left_out, top_of
from pfnscope.bootlog import read
from pfnscope.kernel.release import Version
from pfnscope.model.log import ZoneInfo
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording.model import Block, Record
from tests.support.samples import SLUGS, text

NOTHING = Record(None, None, None, 1, None, FrameSet(), None, None, None, {})


def analysis_of(slug: str) -> Analysis:
    return analyze(read(text(slug)).boots[-1])


def avoided(
    analysis: Analysis | None, record: Record, version: Version | None, top: int, *, unfinished: bool = False
) -> FrameSet:
    return FrameSet.of(frames for frames, _ in left_out(analysis, record, version, top, unfinished=unfinished))


def zone(name: str, start: int, spanned: int, managed: int, node: int = 0) -> ZoneInfo:
    return ZoneInfo(node, name, start, spanned, spanned, managed, ())


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "files-of-proc"])
def test_no_frame_that_nothing_is_known_to_have_written_is_read(slug: str) -> None:
    analysis = analysis_of(slug)
    version = analysis.release.stable if analysis.release else None
    top = top_of(analysis, NOTHING, version)
    unwritten = FrameSet.of(hole.frames for hole in analysis.holes if hole.state in ("uninitialised", "unknown"))
    assert unwritten.clip(0, top) <= avoided(analysis, NOTHING, version, top)


def test_the_danger_of_the_report_is_left_out_and_its_neighbours_are_read() -> None:
    analysis = analysis_of("seed-1g-4g")
    frames = avoided(analysis, NOTHING, (4, 17, 0), 0x140000)
    assert frames.clip(0xBFF00, 0xC0000) == FrameSet.of([FrameRange(0xBFFD7, 0xC0000)])
    assert avoided(analysis_of("fixed-1g-4g"), NOTHING, (6, 12, 107), 0x240000).pages == 0


def test_holes_of_a_vendors_kernel_are_left_out_where_what_it_does_is_only_assumed() -> None:
    old, new = (analyze(read(text("seed-no-memmap")).boots[-1], kernel=kernel) for kernel in ("4.14", "5.14"))
    holes = FrameSet.of(hole.frames for hole in old.holes)
    assert {old.choice.basis, new.choice.basis} == {"assumed"}
    assert holes <= avoided(old, NOTHING, (5, 4, 0), 0x240000)
    assert not holes & avoided(new, NOTHING, (5, 14, 0), 0x240000)


def test_before_5_4_nothing_is_read_where_a_device_may_have_struct_pages() -> None:
    analysis = analysis_of("seed-1g-4g")  # no section of boot memory is at [0xc0000, 0x140000)
    gap = FrameSet.of([FrameRange(0xC0000, 0x140000)])
    assert gap <= avoided(analysis, NOTHING, (4, 17, 0), 0x240000)
    assert not avoided(analysis, NOTHING, (5, 4, 0), 0x240000) & gap


def test_before_5_6_nothing_above_the_last_zone_is_asked_for() -> None:
    """A read that starts above max_pfn was not cut there, and met what nothing wrote."""
    analysis = analysis_of("odd-size")
    end = max(span.frames.end for span in analysis.layout.zone_spans)
    record = msgspec.structs.replace(NOTHING, zones=(zone("DMA32", 0x1000, end - 0x1000, end - 0x1000),))
    assert end < analysis.layout.struct_pages.end
    assert top_of(analysis, record, (4, 17, 0)) == end
    assert top_of(analysis, record, None) == end
    assert top_of(analysis, record, (5, 6, 0)) == analysis.layout.struct_pages.end


def test_blocks_that_are_not_online_are_left_out() -> None:
    blocks = (Block(FrameRange(0, 0x8000), "online", 0), Block(FrameRange(0x8000, 0x10000), "offline", 0))
    record = msgspec.structs.replace(NOTHING, blocks=blocks, block_frames=0x8000)
    frames = avoided(analysis_of("fixed-1g-4g"), record, (6, 12, 107), 0x240000)
    assert frames == FrameSet.of([FrameRange(0x8000, 0x10000)])


@pytest.mark.parametrize(
    ("managed", "unfinished", "first"),
    [
        (0x100000, False, None),  # all of it
        (0xF0000, False, None),  # what the kernel keeps for itself
        (0x40000, False, 0x180000),  # three quarters are missing
        (0xF0000, True, 0x230000),  # the log says that struct pages are left over
    ],
)
def test_struct_pages_that_wait_for_their_zone_to_grow_are_left_out(
    managed: int, unfinished: bool, first: int | None
) -> None:
    """Deferred initialisation goes upwards and counts as managed what it has done."""
    record = msgspec.structs.replace(
        NOTHING, zones=(zone("DMA32", 0x1000, 0xBF000, 0xA0000), zone("Normal", 0x140000, 0x100000, managed, node=1))
    )
    record = msgspec.structs.replace(record, zones=(*(record.zones or ())[1:],))
    frames = avoided(analysis_of("fixed-1g-4g"), record, (6, 12, 107), 0x240000, unfinished=unfinished)
    assert frames == (FrameSet.of([FrameRange(first, 0x240000)]) if first else FrameSet())


def test_without_a_layout_only_what_is_surely_memory_is_read() -> None:
    ram = FrameSet.of([FrameRange(1, 0x9F), FrameRange(0x100, 0x8000)])
    record = msgspec.structs.replace(NOTHING, ram=ram)
    assert FrameSet.of([FrameRange(0, 0x9000)]) - avoided(None, record, (6, 1, 0), 0x9000) == ram
    assert avoided(None, NOTHING, (6, 1, 0), 0x9000) == FrameSet.of([FrameRange(0, 0x9000)])


def test_the_middle_of_a_very_long_gap_is_not_read() -> None:
    frames = avoided(analysis_of("fixed-1g-4g"), NOTHING, (6, 12, 107), 1 << 30)
    assert frames == FrameSet.of([FrameRange(0x240000 + 0x8000, (1 << 30) - 0x8000)])
