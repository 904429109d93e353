"""A line of a list that is damaged beyond recognition is not dropped in silence."""

import pytest

from pfnscope.bootlog import keep_memory_lines, read

NODES = [f"[    0.000000]   node   0: [mem {n << 24:#018x}-{(n << 24) + 0xFFFF:#018x}]" for n in range(4)]
MAP = [f"[    0.000000] BIOS-e820: [mem {n << 24:#018x}-{(n << 24) + 0xFFFF:#018x}] usable" for n in range(4)]


def remarks(lines: list[str]) -> list[tuple[str, int | None]]:
    raw = "\n".join(lines).encode()
    reading = read(raw)
    assert read(keep_memory_lines(raw, reading)) == reading
    return [(note.code, note.line) for boot in reading.boots for note in boot.diagnostics if note.severity == "warning"]


@pytest.mark.parametrize(
    "damaged",
    [
        "[    0.000000]   nod",
        "[    0.000000]   nde   0: [mem 0x0000000001000000-0x000000000100ffff]",
        "[    0.000000]   node   0: [m%m 0x0000000001000000-0x000000000100ffff]",
        "[    0.000000]   node   0: [mem 0xXXXXXXXXXXXXXXXX-0xXXXXXXXXXXXXXXXX]",
        "[    0.000000]   node   0: (mem 0x...01000000-0x...0100ffff)",
        "[    0.000000]   n0de   O: lmem 0xOOOOOOO001000000-0x000000000100ffffl",
    ],
)
@pytest.mark.parametrize("at", [1, 4])
def test_a_damaged_entry_in_or_behind_a_list_is_a_remark(damaged: str, at: int) -> None:
    lines = [*NODES[:at], damaged, *NODES[at:], "[    0.000000] NX (Execute Disable) protection: active"]
    assert remarks(lines) == [("unrecognised-line", at + 1)]


def test_a_damaged_line_under_a_header_is_a_remark() -> None:
    lines = ["[    0.000000] Zone ranges:", "[    0.000000]   DNA  mem 0x0000000000001000-0x0000000000ffffff]", *NODES]
    assert remarks(lines) == [("unrecognised-line", 2)]


@pytest.mark.parametrize(
    "stamp", ["[    O.OOO0OO] ", "[    0.0000p0] ", "Z    0.000000] ", "[    0.000000 ", "[    0000000] "]
)
def test_a_damaged_time_stamp_is_one(stamp: str) -> None:
    lines = [*MAP[:2], stamp + MAP[2].removeprefix("[    0.000000] "), MAP[3], "[    0.000000] x"]
    assert remarks(lines) == []
    (boot,) = read("\n".join(lines).encode()).boots
    assert len(boot.firmware_map) == 4


def test_other_lines_behind_a_list_are_none() -> None:
    chatter = [
        "NX (Execute Disable) protection: active",
        "SMBIOS 3.0.0 present.",
        "tsc: Detected 2400.000 MHz processor",
    ]
    lines = [
        *MAP,
        *(f"[    0.000000] {line}" for line in chatter),
        *NODES,
        *(f"[    0.000000] {line}" for line in chatter),
    ]
    assert remarks(lines) == []
