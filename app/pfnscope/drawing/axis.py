"""Where a page frame stands on the drawing: a schematic and a to-scale axis, both on 0..1, and their labels.

Schematic: the boundaries of all lanes cut the address space into intervals; each gets a readable width
that grows with the logarithm of its size, so that a hole of 41 frames shows in 9 GiB.

    to scale    |.....................................|x|...........|
    schematic   |....|...|........|......|...xxxxx....|.......|.....|
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from heapq import nsmallest
from itertools import groupby, pairwise
from math import ceil, log2
from typing import Literal

import msgspec

from pfnscope.drawing.lanes import ALARM_KINDS, Bar, Lane
from pfnscope.model.analysis import ALARMS
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.words import plural

AxisName = Literal["schematic", "scale"]

_FLOOR = 6.0
"""Width of the smallest interval; one doubling of the size adds 1."""
_VOID = 5.0
"""Width of an interval that no lane covers, whatever its size."""
_CROWD = 300
"""Boundaries beyond which the lanes that have most of them make room for the others."""
_MANY = 500
"""Page frames that are looked up together rather than one by one."""
_HOLE = 14.0
"""Added to an interval of a hole, which is what the reader looks for."""
WIDTHS = (240, 320, 480, 640, 800, 960, 1200)
"""Widths of the drawing in pixels at which labels appear; a label stays at all greater widths."""
CHARACTER = 6.7
"""Advance of one character of a label in pixels (11 px monospace)."""
LETTER = 6.5
MARGIN = 12
"""Pixels of one letter of a bar's label, and beside the label."""
_USUAL_WIDTH = 1100
"""Pixels of the drawing on a laptop."""
_GAP = 10.0
_SCATTER = 2654435761  # Knuth's multiplicative hash
_MOST = 200
"""Boundaries that are looked at: more labels never fit, and looking at them is quadratic."""
_ROOM = 36.0
"""Pixels that a round address keeps from others, where there are boundaries enough: it tells less than a boundary."""
_SMALL = 1 / 128
"""Part of memory below which an interval is small: of neighbours that all are, none gets the width of a single one."""
_FEW = 4
"""With fewer labels in view, round addresses stand as close as others."""


class Axis(msgspec.Struct, frozen=True):
    """Piecewise linear both ways between the knots ``pfns[i]`` and ``at[i]`` (0..1, increasing)."""

    name: AxisName
    pfns: tuple[int | float, ...]
    at: tuple[float, ...]

    def within(self, start: float, end: float) -> "Axis":
        """The part of the axis between two page frames, stretched to 0..1; the whole where they are outside it."""
        low, high = self.place(start), self.place(end)
        if high - low <= 0:
            return self
        inside = [(pfn, at) for pfn, at in zip(self.pfns, self.at, strict=True) if low < at < high]
        pfns = (self.pfn(low), *(pfn for pfn, _ in inside), self.pfn(high))
        return Axis(self.name, pfns, (0.0, *((at - low) / (high - low) for _, at in inside), 1.0))

    def thinned(self, fine: tuple[float, float], resolution: float, coarse: float) -> "Axis":
        """The axis with fewer knots, off by two ``resolution`` (0..1) inside ``fine``, ``coarse`` outside."""
        kept = [0]
        last = len(self.at) - 1
        for i in range(1, last):
            step = resolution if fine[0] <= self.at[i] <= fine[1] else coarse
            # a knot goes only where both its intervals are short
            if self.at[i] - self.at[kept[-1]] >= step or self.at[i + 1] - self.at[i] >= step:
                kept.append(i)
        kept.append(last)
        return Axis(self.name, tuple(self.pfns[i] for i in kept), tuple(self.at[i] for i in kept))

    def place(self, pfn: float) -> float:
        """Position of a page frame; clamped to 0..1 outside the domain."""
        return _between(pfn, self.pfns, self.at)

    def places(self, pfns: Sequence[float]) -> list[float]:
        """What :meth:`place` gives for each: of very many, most are knots and need no search."""
        if len(pfns) < _MANY:
            return [self.place(pfn) for pfn in pfns]
        known = dict(zip(self.pfns, self.at, strict=True))
        return [at if (at := known.get(pfn)) is not None else self.place(pfn) for pfn in pfns]

    def pfn(self, position: float) -> float:
        """Page frame at a position of 0..1."""
        return _between(position, self.at, self.pfns)


