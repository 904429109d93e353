"""The SVG, the figure and the colours of both."""

import json
from xml.etree import ElementTree as ET

import pytest

from pfnscope.drawing import palette, plotly, scene, svg
from pfnscope.drawing.axis import AxisName
from pfnscope.drawing.lanes import lanes
from pfnscope.model.analysis import Verdict
from pfnscope.model.document import Sections
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from tests.report.documents import hole, seed_document

SEED = scene.of(seed_document())
EVIL = 'x"><script>alert(1)</script>\x00\x1b[31m\ud800'


@pytest.mark.parametrize("axis", ["schematic", "scale"])
def test_the_svg_is_well_formed_whatever_the_log_says(axis: AxisName) -> None:
    """Labels with markup, control characters and lone surrogates end as text."""
    entries = [MapEntry(*ByteRange(0x0, 0x240000000), MemoryType.RAM, EVIL, (1,))]
    document = seed_document(firmware_map=entries, verdict=Verdict("danger", EVIL, (), 0))
    for text in (svg.draw(scene.of(document), axis), svg.for_page(scene.of(document), axis)):
        root = ET.fromstring(text)  # raises where it is not well-formed
        assert [element for element in root.iter() if element.tag.endswith("script")] == []


def test_the_drawing_for_the_page_needs_no_inline_style() -> None:
    """The content security policy forbids style attributes and elements."""
    text = svg.for_page(SEED) + svg.overview(SEED)
    assert "style" not in text


def test_a_frame_goes_through_all_lanes_around_a_dangerous_hole_only() -> None:
    """The seed has one; without it there is none."""
    assert svg.draw(SEED).count('class="frame"') == 1
    assert svg.draw(scene.of(seed_document(holes=[hole(0x9F, 0x100)]))).count('class="frame"') == 0


def test_a_document_without_anything_still_draws() -> None:
    """Empty lanes, both axes, drawing, overview and figure."""
    empty = seed_document(
        firmware_map=[], user_map=[], node_ranges=[], zone_spans=[], holes=[], sections=Sections(None, 0, ())
    )
    assert lanes(empty) == ()
    ET.fromstring(svg.draw(scene.of(empty), "scale"))
    ET.fromstring(svg.overview(scene.of(empty)))
    assert json.loads(plotly.figure_json(scene.of(empty), "scale"))["data"][0]["base"] == []


@pytest.mark.parametrize("axis", ["schematic", "scale"])
def test_the_figure_has_few_traces_and_every_bar(axis: AxisName) -> None:
    """Two bar traces, the frames and the bands; no shapes; base and width give the bar's frames back."""
    document = seed_document()
    figure = json.loads(plotly.figure_json(scene.of(document), axis))
    assert [trace["type"] for trace in figure["data"]] == ["bar", "bar", "scatter", "scatter"]
    assert "shapes" not in figure["layout"]
    assert sum(len(trace["base"]) for trace in figure["data"][:2]) == sum(len(lane.bars) for lane in lanes(document))
    for trace, kinds in zip(figure["data"][:2], figure["layout"]["meta"]["kinds"], strict=True):
        assert len(trace["base"]) == len(trace["x"]) == len(trace["customdata"]) == len(kinds)


def test_positions_to_scale_are_page_frames() -> None:
    """Byte addresses would lose bits beyond 2**53 in a browser; page frames of 64-bit machines do not."""
    top = MapEntry(*ByteRange(0xFFFFFFFFF000, 0x1000000000000), MemoryType.RAM, "usable", (1,))
    figure = json.loads(plotly.figure_json(scene.of(seed_document(firmware_map=[top])), "scale"))
    assert figure["data"][0]["base"][0] == 0xFFFFFFFFF
    assert max(figure["layout"]["xaxis"]["range"]) < 2**53


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", sorted(palette.PAINTS))
def test_labels_can_be_read_on_every_bar(kind: str) -> None:
    """WCAG AA: 4.5 to 1 between ink and fill, light and dark; alarms are written in the alarm colour."""
    paint = palette.PAINTS[kind]
    ink = palette.ALARM if kind in ("danger", "uninitialised") else palette.INK
    assert _contrast(paint.light, ink[0]) >= 4.5
    assert _contrast(paint.dark, ink[1]) >= 4.5


def test_the_overview_shows_the_nodes_where_the_map_has_less() -> None:
    """A map of a few pages is no picture of a machine of gigabytes."""
    few = [MapEntry(*ByteRange(0x0, 0x10000), MemoryType.RAM, "usable", (1,))]
    assert "k-node-1" in svg.overview(scene.of(seed_document(firmware_map=few, user_map=[])))
    assert "k-node-1" not in svg.overview(SEED)


def test_a_hole_stands_out_from_the_card_and_from_a_harmless_one() -> None:
    """Each step of a hole's severity is farther from the page's ground, on light and on dark pages."""
    for dark in (False, True):
        ground = _lightness(palette.CARD[dark])
        far = [
            abs(_lightness(paint.dark if dark else paint.light) - ground)
            for paint in (palette.PAINTS[kind] for kind in ("none", "info"))
        ]
        assert 0.1 < far[0] < far[1]


def _lightness(colour: str) -> float:
    return sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) / 765
