"""What is drawn: lanes on one axis, of one document or of two, with what differs between them.

of one       Nodes            |  node 0  |   node 1   |
of two       Nodes   today    |  node 0  |   node 1   |
             Nodes   what if  |  node 0     | node 1  |
             Differences                 |xx|            nodes: node 1 → node 0
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice, pairwise

import msgspec
from msgspec import Struct

from pfnscope.drawing.axis import Axis
from pfnscope.drawing.lanes import MAPS, Bar, Lane, family_of, lanes
from pfnscope.drawing.palette import PAINTS
from pfnscope.drawing.stops import Stop, stops
from pfnscope.model.answers import Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange
from pfnscope.report.words import ORIGIN_WORDS, pages_words
from pfnscope.units import argument_size, format_size
from pfnscope.words import plural

TODAY, CHANGED = "today", "what if"
_NOTHING = {"Nodes": "no memory", "Zones": "no zone", "Struct pages": "no struct page", "Holes": "no hole"}
_MOST_WORDS = 3
_What = tuple[str, str]


class Difference(Struct, frozen=True):
    """Page frames [start_pfn, end_pfn) that are told differently.

    ``before`` and ``after`` are the bars' labels, empty where there is no bar.
    """

    start_pfn: int
    end_pfn: int
    before: str
    after: str


class Mark(msgspec.Struct, frozen=True):
    """Page frames [start_pfn, end_pfn) of the lanes [first, last) that are told differently by another lane."""

    first: int
    last: int
    start_pfn: int
    end_pfn: int


class Scene(msgspec.Struct, frozen=True):
    """All of one drawing, in frames of ``page_size`` bytes.

    ``holes`` are what the bars' hole indexes mean, ``alarms`` the frames that a dashed line runs around, ``stops``
    those that keys lead to.
    """

    lanes: tuple[Lane, ...]
    page_size: int
    holes: tuple[FrameRange, ...]
    alarms: tuple[FrameRange, ...]
    title: str
    subtitle: str
    marks: tuple[Mark, ...] = ()
    stops: tuple[Stop, ...] = ()


def of(document: Document) -> Scene:
    """The drawing of one document."""
    return Scene(
        lanes(document),
        document.kernel.page_size,
        _holes(document, 1),
        _alarms(document, 1),
        document.verdict.summary,
        _release(document),
        stops=stops(document),
    )


def of_two(first: Document, second: Document, names: tuple[str, str], *, one_log: bool = False) -> Scene:
    """The drawing of two documents on one axis; what both say alike stands once.

    Frames are those of the smaller page size. The alarms are those of the second. Bars keep their line numbers only
    where both come from one log (``one_log``), the second simulated: elsewhere a number alone would not say of which.
    """
    size = min(first.kernel.page_size, second.kernel.page_size)
    nodes = any(len({span.node for span in document.zone_spans}) > 1 for document in (first, second))
    holes: dict[FrameRange, int] = {}
    sides: list[dict[str, list[Lane]]] = []
    for document, name in zip((second, first), reversed(names), strict=True):
        factor = document.kernel.page_size // size
        own = _holes(document, factor)
        indexes = [holes.setdefault(hole, len(holes)) for hole in own]
        families: dict[str, list[Lane]] = {}
        for lane in lanes(document, name_nodes=nodes):
            bars = tuple(_bar(bar, factor, indexes, "" if one_log else name) for bar in lane.bars)
            families.setdefault(family_of(lane.key), []).append(msgspec.structs.replace(lane, bars=bars, side=name))
        sides.append(families)
    if one_log:
        sides[0] = {name: own for name, own in sides[0].items() if own[0].simulated}
    shown, marks, said = _side_by_side(sides[1], sides[0])
    if one_log:
        shown = [lane if lane.simulated else _not_simulated(lane, names[0]) for lane in shown]
    bars_apart = tuple(_difference_bars(said))
    if bars_apart:
        shown.append(Lane("differences", "Differences", "what the lanes tell apart", bars_apart))
    return Scene(
        tuple(shown),
        size,
        tuple(holes),
        _alarms(second, second.kernel.page_size // size),
        second.verdict.summary,
        " · ".join(f"{name}: {_release(document)}" for name, document in zip(names, (first, second), strict=True)),
        tuple(marks),
        tuple(_stop(stop, second.kernel.page_size // size, holes) for stop in stops(second)),
    )


def simulated(today: Document, changed: Document) -> Scene:
    """The drawing of a machine with another command line, beside the same as its log shows it."""
    return of_two(today, changed, (TODAY, CHANGED), one_log=True)


def with_places(scene: Scene, places: Placements) -> Scene:
    """The drawing with a lane of possible starts of a memmap= region, safe ones and others."""
    step = format_size(places.align)
    bars = []
    for item in places.placements:
        at = item.range.frames_inward(scene.page_size)
        word = "safe" if item.safe else "unsafe"
        last = item.end - places.align
        reach = f"start {item.start}" + ("" if item.start == last else f" to {last:#x} in steps of {step}")
        holes = sum(hole.pages for hole in item.holes)
        adds = f" · adds {pages_words(holes)} without memory" if holes else " · adds no hole"
        bars.append(Bar(at.start, at.end, word, word, f"{word} · {reach}{adds}"))
    if not bars:
        return scene
    what = f"of memmap={argument_size(places.size)}{places.kind}"
    lane = Lane("places", "Possible starts", what, tuple(bars))
    return msgspec.structs.replace(scene, lanes=(*scene.lanes, lane))


def visible_marks(scene: Scene, axis: Axis, resolution: float) -> list[Mark]:
    """The marks inside the axis; those of one pair of lanes that are closer than ``resolution`` (0..1) as one."""
    out: list[Mark] = []
    for mark in scene.marks:
        left, right = axis.place(mark.start_pfn), axis.place(mark.end_pfn)
        if left >= right:
            continue
        if out and out[-1].first == mark.first and 0 <= left - axis.place(out[-1].end_pfn) < resolution:
            out[-1] = msgspec.structs.replace(out[-1], end_pfn=mark.end_pfn)
        else:
            out.append(mark)
    return out


def _side_by_side(
    first: dict[str, list[Lane]], second: dict[str, list[Lane]]
) -> tuple[list[Lane], list[Mark], list[tuple[str, Difference]]]:
    """Lanes, marks and named differences; families in the order of the second, with what only the first has."""
    lanes: list[Lane] = []
    marks: list[Mark] = []
    said: list[tuple[str, Difference]] = []
    in_force = [next((family for family in MAPS if family in side), "") for side in (first, second)]
    for family in _order(first, second):
        before, after = first.get(family, []), second.get(family, [])
        differ: Iterable[Difference] = ()
        if before and after:
            differ = differences(_bars(before), _bars(after))
            if not differ:
                lanes += [msgspec.structs.replace(lane, side="", subtitle="the same in both") for lane in after]
                continue
        elif family in MAPS and in_force[0] != in_force[1] and family == in_force[1 if after else 0] and all(in_force):
            differ = differences(_bars(first[in_force[0]]), _bars(second[in_force[1]]))
        at = len(lanes)
        lanes += [*before, *after]
        marks += [Mark(at, len(lanes), item.start_pfn, item.end_pfn) for item in differ]
        title = "Zones" if family == "zones" else (after or before)[0].title
        said += [(title, item) for item in differ]
    return lanes, marks, said


def _not_simulated(lane: Lane, name: str) -> Lane:
    return msgspec.structs.replace(lane, side="", subtitle=f"{name}, not simulated")


def _order(first: dict[str, list[Lane]], second: dict[str, list[Lane]]) -> list[str]:
    """The families of both in the order of lanes: each of the first's own stands before what follows it there."""
    order = list(second)
    after = ""
    for family in first:
        if family not in second:
            order.insert(order.index(after) + 1 if after else 0, family)
        after = family
    return order


