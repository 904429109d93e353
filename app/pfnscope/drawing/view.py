"""How a drawing is shown: axis, page frames in view, lanes, and what is picked. All of it is in the address.

    v=2 & axis=scale & from=0xbff00.8 & to=0xc0100 & sel=0xbffd7-0xc0000 & lanes=nodes,zones,holes

Page frames are hexadecimal, those in view with a fraction where a zoom ends inside one; ends do not belong to it.
static/address.js writes them, and static/axis.js goes :func:`around` a range too: see ``tests/viewer/cases.json``.
A link outlives the release that made it: :func:`read` knows every version, each with a fixture in the tests.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from pfnscope.drawing.axis import Axis, AxisName
from pfnscope.drawing.lanes import family_of
from pfnscope.drawing.scene import Scene
from pfnscope.model.ranges import FrameRange
from pfnscope.patterns import compiled
from pfnscope.units import whole_number

VERSION = 2
NAMES = ("v", "axis", "from", "to", "sel", "lanes", "hole", "find")
"""All names in an address that any version has for the view; ``find`` is a question that becomes ``sel``."""

_FRAME = r"0x([0-9a-f]{1,14})(?:\.([0-9a-f]{1,4}))?"
_ROOM = 1.2
_LEAST = {"schematic": 1e-6, "scale": 4.0}


class View(msgspec.Struct, frozen=True):
    """Page frames [start, end) in view, all where they are None; ``lanes`` are the families shown, () for all.

    ``axis`` is None where the address leaves the choice to the layout, which those of a version never do.

    ``hole`` is an index of the document's holes, which only links of the first version have. ``notes`` say what of
    the address was not understood.
    """

    axis: AxisName | None = None
    start: float | None = None
    end: float | None = None
    picked: FrameRange | None = None
    lanes: tuple[str, ...] = ()
    hole: int | None = None
    notes: tuple[str, ...] = ()


WHOLE = View()


def read(parameters: Mapping[str, str]) -> View:
    """The view that an address of any version asks for; what cannot be read is left out, with a note."""
    notes: list[str] = []
    version = parameters.get("v", str(VERSION))
    if version not in ("1", "2"):
        notes.append("This address is from a later release; what is not known here is not shown.")
    if parameters.get("axis", "") not in ("", "schematic", "scale"):
        notes.append("“axis” in this address is neither schematic nor scale.")
    start, end = (_frame(parameters, name, notes) for name in ("from", "to"))
    if start is not None and end is not None and start >= end:
        notes.append("“from” in this address is not below “to”.")
    if start is None or end is None or start >= end:
        start = end = None
    hole = parameters.get("hole", "")
    return View(
        _axis(parameters),
        start,
        end,
        _picked(parameters, notes),
        tuple(dict.fromkeys(key for key in parameters.get("lanes", "").split(",") if key)),
        # ranges took the place of indexes, whose order a later release may change
        whole_number(hole) if version == "1" else None,
        tuple(notes),
    )


def _axis(parameters: Mapping[str, str]) -> AxisName | None:
    if parameters.get("axis") == "scale":
        return "scale"
    return None if not {"v", "axis", "from", "hole"} & parameters.keys() else "schematic"


def resolved(view: View, scene: Scene) -> View:
    """The view with the hole that a link of the first version names, found in the scene."""
    if view.hole is None or view.hole >= len(scene.holes):
        return view
    chosen = msgspec.structs.replace(view, picked=scene.holes[view.hole], hole=None)
    return chosen if chosen.start is not None else msgspec.structs.replace(chosen, hole=view.hole)


def around(axis: Axis, at: FrameRange) -> tuple[float, float]:
    """Page frames to show for a range: it in the middle, with room on both sides, inside the axis.

    Around a single frame that is as far as the next boundaries, or some hundred frames to scale.
    """
    if at.pages == 1 and axis.name == "scale":
        at = FrameRange(max(0, at.start - 256), at.end + 256)
    elif at.pages == 1:
        i = min(max(bisect_right(axis.pfns, at.start), 1), len(axis.pfns) - 1)
        at = FrameRange(int(axis.pfns[i - 1]), int(axis.pfns[i]))
    left, right = axis.place(at.start), axis.place(at.end)
    least = 4 / max(4.0, axis.pfns[-1] - axis.pfns[0]) if axis.name == "scale" else _LEAST["schematic"]
    width = max(right - left, least)
    low, high = left - _ROOM * width, left + (1 + _ROOM) * width
    low, high = (0.0, high - low) if low < 0 else (1 - (high - low), 1.0) if high > 1 else (low, high)
    return axis.pfn(max(0.0, low)), axis.pfn(min(1.0, high))


def shown(scene: Scene, lanes: Sequence[str] = ()) -> Scene:
    """The scene with only the lanes of these families; where none is left, with all that are not folded."""
    keys = [family_of(lane.key) for lane in scene.lanes]
    rows = [i for i, key in enumerate(keys) if key in lanes] or [
        i for i, key in enumerate(keys) if key not in scene.folded
    ]
    if not rows or len(rows) == len(scene.lanes):
        return scene
    place = {row: at for at, row in enumerate(rows)}
    marks = []
    for mark in scene.marks:
        kept = [place[row] for row in range(mark.first, mark.last) if row in place]
        if kept:
            marks.append(msgspec.structs.replace(mark, first=kept[0], last=kept[-1] + 1))
    kept_lanes = tuple(scene.lanes[row] for row in rows)
    return msgspec.structs.replace(scene, lanes=kept_lanes, marks=tuple(marks), folded={})


def families(scene: Scene) -> list[tuple[str, str]]:
    """Key and title of what can be shown or left out, each once, in the order of the lanes; no two alike."""
    titles: dict[str, str] = {}
    for lane in scene.lanes:
        key = family_of(lane.key)
        title = "Zones" if key in ("zones", "zoneinfo") else lane.title
        if key not in titles:
            titles[key] = f"{title} ({lane.subtitle})" if title in titles.values() else title
    return list(titles.items())


def folded_words(scene: Scene, shown: Collection[str]) -> list[str]:
    """What is folded, but for the families ``shown``: such as ``The same as Zones: Zones (/proc/zoneinfo).``."""
    titles = dict(families(scene))
    names: dict[str, list[str]] = {}
    for family, why in scene.folded.items():
        if family not in shown:
            names.setdefault(why, []).append(titles[family])
    return [f"{why[:1].upper()}{why[1:]}: {', '.join(own)}." for why, own in names.items()]


def unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """What of an address is not known to any version, for the note that says so."""
    return sorted(set(names) - set(known))


def _frame(parameters: Mapping[str, str], name: str, notes: list[str]) -> float | None:
    text = parameters.get(name, "")
    match = compiled(_FRAME).fullmatch(text.encode("utf-8", "replace"))
    if match is None:
        if text:
            notes.append(f"“{name}” in this address is no page frame.")
        return None
    whole, part = match.groups()
    return int(whole or "0", 16) + (int(part, 16) / 16 ** len(part) if part else 0)


def _picked(parameters: Mapping[str, str], notes: list[str]) -> FrameRange | None:
    text = parameters.get("sel", "")
    if not text:
        return None
    first, _, last = text.partition("-")
    ends = {"from": first, "to": last}
    start, end = (_frame(ends, name, []) for name in ("from", "to"))
    if start is None or end is None or start >= end:
        notes.append("“sel” in this address is no range of page frames.")
        return None
    return FrameRange(int(start), max(int(end), int(start) + 1))
