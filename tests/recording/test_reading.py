"""A folder read back: what each file says, and the reason where one says nothing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording.model import Block
from pfnscope.recording.reading import read_record

ALIKE = "block_size_bytes 0x8000000\n" + "".join(
    f'memory{n} phys_index="{n:08x}" state="{state}" valid_zones="DMA32 Normal" online="1" node{node}\n'
    for n, state, node in ((0, "online", 0), (1, "online", 0), (2, "offline", 0), (24, "online", 1))
)


def test_blocks_that_are_alike_and_follow_each_other_are_one(tmp_path: Path) -> None:
    (tmp_path / "memory-blocks.txt").write_text(ALIKE)
    record = read_record(tmp_path, 4096)
    assert record.block_frames == 0x8000
    assert record.blocks == (
        Block(FrameRange(0, 0x10000), "online", 0),
        Block(FrameRange(0x10000, 0x18000), "offline", 0),
        Block(FrameRange(0xC0000, 0xC8000), "online", 1),
    )


def test_ram_is_whole_frames_and_a_drivers_counts(tmp_path: Path) -> None:
    (tmp_path / "iomem.txt").write_text(
        "00001000-0009fbff : System RAM\n"
        "00100000-bfffffff : System RAM\n"
        "  01000000-01ffffff : Kernel code\n"
        "100000000-13fffffff : Persistent Memory\n"
        "140000000-17fffffff : dax0.0\n"
        "  140000000-17fffffff : System RAM (kmem)\n"
    )
    record = read_record(tmp_path, 4096)
    ram = [FrameRange(1, 0x9F), FrameRange(0x100, 0xC0000), FrameRange(0x140000, 0x180000)]
    assert record.ram == FrameSet.of(ram)
    assert record.devices == FrameSet.of([FrameRange(0x100000, 0x140000)])


def test_ram_that_is_cut_within_a_frame_is_whole(tmp_path: Path) -> None:
    (tmp_path / "iomem.txt").write_text(
        "00900000-7d781017 : System RAM\n7d781018-7d7be057 : System RAM\n7d7be058-7db69fff : System RAM\n"
    )
    assert read_record(tmp_path, 4096).ram == FrameSet.of([FrameRange(0x900, 0x7DB6A)])


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("memory-blocks.txt", "\n", "this kernel has no memory blocks"),
        ("memory-blocks.txt", "memory0 state\n", "the size of a block is not in it"),
        ("memory-blocks.txt", "block_size_bytes 0x8000000\n", "no block in it"),
        ("iomem.txt", "00000000-00000000 : System RAM\n", "all its addresses are hidden"),
        ("zoneinfo.txt", "nothing\n", "no zone in it"),
        ("kpageflags.runs.txt", "0 0 0\n", "line 1 is no run of page flags"),
    ],
)
def test_a_file_that_says_nothing_is_missing_with_the_reason(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_record(tmp_path, 4096).missing[name] == why


def test_why_a_file_was_not_recorded_is_handed_on(tmp_path: Path) -> None:
    (tmp_path / "capture.json").write_text('{"release":"6.1.0","not_recorded":{"zoneinfo.txt":"only root may"}}')
    record = read_record(tmp_path, 4096)
    assert (record.release, record.missing["zoneinfo.txt"]) == ("6.1.0", "only root may")
    assert record.missing["iomem.txt"] == "not in the record"


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [*ALIKE.splitlines(), "block_size_bytes ", "block_size_bytes -1", "0 10 0 0 0", "# SKIP", "# end"]
        ),
        st.text(max_size=30),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    LINES, st.sampled_from(["memory-blocks.txt", "kpageflags.runs.txt", "zoneinfo.txt", "iomem.txt", "capture.json"])
)
def test_no_file_however_damaged_stops_the_reading(tmp_path: Path, lines: list[str], name: str) -> None:
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8", errors="replace")
    read_record(tmp_path, 4096)
    (tmp_path / name).unlink()
