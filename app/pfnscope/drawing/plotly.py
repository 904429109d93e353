"""The drawing as a Plotly figure: two bar traces with arrays, so that thousands of ranges stay light.

Positions are page frames or schematic units, never byte addresses (2**53 bytes is the end of exact
numbers in a browser). ``layout.meta`` carries what the page's script needs to go both ways along the
axis. Colours of the figure itself are those of a light page; the page's script repaints by ``meta.kinds``.

Plain and patterned bars are two traces, since Plotly ignores background and line colours of patterns in a
trace whose ``marker.color`` is an array.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pfnscope.drawing import axis as axes
from pfnscope.drawing import svg
from pfnscope.drawing.axis import Axes, Axis, AxisName, by_importance
from pfnscope.drawing.lanes import Bar
from pfnscope.drawing.palette import ALARM, CARD, LINE, PAINTS
from pfnscope.drawing.scene import Scene, visible_marks
from pfnscope.drawing.stops import Stop, stop_words

_MANY = 2000
"""Bars beyond which a browser gets slow; then neighbours closer than the resolution become one bar."""
_RESOLUTION = 1 / 1500
"""Part of what is in view: some pixel. A page that zooms in asks for a figure of what it shows then."""
_BESIDE = 0.25
"""Parts of the view on both sides that are as fine, so that moving shows no coarse bars at once."""
_LINES = 6
"""Source lines that a page tells of one bar."""


def figure_json(
    scene: Scene, axis: AxisName, *, window: tuple[float, float] | None = None, both_axes: Axes | None = None
) -> bytes:
    """The figure as JSON, ready for ``Plotly.newPlot``.

    Of many bars, those in the ``window`` of page frames are as fine as a screen that shows it can be, and the others
    as fine as one that shows all. ``meta.fine`` is that window on the axis, null where nothing was joined.
    """
    return msgspec.json.encode(figure(scene, axis, window=window, both_axes=both_axes))


def figure(
    scene: Scene, axis: AxisName, *, window: tuple[float, float] | None = None, both_axes: Axes | None = None
) -> dict[str, Any]:
    """The figure as ``plotly.graph_objects.Figure`` takes it, without that package, which takes 0.2 s to load."""
    lanes = scene.lanes
    both_axes = both_axes or Axes(lanes)
    chosen = both_axes[axis]
    fine = _fine(chosen, window) if sum(len(lane.bars) for lane in lanes) > _MANY else None
    rows = [(i, bar) for i, lane in enumerate(lanes) for bar in _joined(lane.bars, chosen, fine, both_axes)]
    plain = [(row, bar) for row, bar in rows if not PAINTS[bar.kind].pattern]
    patterned = [(row, bar) for row, bar in rows if PAINTS[bar.kind].pattern]
    meta = _meta(scene, both_axes, axis, fine) | {
        "kinds": [[bar.kind for _, bar in part] for part in (plain, patterned)]
    }
    return {
        "data": [
            _bars(plain, chosen, scene.page_size, _plain),
            _bars(patterned, chosen, scene.page_size, _patterned),
            _frames(scene, chosen),
            _bands(scene, chosen),
        ],
        "layout": _layout(len(lanes), chosen, meta),
    }


class _Fine(msgspec.Struct, frozen=True):
    """The part of the axis [low, high) (0..1) whose bars are joined only below ``resolution``."""

    low: float
    high: float
    resolution: float


def _fine(axis: Axis, window: tuple[float, float] | None) -> _Fine:
    low, high = (axis.place(pfn) for pfn in window) if window else (0.0, 1.0)
    if low >= high:
        low, high = 0.0, 1.0
    room = _BESIDE * (high - low)
    return _Fine(max(0.0, low - room), min(1.0, high + room), (high - low) * _RESOLUTION)


def _joined(bars: tuple[Bar, ...], axis: Axis, fine: _Fine | None, both_axes: Axes) -> Sequence[Bar]:
    if fine is None or len(bars) < 2:
        return axes.merged(bars, axis, 0.0)
    start, end = axis.pfn(fine.low), axis.pfn(fine.high)
    whole = both_axes.joined(bars, axis.name, _RESOLUTION)
    inside = [bar for bar in bars if bar.end_pfn > start and bar.start_pfn < end]
    before = [bar for bar in whole if bar.end_pfn <= start]
    behind = [bar for bar in whole if bar.start_pfn >= end and bar.end_pfn > start]
    # the joined bars at the seams may have reached into the finer part
    low = max((bar.end_pfn for bar in before), default=0)
    high = min((bar.start_pfn for bar in behind), default=None)
    return [
        *before,
        *axes.merged([bar for bar in bars if low <= bar.start_pfn < start and bar.end_pfn <= start], axis, _RESOLUTION),
        *axes.merged(inside, axis, fine.resolution),
        *axes.merged(
            [bar for bar in bars if bar.start_pfn >= end and (high is None or bar.end_pfn <= high)], axis, _RESOLUTION
        ),
        *behind,
    ]


def place(pfn: float, axis: Axis) -> float:
    """A page frame in the unit of the figure's axis: itself to scale, 0..1 on the schematic axis."""
    return pfn if axis.name == "scale" else round(axis.place(pfn), 12)


