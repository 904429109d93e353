"""Maps from page frames to values: painted in order, then read where all of several are constant."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, TypeVar

from pfnscope.model.ranges.sets import FrameSet
from pfnscope.model.ranges.spans import FrameRange

T = TypeVar("T")
Painted = Sequence[tuple[FrameRange, T]]
"""Sorted, disjoint ``(frames, value)`` pairs. Neighbours may carry equal values: they stay apart."""


def paint(strokes: Iterable[tuple[FrameRange, T]]) -> tuple[tuple[FrameRange, T], ...]:
    """Lay the strokes over each other; where two overlap, the later one shows.

    One sweep over the sorted ends with a heap of open strokes: O(n log n) in the number of strokes.
    """
    items = [item for item in strokes if item[0].start < item[0].end]
    order = sorted(range(len(items)), key=lambda i: items[i][0].start)
    points = sorted({p for frames, _ in items for p in (frames.start, frames.end)})
    open_strokes: list[int] = []  # negated positions, so that the latest stroke is on top
    out: list[tuple[FrameRange, T]] = []
    shown, at = -1, 0
    for point, after in pairwise(points):
        while at < len(order) and items[order[at]][0].start <= point:
            heappush(open_strokes, -order[at])
            at += 1
        while open_strokes and items[-open_strokes[0]][0].end <= point:
            heappop(open_strokes)
        if not open_strokes:
            shown = -1
            continue
        top = -open_strokes[0]
        if top == shown:
            out[-1] = (FrameRange(out[-1][0].start, after), out[-1][1])
        else:
            out.append((FrameRange(point, after), items[top][1]))
        shown = top
    return tuple(out)


def overlay(universe: FrameSet, *maps: Painted[Any]) -> Iterator[tuple[FrameRange, tuple[Any, ...]]]:
    """Cut ``universe`` into maximal runs on which every map has one value (None where it has no entry).

    Linear in the number of ranges of all arguments.
    """
    at = [0] * len(maps)
    for start, end in universe.pairs:
        run_start, run_values = start, None
        point = start
        while point < end:
            stop, values = end, []
            for which, entries in enumerate(maps):
                i = at[which]
                while i < len(entries) and entries[i][0].end <= point:
                    i += 1
                at[which] = i
                if i < len(entries) and entries[i][0].start <= point:
                    values.append(entries[i][1])
                    stop = min(stop, entries[i][0].end)
                else:
                    values.append(None)
                    if i < len(entries):
                        stop = min(stop, entries[i][0].start)
            if values != run_values:
                if run_values is not None:
                    yield FrameRange(run_start, point), tuple(run_values)
                run_start, run_values = point, values
            point = stop
        if run_values is not None:
            yield FrameRange(run_start, end), tuple(run_values)


def value_at(entries: Painted[T], pfn: int) -> tuple[FrameRange, T] | None:
    """The entry that holds ``pfn``, by bisection."""
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle][0].end <= pfn:
            low = middle + 1
        else:
            high = middle
    if low < len(entries) and entries[low][0].start <= pfn:
        return entries[low]
    return None
