"""Nodes: cleaned up as the kernel does, and emulated ones against its own slow loop."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.model.ranges import Pairs, canonical
from pfnscope.simulation.numa import LEAST_FAKE_NODE, Block, Refused, assign, clean_up, fake_nodes, uncovered

STEP = LEAST_FAKE_NODE
GIB = 1 << 30
HIGH = 1 << 62


def test_blocks_of_a_node_are_joined_over_a_hole() -> None:
    blocks = [
        Block(0, 0, 640 << 10),
        Block(0, 1 << 20, 3 * GIB),
        Block(0, 4 * GIB, 5 * GIB),
        Block(1, 5 * GIB, 9 * GIB),
    ]
    memory = ((0, 640 << 10), (1 << 20, 3 * GIB), (4 * GIB, 9 * GIB))
    assert [(b.node, b.start, b.end) for b in clean_up(blocks, memory, 0, HIGH)] == [
        (0, 0, 5 * GIB),
        (1, 5 * GIB, 9 * GIB),
    ]


def test_blocks_of_a_node_stay_apart_where_another_node_lies_between() -> None:
    blocks = [Block(0, 0, 1), Block(1, 1, 2), Block(0, 2, 3)]
    assert clean_up(blocks, ((0, 3),), 0, HIGH) == blocks


def pairwise_clean_up(blocks: list[Block]) -> list[tuple[int, int, int]] | None:
    """Every pair in turn, as the kernel's loops word it; None where it refuses."""
    kept = [[b.node, b.start, b.end] for b in blocks]
    at = 0
    while at < len(kept):
        other = at + 1
        while other < len(kept):
            one, two = kept[at], kept[other]
            if one[2] > two[1] and one[1] < two[2] and one[0] != two[0]:
                return None
            start, end = min(one[1], two[1]), max(one[2], two[2])
            between = any(b[0] != one[0] and start < b[2] and end > b[1] for b in kept)
            if one[0] == two[0] and not between:
                one[1:], _ = (start, end), kept.pop(other)
            else:
                other += 1
        at += 1
    return [(node, start, end) for node, start, end in kept]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 6)), max_size=7))
def test_one_walk_finds_what_every_pair_finds(rows: list[tuple[int, int, int]]) -> None:
    blocks = [Block(node, start, start + size) for node, start, size in rows]
    expected = pairwise_clean_up(blocks)
    if expected is None:
        with pytest.raises(Refused):
            clean_up(blocks, ((0, 100),), 0, 100)
    else:
        assert [(b.node, b.start, b.end) for b in clean_up(blocks, ((0, 100),), 0, 100)] == expected


def test_a_block_without_memory_is_dropped_and_the_end_of_ram_cuts() -> None:
    blocks = [Block(0, 0, 4), Block(0, 4, 6), Block(1, 6, 100)]
    assert [(b.node, b.start, b.end) for b in clean_up(blocks, ((0, 3), (7, 9)), 0, 9)] == [(0, 0, 4), (1, 6, 9)]


def test_overlapping_nodes_are_refused() -> None:
    with pytest.raises(Refused, match="0 and 1 overlap"):
        clean_up([Block(0, 0, 6), Block(1, 5, 9)], ((0, 9),), 0, HIGH)


def test_memory_is_split_where_nodes_meet() -> None:
    pieces = assign([Block(0, 0, 5), Block(1, 5, 20)], ((1, 3), (4, 9)))
    assert [(p.node, p.start, p.end) for p in pieces] == [(0, 1, 3), (0, 4, 5), (1, 5, 9)]
    assert uncovered([Block(0, 0, 5)], ((1, 3), (4, 9))) == ((5, 9),)


def slow(text: str, blocks: list[Block], memory: Pairs, top: int) -> list[tuple[int, int, int]]:
    """``numa=fake=N`` step by step of 32 MiB, as split_nodes_interleave() of 4.18 words it."""

    def hole(start: int, end: int) -> int:
        return end - start - sum(max(0, min(end, b) - max(start, a)) for a, b in memory)

    nodes = int(text)
    size = (top - hole(0, top)) // 4096 // nodes * 4096
    big = (size % STEP) * nodes // STEP
    size = size // STEP * STEP
    if not size:
        raise Refused
    left = [[b.node, b.start, b.end] for b in blocks]
    out: list[tuple[int, int, int]] = []
    while left:
        for node in sorted({b.node for b in blocks}):
            block = next((b for b in left if b[0] == node), None)
            if block is None:
                continue
            _, start, limit = block
            end = start + size + (STEP if len(out) < big else 0)
            while end - start - hole(start, end) < size:
                end += STEP
                if end > limit:
                    end = limit
                    break
            if end < 4 * GIB and 4 * GIB - end - hole(end, 4 * GIB) < STEP:
                end = 4 * GIB
            if (limit - end - (hole(end, limit) if end < limit else 0)) % (1 << 64) < size:
                end = limit
            end = min(end, limit)
            out.append((len(out) % nodes, start, end))
            block[1] = end
            if end >= limit:
                left.remove(block)
    return out


pieces = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 60)).map(lambda p: (p[0] * STEP // 2, (p[0] + p[1]) * STEP // 2)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200)
@given(pieces, st.integers(1, 9), st.integers(0, 300))
def test_emulated_nodes_are_those_of_the_kernels_loop(rows: list[tuple[int, int]], nodes: int, cut: int) -> None:
    memory = canonical(rows)
    top = memory[-1][1]
    cut = min(cut * STEP, top)
    blocks = [Block(n, a, b) for n, (a, b) in enumerate(((0, cut), (cut, top))) if a < b]
    try:
        expected = slow(str(nodes), blocks, memory, top)
    except Refused:
        with pytest.raises(Refused):
            fake_nodes(str(nodes), blocks, memory, top)
        return
    assert [(b.node, b.start, b.end) for b in fake_nodes(str(nodes), blocks, memory, top)] == expected


def test_a_size_gives_nodes_of_that_much_memory() -> None:
    memory = ((0, 2 * GIB), (4 * GIB, 6 * GIB))
    nodes = fake_nodes("1G", [Block(0, 0, 6 * GIB)], memory, 6 * GIB)
    assert [(b.start, b.end) for b in nodes] == [(0, GIB), (GIB, 4 * GIB), (4 * GIB, 5 * GIB), (5 * GIB, 6 * GIB)]


def test_u_splits_every_node() -> None:
    blocks = [Block(0, 4 * GIB, 6 * GIB), Block(1, 6 * GIB, 8 * GIB)]
    nodes = fake_nodes("2U", blocks, ((4 * GIB, 8 * GIB),), 8 * GIB)
    assert [(b.node, b.start // GIB, b.end // GIB) for b in nodes] == [(0, 4, 5), (1, 5, 6), (2, 6, 7), (3, 7, 8)]


@pytest.mark.parametrize("text", ["", "0", "x", "0M", "U"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        fake_nodes(text, [Block(0, 0, GIB)], ((0, GIB),), GIB)


def test_a_hole_of_terabytes_takes_no_steps() -> None:
    """Were the hole walked in steps of 32 MiB, this would not end."""
    memory = ((0, GIB), (1 << 60, (1 << 60) + GIB))
    assert len(fake_nodes("2", [Block(0, 0, (1 << 60) + GIB)], memory, (1 << 60) + GIB)) == 2


def test_more_emulated_blocks_than_the_kernel_has_room_for_are_refused() -> None:
    memory = ((0, 1 << 60),)
    with pytest.raises(Refused, match="too many"):
        fake_nodes("9999999999U", [Block(0, *memory[0])], memory, 1 << 60)
