"""Reading by a plan: every frame of the plan is accounted for once, and what is left out is never asked for."""

import io
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording import kpageflags as reading
from pfnscope.recording.kpageflags import NOPAGE, Step, parse_runs, plan, read_flags

RANGES = st.lists(
    st.tuples(st.integers(0, 90), st.integers(1, 30), st.sampled_from("abc")).map(
        lambda item: (FrameRange(item[0], item[0] + item[1]), item[2])
    ),
    max_size=6,
)


@given(st.integers(1, 100), RANGES, st.lists(st.integers(0, 110), max_size=8))
def test_a_plan_covers_every_frame_once_and_the_graver_reason_wins(
    top: int, left_out: list[tuple[FrameRange, str]], cuts: list[int]
) -> None:
    steps = plan(top, left_out, cuts)
    reason: dict[int, str | None] = dict.fromkeys(range(top))
    for frames, why in left_out:
        reason.update(dict.fromkeys(range(frames.start, min(frames.end, top)), why))
    covered = [(pfn, step.why_not) for step in steps for pfn in range(step.frames.start, step.frames.end)]
    assert covered == sorted(reason.items())
    for cut in cuts:
        assert not any(step.frames.start < cut < step.frames.end for step in steps if step.why_not is None)


@given(st.integers(1, 100), RANGES, st.integers(1, 7))
def test_frames_that_are_left_out_are_never_asked_for(
    top: int, left_out: list[tuple[FrameRange, str]], chunk: int
) -> None:
    reads: list[FrameRange] = []

    def pread(_file: int, size: int, offset: int) -> bytes:
        reads.append(FrameRange(offset // 8, (offset + size) // 8))
        return struct.pack("<Q", NOPAGE) * (size // 8)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "CHUNK", chunk)
        patch.setattr(os, "pread", pread)
        out = io.StringIO()
        read_flags(Path(__file__), plan(top, left_out), out, lambda _done, _total: None)
    never = FrameSet.of(frames for frames, _ in left_out).clip(0, top)
    runs = parse_runs(out.getvalue())
    assert FrameSet.of(reads) == FrameSet.of([FrameRange(0, top)]) - never == runs.read
    assert FrameSet.of(frames for frames, _ in runs.skipped) == never
    assert runs.end == top


def test_the_file_may_end_before_the_plan(tmp_path: Path) -> None:
    file = tmp_path / "kpageflags"
    file.write_bytes(struct.pack("<5Q", 0, 0, 1 << 10, NOPAGE, NOPAGE))
    out = io.StringIO()
    read = read_flags(file, (Step(FrameRange(0, 100), None),), out, lambda _done, _total: None)
    assert read == FrameSet.of([FrameRange(0, 5)])
    assert out.getvalue() == "0 3 0 1 400\n3 5 100000 0 0\n# end 5 crashes 0 skips 0\n"


def test_what_was_read_before_a_failure_is_there_and_says_that_it_broke_off(tmp_path: Path) -> None:
    file = tmp_path / "kpageflags"
    file.write_bytes(bytes(64))
    out = io.StringIO()
    real = os.pread

    def pread(descriptor: int, size: int, offset: int) -> bytes:
        if offset >= 32:
            raise OSError(5, "Input/output error")
        return real(descriptor, size, offset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pread", pread)
        with pytest.raises(OSError, match="Input/output"):
            read_flags(
                file, (Step(FrameRange(0, 4), None), Step(FrameRange(4, 8), None)), out, lambda _done, _total: None
            )
    assert parse_runs(out.getvalue()).read == FrameSet.of([FrameRange(0, 4)])
    assert parse_runs(out.getvalue()).end is None
