"""The strip above the bars: the whole machine to scale, as SVG."""

from collections.abc import Iterable, Sequence

from pfnscope.drawing import axis as axes
from pfnscope.drawing.lanes import Bar, Lane, map_lane
from pfnscope.drawing.scene import Scene
from pfnscope.drawing.view import WHOLE, View
from pfnscope.model.analysis import ALARMS

_STRIP, _STRIP_BAR = 18, 8
"""Pixels of the overview and of its bars."""
_PIXEL = 0.0008


def overview(scene: Scene, view: View = WHOLE, folded: Sequence[Lane] = ()) -> str:
    """A strip of the whole machine to scale, above the bars: where memory is, where the alarms are, what is in view.

    Memory is that of the ``folded`` lanes where no lane of the scene tells it. SVG of percentages, like the drawing;
    the page's script moves the rectangle of class ``window``.
    """
    lanes = scene.lanes
    axis = axes.to_scale(lanes)
    keys = {lane.key: lane for lane in (*folded, *lanes)}
    ground = map_lane(lanes) or map_lane(folded)
    nodes = keys.get("nodes")
    # a map that has less than the nodes is not whole
    if nodes and (ground is None or _pages(ground.bars, "ram") < _pages(nodes.bars, "node-")):
        ground = nodes
    out = [
        f'<svg width="100%" height="{_STRIP}" aria-hidden="true"><line x1="0" x2="100%" y1="6" y2="6" class="base"/>'
    ]
    for bar in axes.merged(ground.bars, axis, _PIXEL) if ground else ():
        left, width = _percent(axis, bar.start_pfn, bar.end_pfn)
        out.append(f'<rect x="{left:.4g}%" y="2" width="{width:.4g}%" height="{_STRIP_BAR}" class="k-{bar.kind}"/>')
    for bar in keys["holes"].bars if "holes" in keys else ():
        if bar.kind in ALARMS:
            middle = (axis.place(bar.start_pfn) + axis.place(bar.end_pfn)) * 50
            out.append(f'<text x="{middle:.4g}%" y="{_STRIP}" class="mark t-{bar.kind}">▲</text>')
    left, width = (0.0, 100.0) if view.start is None or view.end is None else _percent(axis, view.start, view.end)
    out.append(
        f'<rect x="{left:.4g}%" y="0.75" width="{width:.4g}%" height="{_STRIP_BAR + 2.5}" rx="3" class="window"/></svg>'
    )
    return "".join(out)


def _pages(bars: Iterable[Bar], kind: str) -> int:
    return sum(bar.end_pfn - bar.start_pfn for bar in bars if bar.kind.startswith(kind))


def _percent(axis: axes.Axis, start: float, end: float) -> tuple[float, float]:
    """Where a range begins and how wide it is drawn: never too narrow to be seen."""
    left = axis.place(start) * 100
    width = max(axis.place(end) * 100 - left, 0.2)
    return min(left, 100 - width), width
