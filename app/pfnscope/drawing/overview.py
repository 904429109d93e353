"""A strip of the whole machine to scale, above the bars: where memory is, where the alarms are, what is in view."""

from collections.abc import Iterable

from pfnscope.drawing import axis as axes
from pfnscope.drawing.lanes import Bar, map_lane
from pfnscope.drawing.scene import Scene
from pfnscope.drawing.view import WHOLE, View
from pfnscope.model.analysis import ALARMS

_HEIGHT = 24
_BAR = 12


def for_page(scene: Scene, view: View = WHOLE) -> str:
    """SVG of percentages, like the drawing; the page's script moves the rectangle of class ``window``."""
    lanes = scene.lanes
    axis = axes.to_scale(lanes)
    keys = {lane.key: lane for lane in lanes}
    ground = map_lane(lanes)
    nodes = keys.get("nodes")
    # a map that has less than the nodes is not whole
    if nodes and (ground is None or _pages(ground.bars, "ram") < _pages(nodes.bars, "node-")):
        ground = nodes
    out = [
        f'<svg width="100%" height="{_HEIGHT}" aria-hidden="true"><line x1="0" x2="100%" y1="8" y2="8" class="base"/>'
    ]
    for bar in axes.merged(ground.bars, axis, 0.0008) if ground else ():
        left, share = _percent(axis, bar.start_pfn, bar.end_pfn)
        width = max(share, 0.2)
        at = min(left, 100 - width)
        out.append(f'<rect x="{at:.4g}%" y="2" width="{width:.4g}%" height="{_BAR}" class="k-{bar.kind}"/>')
    for bar in keys["holes"].bars if "holes" in keys else ():
        if bar.kind in ALARMS:
            left, share = _percent(axis, bar.start_pfn, bar.end_pfn)
            out.append(f'<text x="{left + share / 2:.4g}%" y="{_HEIGHT}" class="mark t-{bar.kind}">▲</text>')
    left, width = (0.0, 100.0) if view.start is None or view.end is None else _percent(axis, view.start, view.end)
    width = max(width, 0.2)
    left = min(left, 100 - width)
    out.append(
        f'<rect x="{left:.4g}%" y="0.75" width="{width:.4g}%" height="{_BAR + 2.5}" rx="3" class="window"/></svg>'
    )
    return "".join(out)


def _pages(bars: Iterable[Bar], kind: str) -> int:
    return sum(bar.end_pfn - bar.start_pfn for bar in bars if bar.kind.startswith(kind))


def _percent(axis: axes.Axis, start: float, end: float) -> tuple[float, float]:
    left = axis.place(start) * 100
    return left, axis.place(end) * 100 - left
