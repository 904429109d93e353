"""Memory blocks: their size, those that are not RAM throughout, whole blocks beside and inside some memory."""

import pytest

from pfnscope.kernel.memory_blocks import by_end
from pfnscope.kernel.release import Release
from pfnscope.layout import build_layout
from pfnscope.layout.blocks import block_size, mixed_blocks, neighbours, stranded
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.log import BootLog, Failure, Files
from pfnscope.model.ranges import Address, ByteRange, FrameRange
from tests.support.seed import GIB, seed_log

MIB = 1 << 20


def size_of(log: BootLog, release: Release | None = None) -> tuple[int, bool] | None:
    size = block_size(log, build_layout(log, release))
    return (size.size, size.printed) if size else None


def test_a_file_goes_before_a_line_and_a_line_before_the_rule() -> None:
    log = seed_log("none")
    assert size_of(log) == (128 * MIB, False)
    line = seed_log("none", page_counts=PrintedCounts(memory_block_size=(Count(2 * GIB, (7,)),)))
    assert size_of(line) == (2 * GIB, True)
    file = seed_log(
        "none",
        page_counts=PrintedCounts(memory_block_size=(Count(2 * GIB, (7,)),)),
        files=Files(memory_block_size=Count(GIB, (9,))),
    )
    assert size_of(file) == (GIB, True)


def test_a_refused_hot_add_tells_the_size_and_an_excerpt_without_memory_nothing() -> None:
    failure = Failure("unaligned-hotplug", "", (3,), MIB, None, Address(0), Address(MIB), 512 * MIB)
    assert size_of(BootLog(failures=(failure,))) == (512 * MIB, True)
    assert size_of(BootLog()) is None
    assert size_of(BootLog(arch="x86_64")) is None


@pytest.mark.parametrize(("end", "size"), [(65 * GIB, GIB), (66 * GIB, 2 * GIB), (64 * GIB + 3 * MIB, 128 * MIB)])
def test_the_end_of_ram_decides(end: int, size: int) -> None:
    assert by_end(end, 128 * MIB) == size


def test_blocks_that_are_not_ram_throughout_are_those_with_a_border_inside() -> None:
    layout = build_layout(seed_log("1G!4G"), None)
    blocks = mixed_blocks(layout, 128 * MIB)
    assert [(block.number, block.frames) for block in blocks] == [
        (0, FrameRange(0, 0x8000)),
        (23, FrameRange(0xB8000, 0xC0000)),
    ]
    assert blocks[1].ram.pairs == ((0xB8000, 0xBFFD7),)
    assert [block.number for block in mixed_blocks(layout, 2 * GIB)] == [0, 1, 2, 4]


def test_whole_blocks_around_and_inside() -> None:
    memory = ByteRange(GIB + MIB, 4 * GIB - MIB)
    assert neighbours(memory, GIB) == (ByteRange(GIB, 4 * GIB), ByteRange(2 * GIB, 3 * GIB))
    assert neighbours(ByteRange(MIB, 2 * MIB), GIB) == (ByteRange(0, GIB), None)
    assert stranded(memory, GIB) == 2 * GIB - 2 * MIB
    assert stranded(ByteRange(MIB, 2 * MIB), GIB) == MIB
    assert stranded(ByteRange(GIB, 3 * GIB), GIB) == 0
