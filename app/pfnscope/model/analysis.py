"""What the analysis of one layout is made of: holes, their states, eras, events and checks."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Literal, TypeVar

from msgspec import Struct

from pfnscope.kernel.rules import StructPageRule
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import Address, Bordered, FrameRange, Lines

Basis = Literal["evidence", "release", "assumed"]
Severity = Literal["danger", "caution", "info", "none"]
SEVERITIES: tuple[Severity, ...] = ("danger", "caution", "info", "none")
"""Worst first."""

ALARMS: frozenset[Severity] = frozenset({"danger", "caution"})
"""Those that somebody should look at."""


T = TypeVar("T")


def worse(one: Severity, other: Severity) -> bool:
    """Whether ``one`` is the graver of two."""
    return SEVERITIES.index(one) < SEVERITIES.index(other)


def worst_first(items: Iterable[T], severity: Callable[[T], Severity] = attrgetter("severity")) -> list[T]:
    """The gravest in front; those of one severity in the order that they had."""
    return sorted(items, key=lambda item: SEVERITIES.index(severity(item)))


State = Literal["uninitialised", "zeroed", "initialised", "poisoned", "unknown"]
"""What a struct page holds once the kernel is up."""

HolePlacement = Literal["outside-zone-spans", "inside-zone-span"]
"""Where a hole lies."""


class PageState(Struct, frozen=True, gc=False):
    """State of the struct pages of a run of frames; node and zone are what an initialised one is linked to.

    ``reserved``: the mechanism itself put the frames into memblock.reserved. ``page_reserved``: a pass set
    PageReserved; the reserve pass does too, on what memblock.reserved has. ``misnumbered``: the zone is what page flags
    keep of the number of no zone.
    """

    state: State
    why: str
    node: int | None = None
    zone: str | None = None
    reserved: bool = False
    page_reserved: bool = False
    misnumbered: bool = False


class Inspection(Struct, frozen=True, gc=False):
    """A command that shows the struct pages of a hole; ``warning`` says what it may do to a running machine.

    page-types and od are for a shell of root, the others for the prompt of crash or drgn. crash shows the first frame.
    """

    tool: Literal["page-types", "od", "crash", "drgn"]
    command: str
    warning: str | None


class Hole(Bordered, Struct, frozen=True, gc=False):
    """A maximal run of page frames that have a struct page but no memory, with one owner, one placement and one state.

    ``node`` and ``zone`` name the zone that spans it, ``type`` and ``label`` its entry in the memory map. ``reserved``:
    memblock.reserved is known to cover it, known not to, or not known. ``linked_node`` and ``linked_zone`` are what
    the flags of initialised struct pages say, which may be a zone that does not span them. ``basis`` tells whether
    the log shows ``state`` or the ``rule`` behind it, the release does, or it is assumed. ``by_rule`` is the state by
    that rule where a report of the log speaks of these struct pages, and null elsewhere. ``severity`` is danger where
    nothing wrote the struct pages and an ordinary reader of ``reachable_by`` gets there, or where the log shows a
    reader that died there. ``why`` says in words what
    made the state; ``causes`` are the arguments without which it would be inside a zone span or gone, and
    ``cause_why`` says what they, or else memory itself, do; ``lines`` bound the hole. ``inspect`` has commands
    that show these frames on a live machine.
    """

    start_pfn: int
    end_pfn: int
    pages: int
    start: Address
    end: Address
    placement: HolePlacement
    node: int | None
    zone: str | None
    type: MemoryType | None
    label: str | None
    reserved: bool | None
    state: State
    linked_node: int | None
    linked_zone: str | None
    basis: Basis
    reachable_by: tuple[str, ...]
    severity: Severity
    rule: str | None
    why: str
    causes: tuple[str, ...]
    lines: Lines
    inspect: tuple[Inspection, ...] = ()
    cause_why: str | None = None
    by_rule: State | None = None

    @property
    def frames(self) -> FrameRange:
        """The page frames of the hole."""
        return FrameRange(self.start_pfn, self.end_pfn)

    @property
    def outside(self) -> bool:
        """Whether no zone of any node spans it."""
        return self.placement == "outside-zone-spans"


def foremost(hole: Hole) -> tuple[int, bool]:
    """A key that sorts the gravest holes to the front, of one severity those that a report of the log speaks of."""
    return SEVERITIES.index(hole.severity), hole.by_rule is None


class NomapMemory(Struct, frozen=True, gc=False):
    """A maximal run of memory that firmware keeps out of the kernel's map (NOMAP) and whose struct pages are alike.

    It is memblock.memory, so no hole; yet pfn_valid() of arm64 and arm before 5.14 says no, and so few passes write its
    struct pages. ``reachable_by`` are readers that do not ask, ``lines`` those that name the range.
    """

    start_pfn: int
    end_pfn: int
    state: State
    severity: Severity
    reachable_by: tuple[str, ...]
    lines: Lines

    @property
    def frames(self) -> FrameRange:
        """The page frames."""
        return FrameRange(self.start_pfn, self.end_pfn)


def hole_at(holes: Sequence[Hole], pfn: int) -> Hole | None:
    """The hole that a frame lies in; ``holes`` are by address."""
    at = bisect_right(holes, pfn, key=lambda hole: hole.start_pfn) - 1
    return holes[at] if at >= 0 and pfn < holes[at].end_pfn else None


class Cause(Struct, frozen=True):
    """``arguments`` as written, without which a hole would be inside a zone span or gone; ``why`` in words."""

    arguments: tuple[str, ...]
    why: str


class Choice(Struct, frozen=True):
    """The mechanism taken for this kernel and what it was chosen by; no rule where nothing tells.

    ``doubt`` is what is not certain of the kernel history behind it, empty where the log itself shows the mechanism.
    """

    rule: StructPageRule | None
    basis: Basis
    why: str
    doubt: str = ""


class Era(Struct, frozen=True):
    """The holes outside zone spans on another range of releases."""

    rule: str
    releases: str
    title: str
    state: str
    severity: Severity
    current: bool


class Event(Struct, frozen=True):
    """An oops or a bad page. ``hole`` is the one of ``holes`` that it fell in.

    ``candidates`` are the frames that remain possible where ``pfn`` is null, the likeliest first; ``how`` says what
    tells the frame. ``linked_node`` and ``linked_zone`` are what printed page flags say of this struct page.
    """

    kind: str
    text: str
    address: Address | None
    pfn: int | None
    hole: FrameRange | None
    lines: Lines
    candidates: tuple[int, ...] = ()
    how: str | None = None
    linked_node: int | None = None
    linked_zone: str | None = None


class Check(Struct, frozen=True):
    """A number or map that the kernel printed, held against ours; ``agrees`` is null where either is not known.

    ``printed`` is "not printed" where the log lacks a number that its reader looks for. ``ranges`` are the page frames
    that ours counts, out of ``holes``; ``note`` says how it comes about. ``decisive``: it counts memory or struct pages
    of a node or a zone, or all, so that the layout is not certain where it differs.
    """

    what: str
    printed: str
    computed: str | None
    agrees: bool | None
    lines: Lines
    ranges: tuple[FrameRange, ...] = ()
    note: str = ""
    decisive: bool = False


class Verdict(Struct, frozen=True):
    """The answer in one sentence. ``details`` are further sentences, most important first."""

    severity: Severity
    summary: str
    details: tuple[str, ...]
    pages_outside_zone_spans: int
