"""Runs of page flags: whole-buffer work gives what looking at each frame gives, and lines come back as they went."""

import struct
from itertools import groupby
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording.kpageflags import CRASHED, NOPAGE, RESERVED, RunEncoder, parse_runs
from pfnscope.recording.model import FlagRun

ENTRIES = st.lists(
    st.one_of(
        st.sampled_from([0, NOPAGE, RESERVED, RESERVED | 1 << 11, 1 << 10, 0x868]),
        st.integers(0, (1 << 63) - 1),
    ),
    min_size=1,
    max_size=60,
)


def one_by_one(first: int, entries: list[int]) -> tuple[FlagRun, ...]:
    """The same runs by looking at each frame, as the file format tells it."""
    out: list[FlagRun] = []
    at = first
    for flags, group in groupby(entries, key=lambda entry: entry & (NOPAGE | RESERVED)):
        run = [entry & ~(NOPAGE | RESERVED) for entry in group]
        either = 0
        for entry in run:
            either |= entry
        frames = FrameRange(at, at + len(run))
        out.append(FlagRun(frames, bool(flags & NOPAGE), bool(flags & RESERVED), sum(map(bool, run)), either))
        at += len(run)
    return tuple(out)


@given(ENTRIES, st.integers(0, 1 << 40), st.integers(1, 20), st.sampled_from(["little", "big"]))
def test_runs_are_those_of_looking_at_each_frame_whatever_the_chunks_and_the_byte_order(
    entries: list[int], first: int, chunk: int, order: Literal["little", "big"]
) -> None:
    lines: list[str] = []
    encoder = RunEncoder(lines.append, order)
    for at in range(0, len(entries), chunk):
        part = entries[at : at + chunk]
        encoder.feed(first + at, struct.pack(f"{'<' if order == 'little' else '>'}{len(part)}Q", *part))
    encoder.close(first + len(entries), 0)
    flags = parse_runs("".join(lines))
    assert flags.runs == one_by_one(first, entries)
    assert flags.end == first + len(entries)
    assert flags.read == FrameSet.of([FrameRange(first, first + len(entries))])


def test_a_file_says_what_was_not_read_and_what_killed_its_reader() -> None:
    text = f"0 10 0 3 400\n# SKIP 10 20 too dangerous\n# CRASH reading pfn 20\n20 21 {CRASHED:x} 0 0\n"
    flags = parse_runs(text)
    assert flags.skipped == ((FrameRange(0x10, 0x20), "too dangerous"),)
    assert flags.crashed == FrameSet.of([FrameRange(0x20, 0x21)])
    assert flags.read == FrameSet.of([FrameRange(0, 0x10)])
    assert flags.end is None  # no "# end": the reading broke off


@pytest.mark.parametrize(
    "line", ["10 10 0 0 0", "20 10 0 0 0", "0 10 0 0", "0 10 x 0 0", "# SKIP 10", f"0 {1 << 60:x} 0 0 0"]
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no run"):
        parse_runs(f"0 1 0 0 0\n{line}\n# end 1 crashes 0 skips 0\n")
