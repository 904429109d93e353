"""Where a memmap= region can go."""

from typing import Literal

from msgspec import Struct

from pfnscope.model.analysis import Hole, HolePlacement
from pfnscope.model.ranges import Address, Bordered, FrameRange


class AddedHole(Struct, frozen=True):
    """A hole that a region adds: struct pages without memory, with their state on that release."""

    start_pfn: int
    end_pfn: int
    pages: int
    placement: HolePlacement
    state: str
    linked_node: int | None
    linked_zone: str | None
    reachable_by: tuple[str, ...]
    severity: str

    @classmethod
    def of(cls, hole: Hole) -> "AddedHole":
        """What is said of a hole that nobody has yet."""
        return cls(*(getattr(hole, name) for name in cls.__struct_fields__))

    @property
    def frames(self) -> FrameRange:
        """The page frames of the hole."""
        return FrameRange(self.start_pfn, self.end_pfn)


class Placement(Bordered, Struct, frozen=True):
    """Possible start addresses [start, end) of one outcome, at multiples of the alignment.

    ``holes`` are those that a region at ``start`` adds; ``dangerous_on`` names releases on which it adds a danger.
    """

    start: Address
    end: Address
    safe: bool
    holes: tuple[AddedHole, ...]
    dangerous_on: tuple[str, ...]


class Placements(Struct, frozen=True, kw_only=True):
    """Where a memmap= region of ``size`` bytes can go on this machine. No placement: no memory holds it whole."""

    format: Literal[1] = 1
    size: int
    align: int
    kind: Literal["!", "$"]
    release: str | None
    assumed: tuple[str, ...]
    placements: tuple[Placement, ...]