class Tick(msgspec.Struct, frozen=True):
    """A label at a position of 0..1, shown where the drawing is at least ``width`` pixels wide."""

    at: float
    label: str
    anchor: str
    width: int


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


def _alarms(lanes: Sequence[Lane]) -> list[Bar]:
    return [bar for lane in lanes if lane.key == "holes" for bar in lane.bars if bar.kind in ALARMS]


class Axes:
    """Both axes of the same lanes and their boundaries, each made once and only when it is asked for."""

    def __init__(self, lanes: Sequence[Lane], *known: Axis) -> None:
        self._lanes = lanes
        self._axes: dict[AxisName, Axis] = {axis.name: axis for axis in known}
        self._joined: dict[tuple[AxisName, int], tuple[Bar, ...]] = {}

    def __getitem__(self, name: AxisName) -> Axis:
        if name not in self._axes:
            self._axes[name] = make(name, self._lanes)
        return self._axes[name]

    def joined(self, bars: tuple[Bar, ...], name: AxisName, resolution: float) -> tuple[Bar, ...]:
        """What :func:`merged` makes of a lane's own bars, always with the same resolution."""
        key = name, id(bars)
        if key not in self._joined:
            self._joined[key] = merged(bars, self[name], resolution)
        return self._joined[key]

    @cached_property
    def points(self) -> tuple[int, ...]:
        """What :func:`boundaries` gives."""
        return boundaries(self._lanes)


def make(name: AxisName, lanes: Sequence[Lane]) -> Axis:
    """The axis of that name for these lanes."""
    return schematic(lanes) if name == "schematic" else to_scale(lanes)


def usual(axes: Axes, lanes: Sequence[Lane]) -> AxisName:
    """The axis on which more nodes and zones have room for their names, the schematic one where both have the same.

    Holes do not count: what is worth an alarm is drawn on both, however small.
    """
    bars = [bar for lane in lanes if lane.key.startswith(("nodes", "zones")) for bar in lane.bars]
    named = {name: _named(axes[name], bars) for name in ("schematic", "scale")}
    return "scale" if named["scale"] > named["schematic"] else "schematic"


def _named(axis: Axis, bars: Sequence[Bar]) -> int:
    edges = zip(axis.places([bar.start_pfn for bar in bars]), axis.places([bar.end_pfn for bar in bars]), strict=True)
    widths = (_USUAL_WIDTH * (right - left) for left, right in edges)
    return sum(len(bar.label) * LETTER + MARGIN <= width for bar, width in zip(bars, widths, strict=True))


def schematic(lanes: Sequence[Lane]) -> Axis:
    """O(n log n) in the number of bars."""
    low, high = to_scale(lanes).pfns
    pfns = boundaries(lanes)
    if len(pfns) < 2:
        return Axis("schematic", (0, 1), (0.0, 1.0))
    covered = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for lane in lanes for bar in lane.bars)
    alarming = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for bar in _alarms(lanes))
    sums = [0.0]
    widths = [
        (_FLOOR + log2(end - start) if start in covered else _VOID) + (_HOLE if start in alarming else 0.0)
        for start, end in pairwise(pfns)
    ]
    if len(pfns) > _CROWD:
        widths = _less_crowded(lanes, pfns, widths)
    else:
        widths = _runs_narrowed(pfns, widths, alarming, (high - low) * _SMALL)
    for width in widths:
        sums.append(sums[-1] + width)
    return Axis("schematic", pfns, tuple(point / sums[-1] for point in sums))


