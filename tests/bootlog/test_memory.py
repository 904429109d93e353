"""What a hostile text takes: at most twelve times its own size."""

import tracemalloc

import pytest

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.bootlog.text import plain

SIZE = 1 << 17
TEXTS = {
    "letters": b"a",
    "newlines": b"\n",
    "NULs": b"\0",
    "no UTF-8": b"\xff\xfe\x80",
    "colours": b"\x1b[m",
    "no-break spaces": "\N{NO-BREAK SPACE}".encode(),
    "numbered entities": b"&#32;",
    "named entities": b"&amp;",
    "line breaks": b"<br>",
    "tags": b"<b></b>",
    "escaped newlines": b"\\n",
    "soft breaks": b"a=\n",
    "JSON records": b'{"msg":"a"},',
    "messages in bytes": b'{"MESSAGE":[66,66]},\n',
    "deletions": b"{+[-a-]",
    "beginnings of deletions": b"{+[-",
    "quotes": b"> ",
    "quoted soft breaks": b"> a=\n",
    "tags in soft breaks": b"<b=\n>",
    "carriage returns": b"a\r",
    "moves of the cursor": b"\x1b[1;1H",
    "ends shown": b"$\n",
    "strings": b"','",
    "strings in lines": b"','\n",
    "strings of several lines": b'"a\\nb\\n",\n',
    "forum": b"[code][/code]",
    "escaped brackets": b"\\[",
    "wide letters": "\N{FULLWIDTH LATIN CAPITAL LETTER A}".encode(),
    "numbered lines": b"1:node 0: [mem 0x1000-0x1fff]\n",
    "damaged entries": b"node 0: [mem 0x1000-0x1fff]\nnode\n",
    "kernels": b"( kernel: BIOS-e820: ",
    "half lines": b"last_pfn = 0xz\n",
    "repeats": b"node 0: [mem 0x1000-0x1fff]\n",
    "boots": b"Linux version 4.17.0 (x)\nnode 0: [mem 0x1000-0x1fff]\n" + b"chatter of a boot that is short\n" * 10,
}


def peak(text: bytes) -> int:
    """Bytes of memory at the worst moment of reading and keeping."""
    tracemalloc.start()
    try:
        keep_memory_lines(text, read(text))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_memory_stays_within_twelve_times_the_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "_BLOCK", SIZE >> 9)  # as small against this text as it is against a large one
    read(TEXTS[name])  # patterns are compiled once
    text = (TEXTS[name] * (SIZE // len(TEXTS[name]) + 1))[:SIZE]
    assert peak(text) <= 12 * len(text)


def test_utf16_of_one_letter() -> None:
    assert peak(b"\xff\xfe" + b"a\0" * (SIZE // 2)) <= 12 * SIZE
