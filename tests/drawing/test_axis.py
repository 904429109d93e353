"""Positions on both axes, labels that do not touch, and what becomes of ten thousand ranges."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from plotly.graph_objects import Figure

from pfnscope.drawing import axis as axes
from pfnscope.drawing import plotly, scene
from pfnscope.drawing.axis import CHARACTER, WIDTHS, ticks
from pfnscope.drawing.lanes import Bar, Lane, lanes
from pfnscope.drawing.svg import draw
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from tests.report.documents import seed_document

SEED = lanes(seed_document())


def _lane(pairs: list[tuple[int, int]]) -> Lane:
    return Lane("firmware", "", "", tuple(Bar(a, b, "ram", "usable", "") for a, b in pairs))


def test_a_hole_of_41_frames_is_wide_enough_to_click_in_9_gib() -> None:
    """Schematic: a tenth of the drawing; to scale it would be a sixtieth of a pixel."""
    schematic, scale = axes.schematic(SEED), axes.to_scale(SEED)
    assert schematic.place(0xC0000) - schematic.place(0xBFFD7) > 0.08
    assert scale.place(0xC0000) - scale.place(0xBFFD7) < 0.0001


@given(st.sets(st.integers(0, 1 << 52), min_size=2, max_size=40), st.integers(0, 1 << 52))
def test_the_schematic_axis_goes_both_ways_and_never_backwards(points: set[int], pfn: int) -> None:
    """Positions grow with page frames, and a position gives back its page frame to a part in a million."""
    ordered = sorted(points)
    axis = axes.schematic([_lane(list(pairwise(ordered)))])
    places = [axis.place(point) for point in ordered]
    assert places[0] == 0
    assert places[-1] == 1
    assert places == sorted(set(places))
    inside = min(max(pfn, ordered[0]), ordered[-1])
    assert abs(axis.pfn(axis.place(inside)) - inside) <= 1 + (ordered[-1] - ordered[0]) * 1e-6


def test_reserved_space_far_above_memory_does_not_squeeze_the_scale() -> None:
    """The domain ends with memory; what lies above is counted, not drawn."""
    entries = [
        *seed_document().firmware_map,
        MapEntry(*ByteRange(0xFD00000000, 0x10000000000), MemoryType.RESERVED, "reserved", (9,)),
    ]
    document = seed_document(firmware_map=entries)
    drawn = lanes(document)
    axis = axes.to_scale(drawn)
    assert axis.pfns == (0, 0x240000)
    assert [bar.start_pfn for bar in axes.beyond(drawn, axis)] == [0xFD00000]
    assert "1 range beyond 0x240000000 not drawn" in draw(scene.of(document), "scale")


def test_memory_that_starts_high_starts_the_scale() -> None:
    """A machine with its RAM at 1 TiB is not drawn as a sliver at the right edge."""
    axis = axes.to_scale([_lane([(1 << 28, (1 << 28) + 4096)])])
    assert axis.pfns[0] == 1 << 28


def test_labels_never_touch_at_any_width() -> None:
    """At each width the labels shown there keep their distance and stay inside."""
    for axis in (axes.schematic(SEED), axes.to_scale(SEED)):
        marks = ticks(SEED, axis, 4096)
        for width in WIDTHS:
            edge = 0.0
            for tick in (tick for tick in marks if tick.width <= width):
                length = len(tick.label) * CHARACTER
                left = tick.at * width - {"start": 0, "middle": length / 2, "end": length}[tick.anchor]
                assert left >= edge
                edge = left + length
                assert edge <= width


def test_the_ends_of_a_dangerous_hole_are_labelled_first() -> None:
    """Both fit even on the narrowest drawing that has room for anything but the ends."""
    labels = {tick.label: tick.width for tick in ticks(SEED, axes.schematic(SEED), 4096)}
    assert labels["0xbffd7000"] == min(width for label, width in labels.items() if label not in ("0x0", "0x240000000"))


def test_ten_thousand_ranges_give_a_drawing_of_bounded_size() -> None:
    """Neighbours below a pixel are joined, and the joined bar says how many they were."""
    lane = _lane([(i * 16, i * 16 + 8) for i in range(10_000)])
    bars = axes.merged(lane.bars, axes.schematic([lane]), 0.0008)
    assert len(bars) <= 1300
    assert sum(int(bar.label.split()[0]) if "ranges" in bar.label else 1 for bar in bars) == 10_000


def test_a_dangerous_hole_is_never_joined_away() -> None:
    """However small, it keeps a bar of its own."""
    bars = tuple(Bar(i, i + 1, "danger" if i == 500 else "none", "1 page", "", (), i) for i in range(0, 1000, 2))
    kept = axes.merged(bars, axes.Axis("scale", (0, 10**9), (0.0, 1.0)), 0.0008)
    assert [bar.hole for bar in kept if bar.kind == "danger"] == [500]


@settings(max_examples=25)  # each figure is of ten thousand ranges
@given(st.floats(0, 0.98), st.floats(0.001, 0.5))
def test_a_finer_window_loses_no_range(low: float, width: float) -> None:
    """Of ten thousand ranges, each is in one bar, whether in the window, beside it or at its seams."""
    figure = json.loads(plotly.figure_json(MANY, "schematic", window=_window(low, width), both_axes=MANY_AXES))
    labels = [data[0] for trace in figure["data"][:2] for data in trace["customdata"]]
    assert len(labels) < 5_000
    assert sum(int(label.split()[0]) if "ranges" in label else 1 for label in labels) == 10_000


def test_inside_a_window_bars_are_apart_that_were_joined() -> None:
    """A window of a thousandth shows its ten ranges one by one, and axis and ticks there are exact."""
    low, high = _window(0.5, 0.001)
    figure = json.loads(plotly.figure_json(MANY, "schematic", window=(low, high), both_axes=MANY_AXES))
    assert json.loads(Figure(figure).to_json(engine="json")) == figure
    bars = [
        (base, base + x)
        for trace in figure["data"][:2]
        for base, x, data in zip(trace["base"], trace["x"], trace["customdata"], strict=True)
        if data[0].startswith("usable")
    ]
    expected = [bar for bar in MANY.lanes[0].bars if low <= bar.start_pfn and bar.end_pfn <= high]
    axis = MANY_AXES["schematic"]
    places = {(round(axis.place(bar.start_pfn), 12), round(axis.place(bar.end_pfn), 12)) for bar in expected}
    assert len(expected) >= 9
    assert len(places - {(round(one, 12), round(other, 12)) for one, other in bars}) == 0
    assert {bar.start_pfn for bar in expected} <= set(figure["layout"]["meta"]["knots"]["pfn"])
    assert {bar.start_pfn for bar in expected} <= set(figure["layout"]["meta"]["ticks"])


def test_a_part_of_an_axis_goes_both_ways() -> None:
    """Stretched to 0..1, with the boundaries where they were between its ends."""
    whole = axes.schematic(SEED)
    part = whole.within(0xBF000, 0xC1000)
    assert (part.at[0], part.at[-1]) == (0, 1)
    for pfn in (0xBF800, 0xBFFD7, 0xC0000, 0xC0800):
        share = (whole.place(pfn) - whole.place(0xBF000)) / (whole.place(0xC1000) - whole.place(0xBF000))
        assert abs(part.place(pfn) - share) < 1e-9
        assert abs(part.pfn(part.place(pfn)) - pfn) < 1e-3


def _window(low: float, width: float) -> tuple[float, float]:
    axis = MANY_AXES["schematic"]
    return axis.pfn(low), axis.pfn(min(1.0, low + width))


MANY = scene.Scene((_lane([(i * 16, i * 16 + 8) for i in range(10_000)]),), 4096, (), (), "", "")
MANY_AXES = axes.Axes(MANY.lanes)
