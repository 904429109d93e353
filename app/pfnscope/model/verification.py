"""What a verification finds, in page frames."""

from msgspec import Struct

from pfnscope.model.ranges import FrameRange


class Difference(Struct, frozen=True):
    """Where computed and recorded differ. ``explained`` says by what, where the log could not know better."""

    frames: FrameRange
    computed: str
    recorded: str
    explained: str | None = None


class LeftOut(Struct, frozen=True):
    """Frames that could not be compared, and why. ``frames`` is None where it is all of them."""

    frames: FrameRange | None
    why: str


class Comparison(Struct, frozen=True):
    """One kind of fact held against one file. ``agreed`` counts ``unit`` that agree; nothing was compared at None."""

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


class Verification(Struct, frozen=True):
    """All comparisons of one machine, and what of its memory changed after boot."""

    comparisons: tuple[Comparison, ...]
    changes: tuple[str, ...]

    @property
    def compared(self) -> bool:
        """Whether anything at all was compared."""
        return any(item.agreed is not None for item in self.comparisons)

    @property
    def agrees(self) -> bool:
        """Whether something was compared and every difference is explained."""
        return self.compared and not any(item.mismatches for item in self.comparisons)
