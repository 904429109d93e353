"""Where a page frame stands on the drawing: a schematic and a to-scale axis, both on 0..1.

Schematic: the boundaries of all lanes cut the address space into intervals; each gets a readable width
that grows with the logarithm of its size, so that a hole of 41 frames shows in 9 GiB.

    to scale    |.....................................|x|...........|
    schematic   |....|...|........|......|...xxxxx....|.......|.....|
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import log2
from typing import Literal

import msgspec

from app.ranges import FrameRange, FrameSet
from app.report.lanes import Bar, Lane

AxisName = Literal["schematic", "scale"]

_FLOOR = 6.0
"""Width of the smallest interval; one doubling of the size adds 1."""
_VOID = 5.0
"""Width of an interval that no lane covers, whatever its size."""
_HOLE = 14.0
"""Added to an interval of a hole, which is what the reader looks for."""


class Axis(msgspec.Struct, frozen=True):
    """Piecewise linear both ways between the knots ``pfns[i]`` and ``at[i]`` (0..1, increasing)."""

    name: AxisName
    pfns: tuple[int, ...]
    at: tuple[float, ...]

    def place(self, pfn: float) -> float:
        """Position of a page frame; clamped to 0..1 outside the domain."""
        return _between(pfn, self.pfns, self.at)

    def pfn(self, position: float) -> float:
        """Page frame at a position of 0..1."""
        return _between(position, self.at, self.pfns)


def _between(value: float, source: Sequence[float], target: Sequence[float]) -> float:
    if value <= source[0]:
        return target[0]
    if value >= source[-1]:
        return target[-1]
    i = bisect_right(source, value) - 1
    share = (value - source[i]) / (source[i + 1] - source[i])
    return target[i] + share * (target[i + 1] - target[i])


def boundaries(lanes: Sequence[Lane]) -> tuple[int, ...]:
    """Every first and last-plus-one page frame of every bar, sorted, each once."""
    return tuple(sorted({pfn for lane in lanes for bar in lane.bars for pfn in (bar.start_pfn, bar.end_pfn)}))


def make(name: AxisName, lanes: Sequence[Lane]) -> Axis:
    """The axis of that name for these lanes."""
    return schematic(lanes) if name == "schematic" else to_scale(lanes)


def schematic(lanes: Sequence[Lane]) -> Axis:
    """O(n log n) in the number of bars."""
    pfns = boundaries(lanes)
    if len(pfns) < 2:
        return Axis("schematic", (0, 1), (0.0, 1.0))
    covered = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for lane in lanes for bar in lane.bars)
    alarming = FrameSet.of(
        FrameRange(bar.start_pfn, bar.end_pfn)
        for lane in lanes
        if lane.key == "holes"
        for bar in lane.bars
        if bar.kind in ("danger", "caution")
    )
    sums = [0.0]
    for start, end in pairwise(pfns):
        width = _FLOOR + log2(end - start) if start in covered else _VOID
        sums.append(sums[-1] + width + (_HOLE if start in alarming else 0.0))
    return Axis("schematic", pfns, tuple(point / sums[-1] for point in sums))


def to_scale(lanes: Sequence[Lane]) -> Axis:
    """Linear in page frames, up to the last one that has memory, a node, a zone or a struct page."""
    core = [bar for lane in lanes for bar in lane.bars if lane.core or bar.kind == "ram"]
    bars = core or [bar for lane in lanes for bar in lane.bars]
    if not bars:
        return Axis("scale", (0, 1), (0.0, 1.0))
    low, high = min(bar.start_pfn for bar in bars), max(bar.end_pfn for bar in bars)
    return Axis("scale", (0 if low * 2 < high else low, high), (0.0, 1.0))


def beyond(lanes: Sequence[Lane], axis: Axis) -> tuple[Bar, ...]:
    """Bars that the axis leaves out, since they lie wholly outside its domain; lowest first, each once."""
    low, high = axis.pfns[0], axis.pfns[-1]
    found = {
        (bar.start_pfn, bar.end_pfn): bar
        for lane in lanes
        for bar in lane.bars
        if bar.start_pfn >= high or bar.end_pfn <= low
    }
    return tuple(found[key] for key in sorted(found))


def beyond_words(lanes: Sequence[Lane], axis: Axis, page_size: int) -> str:
    """``1 range beyond 0x240000000``, or nothing where the axis has room for all."""
    out = beyond(lanes, axis)
    if not out:
        return ""
    side = f"beyond {axis.pfns[-1] * page_size:#x}" if out[0].start_pfn >= axis.pfns[-1] else "outside the memory"
    return f"{len(out)} range{'' if len(out) == 1 else 's'} {side}"


def merged(bars: Sequence[Bar], axis: Axis, resolution: float) -> tuple[Bar, ...]:
    """Bars inside the axis, with runs of neighbours narrower than ``resolution`` (0..1) joined into one.

    A joined bar has the kind ``several`` and says how many it stands for. A hole worth an alarm is never joined.
    """
    out: list[Bar] = []
    run: list[Bar] = []
    for bar in bars:
        left, right = axis.place(bar.start_pfn), axis.place(bar.end_pfn)
        if left >= right:
            continue
        if run and right - axis.place(run[0].start_pfn) > resolution:
            out.append(_joined(run))
            run = []
        if right - left < resolution and bar.kind not in ("danger", "caution", "uninitialised", "unsafe"):
            run.append(bar)
        else:
            if run:
                out.append(_joined(run))
                run = []
            out.append(bar)
    if run:
        out.append(_joined(run))
    return tuple(out)


def _joined(run: list[Bar]) -> Bar:
    if len(run) == 1:
        return run[0]
    start, end = run[0].start_pfn, max(bar.end_pfn for bar in run)
    kinds = {bar.kind for bar in run}
    detail = f"{len(run)} ranges in pfn [{start:#x}, {end:#x}), closer than a pixel: zoom in or see the table"
    return Bar(start, end, kinds.pop() if len(kinds) == 1 else "several", f"{len(run)} ranges", detail)