def _runs_narrowed(pfns: Sequence[int], widths: Sequence[float], alarming: FrameSet, small: float) -> list[float]:
    """The widths where small intervals without an alarm follow each other: such a run grows with its logarithm only.

    Firmware cuts the first GiB of a large machine into dozens that tell nothing of its nodes.
    """
    intervals = zip(pairwise(pfns), widths, strict=True)
    out: list[float] = []
    for narrow, group in groupby(
        intervals, key=lambda item: item[0][1] - item[0][0] < small and item[0][0] not in alarming
    ):
        own = [width for _, width in group]
        share = min(1.0, max(own) * (1 + log2(len(own))) / sum(own)) if narrow else 1.0
        out += [width * share for width in own]
    return out


def _less_crowded(lanes: Sequence[Lane], pfns: Sequence[int], widths: list[float]) -> list[float]:
    """The widths where one lane has so many boundaries that the others would get no room beside it.

    Between two boundaries of the other lanes its own share what such an interval gets, more of them a little more.
    """
    others = [lane for lane in lanes if len(lane.bars) <= _CROWD // 2]
    fixed = [bisect_right(pfns, pfn) - 1 for pfn in boundaries(others)]
    edges = sorted({0, *fixed, len(pfns) - 1})
    out: list[float] = []
    for first, last in pairwise(edges):
        own = widths[first:last]
        room = max(own) * (1 + log2(last - first))
        total = sum(own)
        out += [width * min(1.0, room / total) for width in own]
    return out


def to_scale(lanes: Sequence[Lane]) -> Axis:
    """Linear in page frames, up to the last one that has memory, a node, a zone or a struct page."""
    core = [bar for lane in lanes for bar in lane.bars if lane.core or bar.kind in ("ram", "pmem", "soft-reserved")]
    bars = core or [bar for lane in lanes for bar in lane.bars]
    if not bars:
        return Axis("scale", (0, 1), (0.0, 1.0))
    low, high = min(bar.start_pfn for bar in bars), max(bar.end_pfn for bar in bars)
    return Axis("scale", (0 if low * 2 < high else low, high), (0.0, 1.0))


def beyond(lanes: Sequence[Lane], axis: Axis) -> tuple[Bar, ...]:
    """Bars that the axis leaves out, since they lie wholly outside its domain; lowest first, each once."""
    low, high = axis.pfns[0], axis.pfns[-1]
    bars = {
        (bar.start_pfn, bar.end_pfn): bar
        for lane in lanes
        for bar in lane.bars
        if bar.start_pfn >= high or bar.end_pfn <= low
    }
    return tuple(bars[key] for key in sorted(bars))


def beyond_words(lanes: Sequence[Lane], axis: Axis, page_size: int) -> str:
    """``1 range beyond 0x240000000``, or nothing where the axis has room for all."""
    out = beyond(lanes, axis)
    if not out:
        return ""
    side = f"beyond {int(axis.pfns[-1]) * page_size:#x}" if out[0].start_pfn >= axis.pfns[-1] else "outside the memory"
    return f"{len(out)} {plural(len(out), 'range')} {side}"


def merged(bars: Sequence[Bar], axis: Axis, resolution: float) -> tuple[Bar, ...]:
    """Bars inside the axis, with runs of neighbours narrower than ``resolution`` (0..1) joined into one.

    A joined bar has the kind ``several`` and says how many it stands for. A hole worth an alarm is never joined.
    """
    out: list[Bar] = []
    run: list[Bar] = []
    begin = 0.0
    edges = axis.places([bar.start_pfn for bar in bars]), axis.places([bar.end_pfn for bar in bars])
    for bar, left, right in zip(bars, *edges, strict=True):
        if left >= right:
            continue
        if run and right - begin > resolution:
            out.append(_joined(run))
            run = []
        if right - left < resolution and bar.kind not in ALARM_KINDS:
            if not run:
                begin = left
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
    detail = f"{len(run)} ranges in pfn {FrameRange(start, end)}, closer than a pixel: zoom in"
    return Bar(start, end, kinds.pop() if len(kinds) == 1 else "several", f"{len(run)} ranges", detail)


def ticks(lanes: Sequence[Lane], axis: Axis, page_size: int, points: Sequence[int] | None = None) -> tuple[Tick, ...]:
    """Labels for the drawing: of boundaries, most important first, and of round addresses between them."""
    return labelled(by_importance(lanes, axis, points), axis, page_size)


def labelled(pfns: Sequence[int], axis: Axis, page_size: int) -> tuple[Tick, ...]:
    """Labels of those ``pfns``, most important first, that fit; then round addresses where they leave much room.

    No two touch at any width of the drawing. static/ticks.js does the same for the live bars, so that no label changes
    when they replace the still drawing; ``tests/viewer/cases.json`` holds for both.
    """
    placed: dict[int, Tick] = {}
    for width in WIDTHS:
        taken = [_extent(tick, width) for tick in placed.values()]
        for pfn in pfns:
            if pfn not in placed:
                tick = _tick(pfn, axis, page_size, width)
                if _fits(tick, width, taken, _GAP):
                    placed[pfn] = tick
                    taken.append(_extent(tick, width))
    gap = _GAP if len(placed) < _FEW else _ROOM
    for pfn in rounds(axis.pfns[0], axis.pfns[-1]):
        least = 0 if pfn in placed else _least_width(_tick(pfn, axis, page_size, 0), placed.values(), gap)
        if least:
            placed[pfn] = _tick(pfn, axis, page_size, least)
    return tuple(sorted(placed.values(), key=lambda tick: tick.at))


def _scattered(pfn: int) -> int:
    """An order that takes equals from everywhere."""
    return pfn * _SCATTER % (1 << 32)


def _least_width(tick: Tick, placed: Collection[Tick], gap: float) -> int:
    """The width from which on a label fits among those that are there, at that width and all greater; 0 for none."""
    least = 0
    for width in reversed(WIDTHS):
        if not _fits(tick, width, [_extent(other, width) for other in placed if other.width <= width], gap):
            break
        least = width
    return least


def _fits(tick: Tick, width: int, taken: Iterable[tuple[float, float]], gap: float) -> bool:
    low, high = _extent(tick, width)
    return low >= 0 and high <= width and all(high + gap <= start or end + gap <= low for start, end in taken)


def _tick(pfn: int, axis: Axis, page_size: int, width: int) -> Tick:
    at = axis.place(pfn)
    anchor = "start" if at == 0 else "end" if at == 1 else "middle"
    return Tick(at, hex(pfn * page_size), anchor, width)


def _extent(tick: Tick, width: int) -> tuple[float, float]:
    text = len(tick.label) * CHARACTER
    left = tick.at * width - {"start": 0.0, "middle": text / 2, "end": text}[tick.anchor]
    return left, left + text


def rounds(start: float, end: float) -> list[int]:
    """Page frames between, some six of them: multiples of a power of two."""
    step = 1 << max(0, round(log2(max(1.0, (end - start) / 6))))
    return list(range(-(-ceil(start) // step) * step, int(end) + 1, step))


def by_importance(lanes: Sequence[Lane], axis: Axis, points: Sequence[int] | None = None) -> list[int]:
    """Page frames worth a label, first the ends of the axis; at most some hundred. ``points`` are the boundaries.

    An end that a zoom has cut somewhere is none.
    """
    low, high = axis.pfns[0], axis.pfns[-1]
    ends = [pfn for pfn in (low, high) if isinstance(pfn, int)]
    inside = [pfn for pfn in (boundaries(lanes) if points is None else points) if low < pfn < high]
    alarms = {pfn for bar in _alarms(lanes) for pfn in (bar.start_pfn, bar.end_pfn)}
    zones = set(boundaries([lane for lane in lanes if lane.key.startswith("zones")]))
    places = axis.places([low, *inside, high])
    room = {pfn: round(places[i + 2] - places[i], 3) for i, pfn in enumerate(inside)}
    if len(inside) > _MOST:  # what cannot be among the first need not be sorted with them
        least = sorted(room.values())[-_MOST]
        more = [pfn for pfn in inside if room[pfn] > least or pfn in alarms or pfn in zones]
        inside = [*more, *nsmallest(_MOST, [pfn for pfn in inside if room[pfn] == least], key=_scattered)]
    rest = sorted(set(inside), key=lambda pfn: (pfn not in alarms, pfn not in zones, -room[pfn], _scattered(pfn)))
    return [*ends, *rest[:_MOST]]
