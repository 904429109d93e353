"""The SVG, the figure and the colours of both."""

import json
from xml.etree import ElementTree as ET

import msgspec
import pytest
from plotly.graph_objects import Figure

from pfnscope import analyse
from pfnscope.drawing import palette, plotly, scene, svg
from pfnscope.drawing.axis import Axes, AxisName
from pfnscope.drawing.lanes import lanes
from pfnscope.drawing.overview import overview
from pfnscope.model.analysis import Verdict
from pfnscope.model.document import Sections
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from tests.report.documents import hole, seed_document
from tests.support import samples

SEED = scene.of(seed_document())
SEED_AXES = Axes(SEED.lanes)
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
    text = svg.for_page(SEED) + overview(SEED)
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
    ET.fromstring(overview(scene.of(empty)))
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


FIGURES = {slug: scene.of(analyse(samples.text(slug))) for slug in samples.SLUGS} | {
    "two": scene.of_two(analyse(samples.text("seed-1g-4g")), analyse(samples.text("seed-1g-7g")), ("before", "after")),
    "empty": scene.of(seed_document(firmware_map=[], user_map=[], node_ranges=[], zone_spans=[], holes=[])),
}


@pytest.mark.parametrize("axis", ["schematic", "scale"])
@pytest.mark.parametrize("name", FIGURES)
def test_plotly_itself_takes_the_figure_and_changes_nothing_in_it(name: str, axis: AxisName) -> None:
    """Of a name or value that Plotly does not know its package raises an error; in a browser nobody would see it."""
    figure = json.loads(plotly.figure_json(FIGURES[name], axis))
    assert json.loads(Figure(figure).to_json(engine="json")) == figure


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
    assert "k-node-1" in overview(scene.of(seed_document(firmware_map=few, user_map=[])))
    assert "k-node-1" not in overview(SEED)


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


def test_no_swatch_stands_for_two_kinds_but_a_danger_and_what_makes_it_one() -> None:
    """In the legend of everything, each look once."""
    alike = [
        {one, other}
        for one, paint in palette.PAINTS.items()
        for other, second in palette.PAINTS.items()
        if one < other and msgspec.structs.replace(paint, name="") == msgspec.structs.replace(second, name="")
    ]
    assert alike == [{"danger", "uninitialised"}]
    names = [name for _, name in palette.legend(palette.PAINTS)]
    assert "struct page never written" in names
    assert "dangerous hole" not in names


def test_a_zigzag_says_where_the_axis_is_not_to_scale() -> None:
    """Over the 41 pages, drawn as wide as 3 GiB, and in the legend; not on the axis to scale."""
    drawing = svg.for_page(SEED)
    axis = SEED_AXES["schematic"]
    left, width = axis.place(0xBFFD7), axis.place(0xC0000) - axis.place(0xBFFD7)
    assert f'<rect x="{left * 100:.4g}%" y="20" width="{width * 100:.4g}%" height="5" class="k-broken"/>' in drawing
    assert [kind for kind, _ in svg.legend(SEED, SEED_AXES)].count("broken") == 1
    assert "k-broken" not in svg.for_page(SEED, "scale")
    assert svg.legend(SEED, SEED_AXES, "scale") == [item for item in svg.legend(SEED, SEED_AXES) if item[0] != "broken"]


def test_the_small_drawing_has_struct_pages_and_holes_with_the_alarm_and_the_ends() -> None:
    """60 to 84 pixels high; both ends and the hole's are labelled from the narrowest width on, a needle to scale."""
    for axis in ("schematic", "scale"):
        root = ET.fromstring(svg.mini(SEED, axis))
        assert 60 <= int(root.attrib["height"]) <= 84
        classes = [element.attrib.get("class", "") for element in root.iter()]
        assert classes.count("frame") == 1
        assert not any("k-node" in name or "k-ram" in name for name in classes)
        labels = {text.text for text in root.iter("text") if text.attrib["class"] == "tl w240"}
        assert {"0x0", "0xbffd7000", "0x240000000"} <= labels
        danger = next(element for element in root.iter("rect") if element.attrib.get("class", "").endswith("k-danger"))
        assert danger.attrib["width"] == "2.5" or float(danger.attrib["width"].rstrip("%")) > 5
