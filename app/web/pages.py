"""The pages: paste, layout, rules, examples. Handlers only fetch, choose and render."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from app import __version__, service
from app.report import counted, figure, lanes, overview, rulebook, rulepage, scene, svg, text
from app.report.axis import AxisName, beyond_words, to_scale
from app.report.document import Document
from app.report.words import STATE_WORDS
from app.service import Options
from app.service.layouts import DAY
from app.web import presenting, sharing
from app.web.deps import OverridesDep, Services, ServicesDep, SubmissionDep, absolute, services
from app.web.errors import Problem
from app.web.exports import FORMS
from app.web.samples import sample_text, samples

router = APIRouter(include_in_schema=False)

AxisQuery = Annotated[str, Query(max_length=40)]
Form = Literal["txt", "md", "csv", "json", "svg"]


@router.get("/")
def paste(request: Request, owned: ServicesDep) -> Response:
    """The paste page."""
    return _paste(request, owned)


@router.post("/")
async def take(request: Request, owned: ServicesDep, sent: SubmissionDep) -> Response:
    """Store what was pasted: on to its page, or for a terminal the report and the permalink."""
    made = await sharing.store(owned, sent)
    if sent.form:
        # The token travels in the fragment: no server, log or cookie sees it, and the page shows it once.
        fragment = f"#delete={made.delete_token}" if sent.fields.tell_token else ""
        return RedirectResponse(f"/l/{made.id}{fragment}", 303, {"Cache-Control": "no-store"})
    link = absolute(request, owned, f"/l/{made.id}")
    report = await owned.workers.run(lambda: text.render(service.analyze(sent.text, sent.options).document))
    told = f"{report}\ndelete token: {made.delete_token}\n{link}\n"
    return PlainTextResponse(told, 201, {"Location": link, "Cache-Control": "no-store"})


@router.get("/l/{layout_id}")
async def layout(
    layout_id: str, owned: ServicesDep, told: OverridesDep, axis: AxisQuery = "", log: str = ""
) -> Response:
    """The page of a stored layout."""

    def work() -> Response:
        shown = sharing.show(owned.layouts, layout_id, told)
        page = {"title": shown.stored.title, "kept_until": presenting.day(shown.stored.expires_at), "listed": False}
        return _layout(owned, f"/l/{layout_id}", shown.analyzed.document, shown.stored.text, told, axis, log, page)

    return await owned.workers.run(work)


@router.get("/l/{layout_id}/figure.json")
async def layout_figure(layout_id: str, owned: ServicesDep, told: OverridesDep, axis: AxisQuery = "") -> Response:
    """The bars of a stored layout as a Plotly figure."""

    def work() -> Response:
        return _figure(sharing.show(owned.layouts, layout_id, told).analyzed.document, axis)

    return await owned.workers.run(work)


@router.get("/samples")
def sample_list(owned: ServicesDep) -> Response:
    """All examples."""
    return _page(owned, "samples.html", here="/samples", samples=samples())


@router.get("/samples.json")
def sample_list_json() -> Response:
    """All examples, for programs."""
    return Response(msgspec.json.encode(samples()), media_type="application/json")


@router.get("/samples/{slug}/figure.json")
async def sample_figure(slug: str, owned: ServicesDep, told: OverridesDep, axis: AxisQuery = "") -> Response:
    """The bars of an example as a Plotly figure."""
    return await owned.workers.run(lambda: _figure(_sample(slug, told)[2], axis))


@router.get("/samples/{slug}.{form}")
async def sample_form(slug: str, form: Form, owned: ServicesDep, told: OverridesDep, axis: AxisQuery = "") -> Response:
    """An example in another form."""
    chosen = FORMS[form]
    body = await owned.workers.run(lambda: chosen.write(_sample(slug, told)[2], _axis(axis)))
    return Response(body, headers=chosen.headers, media_type=chosen.media_type)


@router.get("/samples/{slug}")
async def sample_page(
    slug: str, owned: ServicesDep, told: OverridesDep, axis: AxisQuery = "", log: str = ""
) -> Response:
    """The page of an example."""

    def work() -> Response:
        title, raw, document = _sample(slug, told)
        page = {"title": title, "kept_until": None, "listed": True}
        return _layout(owned, f"/samples/{slug}", document, raw, told, axis, log, page)

    return await owned.workers.run(work)


@router.get("/rules")
def rules(owned: ServicesDep) -> Response:
    """What each release does to struct pages."""
    book = rulebook.rules()
    return _page(
        owned,
        "rules.html",
        here="/rules",
        rules=book,
        words=rulebook.state_words,
        commits=rulepage.commit_rows(book),
        readers=rulepage.reader_rows(),
        vendors=rulepage.vendor_rows(),
        reserves=rulepage.reserve_rows(),
    )


@router.get("/rules.json")
def rules_json() -> Response:
    """The same for programs."""
    return Response(service.encode(rulebook.rules()), media_type="application/json")


def error_page(request: Request, problem: Problem) -> Response:
    """A problem for people; where the text had no memory layout, the paste page with what was looked for."""
    owned = services(request)
    if problem.looked_for:
        return _paste(request, owned, problem)
    return _page(owned, "problem.html", problem.status, here="", problem=problem)


def _page(owned: Services, template: str, status: int = 200, **values: Any) -> Response:
    return HTMLResponse(owned.templates.get_template(template).render(version=__version__, **values), status)


def _paste(request: Request, owned: Services, problem: Problem | None = None) -> Response:
    days = owned.settings.retention_days
    lifetimes = [(DAY * n, f"{n} day{'s' if n > 1 else ''}") for n in (1, 7, 30) if n < days] + [
        (DAY * days, f"{days} days")
    ]
    return _page(
        owned,
        "paste.html",
        problem.status if problem else 200,
        here="/",
        problem=problem,
        samples=samples(),
        lifetimes=lifetimes,
        retention_days=days,
        base_url=absolute(request, owned, ""),
    )


def _sample(slug: str, told: Options) -> tuple[str, bytes, Document]:
    found = sample_text(slug)
    if found is None:
        raise HTTPException(404, "There is no example of this name.")
    sample, raw = found
    return sample.title, raw, service.analyze(raw, told).document


def _axis(name: str) -> AxisName:
    return "scale" if name == "scale" else "schematic"


def _figure(document: Document, axis: str) -> Response:
    return Response(
        figure.figure_json(scene.of(document), _axis(axis)),
        media_type="application/json",
        headers={"Cache-Control": "private, no-cache"},
    )


def _layout(
    owned: Services, path: str, document: Document, raw: bytes, told: Options, axis: str, log: str, page: dict[str, Any]
) -> Response:
    """The layout page. ``told`` is what the query string overrides; links keep it."""
    drawn = lanes.lanes(document)
    seen, agreeing = counted.split(document.checks)
    shown = presenting.hole_rows(document)
    kept = urlencode({name: value for name, value in msgspec.structs.asdict(told).items() if value is not None})
    more = presenting.has_more(raw, document)
    return _page(
        owned,
        "layout.html",
        here="",
        path=path,
        doc=document,
        options=told,
        query=f"?{kept}" if kept else "",
        more_query=f"&{kept}" if kept else "",
        facts=presenting.facts(document),
        details=[presenting.coded(sentence) for sentence in document.verdict.details],
        command=presenting.command(document),
        lanes=drawn,
        absent=lanes.missing(document),
        beyond=beyond_words(drawn, to_scale(drawn), document.kernel.page_size),
        axis=_axis(axis),
        drawing=svg.for_page(scene.of(document), _axis(axis)),
        overview=overview.for_page(scene.of(document)),
        legend=presenting.legend(bar.kind for lane in drawn for bar in lane.bars),
        blank=presenting.blank_words(document),
        undecided=lanes.undecided(document),
        unproven=presenting.unproven(document, told),
        architectures=presenting.ARCHITECTURES,
        holes=shown,
        hidden_holes=len(document.holes) - len(shown),
        events=presenting.event_rows(document),
        notes=presenting.note_rows(document.diagnostics),
        log=presenting.log_rows(raw, document, everything=log == "all"),
        log_all=log == "all",
        log_more=more,
        checks_seen=seen,
        checks_agreeing=agreeing,
        explained=counted.explained(document.checks),
        frames_words=counted.frames_words,
        severity_words=presenting.SEVERITY_WORDS,
        basis_words=presenting.BASIS_WORDS,
        state_words=STATE_WORDS,
        **page,
    )
