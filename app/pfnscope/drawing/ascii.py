"""The bars in letters of a terminal or a mail: memory map, nodes, zones, struct pages and holes on one schematic axis.

  map    |=|:|========== usable ==========|: reserved :|   |%%% persistent %%%|==== usable ====|
  nodes  |-| |---------- node 0 ----------|                                   |---- node 1 ----|
  pages  |=|.|============================|!!!!!!!!!!!!|                      |================|
         0x0 0x100000                     0xbffd7000                          0x140000000

Each interval between two boundaries has at least a column, a dangerous hole more, so that 41 frames show in 9 GiB. Of
two documents, lanes that are alike stand once and others below each other:

- nodes   |-----------|------------------|     only the first has it
+ nodes   |-----------|    |-------------|     only the second
  differ              |^^^^|
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

import msgspec

from pfnscope.drawing.axis import Axis
from pfnscope.drawing.lanes import ALARM_KINDS, Bar, Lane, family_of, lanes, map_lane
from pfnscope.drawing.palette import LETTERS, OTHER
from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.report.plain import Look, listed

if TYPE_CHECKING:
    from pfnscope.model.answers import Placements

_BOTH, _FIRST, _SECOND = " -+"
_ORDER = ("map", "nodes", "zones", "pages", "holes")
_MOST_NODES = 8
_INDENT = 9
"""Columns of the names of the lanes, a sign and a blank among them."""
_KNOTS = 0.6  # boundaries for each column; others fall where they round to
_FIRST_KNOTS = (*ALARM_KINDS, "differs")
_SIGNS = {"-": "gone", "+": "come"}
_BESIDE = frozenset({"reserved", "acpi", "nvs", "other", "unusable"})
_ALARM_COLUMNS = 13
_VOID = 2.5  # weight of an interval without anything; that of a GiB is 9


class Row(msgspec.Struct, frozen=True):
    """A lane under a name of up to seven letters. ``sign`` tells which of two documents it is from: ``-`` or ``+``."""

    name: str
    lane: Lane
    sign: str = " "


def bars_of(document: Document, look: Look) -> list[str]:
    """The bars of one document."""
    families = _families(lanes(document))
    return _draw([row for name in families for row in _rows(name, families)], document.kernel.page_size, look)


def bars_of_two(first: Document, second: Document, look: Look, *, one_log: bool = False) -> list[str]:
    """The bars of two documents, lanes that are alike once, and where others differ; see ``scene.of_two``."""
    from pfnscope.drawing.scene import of_two

    scene = of_two(first, second, (_FIRST, _SECOND), one_log=one_log)
    sides = [_families([lane for lane in scene.lanes if lane.side in ("", sign)]) for sign in (_FIRST, _SECOND)]
    rows: list[Row] = []
    differing: list[FrameRange] = []
    for name in sorted(_families(scene.lanes), key=_ORDER.index):
        frames = _differences(*(side.get(name, []) for side in sides))
        differing += frames
        rows += [*_rows(name, sides[0], _FIRST), *_rows(name, sides[1], _SECOND)] if frames else _rows(name, sides[1])
    marks = [Bar(at.start, at.end, "differs", "", "") for at in FrameSet.of(differing)]
    if marks:
        rows.append(Row("differ", Lane("differences", "Differences", "", tuple(marks))))
    return _draw(rows, scene.page_size, look, ["- today", "+ simulated"] if marks and one_log else [])


def bars_of_places(document: Document, places: "Placements", look: Look) -> list[str]:
    """The bars of a document with where a reservation lies or can go below them."""
    from pfnscope.drawing.places import ROWS
    from pfnscope.drawing.scene import of, with_places

    scene = with_places(of(document), places)
    families = _families(scene.lanes)
    rows = [row for name in families if name != "pages" for row in _rows(name, families)]
    own = [Row(ROWS[lane.key], lane) for lane in scene.lanes if lane.key in ROWS]
    starts = any(row.lane.key == "places" for row in own)
    return _draw([*rows, *own], scene.page_size, look, ["blank: no whole region fits"] if starts else [])


def _families(side: Sequence[Lane]) -> dict[str, list[Lane]]:
    """Lanes of one side by their subject: the map in force, nodes, zones (of one node each where they overlap)."""
    ground = map_lane(side, or_sysfs=True)
    families = {"map": [ground]} if ground else {}
    for lane in side:
        if lane.in_text:
            families.setdefault(family_of(lane.key), []).append(lane)
    return families


def _rows(name: str, families: dict[str, list[Lane]], sign: str = _BOTH) -> list[Row]:
    return [
        Row(name + lane.key.removeprefix(name).removeprefix("-") if name == "zones" else name, lane, sign)
        for lane in families.get(name, [])[:_MOST_NODES]
    ]


def _differences(before: Iterable[Lane], after: Iterable[Lane]) -> tuple[FrameRange, ...]:
    from pfnscope.drawing.scene import differences

    one, other = ([bar for lane in side for bar in lane.bars] for side in (before, after))
    return differences(one, other)


def _draw(rows: Sequence[Row], page_size: int, look: Look, legend: Sequence[str] = ()) -> list[str]:
    """The lines of the drawing with addresses and a legend; nothing where there is nothing to draw.

    ``legend`` are words that go before those about letters.
    """
    knots = _knots(rows, int((look.width - _INDENT - 1) * _KNOTS))
    if len(knots) < 2:
        return []
    axis = _columns(rows, knots, look.width - _INDENT - 1)
    out = [_row(row, axis, look) for row in rows]
    out += _addresses(rows, axis, page_size, look)
    words = [*legend, *_letters(rows, look), "not to scale"]
    return out + [look.paint("dim", line) for line in listed(words, look, "  ", " " * _INDENT)]


def _knots(rows: Sequence[Row], most: int) -> tuple[int, ...]:
    """The boundaries that get columns of their own: alarms first, then nodes and zones, then wide bars."""
    core = [row.lane for row in rows if row.lane.core]
    have = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for lane in core for bar in lane.bars)
    ranks: dict[int, tuple[bool, bool, int]] = {}
    for lane in (row.lane for row in rows):
        spans = lane.key == "nodes" or lane.key.startswith("zones")
        for bar in lane.bars:
            if have and bar.kind in _BESIDE and not lane.core and bar.start_pfn not in have:
                continue  # the windows of devices between memory are no news
            rank = bar.kind not in _FIRST_KNOTS, not spans, bar.start_pfn - bar.end_pfn
            for pfn in (bar.start_pfn, bar.end_pfn):
                ranks[pfn] = min(rank, ranks.get(pfn, rank))
    if len(ranks) > most:
        ends = {min(ranks), max(ranks)}
        rest = sorted(ranks.keys() - ends, key=lambda pfn: ranks[pfn])
        return tuple(sorted([*ends, *rest[: most - 2]]))
    return tuple(sorted(ranks))


def _columns(rows: Sequence[Row], knots: tuple[int, ...], width: int) -> Axis:
    """The axis in columns: one for each interval, more for alarms, the rest by the square of the size's logarithm."""
    bars = [bar for row in rows for bar in row.lane.bars]
    covered = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for bar in bars if bar.kind not in _BESIDE)
    alarming = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for bar in bars if bar.kind in ALARM_KINDS)
    alarms = sum(start in alarming for start in knots[:-1])
    room = max(1, min(_ALARM_COLUMNS, width // 5 // max(1, alarms)))
    least = [room if start in alarming else 1 for start in knots[:-1]]
    weights = [0.2 + log2(end - start) ** 2 / 40 if start in covered else _VOID for start, end in pairwise(knots)]
    share = max(0, width - sum(least)) / sum(weights)
    at, exact = [0], 0.0
    for minimum, weight in zip(least, weights, strict=True):
        exact += minimum + weight * share
        at.append(max(at[-1] + minimum, round(exact)))
    return Axis("schematic", knots, tuple(at))


def _column(pfn: float, axis: Axis) -> int:
    return int(axis.place(pfn) + 1e-9)  # of what was rounded just below a column


def _row(row: Row, axis: Axis, look: Look) -> str:
    width = _column(axis.pfns[-1], axis) + 1
    letters = [" "] * width
    roles: list[str | None] = [None] * width
    post = "│" if look.unicode else "|"
    for bar in sorted(row.lane.bars, key=lambda bar: bar.kind in ALARM_KINDS):
        left, right = _column(bar.start_pfn, axis), _column(bar.end_pfn, axis)
        if bar.end_pfn <= axis.pfns[0] or bar.start_pfn >= axis.pfns[-1]:
            continue
        paint = LETTERS.get(bar.kind, OTHER)
        role = paint.role
        letter = paint.fine if look.unicode else paint.plain
        inside = _filled(bar, right - left - 1, letter, look)
        letters[left : right + 1] = [post, *inside, post] if left < right else [post]
        if right - left < 2 and bar.kind in ALARM_KINDS:
            letters[left] = letter
        for at in range(left, right + 1):
            roles[at] = role if at > left or role in ALARMS else roles[at]
    name = look.paint(_SIGNS.get(row.sign), f"{row.sign} {row.name:<{_INDENT - 2}}")
    return f"{name}{_painted(letters, roles, look)}".rstrip()


def _filled(bar: Bar, room: int, letter: str, look: Look) -> str:
    """The inside of a bar: its label in the middle where it fits, else only its letter."""
    label = look.text(bar.label.partition(" (")[0].partition(" · ")[0])
    for text in (label, label.removeprefix("node ")) if label and bar.kind != "initialised" else ():
        if len(text) + 2 <= room:
            return f" {text} ".center(room, letter)
    return letter * max(0, room)


def _painted(letters: Sequence[str], roles: Sequence[str | None], look: Look) -> str:
    out, start = [], 0
    for at in range(1, len(letters) + 1):
        if at == len(letters) or roles[at] != roles[start]:
            out.append(look.paint(roles[start], "".join(letters[start:at])))
            start = at
    return "".join(out)


def _addresses(rows: Sequence[Row], axis: Axis, page_size: int, look: Look) -> list[str]:
    """Up to two lines of addresses, each beginning below its boundary; those of the second hang on a leader."""
    order, end = list(_by_importance(rows, axis)), int(axis.pfns[-1])
    lines, placed = _placed(order, axis, page_size, look)
    if end not in placed:  # where memory ends goes before the many ends of alarms
        lines, _ = _placed([end, *order], axis, page_size, look)
    return [look.paint("dim", f"{'':{_INDENT}}{''.join(line)}".rstrip()) for line in lines if "".join(line).strip()]


def _placed(pfns: Sequence[int], axis: Axis, page_size: int, look: Look) -> tuple[list[list[str]], set[int]]:
    """Two lines with those addresses that there is room for, in this order, and which these are."""
    width = _column(axis.pfns[-1], axis) + 1
    lines = [[" "] * width, [" "] * width]
    placed: set[int] = set()
    for pfn in pfns:
        text, at = hex(pfn * page_size), _column(pfn, axis)
        start = at if at + len(text) <= width else at - len(text) + 1
        for number, line in enumerate(lines):
            if start < 0 or any(char != " " for char in line[max(0, start - 1) : start + len(text) + 1]):
                continue
            if number and any(char != " " for char in lines[0][max(0, at - 1) : at + 1]):
                continue
            line[start : start + len(text)] = text
            placed.add(pfn)
            if number:
                lines[0][at] = "╵" if look.unicode else "'"
            break
    return lines, placed


def _by_importance(rows: Sequence[Row], axis: Axis) -> Iterable[int]:
    """Boundaries as worth an address: alarms, both ends, nodes and zones, then those with the most room."""
    knots = [int(pfn) for pfn in axis.pfns]
    ranks: dict[int, int] = dict.fromkeys(knots, 3)
    for lane in (row.lane for row in rows):
        rank = 2 if lane.key == "nodes" or lane.key.startswith("zones") else 3
        for bar in lane.bars:
            for pfn in (bar.start_pfn, bar.end_pfn):
                if pfn in ranks:
                    ranks[pfn] = min(ranks[pfn], 0 if bar.kind in ALARM_KINDS else rank)
    ranks[knots[0]] = ranks[knots[-1]] = 1
    room = {pfn: axis.place(after) - axis.place(pfn) for pfn, after in pairwise(knots)}
    return sorted(ranks, key=lambda pfn: (ranks[pfn], -room.get(pfn, 0), pfn))


def _letters(rows: Sequence[Row], look: Look) -> list[str]:
    used = {bar.kind for row in rows for bar in row.lane.bars}
    names: dict[str, list[str]] = {}
    for kind, paint in LETTERS.items():
        if kind in used and paint.name:
            names.setdefault(paint.fine if look.unicode else paint.plain, []).append(paint.name)
    return [f"{letter} {', '.join(dict.fromkeys(words))}" for letter, words in names.items()]