def _difference_bars(said: Sequence[tuple[str, Difference]]) -> Iterable[Bar]:
    """The differences of all lanes cut at each other's ends, so that a bar says all that differs there."""
    points = sorted({pfn for _, item in said for pfn in (item.start_pfn, item.end_pfn)})
    starts: dict[int, list[tuple[str, Difference]]] = {}
    for title, item in said:
        starts.setdefault(item.start_pfn, []).append((title, item))
    active: list[tuple[str, Difference]] = []
    for start, end in pairwise(points):
        # one difference of each lane at most: a lane's own do not overlap
        active = [(title, item) for title, item in active if item.end_pfn > start] + starts.get(start, [])
        if active:
            names = list(dict.fromkeys(title.lower() for title, _ in active))
            label = names[0] if len(names) == 1 else f"{len(names)} lanes ({', '.join(names)})"
            words = " · ".join(dict.fromkeys(f"{title}: {_change(title, item)}" for title, item in active))
            yield Bar(start, end, "differs", label, f"{label} · {words}")


def _change(title: str, item: Difference) -> str:
    nothing = _NOTHING.get(title, "no entry")
    return f"{item.before or nothing} → {item.after or nothing}"


def _bars(family: Iterable[Lane]) -> list[Bar]:
    return [bar for lane in family for bar in lane.bars]


