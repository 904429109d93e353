"""What the analysis of one layout is made of: holes, their states, eras, events and checks."""

from enum import Enum
from typing import Literal

from msgspec import Struct

from pfnscope.kernel.rules import StructPageRule
from pfnscope.model.layout import Owner
from pfnscope.model.log import Lines, LogEvent
from pfnscope.model.ranges import FrameRange

Basis = Literal["evidence", "release", "assumed"]
Severity = Literal["danger", "caution", "info", "none"]
SEVERITIES: tuple[Severity, ...] = ("danger", "caution", "info", "none")
"""Worst first."""


class State(str, Enum):
    """What a struct page holds once the kernel is up."""

    UNINITIALISED = "uninitialised"
    ZEROED = "zeroed"
    INITIALISED = "initialised"
    UNKNOWN = "unknown"


class PageState(Struct, frozen=True, gc=False):
    """State of the struct pages of a run of frames; node and zone are what an initialised one is linked to.

    ``reserved``: the mechanism itself put the frames into memblock.reserved. ``page_reserved``: a pass set
    PageReserved; the reserve pass does too, on what memblock.reserved has.
    """

    state: State
    why: str
    node: int | None = None
    zone: str | None = None
    reserved: bool = False
    page_reserved: bool = False


class Hole(Struct, frozen=True, gc=False):
    """Struct pages without memory: one owner, one placement, one state. See docs/api.md for the fields."""

    frames: FrameRange
    outside: bool
    node: int | None
    zone: str | None
    owner: Owner | None
    reserved: bool | None
    state: PageState
    basis: Basis
    readers: tuple[str, ...]
    severity: Severity
    lines: Lines


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
    """What another mechanism would make of the holes outside zone spans."""

    rule: StructPageRule
    state: str
    severity: Severity


class PlacedEvent(Struct, frozen=True):
    """Trouble in the log with the frame that it was about, where that is known, and how."""

    event: LogEvent
    pfn: int | None
    hole: int | None
    how: str


class Check(Struct, frozen=True):
    """A number of the kernel's held against ours; ``agrees`` is None where either is not known.

    ``frames`` are the page frames that ours counts, ``note`` says how it comes about.
    """

    what: str
    printed: str
    computed: str | None
    agrees: bool | None
    lines: Lines
    frames: tuple[FrameRange, ...] = ()
    note: str = ""
