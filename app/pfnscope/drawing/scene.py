"""What is drawn: lanes on one axis, of one document or of two, those that differ first.

of one       Nodes            |  node 0  |   node 1   |
of two       Nodes   today    |  node 0  |xx|  node 1 |
             Nodes   what if  |  node 0  |xx| node 1  |
             Firmware map     |        usable         |   folded: the same in both
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec
from msgspec import Struct

from pfnscope.drawing.axis import Axis
from pfnscope.drawing.lanes import MAPS, Bar, Lane, family_of, lanes
from pfnscope.drawing.places import place_lanes
from pfnscope.drawing.stops import Stop, stops
from pfnscope.model.analysis import ALARMS, worst_first
from pfnscope.model.answers import Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange
from pfnscope.report.words import ORIGIN_WORDS
from pfnscope.words import plural

TODAY, CHANGED = "today", "what if"
_INTEREST = ("holes", "pages", "zones", "nodes", *MAPS)
"""Families in the order in which those that differ stand; any other follows in the order of lanes."""
_Look = tuple[str, str]
"""Kind and label of a bar."""


class Mark(msgspec.Struct, frozen=True):
    """Page frames [start_pfn, end_pfn) of the lanes [first, last) that are told differently by another lane."""

    first: int
    last: int
    start_pfn: int
    end_pfn: int


class Scene(msgspec.Struct, frozen=True):
    """All of one drawing, in frames of ``page_size`` bytes.

    ``holes`` are what the bars' hole indexes mean, ``alarms`` the frames that a dashed line runs around, ``stops``
    those that keys lead to. ``folded`` are the families that are drawn only where somebody wants to see them, each with
    the reason: ``the same as Zones``, ``the same in both``.
    """

    lanes: tuple[Lane, ...]
    page_size: int
    holes: tuple[FrameRange, ...]
    alarms: tuple[FrameRange, ...]
    title: str
    subtitle: str
    marks: tuple[Mark, ...] = ()
    stops: tuple[Stop, ...] = ()
    folded: dict[str, str] = {}


def of(document: Document) -> Scene:
    """The drawing of one document; a lane that repeats another is folded."""
    drawn = lanes(document)
    titles = {family_of(lane.key): lane.title.partition(" of node ")[0] for lane in drawn}
    return Scene(
        drawn,
        document.kernel.page_size,
        _holes(document, 1),
        _alarms(document, 1),
        document.verdict.summary,
        _release(document),
        folded={family: f"the same as {titles[other]}" for family, other in _repeated(drawn).items()},
        stops=stops(document),
    )


def _repeated(lanes: Iterable[Lane]) -> dict[str, str]:
    """Families of lanes that show the ranges and kinds of another, each with that other: core lanes, then earlier ones.

    A core lane repeats none.
    """
    families: dict[str, list[Lane]] = {}
    for lane in lanes:
        families.setdefault(family_of(lane.key), []).append(lane)
    out: dict[str, str] = {}
    first: dict[tuple[tuple[str, int, int, int], ...], list[str]] = {}
    for key, own in sorted(families.items(), key=lambda item: not item[1][0].core):
        size = tuple((lane.side, len(lane.bars), lane.bars[0].start_pfn, lane.bars[-1].end_pfn) for lane in own)
        others = first.setdefault(size, [])
        same = next((other for other in others if _looks(families[other]) == _looks(own)), None)
        if same is None or own[0].core:
            others.append(key)
        else:
            out[key] = same
    return out


def _looks(family: Iterable[Lane]) -> list[tuple[int, int, str]]:
    return [(bar.start_pfn, bar.end_pfn, bar.kind) for lane in family for bar in lane.bars]


def of_two(first: Document, second: Document, names: tuple[str, str], *, one_log: bool = False) -> Scene:
    """The drawing of two documents on one axis: lanes that differ in front; what both say alike stands once, folded.

    Frames are those of the smaller page size. Bars keep their line numbers only where both come from one log
    (``one_log``), the second simulated: elsewhere a number alone would not say of which.
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
    groups = _side_by_side(sides[1], sides[0])
    if one_log:
        groups = [group if group.differ or group.folded else _of_one(group, names[0]) for group in groups]
    groups.sort(key=lambda group: group.rank)
    shown: list[Lane] = []
    marks: list[Mark] = []
    for group in groups:
        at = len(shown)
        shown += group.lanes
        marks += [Mark(at, len(shown), item.start, item.end) for item in group.differ]
    alarms = (_alarms(document, document.kernel.page_size // size) for document in (second, first))
    folded = {group.family: group.lanes[0].subtitle for group in groups if group.folded}
    return Scene(
        tuple(shown),
        size,
        tuple(holes),
        tuple(dict.fromkeys(frames for own in alarms for frames in own)),
        second.verdict.summary,
        " · ".join(f"{name}: {_release(document)}" for name, document in zip(names, (first, second), strict=True)),
        tuple(marks),
        stops=_stops((second,) if one_log else (second, first), size, holes),
        folded=folded if len(folded) < len(groups) else {},
    )


def simulated(today: Document, changed: Document) -> Scene:
    """The drawing of a machine with another command line, beside the same as its log shows it."""
    return of_two(today, changed, (TODAY, CHANGED), one_log=True)


def of_answer(document: Document, today: Document | None, places: Placements | None) -> Scene:
    """The drawing of a document, beside ``today`` where it is simulated, with the ``places`` of a reservation."""
    drawn = simulated(today, document) if today is not None else of(document)
    return with_places(drawn, places) if places is not None else drawn


def with_places(scene: Scene, places: Placements) -> Scene:
    """The drawing below the lanes of where a reservation lies or can go; its title is the answer where there is one."""
    own = place_lanes(places, scene.page_size)
    marks = (
        msgspec.structs.replace(mark, first=mark.first + len(own), last=mark.last + len(own)) for mark in scene.marks
    )
    title = places.text or scene.title
    return msgspec.structs.replace(scene, lanes=(*own, *scene.lanes), marks=tuple(marks), title=title)


def readout_bar(scene: Scene, picked: FrameRange | None) -> Bar | None:
    """The lowest bar of the frames that are picked; where none are, the worst hole, if it is worth an alarm."""
    if picked is not None:
        every = (bar for lane in reversed(scene.lanes) for bar in lane.bars)
        return next((bar for bar in every if (bar.start_pfn, bar.end_pfn) == (picked.start, picked.end)), None)
    worst = next((stop for stop in scene.stops if stop.severity in ALARMS and stop.hole is not None), None)
    holes = (bar for lane in scene.lanes if lane.key == "holes" for bar in lane.bars)
    return next((bar for bar in holes if worst and (bar.hole, bar.kind) == (worst.hole, worst.severity)), None)


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


class _Group(Struct, frozen=True):
    """The lanes of one family, of both documents, and where they differ."""

    family: str
    lanes: list[Lane]
    differ: Sequence[FrameRange] = ()
    folded: bool = False

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What differs first, what one document alone has next, and what is folded last; the rest keeps its order."""
        at = _INTEREST.index(self.family) if self.differ and self.family in _INTEREST else len(_INTEREST)
        return self.folded, not self.differ, at


def _side_by_side(first: dict[str, list[Lane]], second: dict[str, list[Lane]]) -> list[_Group]:
    """Families in the order of the second, with what only the first has."""
    groups: list[_Group] = []
    in_force = [next((family for family in MAPS if family in side), "") for side in (first, second)]
    for family in _order(first, second):
        before, after = first.get(family, []), second.get(family, [])
        differ: Sequence[FrameRange] = ()
        if before and after:
            differ = differences(_bars(before), _bars(after))
            if not differ:
                same = [msgspec.structs.replace(lane, side="", subtitle="the same in both") for lane in after]
                groups.append(_Group(family, same, folded=True))
                continue
        elif family in MAPS and in_force[0] != in_force[1] and family == in_force[1 if after else 0] and all(in_force):
            differ = differences(_bars(first[in_force[0]]), _bars(second[in_force[1]]))
        groups.append(_Group(family, [*before, *after], differ))
    return groups


def _of_one(group: _Group, today: str) -> _Group:
    """Lanes that only one of a log and its simulation has, folded: they tell nothing of the change."""
    lane = group.lanes[0]
    words = f"{lane.side} only" if lane.simulated else f"{today}, not simulated"
    lanes = [msgspec.structs.replace(lane, side="", subtitle=words) for lane in group.lanes]
    return _Group(group.family, lanes, folded=True)


def _order(first: dict[str, list[Lane]], second: dict[str, list[Lane]]) -> list[str]:
    """The families of both in the order of lanes: each of the first's own stands before what follows it there."""
    order = list(second)
    after = ""
    for family in first:
        if family not in second:
            order.insert(order.index(after) + 1 if after else 0, family)
        after = family
    return order


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


def _stops(documents: Sequence[Document], page_size: int, holes: Mapping[FrameRange, int]) -> tuple[Stop, ...]:
    """Those of documents, each once, worst first; harmless ones only where there are no others."""
    every = [_stop(item, doc.kernel.page_size // page_size, holes) for doc in documents for item in stops(doc)]
    if len(documents) > 1:  # a number alone would not say of which log
        every = [msgspec.structs.replace(item, lines=()) for item in every]
    first: dict[FrameRange, Stop] = {}
    for stop in [item for item in every if item.severity != "none"] or every:
        first.setdefault(stop.frames, stop)
    return tuple(worst_first(first.values()))


def _stop(stop: Stop, factor: int, holes: Mapping[FrameRange, int]) -> Stop:
    frames = FrameRange(stop.frames.start * factor, stop.frames.end * factor)
    return msgspec.structs.replace(stop, frames=frames, hole=None if stop.hole is None else holes[frames])


def _alarms(document: Document, factor: int) -> tuple[FrameRange, ...]:
    return tuple(
        FrameRange(hole.start_pfn * factor, hole.end_pfn * factor)
        for hole in document.holes
        if hole.severity == "danger"
    )


def _release(document: Document) -> str:
    release = document.kernel.release or "kernel release unknown"
    return ", ".join(filter(None, (ORIGIN_WORDS[document.origin], release)))


def differences(before: Iterable[Bar], after: Iterable[Bar]) -> tuple[FrameRange, ...]:
    """Maximal runs of frames whose bars differ in kind or label; O(n log n), however many bars overlap."""
    steps: list[tuple[int, int, _Look]] = []
    for side, bars in ((-1, before), (1, after)):
        for bar in bars:
            steps += [(bar.start_pfn, side, (bar.kind, bar.label)), (bar.end_pfn, -side, (bar.kind, bar.label))]
    steps.sort(key=lambda step: step[0])
    uneven: dict[_Look, int] = {}  # how many more bars of one look the second lane has here
    out: list[FrameRange] = []
    start: int | None = None
    for pfn, group in groupby(steps, key=lambda step: step[0]):
        for _, by, look in group:
            now = uneven.get(look, 0) + by
            if now:
                uneven[look] = now
            else:
                uneven.pop(look, None)
        if uneven and start is None:
            start = pfn
        elif not uneven and start is not None:
            out.append(FrameRange(start, pfn))
            start = None
    return tuple(out)
