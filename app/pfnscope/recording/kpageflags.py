"""/proc/kpageflags read frame by frame, without the frames that a plan leaves out, and recorded as runs of flags.

The file has eight bytes of flags a frame (Documentation/admin-guide/mm/pagemap.rst). A line of a record is a run of
frames with the same two flags NOPAGE and RESERVED; docs/verify.md describes it.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Literal, TextIO

from msgspec import Struct

from pfnscope.files import open_file
from pfnscope.model.ranges import FrameRange, FrameSet, paint
from pfnscope.recording.model import FlagRun, Kpageflags

NOPAGE = 1 << 20
RESERVED = 1 << 32
CRASHED = 1 << 63
"""Set in a record for a frame whose reading killed the reader; not a flag of the kernel's."""

ENTRY = 8
"""Bytes of one frame in /proc/kpageflags."""

_HIGHEST = 1 << 52
_LANES = {"little": tuple(range(8)), "big": tuple(reversed(range(8)))}
_ALIKE = re.compile(rb"\x00+|\x01+|\x02+|\x03+")  # of the classes computed below, never of input
_NOPAGE_CLASS = bytes(bool(byte & 0x10) for byte in range(256))  # bit 20 is bit 4 of byte 2
_RESERVED_CLASS = bytes(2 * (byte & 1) for byte in range(256))  # bit 32 is bit 0 of byte 4
_BUT_NOPAGE = bytes(byte & ~0x10 for byte in range(256))
_BUT_RESERVED = bytes(byte & ~1 for byte in range(256))


class RunEncoder:
    """Encodes flags, given in frame order, as lines ``start end flags others either``, in constant memory.

    All work on single bytes is done by operations on whole buffers: a machine may have 10^9 frames.
    """

    def __init__(self, write: Callable[[str], object], byteorder: Literal["little", "big"] = sys.byteorder) -> None:
        self._write = write
        self._lanes = _LANES[byteorder]
        self._run: FlagRun | None = None

    def feed(self, pfn: int, entries: bytes) -> None:
        """Encode the flags of the frames from ``pfn`` on."""
        count = len(entries) // ENTRY
        lanes = [entries[lane::ENTRY] for lane in self._lanes]
        classes = _either(lanes[2].translate(_NOPAGE_CLASS), lanes[4].translate(_RESERVED_CLASS))
        lanes[2], lanes[4] = lanes[2].translate(_BUT_NOPAGE), lanes[4].translate(_BUT_RESERVED)
        used = [(8 * i, lane) for i, lane in enumerate(lanes) if lane.count(0) != count]
        flagged = reduce(_either, (lane for _, lane in used)) if used else bytes(count)
        for match in _ALIKE.finditer(classes):
            start, end = match.span()
            kind = classes[start]
            others = end - start - flagged.count(0, start, end)
            either = sum(reduce(or_, set(lane[start:end])) << shift for shift, lane in used) if others else 0
            self._add(FlagRun(FrameRange(pfn + start, pfn + end), bool(kind & 1), bool(kind & 2), others, either))

    def skip(self, frames: FrameRange, why: str) -> None:
        """Record frames that are not read."""
        self.cut()
        self._write(f"# SKIP {frames.start:x} {frames.end:x} {why}\n")

    def cut(self) -> None:
        """End the run here, so that the next frame begins a line of its own."""
        run, self._run = self._run, None
        if run is not None:
            flags = NOPAGE * run.nopage | RESERVED * run.reserved
            self._write(f"{run.frames.start:x} {run.frames.end:x} {flags:x} {run.others} {run.either:x}\n")

    def close(self, end: int, skips: int) -> None:
        """Write the last run and where the file ended; a record without this line is incomplete."""
        self.cut()
        self._write(f"# end {end:x} crashes 0 skips {skips}\n")

    def _add(self, run: FlagRun) -> None:
        last = self._run
        if last is None:
            self._run = run
        elif (last.nopage, last.reserved, last.frames.end) == (run.nopage, run.reserved, run.frames.start):
            frames = FrameRange(last.frames.start, run.frames.end)
            self._run = FlagRun(frames, run.nopage, run.reserved, last.others + run.others, last.either | run.either)
        else:
            self.cut()
            self._run = run


