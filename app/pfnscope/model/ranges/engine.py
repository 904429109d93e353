"""Set algebra on sorted, disjoint, non-touching ``(start, end)`` pairs: linear merges, one canonical form."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

Pairs = tuple[tuple[int, int], ...]


def canonical(pairs: Iterable[tuple[int, int]]) -> Pairs:
    """Sort, drop empty ranges and join those that overlap or touch."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(pairs):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return tuple(out)


def intersection(left: Pairs, right: Pairs) -> Pairs:
    """Points in both."""
    out: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            out.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def difference(left: Pairs, right: Pairs) -> Pairs:
    """Points of ``left`` that are not in ``right``."""
    out: list[tuple[int, int]] = []
    j = 0
    for start, end in left:
        at = start
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if right[k][0] > at:
                out.append((at, right[k][0]))
            at = right[k][1]
            k += 1
        if at < end:
            out.append((at, end))
        j = max(j, k - 1)
    return tuple(out)


def clip(pairs: Pairs, start: int, end: int) -> Pairs:
    """Points inside ``[start, end)``: logarithmic, plus the length of the answer."""
    if start >= end:
        return ()
    first = bisect_right(pairs, start, key=lambda pair: pair[1])
    last = bisect_left(pairs, end, key=lambda pair: pair[0])
    return tuple((max(low, start), min(high, end)) for low, high in pairs[first:last])


def contains(pairs: Pairs, point: int) -> bool:
    """Whether ``point`` lies in one of the ranges."""
    at = bisect_right(pairs, point, key=lambda pair: pair[0]) - 1
    return at >= 0 and point < pairs[at][1]
