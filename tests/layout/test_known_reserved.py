"""What x86 puts into memblock.reserved outside RAM, by release."""

import pytest

from pfnscope.kernel.vendors import parse_release
from pfnscope.layout import build_layout
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.log import FIRST_MIB, MapEntry, MemoryType, ReservedRegion
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet
from tests.support.seed import seed_log

LOW = FrameSet.of([FrameRange(0, 0x10), FrameRange(0x9F, 0x100)])
WHOLE_MIB = FrameSet.of([FrameRange(0, 0x100)])
SOFT = FrameSet.of([FrameRange(0xC0000, 0xD0000)])


@pytest.mark.parametrize(
    ("release", "expected"),
    [("5.4.18", LOW), ("5.7.6", LOW | SOFT), ("5.10.223", LOW | SOFT), ("5.13.0", WHOLE_MIB | SOFT)],
)
def test_low_memory_and_soft_reserved_entries(release: str, expected: FrameSet) -> None:
    entry = MapEntry(*ByteRange(0xC0000000, 0xD0000000), MemoryType.SOFT_RESERVED, "soft reserved", ())
    assert build_layout(seed_log("none", firmware_map=(entry,)), parse_release(release)).reserved == expected


@pytest.mark.parametrize(("pages", "expected"), [(22, LOW), (158, WHOLE_MIB), (None, WHOLE_MIB)])
def test_a_count_of_the_first_zone_tells_whether_the_first_mib_is_reserved_whole(
    pages: int | None, expected: FrameSet
) -> None:
    """5.13-rc1 calls itself 5.13 and took less; 158 frames of memory lie below 1 MiB."""
    counts = PrintedCounts(zone_reserved=() if pages is None else (Count(pages, (1,), None, "DMA"),))
    layout = build_layout(seed_log("none", page_counts=counts), parse_release("5.13.0-rc1"))
    assert layout.reserved == expected


def test_the_line_of_kernels_that_take_the_first_mib_for_a_crash_kernel() -> None:
    region = ReservedRegion(*ByteRange(0, 0x100000), "", FIRST_MIB, (1,))
    layout = build_layout(seed_log("none", reserved_regions=(region,)), parse_release("5.10.223"))
    assert layout.reserved == WHOLE_MIB
