"""Painting and overlaying, held against arrays with one cell a frame."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.ranges import FrameRange, FrameSet, Painted, overlay, paint, value_at

UNIVERSE = 40
frames = st.tuples(st.integers(0, UNIVERSE), st.integers(0, UNIVERSE)).map(lambda p: FrameRange(min(p), max(p)))
strokes = st.lists(st.tuples(frames, st.sampled_from("abc")), max_size=10)


def cells(items: list[tuple[FrameRange, str]]) -> list[str | None]:
    out: list[str | None] = [None] * UNIVERSE
    for item, value in items:
        out[item.start : item.end] = [value] * item.pages
    return out


@given(strokes)
def test_the_later_stroke_shows(items: list[tuple[FrameRange, str]]) -> None:
    painted = paint(items)
    assert cells(list(painted)) == cells(items)
    assert all(left[0].end <= right[0].start for left, right in itertools.pairwise(painted))


@given(strokes, st.integers(0, UNIVERSE - 1))
def test_the_value_at_a_frame_is_found_by_bisection(items: list[tuple[FrameRange, str]], pfn: int) -> None:
    label = value_at(paint(items), pfn)
    assert (label[1] if label else None) == cells(items)[pfn]


@given(st.lists(frames, max_size=8), strokes, strokes)
def test_overlay_cuts_into_maximal_runs_of_constant_values(
    universe: list[FrameRange], one: list[tuple[FrameRange, str]], two: list[tuple[FrameRange, str]]
) -> None:
    whole = FrameSet.of(universe)
    runs = list(overlay(whole, paint(one), paint(two)))
    assert FrameSet.of(run for run, _ in runs) == whole
    left, right = cells(one), cells(two)
    for run, values in runs:
        assert all((left[pfn], right[pfn]) == values for pfn in range(run.start, run.end))
    for (before, a), (after, b) in itertools.pairwise(runs):
        assert before.end < after.start or a != b


def test_neighbours_of_equal_value_stay_apart_when_painted() -> None:
    entries: Painted[str] = paint([(FrameRange(0, 2), "pram"), (FrameRange(2, 4), "pram")])
    assert len(entries) == 2
