"""Reads /proc/kpageflags frame by frame, but for the frames that a plan leaves out."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from pfnscope.files import open_file
from pfnscope.ranges import FrameRange, FrameSet, paint
from pfnscope.recording.runs import ENTRY, RunEncoder

CHUNK = 1 << 17
"""Frames read at once: 1 MiB of flags."""

_EVERY = 1.0  # seconds between two reports of progress

Progress = Callable[[int, int], None]
"""Told the frames that are done and all that are to be read."""


class Step(Struct, frozen=True):
    """Frames of a plan, read where ``why_not`` is None."""

    frames: FrameRange
    why_not: str | None


def plan(top: int, left_out: Iterable[tuple[FrameRange, str]], cuts: Iterable[int] = ()) -> tuple[Step, ...]:
    """What to do with the frames [0, ``top``): later reasons to leave out win, runs of flags are cut at ``cuts``."""
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
    """Carry out a plan; returns the frames that were read. Raises OSError where the file cannot be opened or read.

    Give a file that is flushed at each line: should the kernel kill the reader, what was read is there.
    """
    steps = tuple(steps)
    total = sum(step.frames.pages for step in steps if step.why_not is None)
    encoder, done, skips, told = RunEncoder(out.write), 0, 0, time.monotonic()
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
                if time.monotonic() - told > _EVERY:
                    told = time.monotonic()
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
