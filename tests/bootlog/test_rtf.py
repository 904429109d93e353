"""Logs in documents of word processors and in forms of web pages."""

import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.bootlog.text.decoding import decode
from pfnscope.bootlog.text.plain import ADDED
from tests.bootlog.dialect import Printed, layouts
from tests.bootlog.test_round_trip import assert_says

Write = Callable[[list[str]], str]


def escaped(text: str) -> str:
    return re.sub(r"([\\{}])", r"\\\1", text)


DOCUMENTS: dict[str, tuple[Write, int]] = {
    "WordPad": (
        lambda lines: (
            "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0\\fnil\\fcharset0 Courier New;}}\r\n"
            "{\\colortbl ;\\red0\\green0\\blue0;}\r\n\\pard\\f0\\fs20 "
            + "\\par\r\n".join(map(escaped, lines))
            + "\\par\r\n}\r\n"
        ),
        3,
    ),
    "TextEdit": (
        lambda lines: (
            "{\\rtf1\\ansi\\cocoartf2639\n{\\fonttbl\\f0\\fnil Menlo;}\n\\f0\\fs22 \\cf0 "
            + "\\\n".join(map(escaped, lines))
            + "}"
        ),
        3,
    ),
    "RTF on one line": (
        lambda lines: "{\\rtf1 {\\b Log:}\\par " + "\\par ".join(map(escaped, lines)) + "}",
        0,
    ),
    "form": (lambda lines: "keep=all&log=" + quote_plus("\r\n".join(lines)) + "&title=x", 0),
    "link": (
        lambda lines: "https://example.org/new?title=x&body=" + quote("Hello\n" + "\n".join(lines), safe="") + "\n",
        0,
    ),
}


@given(layouts(), st.sampled_from(sorted(DOCUMENTS)), st.booleans())
def test_a_document_is_read_as_its_text(printed: Printed, kind: str, stamped: bool) -> None:
    write, first = DOCUMENTS[kind]
    lines = [f"[    0.000000] {line}" if stamped else line for line in printed.lines()]
    raw = write(lines).encode()
    reading = read(raw)
    (boot,) = reading.boots
    assert_says(boot, printed)
    (number,) = boot.node_ranges[0].lines
    assert number == (first + next(n for n, line in enumerate(lines) if "node   " in line) if first else 1)
    assert read(keep_memory_lines(raw, reading)) == reading


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (rb"{\rtf1 a\'e9\u8722?b\tab c\{d\}\\e\~f\unknown1 g}", b"a\xe9-b c{d}\\e fg"),
        (rb"{\rtf1\u-10179 ?x}", b"?x"),
        (b"a=%0A%09b%00%zz%2", ADDED + ADDED + b" b%zz%2"),
    ],
)
def test_signs_of_documents(document: bytes, text: bytes) -> None:
    assert decode(document) == text


@pytest.mark.parametrize("text", [b"a%0Ab c", b"%20%41", b"x {\\rtf1 y\\par}", b"a+b=%0A c"])
def test_what_is_no_document_stays(text: bytes) -> None:
    assert decode(text) == text
