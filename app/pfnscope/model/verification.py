"""An analysis held against what the machine itself said, in page frames."""

from typing import Literal

from msgspec import Struct

from pfnscope.model.ranges import FrameRange


class Difference(Struct, frozen=True):
    """Frames at which computed and recorded differ. ``explained`` is null where nothing explains it: a mismatch."""

    start_pfn: int
    end_pfn: int
    computed: str
    recorded: str
    explained: str | None = None

    @property
    def frames(self) -> FrameRange:
        """Where they differ."""
        return FrameRange(self.start_pfn, self.end_pfn)


class LeftOut(Struct, frozen=True):
    """Frames that were not compared, and why; null where it is all of them."""

    start_pfn: int | None
    end_pfn: int | None
    why: str


class Comparison(Struct, frozen=True):
    """One kind of fact held against one file. ``agreed`` counts ``unit``; null where nothing was compared."""

    what: str
    file: str
    unit: str
    agreed: int | None
    differences: tuple[Difference, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def mismatches(self) -> tuple[Difference, ...]:
        """Differences that nothing explains."""
        return tuple(item for item in self.differences if item.explained is None)


class Verification(Struct, frozen=True, kw_only=True):
    """An analysis held against a record. ``agrees``: something was compared, and every difference is explained.

    ``assumed`` names the values that the log does not prove; ``changes`` tells memory that came or went after boot.
    """

    format: Literal[1] = 1
    agrees: bool
    compared: bool
    release: str | None
    assumed: tuple[str, ...]
    changes: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