def _either(left: bytes, right: bytes) -> bytes:
    """The OR of two buffers of one length, byte by byte."""
    return (int.from_bytes(left, "little") | int.from_bytes(right, "little")).to_bytes(len(left), "little")


def parse_runs(text: str) -> Kpageflags:
    """Decode a record. Raises ValueError with the number of the first line that is no run."""
    runs: list[FlagRun] = []
    crashed: list[FrameRange] = []
    skipped: list[tuple[FrameRange, str]] = []
    end: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        try:
            if not words:
                continue
            if words[0] != "#":
                frames = _frames(words[0], words[1])
                flags, others, either = int(words[2], 16), int(words[3]), int(words[4], 16)
                if flags & CRASHED:
                    crashed.append(frames)
                else:
                    runs.append(FlagRun(frames, bool(flags & NOPAGE), bool(flags & RESERVED), others, either))
            elif words[1] == "SKIP":
                skipped.append((_frames(words[2], words[3]), " ".join(words[4:])))
            elif words[1] == "end":
                end = int(words[2], 16)
        except (ValueError, IndexError) as error:
            raise ValueError(f"line {number} is no run of page flags") from error
    return Kpageflags(tuple(runs), FrameSet.of(crashed), tuple(skipped), end)


def _frames(first: str, last: str) -> FrameRange:
    start, end = int(first, 16), int(last, 16)
    if not 0 <= start < end <= _HIGHEST:
        raise ValueError(first)
    return FrameRange(start, end)


CHUNK = 1 << 17
"""Frames read at once: 1 MiB of flags."""

_REPORT_SECONDS = 1.0

Progress = Callable[[int, int], None]
"""Called with the number of frames read so far and the number to be read."""


class Step(Struct, frozen=True):
    """Frames of a plan; they are read where ``why_not`` is None."""

    frames: FrameRange
    why_not: str | None


def plan(top: int, left_out: Iterable[tuple[FrameRange, str]], cuts: Iterable[int] = ()) -> tuple[Step, ...]:
    """The steps for the frames [0, ``top``): later entries of ``left_out`` win, runs of flags end at ``cuts``."""
    reasons = [(item.clip(0, top), why) for item, why in left_out]
    strokes: list[tuple[FrameRange, str | None]] = [(FrameRange(0, top), None), *reasons]
    borders = sorted({cut for cut in cuts if 0 < cut < top})
    steps: list[Step] = []
    at = 0
    for frames, why in paint(strokes):
        start = frames.start
        while at < len(borders) and borders[at] <= start:
            at += 1
        while why is None and at < len(borders) and borders[at] < frames.end:
            steps.append(Step(FrameRange(start, borders[at]), None))
            start = borders[at]
            at += 1
        steps.append(Step(FrameRange(start, frames.end), why))
    return tuple(steps)


def read_flags(path: Path, steps: Iterable[Step], out: TextIO, progress: Progress) -> FrameSet:
    """Carry out a plan; the frames that were read. Raises OSError where the file cannot be opened or read.

    ``out`` should be line buffered, so that everything read so far is recorded if the kernel kills the reader.
    """
    steps = tuple(steps)
    total = sum(step.frames.pages for step in steps if step.why_not is None)
    encoder, done, skips, reported = RunEncoder(out.write), 0, 0, time.monotonic()
    read: list[FrameRange] = []
    end = 0
    file = open_file(path)
    try:
        for step in steps:
            if step.why_not is not None:
                encoder.skip(step.frames, step.why_not)
                skips += step.frames.pages
                end = step.frames.end
                continue
            encoder.cut()
            at = step.frames.start
            while at < step.frames.end:
                data = os.pread(file.fileno(), min(CHUNK, step.frames.end - at) * ENTRY, at * ENTRY)
                if not data:
                    break
                encoder.feed(at, data)
                at += len(data) // ENTRY
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    out.flush()
                    progress(done + at - step.frames.start, total)
            done += step.frames.pages
            read.append(FrameRange(step.frames.start, at))
            end = at
            if at < step.frames.end:
                break
    finally:
        file.close()
        encoder.cut()
        out.flush()
    encoder.close(end, skips)
    return FrameSet.of(read)
