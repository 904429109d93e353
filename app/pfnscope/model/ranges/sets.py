"""A set of page frames, kept in one canonical form so that ``==`` means the same frames."""

from collections.abc import Iterable, Iterator

import msgspec

from pfnscope.model.ranges import engine
from pfnscope.model.ranges.spans import FrameRange


class FrameSet(msgspec.Struct, frozen=True):
    """Sorted, disjoint, non-touching page frame ranges. Build it with :meth:`of`."""

    pairs: engine.Pairs = ()

    @classmethod
    def of(cls, ranges: Iterable[FrameRange]) -> "FrameSet":
        """The union of the ranges, in any order, overlapping or not."""
        return cls(engine.canonical((item.start, item.end) for item in ranges))

    def __iter__(self) -> Iterator[FrameRange]:
        return (FrameRange(start, end) for start, end in self.pairs)

    def __len__(self) -> int:
        """Number of ranges (not of pages)."""
        return len(self.pairs)

    def __contains__(self, pfn: int) -> bool:
        return engine.contains(self.pairs, pfn)

    def __or__(self, other: "FrameSet") -> "FrameSet":
        return FrameSet(engine.canonical(self.pairs + other.pairs))

    def __and__(self, other: "FrameSet") -> "FrameSet":
        return FrameSet(engine.intersection(self.pairs, other.pairs))

    def __sub__(self, other: "FrameSet") -> "FrameSet":
        return FrameSet(engine.difference(self.pairs, other.pairs))

    def __le__(self, other: "FrameSet") -> bool:
        """Whether every frame is also in ``other``."""
        return not engine.difference(self.pairs, other.pairs)

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
        return FrameSet(
            engine.canonical((start // pages * pages, -(-end // pages) * pages) for start, end in self.pairs)
        )

    def clip(self, start: int, end: int) -> "FrameSet":
        """The frames inside ``[start, end)``."""
        return FrameSet(engine.clip(self.pairs, start, end))
