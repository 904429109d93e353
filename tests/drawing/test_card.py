"""The picture beside a link: its size, its words and bars, whatever a log says, on a machine without fonts."""

import struct
import zlib
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import resvg_py

from pfnscope.drawing import card, scene, svg
from pfnscope.drawing.card import Card
from tests.report.documents import seed_document

STRANGE = "Kernel WWWW-MMMM \u202e\x1b[31m\x00\u2067</text><script>" + "\u5149" * 300
PALE = (0xFD, 0xEE, 0xEB)


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
    whole = svg.png(drawing, 1)
    assert struct.unpack(">II", whole[16:24]) == (1200, 630)
    rows = pixels(svg.png(drawing, 1 / 4))  # fewer to unpack here
    head = [row for row in rows[25:] if row[1] == PALE]
    assert sum(sum(pixel[1] < 0x60 for pixel in row) for row in head) > 100  # letters, and not a gap for them
    assert all(pixel == PALE for row in head for pixel in row[292:])
    below = rows[25 + len(head) + 1 :]
    assert len({pixel for row in below[16:] for pixel in row}) > 50
    assert all(pixel == (255, 255, 255) for row in below for pixel in row[292:])


def test_fonts_are_ours_where_set_up_has_fetched_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """resvg leaves out text without a font and says nothing."""
    settings_of_png: dict[str, Any] = {}

    def painted(**settings: Any) -> bytes:
        settings_of_png.update(settings)
        return b""

    monkeypatch.setattr(resvg_py, "svg_to_bytes", painted)
    svg.png(svg.draw(scene.of(seed_document())))
    assert settings_of_png["skip_system_fonts"]
    assert [name.rpartition("/")[2] for name in settings_of_png["font_files"]] == [
        "DejaVuSans-Bold.ttf",
        "DejaVuSans.ttf",
        "DejaVuSansMono.ttf",
    ]
