"""The page of a layout, stored or an example, its figure and what if: handlers fetch, choose and render."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import RedirectResponse, Response

from app.report import counted, figure, lanes, overview, svg
from app.report.axis import AxisName, beyond_words, to_scale
from app.report.words import STATE_WORDS
from app.service import Options
from app.service.asking import ask
from app.web import command_lines, presenting, subjects, views
from app.web.asked import Asked, AskedDep, encoded
from app.web.caching import tagged
from app.web.deps import OverridesDep, Services, ServicesDep
from app.web.errors import wants_page
from app.web.forms import FORMS
from app.web.panel import panel
from app.web.rendering import render
from app.web.subjects import Subject

router = APIRouter(include_in_schema=False)

AxisQuery = Annotated[str, Query(max_length=40)]


@router.get("/l/{layout_id}")
async def layout(
    request: Request,
    layout_id: str,
    owned: ServicesDep,
    told: OverridesDep,
    asked: AskedDep,
    axis: AxisQuery = "",
    log: str = "",
) -> Response:
    """The page of a stored layout; what does not ask for a page, such as curl, gets the text report or the document."""
    if not wants_page(request):
        form = "json" if "application/json" in request.headers.get("accept", "") else "txt"
        body = await owned.workers.run(
            lambda: views.written(form, subjects.stored(owned.layouts, layout_id, told), asked.question, "schematic")
        )
        answer = tagged(request, Response(body, media_type=FORMS[form].media_type))
        answer.headers["Vary"] = "Accept"
        return answer
    away = tidied(request, asked)
    if away is not None:
        return away
    page = await owned.workers.run(
        lambda: _page(owned, subjects.stored(owned.layouts, layout_id, told), told, asked, axis_named(axis), log)
    )
    page.headers["Vary"] = "Accept"
    return page


@router.get("/l/{layout_id}/figure.json")
async def layout_figure(
    layout_id: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, axis: AxisQuery = ""
) -> Response:
    """The bars of a stored layout as a Plotly figure."""
    return await owned.workers.run(
        lambda: _figure(subjects.stored(owned.layouts, layout_id, told), asked, axis_named(axis))
    )


@router.get("/samples/{slug}/figure.json")
async def sample_figure(
    slug: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, axis: AxisQuery = ""
) -> Response:
    """The bars of an example as a Plotly figure."""
    return await owned.workers.run(lambda: _figure(subjects.sample(slug, told), asked, axis_named(axis)))


@router.get("/samples/{slug}.{form}")
async def sample_form(
    slug: str, form: str, owned: ServicesDep, told: OverridesDep, asked: AskedDep, axis: AxisQuery = ""
) -> Response:
    """An example in another form."""
    if form not in FORMS:
        raise HTTPException(404)
    chosen = FORMS[form]
    body = await owned.workers.run(
        lambda: views.written(form, subjects.sample(slug, told), asked.question, axis_named(axis))
    )
    return Response(body, headers=chosen.headers, media_type=chosen.media_type)


@router.get("/samples/{slug}")
async def sample_page(
    request: Request,
    slug: str,
    owned: ServicesDep,
    told: OverridesDep,
    asked: AskedDep,
    axis: AxisQuery = "",
    log: str = "",
) -> Response:
    """The page of an example."""
    away = tidied(request, asked)
    if away is not None:
        return away
    return await owned.workers.run(
        lambda: _page(owned, subjects.sample(slug, told), told, asked, axis_named(axis), log)
    )


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


def _figure(subject: Subject, asked: Asked, axis: AxisName) -> Response:
    return figure_response(figure.figure_json(views.drawn(ask(subject.text, subject.options, asked.question)), axis))


def _page(owned: Services, subject: Subject, told: Options, asked: Asked, axis: AxisName, log: str) -> Response:
    """The layout page. ``told`` is what the query string overrides; links keep it, and what is asked."""
    answer = ask(subject.text, subject.options, asked.question)
    scene = views.drawn(answer)
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
        scene=scene,
        lanes=scene.lanes,
        absent=lanes.missing(document),
        beyond=beyond_words(scene.lanes, to_scale(scene.lanes), scene.page_size),
        axis=axis,
        drawing=svg.for_page(scene, axis),
        overview=overview.for_page(scene),
        legend=presenting.legend(bar.kind for lane in scene.lanes for bar in lane.bars),
        blank=presenting.blank_words(document),
        undecided=lanes.undecided(document),
        unproven=[] if answer.changed else presenting.unproven(document, told),
        architectures=presenting.ARCHITECTURES,
        holes=shown,
        hidden_holes=len(document.holes) - len(shown),
        events=presenting.event_rows(document),
        notes=presenting.note_rows(document.diagnostics),
        log=presenting.log_rows(subject.text, document, everything=log == "all"),
        log_all=log == "all",
        log_more=presenting.has_more(subject.text, document),
        checks_seen=seen,
        checks_agreeing=agreeing,
        explained=counted.explained(document.checks),
        frames_words=counted.frames_words,
        severity_words=presenting.SEVERITY_WORDS,
        basis_words=presenting.BASIS_WORDS,
        state_words=STATE_WORDS,
        coded=presenting.coded,
        without=views.without,
    )
