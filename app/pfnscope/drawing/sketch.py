"""The bars in letters: memory map, nodes, zones, struct pages and holes on one schematic axis.

map    |=|:|========== usable ==========|: reserved :|   |%%% persistent %%%|==== usable ====|
nodes  |-| |---------- node 0 ----------|                                   |---- node 1 ----|
pages  |=|.|============================|!!!!!!!!!!!!|                      |================|
       0x0 0x100000                     0xbffd7000                          0x140000000

Each interval between two boundaries has at least a column, a dangerous hole more, so that 41 frames show in 9 GiB.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log2

import msgspec

from pfnscope.drawing.lanes import Bar, Lane
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.report.plain import Look, listed

_INDENT = 9
"""Columns of the names of the lanes, a sign and a blank among them."""
_KNOTS = 0.6  # boundaries for each column; others fall where they round to
_ALARMS = ("danger", "caution", "uninitialised", "unsafe")
_WANTED = (*_ALARMS, "differs")
_SIGNS = {"-": "gone", "+": "come"}
_BESIDE = frozenset({"reserved", "acpi", "nvs", "other", "unusable"})
_ALARM_COLUMNS = 13
_VOID = 2.5  # weight of an interval without anything; that of a GiB is 9

# letter in ASCII, letter in Unicode, colour, name in the legend ("" where the lane says it)
_FILLS = {
    "ram": ("=", "═", None, "usable"),
    "reserved": (":", "░", "dim", "reserved"),
    "acpi": ("a", "▒", "dim", "ACPI"),
    "nvs": ("n", "▒", "dim", "ACPI NVS"),
    "unusable": ("x", "x", "dim", "unusable"),
    "pmem": ("%", "▓", "pmem", "persistent"),
    "soft-reserved": ("s", "▓", "pmem", "soft reserved"),
    "initialised": ("=", "═", None, ""),
    "zeroed": ("z", "·", "dim", "zeroed"),
    "uninitialised": ("!", "!", "danger", "never written"),
    "poisoned": ("p", "p", "caution", "poisoned"),
    "unknown": ("?", "?", "caution", "state not known"),
    "danger": ("!", "!", "danger", "danger"),
    "caution": ("?", "?", "caution", "caution"),
    "info": ("~", "~", "info", "linked elsewhere"),
    "none": (".", "·", "dim", "harmless"),
    "safe": ("+", "+", "good", "safe start"),
    "unsafe": ("!", "!", "danger", "start that adds a danger"),
    "differs": ("^", "^", "caution", "differs"),
}
_USUAL = ("-", "─", None, "")


class Row(msgspec.Struct, frozen=True):
    """A lane under a name of up to seven letters. ``sign`` tells which of two documents it is from: ``-`` or ``+``."""

    name: str
    lane: Lane
    sign: str = " "


class _Columns(msgspec.Struct, frozen=True):
    """Where page frames stand: knot ``pfns[i]`` at column ``at[i]``, linear between them."""

    pfns: tuple[int, ...]
    at: tuple[int, ...]

    def place(self, pfn: int) -> int:
        if pfn <= self.pfns[0]:
            return self.at[0]
        if pfn >= self.pfns[-1]:
            return self.at[-1]
        i = bisect_right(self.pfns, pfn) - 1
        room, pages = self.at[i + 1] - self.at[i], self.pfns[i + 1] - self.pfns[i]
        return self.at[i] + (pfn - self.pfns[i]) * room // pages


def draw(found: Sequence[Row], page_size: int, look: Look, legend: Sequence[str] = ()) -> list[str]:
    """The lines of the drawing with addresses and a legend; nothing where there is nothing to draw.

    ``legend`` are words that go before those about letters.
    """
    knots = _knots(found, int((look.width - _INDENT - 1) * _KNOTS))
    if len(knots) < 2:
        return []
    columns = _columns(found, knots, look.width - _INDENT - 1)
    out = [_row(row, columns, look) for row in found]
    out += _addresses(found, columns, page_size, look)
    words = [*legend, *_letters(found, look), "not to scale"]
    return out + [look.paint("dim", line) for line in listed(words, look, "  ", " " * _INDENT)]


def _knots(found: Sequence[Row], most: int) -> tuple[int, ...]:
    """The boundaries that get columns of their own: alarms first, then nodes and zones, then wide bars."""
    core = [row.lane for row in found if row.lane.core]
    have = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for lane in core for bar in lane.bars)
    wanted: dict[int, tuple[bool, bool, int]] = {}
    for lane in (row.lane for row in found):
        spans = lane.key == "nodes" or lane.key.startswith("zones")
        for bar in lane.bars:
            if have and bar.kind in _BESIDE and not lane.core and bar.start_pfn not in have:
                continue  # the windows of devices between memory are no news
            rank = bar.kind not in _WANTED, not spans, bar.start_pfn - bar.end_pfn
            for pfn in (bar.start_pfn, bar.end_pfn):
                wanted[pfn] = min(rank, wanted.get(pfn, rank))
    if len(wanted) > most:
        ends = {min(wanted), max(wanted)}
        rest = sorted(wanted.keys() - ends, key=lambda pfn: wanted[pfn])
        return tuple(sorted([*ends, *rest[: most - 2]]))
    return tuple(sorted(wanted))


def _columns(found: Sequence[Row], knots: tuple[int, ...], width: int) -> _Columns:
    """A column for each interval, more for alarms, the rest by the square of the size's logarithm."""
    bars = [bar for row in found for bar in row.lane.bars]
    covered = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for bar in bars if bar.kind not in _BESIDE)
    alarming = FrameSet.of(FrameRange(bar.start_pfn, bar.end_pfn) for bar in bars if bar.kind in _ALARMS)
    alarms = sum(start in alarming for start in knots[:-1])
    room = max(1, min(_ALARM_COLUMNS, width // 5 // max(1, alarms)))
    least = [room if start in alarming else 1 for start in knots[:-1]]
    weights = [0.2 + log2(end - start) ** 2 / 40 if start in covered else _VOID for start, end in pairwise(knots)]
    share = max(0, width - sum(least)) / sum(weights)
    at, exact = [0], 0.0
    for minimum, weight in zip(least, weights, strict=True):
        exact += minimum + weight * share
        at.append(max(at[-1] + minimum, round(exact)))
    return _Columns(knots, tuple(at))


def _row(row: Row, columns: _Columns, look: Look) -> str:
    width = columns.at[-1] + 1
    letters = [" "] * width
    roles: list[str | None] = [None] * width
    post = "│" if look.unicode else "|"
    for bar in sorted(row.lane.bars, key=lambda bar: bar.kind in _ALARMS):
        left, right = columns.place(bar.start_pfn), columns.place(bar.end_pfn)
        if bar.end_pfn <= columns.pfns[0] or bar.start_pfn >= columns.pfns[-1]:
            continue
        plain, fine, role, _ = _FILLS.get(bar.kind, _USUAL)
        inside = _filled(bar, right - left - 1, fine if look.unicode else plain, look)
        letters[left : right + 1] = [post, *inside, post] if left < right else [post]
        if right - left < 2 and bar.kind in _ALARMS:
            letters[left] = "!"
        for at in range(left, right + 1):
            roles[at] = role if at > left or role in ("danger", "caution") else roles[at]
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


def _addresses(found: Sequence[Row], columns: _Columns, page_size: int, look: Look) -> list[str]:
    """Up to two lines of addresses, each beginning below its boundary; those of the second hang on a leader."""
    width = columns.at[-1] + 1
    rows = [[" "] * width, [" "] * width]
    for pfn in _by_importance(found, columns):
        text, at = hex(pfn * page_size), columns.place(pfn)
        start = at if at + len(text) <= width else at - len(text) + 1
        for number, row in enumerate(rows):
            if start < 0 or any(char != " " for char in row[max(0, start - 1) : start + len(text) + 1]):
                continue
            if number and any(char != " " for char in rows[0][max(0, at - 1) : at + 1]):
                continue
            row[start : start + len(text)] = text
            if number:
                rows[0][at] = "╵" if look.unicode else "'"
            break
    return [look.paint("dim", f"{'':{_INDENT}}{''.join(row)}".rstrip()) for row in rows if "".join(row).strip()]


def _by_importance(found: Sequence[Row], columns: _Columns) -> Iterable[int]:
    """Boundaries as worth an address: alarms, both ends, nodes and zones, then those with the most room."""
    told: dict[int, int] = dict.fromkeys(columns.pfns, 3)
    for lane in (row.lane for row in found):
        rank = 2 if lane.key == "nodes" or lane.key.startswith("zones") else 3
        for bar in lane.bars:
            for pfn in (bar.start_pfn, bar.end_pfn):
                if pfn in told:
                    told[pfn] = min(told[pfn], 0 if bar.kind in _ALARMS else rank)
    told[columns.pfns[0]] = told[columns.pfns[-1]] = 1
    room = {pfn: at for (pfn, _), at in zip(pairwise(columns.pfns), _gaps(columns.at), strict=True)}
    return sorted(told, key=lambda pfn: (told[pfn], -room.get(pfn, 0), pfn))


def _gaps(at: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(at)]


def _letters(found: Sequence[Row], look: Look) -> list[str]:
    used = {bar.kind for row in found for bar in row.lane.bars}
    names: dict[str, list[str]] = {}
    for kind, (plain, fine, _, name) in _FILLS.items():
        if kind in used and name:
            names.setdefault(fine if look.unicode else plain, []).append(name)
    return [f"{letter} {', '.join(dict.fromkeys(told))}" for letter, told in names.items()]
