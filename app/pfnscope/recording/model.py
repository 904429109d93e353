"""Facts of one machine from its /proc and /sys, in page frames. Nothing here is computed from a log."""

from msgspec import Struct

from pfnscope.model.log import ZoneInfo
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.model.sizes import FreeBlocks

SUMMARY = "capture.json"

LIMIT = 64 << 20
"""Bytes of one file that are read, of a record or of the machine."""


class FlagRun(Struct, frozen=True, gc=False):
    """Frames that are alike in two flags of /proc/kpageflags; ``others`` of them have some other flag, of ``either``.

    ``either`` is the OR of those other flags, as the file has them.
    """

    frames: FrameRange
    nopage: bool
    reserved: bool
    others: int
    either: int


class Kpageflags(Struct, frozen=True):
    """What was read of /proc/kpageflags. ``end`` is one beyond the last frame, None where the reading broke off.

    ``crashed`` killed their reader; ``skipped`` were not read, each range with the reason.
    """

    runs: tuple[FlagRun, ...]
    crashed: FrameSet
    skipped: tuple[tuple[FrameRange, str], ...]
    end: int | None

    @property
    def read(self) -> FrameSet:
        """Frames whose flags are known."""
        return FrameSet.of(run.frames for run in self.runs)

    def having(self, *, nopage: bool | None = None, reserved: bool | None = None) -> FrameSet:
        """Frames with these values of the two flags; None is any value."""
        return FrameSet.of(
            run.frames
            for run in self.runs
            if nopage in (None, run.nopage) and (reserved is None or (run.reserved is reserved and not run.nopage))
        )


class Block(Struct, frozen=True):
    """A memory block, the unit of hotplug: ``state`` is online or offline, ``node`` None where no link names it."""

    frames: FrameRange
    state: str
    node: int | None


class Record(Struct, frozen=True):
    """One recorded machine. None and the reason in ``missing`` stand for a file that is not there or says nothing.

    ``block_frames`` is the size of a memory block. ``ram`` are the whole frames of System RAM, ``devices`` those of
    persistent memory, ``reserved`` those that firmware keeps, all of /proc/iomem. ``free`` are the counts of
    /proc/buddyinfo, which no capture has. ``release``, ``machine`` (as uname names it) and ``page_size`` (bytes) are
    the running kernel's, where capture noted them. ``names``: what files of a capture are called in a report.
    """

    zones: tuple[ZoneInfo, ...] | None
    flags: Kpageflags | None
    blocks: tuple[Block, ...] | None
    block_frames: int
    ram: FrameSet | None
    devices: FrameSet
    release: str | None
    machine: str | None
    page_size: int | None
    missing: dict[str, str]
    reserved: FrameSet = FrameSet()
    free: tuple[FreeBlocks, ...] | None = None
    names: dict[str, str] = {}

    @property
    def has_free(self) -> bool:
        """Whether free pages belong to this kind of record, also where they are missing."""
        return self.free is not None or "buddyinfo" in self.missing

    def named(self, file: str) -> str:
        """The name that a file of a capture has in this record."""
        return self.names.get(file, file)

    def online(self, state: str) -> FrameSet:
        """Frames of the memory blocks in a state."""
        return FrameSet.of(block.frames for block in self.blocks or () if block.state == state)
