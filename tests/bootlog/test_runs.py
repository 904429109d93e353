"""Lines of memblock=debug that are read all at once say what each of them says alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.bootlog import reader, runs
from pfnscope.bootlog.reader import Reading, read
from pfnscope.bootlog.records import records, records_and_runs
from pfnscope.bootlog.runs import Run
from pfnscope.bootlog.text.searchable import Text

BANNER = b"[    0.000000] Linux version 6.1.90 (b@h) #1 SMP\n[    0.000000] BIOS-provided physical RAM map:\n"
ENTRY = b"[    0.000000] BIOS-e820: [mem 0x0000000000001000-0x00000000bfffffff] usable\n"
REQUEST = b"memblock_alloc_try_nid: 4096 bytes align=0x1000 nid=-1 from=0x0 max_addr=0x0 sparse_init+0x8e/0x1ff"
RESERVE = b"memblock_reserve: [0x%016x-0x%016x] memblock_alloc_range_nid+0xd2/0x130"
LARGE = b"memblock_alloc_try_nid_raw: %d bytes align=0x200000 nid=1 from=0x0 max_addr=0x0 memmap_alloc+0x8e/0x1ff"
# What may stand among them, or make one of them another.
OTHERS = (
    LARGE % 2097152,
    b"memblock_reserve: [0x0000000000f5ba0-0x00000000000f5bb0] flags_init+0x5e/0xc4f",
    b"memblock_reserve: [0x00000000000f5ba0-0x00000000000f5baf] smp_scan_config+0xa9/0xfd  // mine",
    b"memblock_reserve: [0x00000000000f5ba0-0x00000000000f5baf]",
    b"memblock_reserve: [0x00000000000f5ba0-0x00000000000f5baf] Smp.scan+0x1/0x2 [    1.000000] memblock_free: [0x",
    b"memblock_reserve: [0x00000000000f5ba0-",
    b"0x00000000000f5baf] flat_init+0x1c/0x30",
    b"memblock_free: [0x0000000000100000-0x0000000000100fff] early_node_mem+0x5e/0xc4f",
    b"MEMBLOCK configuration:",
    b" memory[0x0]\t[0x0000000000001000-0x000000000009bfff], 0x000000000009b000 bytes on node 0 flags: 0x0",
    b"Command line: quiet memblock=debug",
    b"Kernel panic - not syncing: out of memory",
    b"Linux version 6.1.91 (b@h) #1 SMP",
    b"quiet",
    b"",
)
reservations = st.tuples(st.integers(0, 40), st.integers(-1, 3)).map(
    lambda pages: RESERVE % (pages[0] * 4096, max((pages[0] + pages[1]) * 4096 - 1, 0))
)
requests = st.sampled_from([REQUEST, LARGE % 4096, LARGE % 99999, LARGE % 2097152])
messages = st.one_of(reservations, requests, st.sampled_from(OTHERS))
usual = st.one_of(reservations, reservations, st.sampled_from([REQUEST, LARGE % 4096, LARGE % 99999]))
blocks = st.lists(
    st.one_of(
        st.lists(usual, min_size=runs.LEAST + 2, max_size=24),
        st.lists(st.one_of(usual, requests), min_size=runs.LEAST + 2, max_size=24),
        st.lists(messages, max_size=4),
    ),
    min_size=1,
    max_size=4,
)
stamps = st.sampled_from(
    [b"[    0.000000] ", b"[    0.000000] ", b"[    0.012345] ", b"[   12.000000] ", b"[0.5] ", b"> "]
)


def one_by_one(text: bytes) -> Reading:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "records_and_runs", records)
        return read(text)


@settings(max_examples=60, deadline=None)
@given(blocks, st.lists(stamps, min_size=4, max_size=4), st.booleans(), st.sampled_from([b"\n", b"\r\n", b""]))
def test_a_text_says_the_same_whether_its_runs_are_read_at_once_or_line_by_line(
    parts: list[list[bytes]], begins: list[bytes], rising: bool, end: bytes
) -> None:
    lines = []
    for block, begin in zip(parts, begins, strict=False):
        for at, line in enumerate(block):
            stamp = b"[    1.%06d] " % at if rising and begin[-2:] == b"] " else begin
            lines.append(stamp + line)
    text = BANNER + ENTRY + (b"\n" if end != b"\r\n" else end).join(lines) + end
    assert read(text) == one_by_one(text)


def test_lines_in_their_usual_spelling_are_read_at_once() -> None:
    lines = [b"[    0.000000] " + (RESERVE % (at << 12, (at << 12) + 4095) if at % 2 else REQUEST) for at in range(50)]
    text = BANNER + ENTRY + b"\n".join(lines) + b"\n"
    items = list(records_and_runs(Text(text)))
    (run,) = [item for item in items if isinstance(item, Run)]
    assert (len(run.lines), len(run.events)) == (50 - runs.LEAST - 1, 20)
    assert read(text) == one_by_one(text)


def test_a_run_whose_time_stamps_fall_is_read_line_by_line() -> None:
    lines = [b"[    0.%06d] " % (99 - at) + REQUEST for at in range(50)]
    items = list(records_and_runs(Text(BANNER + b"\n".join(lines) + b"\n")))
    assert not [item for item in items if isinstance(item, Run)]
