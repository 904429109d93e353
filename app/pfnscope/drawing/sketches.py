"""What the bars in letters show: of one document, of two on one axis, and of the places where a region can go.

- nodes   |-----------|------------------|     only the first of two has it
+ nodes   |-----------|    |-------------|     only the second
  zones   |----- DMA32 ------------------|     both
  differ              |^^^^|
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pfnscope.drawing.lanes import Bar, Lane, lanes, map_lane
from pfnscope.drawing.sketch import Row, draw
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.report.plain import Look

if TYPE_CHECKING:
    from pfnscope.model.placement import Placements

_MOST_NODES = 8
_FAMILIES = ("map", "nodes", "zones", "pages", "holes")
_BOTH, _FIRST, _SECOND = " -+"


def of(document: Document, look: Look) -> list[str]:
    """The bars of one document."""
    families = _families(lanes(document))
    return draw([row for name in _FAMILIES for row in _rows(name, families)], document.kernel.page_size, look)


def of_two(first: Document, second: Document, look: Look, *, one_log: bool = False) -> list[str]:
    """The bars of two documents, lanes that are alike once, and where others differ; see ``scene.of_two``."""
    from pfnscope.drawing.scene import of_two

    scene = of_two(first, second, (_FIRST, _SECOND), one_log=one_log)
    sides = [_families([lane for lane in scene.lanes if lane.side in ("", sign)]) for sign in (_FIRST, _SECOND)]
    found: list[Row] = []
    differ: list[FrameRange] = []
    for name in _FAMILIES:
        before, after = (side.get(name, []) for side in sides)
        told_apart = _differing(before, after)
        differ += told_apart
        if told_apart:
            found += [*_rows(name, sides[0], _FIRST), *_rows(name, sides[1], _SECOND)]
        else:
            found += _rows(name, sides[1])
    marks = [Bar(at.start, at.end, "differs", "", "") for at in FrameSet.of(differ)]
    if marks:
        found.append(Row("differ", Lane("differences", "Differences", "", tuple(marks))))
    return draw(found, scene.page_size, look, ["- today", "+ simulated"] if marks and one_log else [])


def of_places(document: Document, places: "Placements", look: Look) -> list[str]:
    """The bars of a document with the safe and unsafe starts of a region below them."""
    from pfnscope.drawing.scene import of, with_places

    scene = with_places(of(document), places)
    families = _families(scene.lanes)
    found = [row for name in ("map", "nodes", "zones", "holes") for row in _rows(name, families)]
    starts = [lane for lane in scene.lanes if lane.key == "places"]
    legend = ["blank: no whole region fits"] if starts else []
    return draw([*found, *(Row("starts", lane) for lane in starts)], scene.page_size, look, legend)


def _families(found: Sequence[Lane]) -> dict[str, list[Lane]]:
    """Lanes of one side by what they tell: the map in force, nodes, zones (of one node each where they overlap)."""
    every = {lane.key: lane for lane in found}
    ground = map_lane(found, or_sysfs=True)
    families = {"map": [ground] if ground else []}
    families |= {name: [every[name]] for name in ("nodes", "pages", "holes") if name in every}
    families["zones"] = [lane for key, lane in every.items() if key == "zones" or key.startswith("zones-")]
    return families


def _rows(family: str, families: dict[str, list[Lane]], sign: str = _BOTH) -> list[Row]:
    return [
        Row(family + lane.key.removeprefix(family).removeprefix("-") if family == "zones" else family, lane, sign)
        for lane in families.get(family, [])[:_MOST_NODES]
    ]


def _differing(before: Iterable[Lane], after: Iterable[Lane]) -> list[FrameRange]:
    from pfnscope.drawing.differing import differences

    one, other = ([bar for lane in side for bar in lane.bars] for side in (before, after))
    return [FrameRange(item.start_pfn, item.end_pfn) for item in differences(one, other)]
