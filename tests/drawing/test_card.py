"""The picture beside a link: its size, its words and bars, whatever a log says, on a machine without fonts."""

import struct
import zlib
from xml.etree import ElementTree as ET

import pytest

from pfnscope.drawing import card, scene, svg
from pfnscope.drawing.card import Card
from tests.report.documents import seed_document

STRANGE = "Kernel WWWW-MMMM \u202e\x1b[31m\x00\u2067</text><script>" + "\u5149" * 300
PALE, SHOUT = (0xFD, 0xEE, 0xEB), (0xB3, 0x26, 0x1E)


def pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """Rows of an RGBA picture without interlacing."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (8, 6)
    packed, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        packed += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    raw, rows, above = zlib.decompress(packed), [], bytearray(width * 4)
    for row in range(height):
        start = row * (width * 4 + 1)
        above = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + width * 4]), above)
        rows.append([tuple(above[x : x + 3]) for x in range(0, width * 4, 4)])
    return rows


def _unfiltered(kind: int, line: bytearray, above: bytearray) -> bytearray:
    for x in range(len(line)):
        left, up = line[x - 4] if x >= 4 else 0, above[x]
        corner = above[x - 4] if x >= 4 else 0
        near = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        line[x] = (line[x] + (0, left, up, (left + up) // 2, near)[kind]) & 255
    return line


@pytest.mark.parametrize("words", ["On 4.17, nothing writes these.", STRANGE])
def test_all_words_are_inside_the_picture_and_the_bars_below_them(words: str) -> None:
    drawing = card.draw(scene.of(seed_document()), Card("danger", "danger", words, (words, "x86_64")))
    ET.fromstring(drawing)  # raises where it is not well-formed
    assert "<script" not in drawing
    assert not {"\u202e", "\x1b", "\u2067"} & set(drawing)
    assert drawing.count('class="head"') <= 3
    rows = pixels(svg.png(drawing, 1))
    assert (len(rows[0]), len(rows)) == (1200, 630)
    head = [row for row in rows[100:] if row[2] == PALE]
    assert sum(row.count(SHOUT) for row in head) > 1000  # letters, and not a gap where they would be
    assert all(pixel == PALE for row in head for pixel in row[1165:])
    bars = rows[100 + len(head) + 60 :]
    assert len({pixel for row in bars for pixel in row}) > 50
    assert all(pixel == (255, 255, 255) for row in rows[100 + len(head) :] for pixel in row[1165:])


def test_fonts_are_ours_where_set_up_has_fetched_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """resvg leaves out text without a font and says nothing."""
    asked = {}
    import resvg_py

    real = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **settings: asked.update(settings) or real(**settings))
    svg.png(svg.draw(scene.of(seed_document())), 1)
    assert asked["skip_system_fonts"]
    assert [name.rpartition("/")[2] for name in asked["font_files"]] == [
        "DejaVuSans-Bold.ttf",
        "DejaVuSans.ttf",
        "DejaVuSansMono.ttf",
    ]
