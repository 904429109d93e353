"""Answers to questions about a layout: what is at a place, where a region can go, what if, does the machine agree."""

from typing import Literal

from msgspec import Struct

from pfnscope.kernel.map_arguments import ArgumentNote
from pfnscope.kernel.placeable import PlacedKind
from pfnscope.kernel.region_kinds import Kind
from pfnscope.model.analysis import Hole, HolePlacement
from pfnscope.model.log import MapEntry
from pfnscope.model.ranges import Address, Bordered, FrameRange, Lines


class Lookup(Struct, frozen=True):
    """What the document says about one page frame; null where it does not know.

    A struct page pointer may leave several frames, ``candidates``, the likeliest first, where ``pfn`` is null; ``how``
    says what tells its frame. ``struct_page`` is the address of the frame's struct page. ``assumed`` names what the
    answer took for granted.
    """

    pfn: int | None
    address: Address | None
    candidates: tuple[int, ...]
    how: str | None
    struct_page: Address | None
    section: int | None
    has_struct_page: bool | None
    in_memory: bool | None
    node: int | None
    zone: str | None
    map_entry: MapEntry | None
    hole: Hole | None
    reserved_by: str | None
    assumed: tuple[str, ...]
    lines: Lines


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


class Obstacle(Bordered, Struct, frozen=True):
    """What lies in the way of a reservation; ``name`` says what it is: "kernel image", "initrd", "no RAM"."""

    start: Address
    end: Address
    name: str
    lines: Lines = ()


ELSEWHERE = "elsewhere"


class Placement(Bordered, Struct, frozen=True):
    """Possible start addresses [start, end) of one outcome, at multiples of the alignment.

    ``holes`` are those that a region at ``start`` adds; ``dangerous_on`` names releases on which it adds a danger.
    Starts that were not tried, because memory is in too many pieces, count as unsafe and have no holes.

    Of a reservation that the kernel places itself: ``certain``: all that decides is known, so that it begins at
    ``start``; else it begins somewhere in ``[start, end)``. ``blocked_by`` is what keeps it from a place that the
    kernel tries first, or from these starts; ``lines`` show what decides. ``part`` is "low" or "cma" for a part of a
    crash kernel's memory, and "elsewhere" for starts that the argument could name in place of its own. ``size`` in
    bytes is that of this part, ``node`` the node that it has to lie on; null where they are those of the whole.
    """

    start: Address
    end: Address
    safe: bool
    holes: tuple[AddedHole, ...] = ()
    dangerous_on: tuple[str, ...] = ()
    certain: bool = True
    blocked_by: tuple[Obstacle, ...] = ()
    lines: Lines = ()
    part: str = ""
    size: int | None = None
    node: int | None = None

    @property
    def untried(self) -> bool:
        """Whether nothing is known of these starts."""
        return not self.safe and not self.holes and not self.blocked_by


Outcome = Literal["fits", "may-fail", "fails"]
"""Whether the kernel finds the memory: always, not for every outcome of what is not known, or never."""


class NodePages(Struct, frozen=True):
    """How many gigantic pages a node can give at boot: ``pages`` in any case, ``at_most`` if nothing else is there."""

    node: int
    pages: int
    at_most: int


class OtherForm(Struct, frozen=True):
    """Another argument that fits where the one in question does not; ``start`` is where its memory would begin.

    Of bad frames also the same argument as a file of a boot loader has to hold it, and what does without it.
    """

    command_line: str
    text: str
    start: Address | None = None


class BadAddress(Struct, frozen=True):
    """An address that was given as bad. ``region`` is the start of the range that covers it, null where none does.

    ``where`` says what is there: "RAM", or what the memory map calls it, "no memory", "RAM that memmap=… excludes", or
    what cannot be excluded, as "kernel image". A range has one for RAM and one for what is none, where it has both.
    Each region is a placement of its own ``size`` with one start; what cannot be excluded is one that is not safe.
    """

    address: Address
    where: str
    region: Address | None
    lines: Lines = ()


class Placements(Struct, frozen=True, kw_only=True):
    """Where a reservation of ``size`` bytes can go on this machine. No placement: no memory holds it whole.

    Of a memmap= region, ``kind`` is its sign; ``move`` is the argument that has to go elsewhere, null where a new
    region is placed; ``command_line`` is what to write in its place, as the simulator has booted it, with the region at
    ``start``: both null where no start is safe.

    Of all else, ``what`` says what it is, ``command_line`` is the argument to write, null where none fits, and
    ``start`` where the memory begins. ``outcome`` says whether the kernel finds the memory, ``text`` the same in a
    sentence, and ``notes`` what else there is to know. ``other_forms`` fit where this does not. ``node_pages`` are
    gigantic pages. Of bad frames, ``addresses`` are those that were given, and ``cost`` the bytes of RAM that are
    given up.

    ``left_out`` is how many placements and addresses there are besides; those of hostile texts have no bound.
    """

    format: Literal[1] = 1
    what: PlacedKind = "memmap"
    size: int
    align: int
    kind: Kind | None = None
    release: str | None
    assumed: tuple[str, ...]
    placements: tuple[Placement, ...]
    move: str | None = None
    command_line: str | None = None
    start: Address | None = None
    outcome: Outcome | None = None
    text: str = ""
    notes: tuple[str, ...] = ()
    other_forms: tuple[OtherForm, ...] = ()
    node_pages: tuple[NodePages, ...] = ()
    addresses: tuple[BadAddress, ...] = ()
    cost: int | None = None
    left_out: int = 0

    @property
    def safe(self) -> bool:
        """Whether there is a safe start, or memory that the kernel finds at least for some outcome."""
        return any(item.safe for item in self.placements) if self.outcome is None else self.outcome != "fails"


class SelfCheck(Struct, frozen=True):
    """A list that the log prints and what simulating the log's own command line gives; null where it is not printed."""

    what: str
    agrees: bool | None
    printed: tuple[str, ...]
    simulated: tuple[str, ...]
    lines: Lines


class Simulation(Struct, frozen=True):
    """How a simulated document came about. ``log_command_line`` is that of the log, null where it has none.

    ``replays``: whether the log's own command line, simulated, gives what the log printed; null where it prints
    nothing to compare. ``reasons`` say why it does not, as far as findings explain it.
    """

    log_command_line: str | None
    command_line: str
    problems: tuple[ArgumentNote, ...]
    replays: bool | None
    self_check: tuple[SelfCheck, ...]
    reasons: tuple[str, ...] = ()


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


class FileComparison(Struct, frozen=True):
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
    comparisons: tuple[FileComparison, ...]
