"""Texts as large and as odd as somebody may send them, each read once: an answer, and never an exception."""

import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.bootlog.text.searchable import LONGEST_LINE
from pfnscope.opening.errors import TooLarge
from pfnscope.opening.packing import unpacked
from tests.bootlog.dialect import mutated

pytestmark = pytest.mark.full_size

MIB = 1 << 20
NODE = b"[    0.000000] node 0: [mem 0x1000-0x1fff]\n"
LOGS = sorted(Path(__file__).parents[2].glob("sample_logs/*/dmesg.txt"))
TEXTS: dict[str, Callable[[], bytes]] = {
    "one letter": lambda: NODE + b"a" * (16 * MIB) + b"\n" + NODE,
    "newlines": lambda: NODE + b"\n" * 2_000_000 + NODE,
    "lines of ten megabytes": lambda: (NODE + b"x" * (10 * MIB) + b"\n" + NODE) * 2,
    "quotes in quotes": lambda: NODE + b">" * 100_000 + b" BIOS-e820: [mem 0x0-0xfff] usable\n" + NODE,
    "NULs": lambda: NODE[:20] + b"\0" * (4 * MIB) + NODE[20:] + NODE,
    "no UTF-8": lambda: NODE + b"\xff\xc0\x80" * (MIB // 4) + b"\n" + NODE,
    "UTF-16 without a mark": lambda: (NODE * 8_000).decode().encode("utf-16-le"),
    "carriage returns": lambda: NODE + b"\r" * (4 * MIB) + b"\n" + NODE,
    "escapes": lambda: NODE + b"\x1b[m" * (MIB // 4) + b"\n" + NODE,
    "unclosed tags": lambda: NODE + b"<b " * (MIB // 4) + b"\n" + NODE,
    "unclosed strings": lambda: NODE + b'"' * (4 * MIB) + b"\n" + NODE,
    "unknown prefixes": lambda: (
        b"".join(b"%c%c%c %b" % (97 + i % 26, 97 + i // 26 % 26, 97 + i // 676 % 26, NODE[15:]) for i in range(5_000))
        + NODE
    ),
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_huge_text_is_read_and_its_layout_kept(name: str) -> None:
    text = TEXTS[name]()
    reading = read(text)
    (boot,) = reading.boots
    assert [(node.start, node.end) for node in boot.node_ranges] == [(0x1000, 0x2000)]
    kept = keep_memory_lines(text, reading)
    assert read(kept) == reading


def test_a_line_of_ten_megabytes_that_looks_like_layout_is_no_fact_but_a_remark() -> None:
    text = NODE + b"[    0.000000] BIOS-e820: " * (10 * MIB // 26) + b"\n" + NODE
    (boot,) = read(text).boots
    assert [(note.code, note.line) for note in boot.diagnostics if note.severity == "warning"] == [
        ("unrecognised-line", 2)
    ]
    assert max(len(line) for line in keep_memory_lines(text, read(text)).split(b"\n")) > LONGEST_LINE


def test_numbers_of_four_hundred_digits_are_no_addresses() -> None:
    line = b"BIOS-e820: [mem 0x%b-0x%b] usable\n" % (b"1" * 400, b"f" * 400)
    (boot,) = read(NODE + line * 100).boots
    assert boot.firmware_map == ()
    assert [note.code for note in boot.diagnostics].count("damaged-numbers") == 100


def test_what_is_packed_into_kilobytes_is_refused_at_the_limit() -> None:
    packer = lzma.LZMACompressor(preset=0)
    packed = b"".join([*(packer.compress(bytes(MIB)) for _ in range(160)), packer.flush()])
    assert len(packed) < MIB
    with pytest.raises(TooLarge, match="64 MiB"):
        unpacked(packed, 64 * MIB)


@pytest.mark.parametrize("path", LOGS[:4], ids=lambda path: path.parent.name)
def test_a_prefix_of_a_log_says_nothing_else_and_where_it_ends(path: Path) -> None:
    log = path.read_bytes()
    ranges = {node.range: node.lines[-1] for boot in read(log).boots for node in boot.node_ranges}
    layout = sum(len(line) + 1 for line in log.split(b"\n")[: max(ranges.values())])
    for cut in range(0, layout, 197):
        for boot in read(log[:cut]).boots:
            kept = {node.range for node in boot.node_ranges}
            if "node_ranges" in boot.assumed:
                continue  # put together from other lines
            assert kept <= ranges.keys()
            if kept and kept < ranges.keys():
                assert {"cut-end", "unrecognised-line"} & {note.code for note in boot.diagnostics}


@pytest.mark.parametrize("seed", range(30))
def test_an_injured_log_is_read_and_its_kept_lines_read_the_same(seed: int) -> None:
    log = mutated(LOGS[seed % len(LOGS)].read_bytes(), seed)
    reading = read(log)
    assert read(keep_memory_lines(log, reading)).boots == reading.boots


def test_quotes_and_brackets_in_each_other_do_not_nest_the_reader() -> None:
    limit = sys.getrecursionlimit()
    for sign in (b"> ", b"[", b'"', b"`", b"{", b"<", b"(", b"&amp;", b"\\", b"|", b"* "):
        (boot,) = read(sign * (4 * limit) + NODE + NODE).boots
        assert boot.node_ranges
