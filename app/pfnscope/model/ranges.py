"""Byte ranges, page frame ranges, sets of them and labelled maps: sorted, half-open, never per page."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import msgspec

Lines = tuple[int, ...]
"""Line numbers of a text, 1-based in the text as given."""


class Address(int):
    """A physical address, or a virtual one, in bytes. Text and JSON have it as ``0x`` and lower-case hex digits.

    Arithmetic gives plain integers: an address is made where it becomes a border of something.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return hex(self)


class _Borders(NamedTuple):
    start: Address
    end: Address


class ByteRange(_Borders):
    """Physical addresses ``[start, end)`` in bytes. ``end`` may be 2**64, the end of the address space.

    It is a pair, so that ``MapEntry(*memory, …)`` takes its borders.
    """

    __slots__ = ()

    def __new__(cls, start: int, end: int) -> Self:
        """Any two numbers; they become addresses here."""
        return tuple.__new__(cls, (Address(start), Address(end)))

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"

    @classmethod
    def inclusive(cls, first: int, last: int) -> Self:
        """From a printed ``[mem first-last]``, whose last byte belongs to the range."""
        return cls(first, last + 1)

    @classmethod
    def base_size(cls, base: int, size: int) -> Self:
        """From a printed base and size, as memblock and ``size @ start`` maps give them."""
        return cls(base, base + size)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.end - self.start

    def frames_inward(self, page_size: int) -> "FrameRange":
        """The page frames wholly inside, as the kernel counts usable memory (PFN_UP to PFN_DOWN)."""
        start = -(-self.start // page_size)
        return FrameRange(start, max(start, self.end // page_size))

    def frames_outward(self, page_size: int) -> "FrameRange":
        """The page frames touched, as the kernel counts reservations (PFN_DOWN to PFN_UP)."""
        return FrameRange(self.start // page_size, -(-self.end // page_size))


class _HasBorders(Protocol):
    @property
    def start(self) -> Address: ...
    @property
    def end(self) -> Address: ...


class _MayHaveBorders(Protocol):
    @property
    def start(self) -> Address | None: ...
    @property
    def end(self) -> Address | None: ...


def borders(range_: ByteRange | None) -> tuple[Address | None, Address | None]:
    """The borders of a range that there may not be."""
    return (None, None) if range_ is None else range_


class Bordered:
    """What has a ``start`` and an ``end`` in bytes is at a range."""

    __slots__ = ()

    @property
    def range(self: _HasBorders) -> ByteRange:
        """The bytes ``[start, end)``."""
        return tuple.__new__(ByteRange, (self.start, self.end))


class MaybeBordered:
    """What has a ``start`` and an ``end`` in bytes, or neither."""

    __slots__ = ()

    @property
    def range(self: _MayHaveBorders) -> ByteRange | None:
        """The bytes ``[start, end)``, None where there are none."""
        return None if self.start is None or self.end is None else tuple.__new__(ByteRange, (self.start, self.end))


class FrameRange(msgspec.Struct, frozen=True, order=True, gc=False, rename={"start": "start_pfn", "end": "end_pfn"}):
    """Page frames [start_pfn, end_pfn)."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"[{self.start:#x}, {self.end:#x})"

    @property
    def pages(self) -> int:
        """Number of page frames."""
        return self.end - self.start

    def in_bytes(self, page_size: int) -> ByteRange:
        """The bytes of the frames."""
        return ByteRange(self.start * page_size, self.end * page_size)

    def clip(self, start: int, end: int) -> "FrameRange":
        """The part inside ``[start, end)``; empty (start == end) where nothing is left."""
        low = min(max(self.start, start), end)
        return FrameRange(low, max(low, min(self.end, end)))


Pairs = tuple[tuple[int, int], ...]

_FEWER = 8  # of so many times as many ranges, those near a few are found faster by bisection than in one pass


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
    """Points in both: of a few ranges beside many those are not looked at that lie elsewhere or between them."""
    if not left or not right:
        return ()
    few, many = (left, right) if len(left) < len(right) else (right, left)
    if len(few) * _FEWER < len(many):
        return tuple([pair for start, end in few for pair in clip(many, start, end)])
    low, high = max(left[0][0], right[0][0]), min(left[-1][1], right[-1][1])
    left, right = clip(left, low, high), clip(right, low, high)
    out: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        (one, one_end), (other, other_end) = left[i], right[j]
        start, end = max(one, other), min(one_end, other_end)
        if start < end:
            out.append((start, end))
        if one_end < other_end:
            i += 1
        else:
            j += 1
    return tuple(out)


def difference(left: Pairs, right: Pairs) -> Pairs:
    """Points of ``left`` that are not in ``right``, of which much more are not looked at between those of ``left``."""
    out: list[tuple[int, int]] = []
    j, count = 0, len(right)
    few = len(left) * _FEWER < count
    for start, end in left:
        if few:
            j = max(j, _begun(right, start + 1) - 1)
        while j < count and right[j][1] <= start:
            j += 1
        at, k = start, j
        while k < count:
            low, high = right[k]
            if low >= end:
                break
            if low > at:
                out.append((at, low))
            at = high
            k += 1
        if at < end:
            out.append((at, end))
        j = max(j, k - 1)
    return tuple(out)


def _begun(pairs: Pairs, point: int) -> int:
    """How many of some sorted, disjoint ranges begin below a point; a pair is compared by its start first."""
    return bisect_left(pairs, (point,))


def meeting(pairs: Pairs, start: int, end: int) -> Pairs:
    """Those of the ranges that have a point inside ``[start, end)``, whole: logarithmic, plus their number."""
    first, last = _begun(pairs, start + 1), _begun(pairs, end)
    first -= first > 0 and pairs[first - 1][1] > start
    return pairs[first:last] if start < end else ()


def clip(pairs: Pairs, start: int, end: int) -> Pairs:
    """Points inside ``[start, end)``: logarithmic, plus the length of the answer."""
    return tuple([(max(low, start), min(high, end)) for low, high in meeting(pairs, start, end)])


def touches(pairs: Pairs, start: int, end: int) -> bool:
    """Whether any point of ``[start, end)`` lies in one of the ranges: logarithmic."""
    at = _begun(pairs, end)
    return start < end and at > 0 and pairs[at - 1][1] > start


def contains(pairs: Pairs, point: int) -> bool:
    """Whether ``point`` lies in one of the ranges."""
    return touches(pairs, point, point + 1)


class FrameSet(msgspec.Struct, frozen=True):
    """Sorted, disjoint, non-touching page frame ranges. Build it with :meth:`of`."""

    pairs: Pairs = ()

    @classmethod
    def of(cls, ranges: Iterable[FrameRange]) -> "FrameSet":
        """The union of the ranges, in any order, overlapping or not."""
        return cls(canonical((item.start, item.end) for item in ranges))

    def __iter__(self) -> Iterator[FrameRange]:
        return (FrameRange(start, end) for start, end in self.pairs)

    def __len__(self) -> int:
        """Number of ranges (not of pages)."""
        return len(self.pairs)

    def __contains__(self, pfn: int) -> bool:
        return contains(self.pairs, pfn)

    def __or__(self, other: "FrameSet") -> "FrameSet":
        if not self.pairs or not other.pairs:
            return self if self.pairs else other
        return FrameSet(canonical(self.pairs + other.pairs))

    def __and__(self, other: "FrameSet") -> "FrameSet":
        return FrameSet(intersection(self.pairs, other.pairs))

    def __sub__(self, other: "FrameSet") -> "FrameSet":
        return FrameSet(difference(self.pairs, other.pairs))

    def __le__(self, other: "FrameSet") -> bool:
        """Whether every frame is also in ``other``."""
        return not difference(self.pairs, other.pairs)

    @property
    def pages(self) -> int:
        """Number of page frames."""
        return sum(end - start for start, end in self.pairs)

    @property
    def start(self) -> int:
        """Lowest page frame; 0 for the empty set."""
        return self.pairs[0][0] if self.pairs else 0

    @property
    def end(self) -> int:
        """One beyond the highest page frame; 0 for the empty set."""
        return self.pairs[-1][1] if self.pairs else 0

    def rounded_out(self, pages: int) -> "FrameSet":
        """Every aligned block of ``pages`` frames that holds a frame of the set."""
        return FrameSet(canonical((start // pages * pages, -(-end // pages) * pages) for start, end in self.pairs))

    def clip(self, start: int, end: int) -> "FrameSet":
        """The frames inside ``[start, end)``."""
        return FrameSet(clip(self.pairs, start, end))

    def touches(self, frames: FrameRange) -> bool:
        """Whether any of some frames is in the set: logarithmic."""
        return touches(self.pairs, frames.start, frames.end)

    def meets(self, ranges: Iterable[FrameRange]) -> list[bool]:
        """Of each of some sorted, disjoint ranges whether it has a frame of the set: one pass over both."""
        pairs, at, out = self.pairs, 0, list[bool]()
        for item in ranges:
            while at < len(pairs) and pairs[at][1] <= item.start:
                at += 1
            out.append(at < len(pairs) and pairs[at][0] < item.end)
        return out


class Ranked:
    """How many points of some sorted, disjoint ranges lie below a point, and below which so many lie: logarithmic."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._lengths = list(accumulate((end - start for start, end in pairs), initial=0))

    def below(self, point: int) -> int:
        """How many points of the ranges lie below a point."""
        at = _begun(self._pairs, point)
        return self._lengths[at] - max(0, self._pairs[at - 1][1] - point) if at else 0

    def between(self, start: int, end: int) -> int:
        """How many points of the ranges lie in ``[start, end)``."""
        return self.below(end) - self.below(start) if start < end else 0

    def reached(self, count: int) -> int | None:
        """The lowest point that has at least ``count`` points of the ranges below it; None where there are fewer."""
        at = bisect_left(self._lengths, count)
        if at == len(self._lengths):
            return None
        return self._pairs[at - 1][1] - (self._lengths[at] - count) if at else 0


T = TypeVar("T")
Painted = Sequence[tuple[FrameRange, T]]
"""Sorted, disjoint ``(frames, value)`` pairs. Neighbours may carry equal values: they stay apart."""


def paint(strokes: Iterable[tuple[FrameRange, T]]) -> tuple[tuple[FrameRange, T], ...]:
    """Lay the strokes over each other; where two overlap, the later one shows.

    One sweep over the sorted ends with a heap of open strokes: O(n log n) in the number of strokes.
    """
    items = [item for item in strokes if item[0].start < item[0].end]
    order = sorted(range(len(items)), key=lambda i: items[i][0].start)
    if all(items[i][0].end <= items[j][0].start for i, j in pairwise(order)):
        return tuple(items[i] for i in order)
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
    at = bisect_right(entries, pfn, key=lambda entry: entry[0].start) - 1
    return entries[at] if at >= 0 and entries[at][0].end > pfn else None
