"""Where ZONE_MOVABLE starts, held against recorded boots and against counting single frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.kernel.command_line import MovableArguments, arguments, movable_arguments
from pfnscope.kernel.release import Version
from pfnscope.layout.zones import movable_starts
from pfnscope.model.layout import MemoryRange, ZoneLimit
from pfnscope.model.ranges import FrameRange

PAGE, BLOCK = 4096, 1024
Ranges = list[tuple[int, int, int]]

FOUR_NODES: Ranges = [(0, 1, 159), (0, 256, 262144), (1, 262144, 524288), (2, 524288, 786400)]
TWO_NODES: Ranges = [(0, 1, 159), (0, 256, 786400), (0, 1048576, 1310720), (1, 1310720, 2359296)]
HIGHMEM: Ranges = [(0, 1, 159), (0, 256, 524256)]
ARM64: Ranges = [(0, 262144, 524288), (1, 524288, 786432)]


def memory(ranges: Ranges) -> list[MemoryRange]:
    return [MemoryRange(FrameRange(start, end), node, ()) for node, start, end in ranges]


def starts(
    ranges: Ranges, lowest: int, words: str, version: Version | None = None, block: int = BLOCK
) -> dict[int, int]:
    end = max(end for _, _, end in ranges)
    limits = [ZoneLimit("DMA", FrameRange(0, lowest), ()), ZoneLimit("Normal", FrameRange(lowest, end), ())]
    movable = movable_arguments(arguments(words), version)
    return movable_starts(memory(ranges), limits, movable, version, PAGE, block)


@pytest.mark.parametrize(
    ("ranges", "lowest", "words", "printed"),
    [
        (FOUR_NODES, 4096, "kernelcore=512M", {0: 44032, 1: 306176, 2: 568320}),
        (TWO_NODES, 1048576, "movablecore=1G", {0: 1180672, 1: 2228224}),
        (HIGHMEM, 225278, "movablecore=300M", {0: 447488}),
        (HIGHMEM, 224254, "movablecore=300M", {0: 447488}),
        (ARM64, 262144, "movablecore=512M", {0: 458752, 1: 720896}),
        (TWO_NODES, 1048576, "movable_node", {}),
    ],
    ids=["kernelcore", "movablecore over two nodes", "i386 with PAE", "i386", "arm64", "nothing hotpluggable"],
)
def test_the_start_is_the_one_that_recorded_kernels_printed(
    ranges: Ranges, lowest: int, words: str, printed: dict[int, int]
) -> None:
    """Debian 5.10.223, 6.1.176, 6.1.192 and 6.12.107, and 4.17 built here."""
    assert starts(ranges, lowest, f"ro {words} quiet") == printed


@st.composite
def one_node(draw: st.DrawFn) -> Ranges:
    cuts = sorted(draw(st.sets(st.integers(0, 200), min_size=2, max_size=8)))
    return [(0, start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]


@given(one_node(), st.integers(0, 200), st.integers(1, 200), st.sampled_from([1, 4, 32]))
def test_one_node_keeps_just_what_the_kernel_asked_for(ranges: Ranges, lowest: int, kernel: int, block: int) -> None:
    frames = [pfn for _, start, end in ranges for pfn in range(start, end)]
    expected = {}
    if kernel < len(frames):
        below = sum(pfn < lowest for pfn in frames)
        free = [pfn for pfn in frames if pfn >= lowest] if below >= kernel else [frames[kernel - 1] + 1]
        start = -(-free[0] // block) * block if free else frames[-1] + 1
        expected = {0: start} if start <= frames[-1] else {}
    limits = [ZoneLimit("Normal", FrameRange(lowest, lowest + 1), ())]
    movable = MovableArguments(kernelcore=kernel * PAGE)
    assert movable_starts(memory(ranges), limits, movable, None, PAGE, block) == expected


@st.composite
def nodes(draw: st.DrawFn) -> Ranges:
    """Memory of up to four nodes, interleaved at will."""
    cuts = sorted(draw(st.sets(st.integers(0, 400), min_size=4, max_size=16)))
    return [(draw(st.integers(0, 3)), start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]


@given(nodes(), st.integers(0, 400), st.integers(1, 400), st.sampled_from([1, 8]))
def test_nodes_leave_the_kernel_what_it_asked_for(ranges: Ranges, lowest: int, kernel: int, block: int) -> None:
    limits = [ZoneLimit("Normal", FrameRange(lowest, 1 << 20), ())]
    movable = MovableArguments(kernelcore=kernel * PAGE)
    starts = movable_starts(memory(ranges), limits, movable, None, PAGE, block)
    ends = {node: max(end for other, _, end in ranges if other == node) for node, _, _ in ranges}
    kept = sum(max(0, min(end, starts.get(node, end)) - start) for node, start, end in ranges)
    total = sum(end - start for _, start, end in ranges)
    assert all(start % block == 0 and min(lowest, ends[node]) <= start < ends[node] for node, start in starts.items())
    assert kept >= min(kernel, total) - len(ends)
    assert movable_starts(memory(ranges[::-1]), limits, movable, None, PAGE, block) == starts


def test_hotpluggable_memory_is_movable_whatever_else_is_asked_for() -> None:
    ranges = [
        MemoryRange(FrameRange(0, 4096), 0, ()),
        MemoryRange(FrameRange(4096, 8192), 1, (), hotplug=True),
        MemoryRange(FrameRange(9000, 12288), 1, (), hotplug=True),
    ]
    movable = movable_arguments(arguments("movable_node movablecore=4M kernelcore=mirror"), None)
    assert movable_starts(ranges, (), movable, None, PAGE, BLOCK) == {1: 4096}


@pytest.mark.parametrize(("version", "expected"), [((6, 1, 0), {0: 0x100000}), ((6, 6, 0), {})])
def test_a_machine_without_mirrors_is_all_movable_above_4_gib_up_to_6_5(
    version: Version, expected: dict[int, int]
) -> None:
    ranges: Ranges = [(0, 1, 0xC0000), (0, 0x100000, 0x140000)]
    assert starts(ranges, 0x100000, "kernelcore=mirror", version) == expected


def test_mirrored_memory_stays_with_the_kernel() -> None:
    ranges = [
        MemoryRange(FrameRange(0x100000, 0x110000), 0, (), mirror=True),
        MemoryRange(FrameRange(0x110000, 0x140000), 0, ()),
    ]
    movable = MovableArguments(mirror=True, texts=("kernelcore=mirror",))
    assert movable_starts(ranges, (), movable, (7, 0, 0), PAGE, BLOCK) == {0: 0x110000}


@pytest.mark.parametrize(
    ("words", "version", "expected"),
    [
        ("kernelcore=512M", None, MovableArguments(kernelcore=512 << 20, texts=("kernelcore=512M",))),
        ("movablecore=30%", (4, 17, 0), MovableArguments(movablecore_percent=30, texts=("movablecore=30%",))),
        ("movablecore=30%", (4, 14, 0), MovableArguments(movablecore=30, texts=("movablecore=30%",))),
        ("kernelcore=mirror", (4, 4, 0), MovableArguments(texts=("kernelcore=mirror",))),
        ("kernelcore=10% kernelcore=1G", None, MovableArguments(1 << 30, texts=("kernelcore=10%", "kernelcore=1G"))),
        ("movable-node", (4, 4, 0), MovableArguments(movable_node=True, texts=("movable-node",))),
        ("root=/dev/sda movablecore", None, MovableArguments()),
    ],
)
def test_arguments_are_parsed_as_their_release_does(
    words: str, version: Version | None, expected: MovableArguments
) -> None:
    assert movable_arguments(arguments(words), version) == expected


def test_more_nodes_than_a_kernel_has_get_no_zone_movable() -> None:
    """Each node costs a pass over the others, and a hostile text may name as many as it has lines."""
    ranges: Ranges = [(node, node * 4096, node * 4096 + 2048 + node) for node in range(1025)]
    assert starts(ranges[:1024], 1, "movablecore=50%", block=1)
    assert starts(ranges, 1, "movablecore=50%", block=1) == {}
