"""The page of a layout, stored or an example, its figure and what if: handlers fetch, choose and render."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import RedirectResponse, Response

from pfnscope.drawing import lanes, plotly
from pfnscope.drawing.axis import AxisName
from pfnscope.pages import command_lines, presenting
from pfnscope.report import counted, notes
from pfnscope.report.plain import PLAIN
from pfnscope.report.words import SEVERITY_WORDS, STATE_WORDS
from pfnscope.service import Options, encode
from pfnscope.units import whole_number
from pfnscope.web import subjects, viewing, views
from pfnscope.web.asked import KNOWN, Asked, AskedDep, encoded
from pfnscope.web.caching import tagged
from pfnscope.web.deps import OverridesDep, Services, ServicesDep
from pfnscope.web.errors import wants_page
from pfnscope.web.exports import Width
from pfnscope.web.forms import FORMS, MENU, Shape, response
from pfnscope.web.panel import panel
from pfnscope.web.rendering import render
from pfnscope.web.subjects import Subject
from pfnscope.web.viewing import Looked, LookedDep

router = APIRouter(include_in_schema=False)

AxisQuery = Annotated[str, Query(max_length=40)]
LineQuery = Annotated[str, Query(max_length=40)]


@router.get("/l/{layout_id}")
async def layout(
    request: Request,
    layout_id: str,
    owned: ServicesDep,
    told: OverridesDep,
    asked: AskedDep,
    look: LookedDep,
    log: str = "",
    line: LineQuery = "",
) -> Response:
    """The page of a stored layout; what does not ask for a page, such as curl, gets the text report or the document."""
    if not wants_page(request):
        form = "json" if "application/json" in request.headers.get("accept", "") else "txt"
        body = await owned.workers.run(
            lambda: views.written(form, subjects.stored(owned.layouts, layout_id, told), asked.question, Shape())
        )
        answer = tagged(request, response(FORMS[form], body))
        answer.headers["Vary"] = "Accept"
        return answer
    away = tidied(request, asked)
    if away is not None:
        return away
    page = await views.of(
        owned,
        partial(subjects.stored, owned.layouts, layout_id, told),
        asked.question,
        lambda subject: _page(owned, subject, told, asked, look, (log, line)),
    )
    page.headers["Vary"] = "Accept"
    return page


@router.get("/l/{layout_id}/figure.json")
async def layout_figure(
    layout_id: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, look: LookedDep
) -> Response:
    """The bars of a stored layout as a Plotly figure, those between ``from`` and ``to`` as fine as a screen shows."""
    stored = partial(subjects.stored, owned.layouts, layout_id, told)
    return await views.of(owned, stored, asked.question, lambda subject: _figure(owned, subject, asked, look))


@router.get("/samples/{slug}/figure.json")
async def sample_figure(
    slug: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, look: LookedDep
) -> Response:
    """The bars of an example as a Plotly figure."""
    return await owned.workers.run(lambda: _figure(owned, subjects.sample(slug, told), asked, look))


@router.get("/l/{layout_id}/find.json")
async def layout_find(
    layout_id: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, look: LookedDep
) -> Response:
    """What ``find`` names, as page frames and in words."""
    stored = partial(subjects.stored, owned.layouts, layout_id, told)
    return await views.of(owned, stored, asked.question, lambda subject: _find(owned, subject, asked, look))


@router.get("/samples/{slug}/find.json")
async def sample_find(slug: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, look: LookedDep) -> Response:
    """What ``find`` names in an example."""
    return await owned.workers.run(lambda: _find(owned, subjects.sample(slug, told), asked, look))


@router.get("/samples/{slug}.{form}")
async def sample_form(
    slug: str,
    form: str,
    owned: ServicesDep,
    told: OverridesDep,
    asked: AskedDep,
    axis: AxisQuery = "",
    width: Width = PLAIN.width,
) -> Response:
    """An example in another form."""
    if form not in FORMS:
        raise HTTPException(404)
    body = await owned.workers.run(
        lambda: views.written(form, subjects.sample(slug, told), asked.question, Shape(axis_named(axis), width))
    )
    return response(FORMS[form], body)


@router.get("/samples/{slug}")
async def sample_page(
    request: Request,
    slug: str,
    owned: ServicesDep,
    told: OverridesDep,
    asked: AskedDep,
    look: LookedDep,
    log: str = "",
    line: LineQuery = "",
) -> Response:
    """The page of an example."""
    away = tidied(request, asked)
    if away is not None:
        return away
    return await owned.workers.run(lambda: _page(owned, subjects.sample(slug, told), told, asked, look, (log, line)))


def axis_named(name: str) -> AxisName:
    """The axis of that name; what is no name means the usual one."""
    return "scale" if name == "scale" else "schematic"


def tidied(request: Request, asked: Asked) -> Response | None:
    """On to the address that says the same without what only a form needs, or None where this is it."""
    if sorted(asked.canonical) == sorted(asked.pairs):
        return None
    query = encoded(asked.canonical)
    return RedirectResponse(request.url.path + (f"?{query}" if query else ""), 303)


def figure_response(body: bytes) -> Response:
    """A figure, to be asked for each time."""
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-cache"})


def _figure(owned: Services, subject: Subject, asked: Asked, look: Looked) -> Response:
    drawn = views.asked_drawn(owned.recent, subject, asked.question)[1].only(look.view.lanes)
    body = plotly.figure_json(drawn.scene, look.view.axis, window=look.window, both_axes=drawn.axes)
    return figure_response(body)


def _find(owned: Services, subject: Subject, asked: Asked, look: Looked) -> Response:
    drawn = views.asked_drawn(owned.recent, subject, asked.question)[1]
    return figure_response(encode(viewing.found_in(drawn, look.words)))


def _page(
    owned: Services, subject: Subject, told: Options, asked: Asked, look: Looked, told_log: tuple[str, str]
) -> Response:
    """The layout page. ``told`` is what the query string overrides; links keep it, and what is asked.

    ``told_log`` is whether all lines of the log are shown, and from which on.
    """
    answer, drawn = views.asked_drawn(owned.recent, subject, asked.question)
    log, line = told_log
    part = presenting.log_part(
        subject.text,
        answer.changed or answer.today,
        everything=log == "all",
        line=whole_number(line) or 1,
    )
    today, document = answer.today, answer.changed or answer.today
    seen, agreeing = counted.split(document.checks)
    shown = presenting.hole_rows(document)
    query = asked.query()
    return render(
        owned,
        "layout.html",
        here="",
        subject=subject,
        path=subject.path,
        doc=document,
        today=today,
        simulated=answer.changed is not None,
        panel=panel(answer, asked, told.kernel),
        asked=asked,
        release_words=".".join(map(str, today.kernel.version[:2])) if today.kernel.version else "",
        open_panel=bool(answer.refused or asked.question.size),
        options=told,
        query=f"?{query}" if query else "",
        more_query=f"&{query}" if query else "",
        facts=presenting.facts(document),
        details=[presenting.coded(sentence) for sentence in document.verdict.details],
        command=command_lines.pieces(document, today.kernel.command_line or "" if answer.changed else None),
        removed=command_lines.removed(document, today.kernel.command_line or ""),
        argument_notes=command_lines.notes(document.simulation or answer.own),
        changes=views.changes(today, document) if answer.changed else [],
        whatifs=views.whatifs(today, asked),
        **viewing.shown(drawn, look, KNOWN, [name for name, _ in asked.pairs]),
        fields=asked.layout,
        exports=MENU,
        absent=lanes.missing(document),
        blank=presenting.blank_words(document),
        undecided=lanes.undecided(document),
        unproven=[] if answer.changed else presenting.unproven(document, told),
        architectures=presenting.ARCHITECTURES,
        holes=shown,
        hidden_holes=len(document.holes) - len(shown),
        events=presenting.event_rows(document),
        notes=notes.note_rows(document.diagnostics),
        log=part,
        paged=bool(part.earlier or part.later),
        log_all=log == "all",
        log_more=presenting.has_more(subject.text, document),
        checks_seen=seen,
        checks_agreeing=agreeing,
        explained=counted.explained(document.checks),
        frames_words=counted.frames_words,
        severity_words=SEVERITY_WORDS,
        basis_words=presenting.BASIS_WORDS,
        state_words=STATE_WORDS,
        coded=presenting.coded,
        without=views.without,
    )
