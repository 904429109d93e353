"""The bars of a page: the drawing of one layout or of two, as the address wants it shown, with what ``find`` names."""

from collections.abc import Iterable
from typing import Any

import msgspec

from pfnscope.drawing import svg
from pfnscope.drawing import view as views
from pfnscope.drawing.axis import Axes, AxisName, beyond_words, usual
from pfnscope.drawing.overview import overview
from pfnscope.drawing.scene import Scene, readout_bar
from pfnscope.drawing.stops import stop_words
from pfnscope.drawing.view import View, shown
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange
from pfnscope.pages.query import ViewQuery
from pfnscope.service.errors import BadOption
from pfnscope.service.jobs import unpacked
from pfnscope.service.lookup import HELP, Match, find
from pfnscope.service.whatif import Answer


class Drawn:
    """A scene with the axes of its lanes that are not folded, computed once.

    ``documents`` are what it shows, the main one last. ``answer`` has everything else that a page shows of
    one layout; a comparison has none.
    """

    def __init__(
        self, scene: Scene, *documents: Document, answer: Answer | None = None, axes: Axes | None = None
    ) -> None:
        self.scene = scene
        self.axes = axes or Axes(shown(scene, ()).lanes)
        self.documents = documents
        self.answer = answer

    def only(self, lanes: tuple[str, ...]) -> "Drawn":
        """The same with only the lanes of these families, of none those that are not folded."""
        scene = shown(self.scene, lanes)
        if scene is self.scene:
            return self
        return Drawn(scene, *self.documents, answer=self.answer, axes=None if lanes else self.axes)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Drawn":
        """The drawing that a job of :mod:`pfnscope.service.jobs` packed."""
        drawing = unpacked(packed)
        axes = Axes(drawing.scene.lanes, drawing.schematic, drawing.scale)
        if isinstance(drawing.shows, Answer):
            return cls(drawing.scene, *drawing.shows.documents, answer=drawing.shows, axes=axes)
        return cls(drawing.scene, *drawing.shows, axes=axes)


def find_on(drawn: Drawn, words: str) -> Match:
    """What these words name, in page frames of the drawing: in the last document, else in one before.

    Raises BadOption.
    """
    problem: BadOption | None = None
    for document in reversed(drawn.documents):
        try:
            place = find(document, words)
        except BadOption as error:
            problem = problem or error
            continue
        factor = document.kernel.page_size // drawn.scene.page_size
        one_log = len(drawn.documents) == 1 or drawn.documents[-1].origin == "simulated"
        return msgspec.structs.replace(
            place,
            start_pfn=place.start_pfn * factor,
            end_pfn=place.end_pfn * factor,
            near=(place.near[0] * factor, place.near[1] * factor),
            lines=place.lines if one_log else [],
        )
    raise problem or BadOption(f"Nothing can be found here. Try {HELP}.")


def ignored(names: Iterable[str], known: Iterable[str]) -> str:
    """Names in an address that its page does not know, in words; empty where there are none."""
    strange = views.unknown(names, {*known, *views.NAMES})
    return f"Not known here and ignored: {', '.join(name[:40] for name in strange[:5])}." if strange else ""


def bars(drawn: Drawn, query: ViewQuery, known: Iterable[str], names: Iterable[str]) -> dict[str, Any]:
    """The values for ``bars.html``. ``known`` are the names that the page's address may have, ``names`` those there."""
    every, view = drawn.scene, views.resolved(query.view, drawn.scene)
    notes = [*view.notes, *filter(None, [ignored(names, known)])]
    axis = view.axis or usual(drawn.axes, shown(every, ()).lanes)
    families = views.families(every)
    missing = views.unknown(view.lanes, (key for key, _ in families))
    if missing:
        notes.append(f"There are no such lanes here: {', '.join(name[:40] for name in missing[:5])}.")
    drawn = drawn.only(view.lanes)
    scene = drawn.scene
    view, detail, problem = _with_place(drawn, view, axis, query.words)
    on = {key for key, _ in views.families(scene)}
    pfns = drawn.axes[axis].pfns
    if view.start is not None and not (view.start < pfns[-1] and (view.end or 0) > pfns[0]):
        view = msgspec.structs.replace(view, start=None, end=None)
    return {
        "scene": scene,
        "lanes": scene.lanes,
        "every_lane": [(key, title, key in on) for key, title in families],
        "folded": views.folded_words(every, on),
        "axis": axis,
        "view": {
            "axis": axis,
            "from": view.start,
            "to": view.end,
            "sel": [view.picked.start, view.picked.end] if view.picked else None,
            "lanes": ",".join(view.lanes) or None,
        },
        "view_notes": notes,
        "stop_words": stop_words(scene.stops),
        "readout": None if query.words else readout_bar(scene, view.picked),
        "find_words": query.words,
        "find_problem": problem,
        "find_detail": detail,
        "drawing": svg.for_page(scene, axis, view=view, both_axes=drawn.axes),
        "mini": svg.mini(scene, axis, both_axes=drawn.axes) if scene.lanes else "",
        "overview": overview(scene, view, every.lanes),
        "beyond": beyond_words(scene.lanes, drawn.axes["scale"], scene.page_size),
        "legend": svg.legend(scene, drawn.axes),
    }


def _with_place(drawn: Drawn, view: View, name: AxisName, words: str) -> tuple[View, str, str]:
    """The view around what the words name or the hole that the address picks, its detail, and what is wrong."""
    axis = drawn.axes[name]
    if not words:
        if view.hole is None or view.picked is None:
            return view, "", ""
        start, end = views.around(axis, view.picked)
        return msgspec.structs.replace(view, start=start, end=end, hole=None), "", ""
    try:
        place = find_on(drawn, words)
    except BadOption as error:
        return view, "", str(error)
    start, end = views.around(axis, FrameRange(*place.near))
    picked = FrameRange(place.start_pfn, place.end_pfn)
    return msgspec.structs.replace(view, picked=picked, start=start, end=end), f"{place.label} · {place.what}", ""