def _bars(
    rows: Sequence[tuple[int, Bar]], axis: Axis, page_size: int, marker: Callable[[Sequence[str]], dict[str, Any]]
) -> dict[str, Any]:
    edges = [
        (place(max(bar.start_pfn, axis.pfns[0]), axis), place(min(bar.end_pfn, axis.pfns[-1]), axis)) for _, bar in rows
    ]
    return {
        "orientation": "h",
        "y": [row + (svg.GAP + svg.BAR / 2) / svg.ROW for row, _ in rows],
        "base": [left for left, _ in edges],
        "x": [round(right - left, 12) for left, right in edges],
        "width": svg.BAR / svg.ROW,
        "customdata": [[bar.sized(page_size), bar.detail, list(bar.lines[:_LINES]), bar.hole] for _, bar in rows],
        "hoverinfo": "none",
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "constraintext": "none",
        "unselected": {"marker": {"opacity": 0.25}},
        "marker": marker([bar.kind for _, bar in rows]),
        "type": "bar",
    }


def _plain(kinds: Sequence[str]) -> dict[str, Any]:
    return {"cornerradius": 3, "line": {"width": 1, "color": CARD[0]}, "color": [PAINTS[kind].light for kind in kinds]}


# Plotly's size and solidity that give the tiles of the still drawing
_TILES = {"/": (4.24, 0.24), "\\": (4.24, 0.24), "x": (5.66, 0.3), "-": (5, 0.2), "|": (5, 0.2), ".": (6, 0.0873)}


def _patterned(kinds: Sequence[str]) -> dict[str, Any]:
    paints = [PAINTS[kind] for kind in kinds]
    return {
        "cornerradius": 3,
        "line": {"width": 1, "color": CARD[0]},
        "pattern": {
            "shape": [paint.pattern for paint in paints],
            "bgcolor": [paint.light for paint in paints],
            "fgcolor": [paint.light_line for paint in paints],
            "size": [_TILES[paint.pattern][0] for paint in paints],
            "solidity": [_TILES[paint.pattern][1] for paint in paints],
        },
    }


def _frames(scene: Scene, axis: Axis) -> dict[str, Any]:
    """A dashed frame through all lanes around each dangerous hole, as one broken line."""
    low, high = 2 / svg.ROW, len(scene.lanes) + 3 / svg.ROW
    boxes = [(place(alarm.start, axis), place(alarm.end, axis), low, high) for alarm in scene.alarms]
    line = {"color": ALARM[0], "dash": "4px,3px", "width": 1}
    return _boxes(boxes, line, "rgba(179,38,30,0.06)")


def _bands(scene: Scene, axis: Axis) -> dict[str, Any]:
    """A tint over the lanes that differ, where they do."""
    boxes = []
    for mark in visible_marks(scene, axis, _RESOLUTION):
        low, high = mark.first + (svg.GAP - 3) / svg.ROW, mark.last + 3 / svg.ROW
        boxes.append((place(mark.start_pfn, axis), place(mark.end_pfn, axis), low, high))
    return _boxes(boxes, {"width": 0}, "rgba(11,92,173,0.12)")


def _boxes(boxes: Sequence[tuple[float, float, float, float]], line: dict[str, Any], fill: str) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[float | None] = []
    for left, right, low, high in boxes:
        x += [left, right, right, left, left, None]
        y += [low, low, high, high, low, None]
    look = {"mode": "lines", "line": line, "fill": "toself", "fillcolor": fill, "hoverinfo": "skip"}
    return {"x": x, "y": y, **look, "type": "scatter"}


def _layout(count: int, axis: Axis, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "template": {"data": {"scatter": [{"type": "scatter"}]}},  # Plotly's "none": no colours of its own
        "barmode": "overlay",
        "showlegend": False,
        "dragmode": "zoom",
        "height": svg.height(count),
        "margin": {"l": 0, "r": 0, "t": svg.TOP, "b": 0, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12},
        "xaxis": {
            "range": [place(axis.pfns[0], axis), place(axis.pfns[-1], axis)],
            "tickmode": "array",
            "tickvals": [],
            "showticklabels": False,
            "zeroline": False,
            "gridcolor": LINE[0],
        },
        "yaxis": {
            "range": [count + 6 / svg.ROW, 0],
            "fixedrange": True,
            "tickmode": "array",
            "tickvals": [row + (svg.GAP + svg.BAR / 2) / svg.ROW for row in range(count)],
            "showticklabels": False,
            "zeroline": False,
            "gridcolor": LINE[0],
        },
        "meta": meta,
    }


def _meta(scene: Scene, both_axes: Axes, name: AxisName, fine: _Fine | None) -> dict[str, Any]:
    scale, axis, part = both_axes["scale"], both_axes[name], both_axes[name]
    if fine:
        axis = axis.thinned((fine.low, fine.high), fine.resolution / 2, _RESOLUTION / 2)
        part = part.within(part.pfn(fine.low), part.pfn(fine.high))
    return {
        "axis": axis.name,
        "pageSize": scene.page_size,
        "knots": {"pfn": list(axis.pfns), "at": [place(pfn, axis) for pfn in axis.pfns]},
        "scale": [scale.pfns[0], scale.pfns[-1]],
        "fine": [place(axis.pfn(fine.low), axis), place(axis.pfn(fine.high), axis)] if fine else None,
        "ticks": by_importance(scene.lanes, part, both_axes.points),
        "holes": [[hole.start, hole.end] for hole in scene.holes],
    } | _stops(scene.stops)


def _stops(stops: Sequence[Stop]) -> dict[str, Any]:
    """Where keys lead, and each sentence of a finding once: of a hole its bar has more to say."""
    about: dict[tuple[str, tuple[int, ...]], int] = {}
    rows = [
        [
            stop.frames.start,
            stop.frames.end,
            stop.severity,
            words,
            stop.hole,
            about.setdefault((stop.about, stop.lines[:_LINES]), len(about)) if stop.hole is None else None,
        ]
        for stop, words in zip(stops, stop_words(stops), strict=True)
    ]
    return {"stops": rows, "about": list(about)}
