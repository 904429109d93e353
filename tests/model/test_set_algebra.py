"""Laws of page frame sets, held against a model that keeps one bit a frame."""

from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet

UNIVERSE = 64
ranges = st.lists(
    st.tuples(st.integers(0, UNIVERSE), st.integers(0, UNIVERSE)).map(lambda p: FrameRange(min(p), max(p))), max_size=12
)
sets = ranges.map(FrameSet.of)


def mask(frames: FrameSet) -> int:
    return sum(1 << pfn for pfn in range(UNIVERSE) if pfn in frames)


def mask_of(items: list[FrameRange]) -> int:
    out = 0
    for item in items:
        out |= (1 << item.end) - (1 << item.start)
    return out


@given(ranges)
def test_canonical_form_holds_the_same_frames_sorted_and_apart(items: list[FrameRange]) -> None:
    frames = FrameSet.of(items)
    assert mask(frames) == mask_of(items)
    assert all(left[1] < right[0] for left, right in zip(frames.pairs, frames.pairs[1:], strict=False))
    assert all(start < end for start, end in frames.pairs)
    assert frames.pages == mask(frames).bit_count()


@given(sets, sets)
def test_operations_agree_with_the_bit_masks(a: FrameSet, b: FrameSet) -> None:
    assert mask(a | b) == mask(a) | mask(b)
    assert mask(a & b) == mask(a) & mask(b)
    assert mask(a - b) == mask(a) & ~mask(b)
    assert (a <= b) == (mask(a) & ~mask(b) == 0)


@given(sets, sets)
def test_equal_masks_mean_equal_sets(a: FrameSet, b: FrameSet) -> None:
    assert (a | b) - b == a - b
    assert (a - b) | (a & b) == a


@given(sets, st.integers(-3, UNIVERSE), st.integers(-3, UNIVERSE))
def test_clip_is_intersection_with_one_range(a: FrameSet, start: int, end: int) -> None:
    assert a.clip(start, end) == a & FrameSet.of([FrameRange(start, end)])


@given(sets, st.integers(1, 9))
def test_rounding_out_takes_whole_blocks(a: FrameSet, block: int) -> None:
    blocks = {pfn // block for pfn in range(UNIVERSE) if pfn in a}
    out = a.rounded_out(block)
    assert all((pfn in out) == (pfn // block in blocks) for pfn in range(UNIVERSE + block))


@given(st.integers(0, 1 << 20), st.integers(0, 1 << 20), st.sampled_from([1, 4096, 65536]))
def test_frames_inward_are_inside_and_outward_cover(start: int, size: int, page: int) -> None:
    item = ByteRange(start, start + size)
    inward, outward = item.frames_inward(page), item.frames_outward(page)
    assert all(start <= pfn * page and (pfn + 1) * page <= start + size for pfn in range(inward.start, inward.end))
    assert outward.start * page <= start
    assert outward.end * page >= start + size
    assert inward.pages == 0 or outward.start <= inward.start <= inward.end <= outward.end


def test_an_inclusive_end_at_the_top_of_the_address_space_is_kept() -> None:
    assert ByteRange.inclusive(0, (1 << 64) - 1) == ByteRange(0, 1 << 64)


@given(sets, st.integers(0, UNIVERSE), st.integers(0, UNIVERSE), st.integers(0, UNIVERSE))
def test_few_ranges_beside_many_give_what_one_pass_over_all_gives(
    few: FrameSet, one: int, other: int, shift: int
) -> None:
    frames = few | FrameSet.of([FrameRange(min(one, other), max(one, other))])
    many = FrameSet(tuple((at + shift % 3, at + shift % 3 + 1) for at in range(0, UNIVERSE, 3)))
    for pair in frames.pairs:
        single = FrameSet((pair,))
        assert mask(single & many) == mask(many & single) == mask(single) & mask(many)
        assert mask(single - many) == mask(single) & ~mask(many)
    assert mask(frames - many) == mask(frames) & ~mask(many)
