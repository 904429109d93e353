"""How a page of bars is to be shown: what its address says, with what is looked for found."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request

from pfnscope.drawing import overview, svg
from pfnscope.drawing import view as views
from pfnscope.drawing.axis import beyond_words
from pfnscope.drawing.view import View
from pfnscope.model.ranges import FrameRange
from pfnscope.pages import presenting
from pfnscope.service.errors import BadOption
from pfnscope.service.lookup import HELP, Match, find
from pfnscope.web.drawings import Drawn


class Looked(msgspec.Struct, frozen=True):
    """An address's ``view``, and the words of what is looked for."""

    view: View
    words: str

    @property
    def window(self) -> tuple[float, float] | None:
        """The page frames in view where they are not all."""
        return None if self.view.start is None or self.view.end is None else (self.view.start, self.view.end)


async def looked(request: Request) -> Looked:
    """What the query string of this request asks to be shown."""
    # a form sends each lane by itself, an address has them in one
    told = dict(request.query_params) | {"lanes": ",".join(request.query_params.getlist("lanes"))}
    return Looked(views.read(told), " ".join(told.get("find", "")[:200].split()))


LookedDep = Annotated[Looked, Depends(looked)]


def found_in(drawn: Drawn, words: str) -> Match:
    """What somebody looks for, in the frames of the drawing: in the last document, else in one before.

    Raises BadOption.
    """
    problem: BadOption | None = None
    for document in reversed(drawn.documents):
        try:
            found = find(document, words)
        except BadOption as error:
            problem = problem or error
            continue
        factor = document.kernel.page_size // drawn.scene.page_size
        one_log = len({item.origin for item in drawn.documents}) == len(drawn.documents)
        return msgspec.structs.replace(
            found,
            start_pfn=found.start_pfn * factor,
            end_pfn=found.end_pfn * factor,
            near=(found.near[0] * factor, found.near[1] * factor),
            lines=found.lines if one_log else [],
        )
    raise problem or BadOption(f"Nothing can be found here. Try {HELP}.")


def ignored(names: Iterable[str], known: Iterable[str]) -> str:
    """What of an address says nothing to its page, in words; empty where there is nothing of that kind."""
    strange = views.unknown(names, {*known, *views.NAMES})
    return f"Not known here and ignored: {', '.join(name[:40] for name in strange[:5])}." if strange else ""


def shown(drawn: Drawn, asked: Looked, known: Iterable[str], names: Iterable[str]) -> dict[str, Any]:
    """What the template of the bars needs; ``known`` are the names that the page's address may have, ``names`` has."""
    view = views.resolved(asked.view, drawn.scene)
    notes = list(view.notes)
    notes += filter(None, [ignored(names, known)])
    detail, problem = "", ""
    all_axes = drawn.axes
    if asked.words:
        try:
            found = found_in(drawn, asked.words)
        except BadOption as error:
            problem = str(error)
        else:
            detail = f"{found.label} · {found.what}"
            start, end = views.around(all_axes[view.axis], FrameRange(*found.near))
            at = FrameRange(found.start_pfn, found.end_pfn)
            view = msgspec.structs.replace(view, picked=at, start=start, end=end)
    elif view.hole is not None and view.picked is not None:
        start, end = views.around(all_axes[view.axis], view.picked)
        view = msgspec.structs.replace(view, start=start, end=end, hole=None)
    every = views.families(drawn.scene)
    missed = views.unknown(view.lanes, (key for key, _ in every))
    if missed:
        notes.append(f"There are no such lanes here: {', '.join(name[:40] for name in missed[:5])}.")
    drawn = drawn.only(view.lanes)
    scene = drawn.scene
    axis = drawn.axes[view.axis]
    if view.start is not None and not (view.start < axis.pfns[-1] and (view.end or 0) > axis.pfns[0]):
        view = msgspec.structs.replace(view, start=None, end=None)
    return {
        "scene": scene,
        "lanes": scene.lanes,
        "every_lane": [(key, title, not view.lanes or key in view.lanes) for key, title in every],
        "axis": view.axis,
        "view": {
            "axis": view.axis,
            "from": view.start,
            "to": view.end,
            "sel": [view.picked.start, view.picked.end] if view.picked else None,
            "lanes": ",".join(view.lanes) or None,
        },
        "view_notes": notes,
        "find_words": asked.words,
        "find_problem": problem,
        "find_detail": detail,
        "drawing": svg.for_page(scene, view.axis, view=view, both_axes=drawn.axes),
        "overview": overview.for_page(scene, view),
        "beyond": beyond_words(scene.lanes, drawn.axes["scale"], scene.page_size),
        "legend": presenting.legend(bar.kind for lane in scene.lanes for bar in lane.bars),
    }
