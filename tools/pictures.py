"""The pictures of docs/pictures/: drawings by pfnscope of its example logs, some with fewer lanes than a page has."""

from collections.abc import Callable
from functools import cache, partial

import msgspec

from pfnscope import resources
from pfnscope.drawing import scene, svg
from pfnscope.drawing.axis import AxisName
from pfnscope.drawing.scene import Scene
from pfnscope.model.document import Document
from pfnscope.service.analyzing import Options, analyze
from pfnscope.service.places import Reservation, place
from pfnscope.service.whatif import Change, simulate

ARGUMENT = "memmap=1G!4G"


def _text(slug: str) -> bytes:
    return (resources.folder("sample_logs") / slug / "dmesg.txt").read_bytes()


@cache
def _document(slug: str, kernel: str | None = None) -> Document:
    return analyze(_text(slug), Options(kernel=kernel)).document


def _drawn(
    slug: str, title: str = "", lanes: tuple[str, ...] = (), *, kernel: str | None = None, axis: AxisName = "schematic"
) -> str:
    """An example, all of its lanes, or some under a title of their own."""
    whole = scene.of(_document(slug, kernel))
    return svg.draw(_some(whole, title, lanes) if lanes else whole, axis)


def _some(whole: Scene, title: str, lanes: tuple[str, ...]) -> Scene:
    """A drawing of some lanes; the frames of danger stay where the holes do."""
    kept = tuple(lane for lane in whole.lanes if lane.key in lanes)
    alarms = whole.alarms if "holes" in lanes else ()
    return msgspec.structs.replace(whole, lanes=kept, alarms=alarms, marks=(), title=title)


def _spans() -> str:
    """Nodes and zones without and with the argument, on one axis."""
    both = scene.of_two(_document("seed-no-memmap"), _document("seed-1g-4g"), ("without", "with"))
    return svg.draw(_some(both, f"What {ARGUMENT} takes from node 0 and its zones", ("nodes", "zones")))


def _what_if() -> str:
    """The guest without memmap= beside itself with it, as the panel of a page draws it."""
    changed = simulate(_text("seed-no-memmap"), Change(append=ARGUMENT), Options())
    return svg.draw(scene.of_two(_document("seed-no-memmap"), changed, (scene.TODAY, scene.CHANGED), one_log=True))


def _places() -> str:
    """Where 1 GiB can begin on the guest without memmap=."""
    placements = place(_text("seed-no-memmap"), Reservation("1G"))
    whole = scene.with_places(scene.of(_document("seed-no-memmap")), placements)
    return svg.draw(_some(whole, "Where memmap=1G! can begin", ("nodes", "zones", "places")))


_PAGES = ("zones", "pages", "holes")

PICTURES: dict[str, Callable[[], str]] = {
    "report": partial(_drawn, "seed-1g-4g"),
    "to-scale": partial(_drawn, "seed-1g-4g", axis="scale"),
    "maps": partial(_drawn, "seed-1g-4g", "From the firmware map to the nodes", ("firmware", "user", "nodes")),
    "spans": _spans,
    "struct-pages": partial(_drawn, "seed-1g-4g", "41 struct pages that no zone spans, on 4.17", _PAGES),
    "struct-pages-later": partial(_drawn, "seed-1g-4g", "The same struct pages on 6.12", _PAGES, kernel="6.12"),
    "what-if": _what_if,
    "places": _places,
}
