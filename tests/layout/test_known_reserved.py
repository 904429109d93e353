"""What x86 puts into memblock.reserved outside RAM, by release."""

import pytest

from app.bootlog.model import MapEntry, MemoryType
from app.kernel.release import parse_release
from app.layout import build_layout
from app.ranges import ByteRange, FrameRange, FrameSet
from tests.support.seed import seed_log

LOW = FrameSet.of([FrameRange(0, 0x10), FrameRange(0x9F, 0x100)])
WHOLE_MIB = FrameSet.of([FrameRange(0, 0x100)])
SOFT = FrameSet.of([FrameRange(0xC0000, 0xD0000)])


@pytest.mark.parametrize(
    ("release", "expected"),
    [("5.4.18", LOW), ("5.7.6", LOW | SOFT), ("5.10.223", LOW | SOFT), ("5.13.0", WHOLE_MIB | SOFT)],
)
def test_low_memory_and_soft_reserved_entries(release: str, expected: FrameSet) -> None:
    entry = MapEntry(ByteRange(0xC0000000, 0xD0000000), MemoryType.SOFT_RESERVED, "soft reserved", ())
    assert build_layout(seed_log("none", firmware_map=(entry,)), parse_release(release)).reserved == expected
