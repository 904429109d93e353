"""Which boundaries get a hexadecimal label, so that no two labels touch at any width of the drawing.

static/ticks.js does the same for the live bars, from the boundaries of :func:`by_importance`, so that no label changes
when they replace the still drawing. Both are held to ``tests/viewer/cases.json``.
"""

from collections.abc import Collection, Iterable, Sequence
from heapq import nsmallest
from math import ceil, log2

import msgspec

from pfnscope.drawing.axis import Axis, boundaries
from pfnscope.drawing.lanes import Lane
from pfnscope.model.analysis import ALARMS

WIDTHS = (240, 320, 480, 640, 800, 960, 1200)
"""Widths of the drawing in pixels at which labels appear; a label stays at all greater widths."""
CHARACTER = 6.7
"""Advance of one character of a label in pixels (11 px monospace)."""
_GAP = 10.0
_SCATTER = 2654435761  # Knuth's multiplicative hash
_MOST = 200
"""Boundaries that are looked at: more labels never fit, and looking at them is quadratic."""
_ROOM = 36.0
"""Pixels that a round address keeps from others, where there are boundaries enough: it tells less than a boundary."""
_FEW = 4
"""With fewer labels in view, round addresses stand as close as others."""


class Tick(msgspec.Struct, frozen=True):
    """A label at a position of 0..1, shown where the drawing is at least ``width`` pixels wide."""

    at: float
    label: str
    anchor: str
    width: int


def ticks(lanes: Sequence[Lane], axis: Axis, page_size: int, points: Sequence[int] | None = None) -> tuple[Tick, ...]:
    """Labels for the drawing: of boundaries, most important first, and of round addresses between them."""
    return labelled(by_importance(lanes, axis, points), axis, page_size)


def labelled(pfns: Sequence[int], axis: Axis, page_size: int) -> tuple[Tick, ...]:
    """Labels of those ``pfns``, most important first, that fit; then round addresses where they leave much room."""
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
    alarms = {
        pfn
        for lane in lanes
        if lane.key == "holes"
        for bar in lane.bars
        if bar.kind in ALARMS
        for pfn in (bar.start_pfn, bar.end_pfn)
    }
    zones = {
        pfn
        for lane in lanes
        if lane.key.startswith("zones")
        for bar in lane.bars
        for pfn in (bar.start_pfn, bar.end_pfn)
    }
    places = axis.places([low, *inside, high])
    room = {pfn: round(places[i + 2] - places[i], 3) for i, pfn in enumerate(inside)}
    if len(inside) > _MOST:  # what cannot be among the first need not be sorted with them
        least = sorted(room.values())[-_MOST]
        more = [pfn for pfn in inside if room[pfn] > least or pfn in alarms or pfn in zones]
        inside = [*more, *nsmallest(_MOST, [pfn for pfn in inside if room[pfn] == least], key=_scattered)]
    rest = sorted(set(inside), key=lambda pfn: (pfn not in alarms, pfn not in zones, -room[pfn], _scattered(pfn)))
    return [*ends, *rest[:_MOST]]