def _bar(bar: Bar, factor: int, indexes: Sequence[int], name: str) -> Bar:
    lines = bar.lines
    detail = bar.detail
    if name and lines:
        numbers = ", ".join(map(str, lines[:4])) + (", …" if len(lines) > 4 else "")
        detail = f"{detail} · {name}, {plural(len(lines), 'line')} {numbers}"
        lines = ()
    return Bar(
        bar.start_pfn * factor,
        bar.end_pfn * factor,
        bar.kind,
        bar.label,
        detail,
        lines,
        None if bar.hole is None else indexes[bar.hole],
    )


def _holes(document: Document, factor: int) -> tuple[FrameRange, ...]:
    return tuple(FrameRange(hole.start_pfn * factor, hole.end_pfn * factor) for hole in document.holes)


def _stop(stop: Stop, factor: int, holes: Mapping[FrameRange, int]) -> Stop:
    frames = FrameRange(stop.frames.start * factor, stop.frames.end * factor)
    return Stop(frames, stop.severity, None if stop.hole is None else holes[frames])


def _alarms(document: Document, factor: int) -> tuple[FrameRange, ...]:
    return tuple(
        FrameRange(hole.start_pfn * factor, hole.end_pfn * factor)
        for hole in document.holes
        if hole.severity == "danger"
    )


def _release(document: Document) -> str:
    release = document.kernel.release or "kernel release unknown"
    return ", ".join(filter(None, (ORIGIN_WORDS[document.origin], release)))


def differences(before: Iterable[Bar], after: Iterable[Bar]) -> tuple[Difference, ...]:
    """Maximal runs of frames whose bars differ in kind or label; O(n log n), however many bars overlap."""
    out: list[Difference] = []
    for start, end, words in _runs(before, after):
        if out and out[-1].end_pfn == start and (out[-1].before, out[-1].after) == words:
            out[-1] = Difference(out[-1].start_pfn, end, *words)
        else:
            out.append(Difference(start, end, *words))
    return tuple(out)


def _runs(before: Iterable[Bar], after: Iterable[Bar]) -> Iterator[tuple[int, int, tuple[str, str]]]:
    steps: list[tuple[int, int, int, _What]] = []
    for side, bars in enumerate((before, after)):
        for bar in bars:
            steps += [(bar.start_pfn, side, 1, (bar.kind, bar.label)), (bar.end_pfn, side, -1, (bar.kind, bar.label))]
    steps.sort(key=lambda step: step[0])
    active: tuple[dict[_What, int], dict[_What, int]] = ({}, {})
    uneven: dict[_What, int] = {}  # how many more bars of one look the second lane has here
    last = 0
    for pfn, group in groupby(steps, key=lambda step: step[0]):
        if uneven and last < pfn:
            words = _words(active[0]), _words(active[1])
            if words[0] == words[1]:
                words = _words(active[0], kinds=True), _words(active[1], kinds=True)
            yield last, pfn, words
        for _, side, by, what in group:
            _count(active[side], what, by)
            _count(uneven, what, by if side else -by)
        last = pfn


def _count(counts: dict[_What, int], what: _What, by: int) -> None:
    now = counts.get(what, 0) + by
    if now:
        counts[what] = now
    else:
        counts.pop(what, None)


def _words(active: dict[_What, int], *, kinds: bool = False) -> str:
    words = [f"{label}, {PAINTS[kind].name}" if kinds else label for kind, label in islice(active, _MOST_WORDS)]
    return ", ".join(dict.fromkeys(words)) + (", …" if len(active) > _MOST_WORDS else "")
