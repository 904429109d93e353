"""Any bytes are accepted, and none are dear."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.bootlog import LOOKED_FOR, keep_memory_lines, read
from pfnscope.bootlog.candidates import lines_with_triggers
from pfnscope.bootlog.text.searchable import Text
from tests.bootlog.dialect import mutated

WHOLE = (Path(__file__).parents[2] / "sample_logs" / "oops-1g-4g" / "dmesg.txt").read_bytes()
TELLING = {WHOLE.count(b"\n", 0, start) for start, _ in lines_with_triggers(WHOLE)}
LOG = b"\n".join(line for at, line in enumerate(WHOLE.split(b"\n")) if at in TELLING or at % 8 == 0)


def survives(text: bytes) -> None:
    reading = read(text)
    kept = keep_memory_lines(text, reading)
    assert read(kept).boots == reading.boots


@given(st.binary(max_size=400))
def test_any_bytes(text: bytes) -> None:
    survives(text)


@given(st.integers(0, len(LOG)))
def test_every_prefix_of_a_log(end: int) -> None:
    read(LOG[:end])


@given(st.integers(0))
def test_injured_logs(seed: int) -> None:
    survives(mutated(LOG, seed))


@given(
    st.lists(
        st.sampled_from([line + b"\n" for line in LOG.split(b"\n")] + [b"prose\n", b"[ 1.0] Linux version 5.1 x\n"]),
        max_size=60,
    )
)
def test_shuffled_logs(lines: list[bytes]) -> None:
    survives(b"".join(lines))


PIECES = [
    b"[    0.000000] ", b"[0.0]", b"[]", b"> ", b"12:", b"x.log:3:", b"web | ", b"kernel: ", b"=\n", b"=", b"\n", b"\r",
    b"<br>", b"</p>", b"&amp;amp;amp;amp;lt;", b"\\n", b'"', b"', '", b'{"MESSAGE": "', b'"}', b"{+", b"[-",
    b"\x1b[2;3H", b"\\[", b"=3D", b"\0", b"\xff", "…".encode(), "…\n".encode(), b"\v\f", b"[/code]", b"prose",
    b" hotplug", b"data", b"Linux version 4", b"Linux version 4.17.0 (x)", b"BIOS-e820: [mem 0x0-0xffff] usable",
    b"BIOS-e820: [mem x", b"BIOS-e820:[mem 0x0-0xf]reserved", b"user: [mem 0x0-0xffff] usable",
    b"memblock_reserve: [", b"last_pfn = ", b"Command line: a b=", b"Kernel command line: x \\",
    b"Zone ranges:", b"  DMA [mem 0x1000-0x1fff]",
    b"Early memory node ranges", b"node 0: [mem 0x1000-0x1fff]", b"Initmem setup node 0 [mem 0x1000-0x1fff]",
    b"MEMBLOCK configuration:",
    b" memory[0x0] [0x1000-0x1fff], 0x1000 bytes", b"BUG: Bad page state in process a  pfn:1",
    b"w w\n" * 41, b"1\r" * 70,
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_pieces_of_logs_and_of_prefixes(pieces: list[bytes]) -> None:
    survives(b"".join(pieces))


@pytest.mark.parametrize(
    "text",
    [
        b"[0.0]Linux version 4\n[]memblock_reserve: [[0.000000]Linux version 4e\n[]BIOS-e820:[mem 0x0-0xf]reserved",
        b"[ 0.0] node 0: [mem 0x1000-0x1fff]\n[ 0.0] Command line: root=/dev/vda1 quiet=",
        b"[ 0.0] node 0: [mem 0x1000-0x1fff]\n" + b"BIOS-e820: [mem x\n" * 150,
        b"a=\n[    0.000000] node 0: [mem 0x1000-0x1fff]=\n and so on\n",
        b"ACPI: SRAT: Node 0 PXM 0 [mem 0x0-0xf]\n00] Device empty\n\\n\\nACP'Kernel command line: \\",
        b"0.000000 node 0: [mem 0x1000-0x1fff]\n[ 0.0] " + b"a" * 70_000 + b"</p>e\n[ 0.0] Zone ranges:\n",
    ],
)
def test_what_once_read_differently_when_kept(text: bytes) -> None:
    survives(text)


def test_a_text_without_a_layout_tells_what_was_seen() -> None:
    reading = read(b"[    0.000000] Linux version 6.1.0 (a@b) #1\n[    0.000000] Command line: quiet\nhello\n")
    assert (reading.boots, reading.line_count) == ((), 3)
    assert reading.seen == ("kernel release", "command line")
    assert all(LOOKED_FOR)


@pytest.mark.parametrize("text", [b"", b"\n", b"\0" * 100, b"\xff\xfe\x00", b"\xef\xbb\xbf"])
def test_texts_of_nothing(text: bytes) -> None:
    assert read(text).boots == ()


def test_impossible_ranges_are_left_out_and_noted() -> None:
    text = b"node 0: [mem 0x1000-0x1fff]\nBIOS-e820: [mem 0x0000000000002000-0x0000000000001000] usable\n"
    (boot,) = read(text).boots
    assert boot.firmware_map == ()
    assert [(d.code, d.line, d.column) for d in boot.diagnostics if d.severity == "warning"] == [
        ("impossible-range", 2, 1)
    ]


def test_the_end_of_the_address_space_is_a_range() -> None:
    (boot,) = read(b"BIOS-e820: [mem 0x0000000000001000-0xffffffffffffffff] reserved\n").boots
    assert boot.firmware_map[0].end == 1 << 64


WORK: dict[str, Callable[[int], bytes]] = {
    "one letter": lambda n: b"a" * (n * 64),
    "newlines": lambda n: b"\n" * (n * 64),
    "one long line": lambda n: b"[    0.000000] BIOS-e820: " * n,
    "deep quotes": lambda n: b"> " * n + b"BIOS-e820: [mem 0x0-0xfff] usable\n",
    "soft breaks": lambda n: b"a=\n" * n,
    "half lines": lambda n: b"last_pfn = \n" * n,
    "suspects": lambda n: b"BIOS-e820: [mem x\n" * n,
    "headers": lambda n: (
        b"Zone ranges:\n DMA [mem 0x1000-0x1fff]\nEarly memory node ranges\n node 0: [mem 0x1000-0x1fff]\n" * n
    ),
    "banners": lambda n: b"Linux version 4.17.0 (x)\nZone ranges:\n DMA [mem 0x1000-0x1fff]\n" * n,
    "command lines": lambda n: b"[ 0.0] Command line: a\nx\nx\n" * n,
    "prose between headers": lambda n: (
        "".join(f"[ 0.0] BIOS-e820: [mem {i << 16:#x}-{(i << 16) + 0xFFF:#x}] usable\n" for i in range(n)).encode()
        + b"[ 0.0] Initmem setup node 0 [mem 0x1000-0xffff]\nprose\n[ 0.0] Movable zone start for each node\n" * n
    ),
    "maps without ranges": lambda n: b"".join(
        b"BIOS-e820: [mem 0x%x-0x%x] usable\nBIOS-provided physical RAM map:\n" % (i << 16, (i << 16) + 0xFFF)
        + b"Linux version 4.17.0 (x)\nnode 0: [mem 0x1000-0x1fff]\nBIOS-provided physical RAM map:\n"
        for i in range(n)
    ),
    "records on one line": lambda n: b"[    0.000000] Command line: a" * n + b"\n" + b"x\n" * 40,
    "halves on one line": lambda n: b"[    0.000000] last_pfn = x" * n + b"\n" + b"x\n" * 4,
    "oopses": lambda n: b"BUG: unable to handle kernel paging request at ffffffffffffffff\n" * n,
}


def work(text: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """Calls made, and bytes counted for line numbers, while reading."""
    spent = 0

    def count_call(_frame: FrameType, _event: str, _arg: object) -> None:
        nonlocal spent
        spent += 1

    def count_bytes(self: Text, offset: int) -> int:
        nonlocal spent
        spent += offset - self._base[0]
        return original(self, offset)

    original = Text._newlines
    monkeypatch.setattr(Text, "_newlines", count_bytes)
    sys.setprofile(count_call)
    try:
        read(text)
    finally:
        sys.setprofile(None)
        monkeypatch.undo()
    return spent


@pytest.mark.parametrize("kind", sorted(WORK))
def test_the_work_grows_no_faster_than_the_text(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read(WORK[kind](10))  # patterns are compiled once
    small, large = (work(WORK[kind](n), monkeypatch) for n in (100, 800))
    assert large <= 9.6 * small + 1000


NODE = b"[    0.000000] node 0: [mem 0x1000-0x1fff]\n"


@pytest.mark.parametrize(
    "line",
    [
        b"[    0.000000] BIOS-e820: [mem 0x0-0xfff] usable\n",
        b"[    0.000000] last_pfn = 0x240000 max_arch_pfn = 0x400000000\n",
        b"[    0.000000] BUG: Bad page state in process a  pfn:100\n",
    ],
)
def test_endless_repeats_of_a_fact_do_not_make_endless_lists_of_lines(line: bytes) -> None:
    (boot,) = read(NODE + line * 3000).boots
    facts = [*boot.firmware_map, *boot.page_counts.last_pfn, *boot.events]
    assert [len(getattr(fact, "lines", ())) for fact in facts] == [1000]
    assert len(boot.recognised) == 3001


def test_a_damaged_command_line_takes_no_place_of_a_whole_one() -> None:
    text = b"Command line:: ro qiet\n[    0.000000] Kernel command line: ro quiet\n"
    (boot,) = read(b"[    0.000000] " + text + NODE).boots
    assert boot.command_line == "ro quiet"


def test_an_endless_command_line_in_pieces_ends() -> None:
    (boot,) = read(NODE + b"[    0.000000] Kernel command line: root=/dev/vda1 \\\n" * 9000).boots
    assert len(boot.command_line or "") < 1 << 17


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("On node 0 totalpages: " + "1" * 400, "unrecognised-line"),
        ("On node 0 totalpages: 12x4", "unrecognised-line"),
        ("last_pfn = 0x" + "1" * 17, "damaged-numbers"),
        ("e820: last_pfn = 0x12z4", "unrecognised-line"),
        ("BIOS-e820: 0000000000000000 - " + "1" * 17 + " (usable)", "unrecognised-line"),
        ("BIOS-e820: [mem 0x0000000000001000-0x0000000000001fff] type " + "1" * 400, "unrecognised-line"),
        ("e820 update range: 0000000000000000 - 000000000000x000 (usable) ==> (reserved)", "unrecognised-line"),
        ("Initmem setup node 0 0000000000000000-" + "1" * 17, "damaged-numbers"),
        ("odd envelope: BIOS-e820: [mem 0x0000000000001000-0x0000000000001fff] usable", "unrecognised-line"),
    ],
)
def test_no_number_is_cut_and_no_line_left_out_in_silence(line: str, code: str) -> None:
    (boot,) = read(NODE + line.encode() + b"\n").boots
    (plain,) = read(NODE).boots
    assert [(note.code, note.line) for note in boot.diagnostics if note.severity == "warning"] == [(code, 2)]
    assert (boot.page_counts, boot.firmware_map, boot.initmem) == (plain.page_counts, plain.firmware_map, plain.initmem)


@pytest.mark.parametrize("line", [b"0: 0x00000010 -> 0x00000001\n", b"0: 0x00000010 -> 0xffffffffffffffff\n"])
def test_impossible_page_frames_are_left_out_and_noted(line: bytes) -> None:
    (boot,) = read(b"early_node_map[2] active PFN ranges\n0: 0x00000010 -> 0x0000009b\n" + line).boots
    assert [(n.start, n.end) for n in boot.node_ranges] == [(0x10000, 0x9B000)]
    assert [(d.code, d.line) for d in boot.diagnostics if d.severity == "warning"] == [("impossible-range", 3)]


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        (b"Zone ranges:", b"DMA [mem 0x1000-0x1fff]", b"DMA [mem 0x1000-0x2fff]"),
        (b"Zone PFN ranges:", b"DMA 0x00000001 -> 0x00000002", b"DMA 0x00000001 -> 0x00000003"),
    ],
)
def test_a_zone_has_one_range_a_boot(header: bytes, first: bytes, second: bytes) -> None:
    (boot,) = read(b"\n".join((header, first, first, second, b""))).boots
    assert [(z.zone, z.range and (z.range.start, z.range.end), z.lines) for z in boot.zone_ranges] == [
        ("DMA", (0x1000, 0x2000), (2, 3))
    ]
    assert [(d.code, d.line) for d in boot.diagnostics if d.severity == "warning"] == [("conflicting-zone", 4)]
