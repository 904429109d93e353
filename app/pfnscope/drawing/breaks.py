"""Where the schematic axis is so far from scale that the drawing says so, with a zigzag above the lanes."""

from itertools import pairwise

from pfnscope.drawing.axis import Axis

_BROKEN = 100.0
"""Times by which an interval is drawn wider or narrower than others, so that a zigzag says so."""
_BESIDE = 0.004
"""Part of the drawing between zigzags below which they are one."""


def breaks(axis: Axis, scale: Axis) -> list[tuple[float, float]]:
    """Parts (0..1) of the axis that are drawn more than 100 times wider or narrower than what is in view on the whole.

    What is in view counts as far as it lies on the axis to ``scale``: a window of devices far above all memory would
    make memory itself look stretched. static/axis.js does the same; ``tests/viewer/cases.json``.
    """
    if axis.name == "scale":
        return []
    low, high = max(axis.pfns[0], scale.pfns[0]), min(axis.pfns[-1], scale.pfns[-1])
    if low >= high:
        low, high = axis.pfns[0], axis.pfns[-1]
    usual = (high - low) / (axis.place(high) - axis.place(low))
    out: list[tuple[float, float]] = []
    for (left, right), (start, end) in zip(pairwise(axis.at), pairwise(axis.pfns), strict=True):
        if (right - left) * usual > _BROKEN * (end - start) or end - start > _BROKEN * usual * (right - left):
            if out and left - out[-1][1] < _BESIDE:
                out[-1] = out[-1][0], right
            else:
                out.append((left, right))
    return out
