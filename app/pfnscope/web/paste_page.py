"""The page that takes a log, with the preview of what would be kept, and the pages of examples and rules."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from pfnscope import service
from pfnscope.drawing import svg
from pfnscope.formats import rulebook
from pfnscope.kernel.deferral import RESERVING
from pfnscope.pages.gallery import pictures
from pfnscope.pages.glance import glance
from pfnscope.pages.log import dropped, kept_rows
from pfnscope.pages.subjects import samples
from pfnscope.service.errors import NoMemoryLayout, NothingToDraw
from pfnscope.service.layouts import DAY
from pfnscope.web import schema, sharing
from pfnscope.web.bodies import Submission
from pfnscope.web.deps import Services, ServicesDep, SubmissionDep, absolute, html, services_of
from pfnscope.web.errors import wants_page
from pfnscope.web.problems import HEADLINES, Problem, problem_of
from pfnscope.web.query import OverridesDep
from pfnscope.words import counted

router = APIRouter(include_in_schema=False)
api = APIRouter()

Keep = Annotated[str, Query(pattern="^(memory-lines|everything)$", description="What is to be kept of the log")]


class Operation(msgspec.Struct, frozen=True):
    """One request that the API answers; ``words`` say what it does."""

    method: str
    path: str
    words: str


@router.get("/")
def paste(request: Request, services: ServicesDep) -> Response:
    """The paste page."""
    return _paste(request, services)


@router.post("/")
async def take(request: Request, services: ServicesDep, log: SubmissionDep) -> Response:
    """Store a log. A browser is sent to its page, a terminal gets the report and the permalink."""
    if log.form:
        try:
            created = await sharing.store_and_draw(services, log)
        except (NothingToDraw, NoMemoryLayout) as error:
            if wants_page(request):
                return _paste(request, services, error, log)
            created = await sharing.store(services, log)
        # No server, log or cookie gets the fragment of an address. The page's script shows the token once.
        fragment = f"#delete={created.delete_token}" if log.fields.tell_token else ""
        return RedirectResponse(f"{created.url}{fragment}", 303, {"Cache-Control": "no-store"})
    created, report = await sharing.store_and_report(services, log)
    link = absolute(request, services, created.url)
    body = f"{report}\ndelete token: {created.delete_token}\n{link}\n"
    return PlainTextResponse(body, 201, {"Location": link, "Cache-Control": "no-store"})


@router.post("/preview")
async def preview(request: Request, services: ServicesDep, log: SubmissionDep) -> Response:
    """A page with the lines that would be kept, and a form that stores just those. Nothing is stored."""
    try:
        text = await sharing.kept_text(services, log)
    except NoMemoryLayout as error:
        if not wants_page(request):
            raise
        return _paste(request, services, error, log)
    return html(
        services,
        "preview.html",
        here="/",
        lines=kept_rows(text),
        kept=Markup.escape(text.decode("utf-8", "replace")),  # the form returns it unchanged, control characters too
        dropped=dropped(log.text, text),
        fields=log.fields,
        everything=log.fields.keep == "everything",
    )


@api.post(
    "/api/v1/kept",
    response_class=PlainTextResponse,
    openapi_extra=schema.LOG_BODY,
    responses={
        200: {
            "description": "The text that would be stored",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": schema.EXAMPLE_LOG}},
        },
        **schema.problems(*schema.REFUSALS),
    },
)
async def kept(services: ServicesDep, log: SubmissionDep, _: OverridesDep, keep: Keep = "memory-lines") -> Response:
    """What would be kept of a log: its memory-related lines in their places, all others blank. Nothing is stored."""
    del keep  # read with the body; here it is only described
    return PlainTextResponse(await sharing.kept_text(services, log))


@router.get("/samples")
def sample_list(services: ServicesDep) -> Response:
    """All examples."""
    return html(services, "samples.html", here="/samples", pictures=pictures(), patterns=svg.pattern_sheet())


@router.get("/samples.json")
def sample_list_json() -> Response:
    """All examples, for programs."""
    return Response(msgspec.json.encode(samples()), media_type="application/json")


@router.get("/api")
def api_page(request: Request, services: ServicesDep) -> Response:
    """The API for people: what to type, and what there is, in the words of its description."""
    paths = request.app.openapi()["paths"]
    operations = [
        Operation(method.upper(), path, " ".join(operation.get("description", "").partition("\n\n")[0].split()))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    limits = services.settings.limits
    base_url = absolute(request, services, "")
    return html(
        services,
        "api.html",
        here="/api",
        operations=operations,
        limits=limits,
        base_url=base_url,
    )


@router.get("/rules")
def rules(services: ServicesDep) -> Response:
    """What each release does to struct pages."""
    book = rulebook.rules()
    return html(
        services,
        "rules.html",
        here="/rules",
        rules=book,
        words=rulebook.state_words,
        commits=rulebook.commit_rows(book),
        readers=rulebook.reader_rows(),
        vendors=rulebook.vendor_rows(),
        reserves=RESERVING,
    )


@router.get("/rules.json")
def rules_json() -> Response:
    """The same for programs."""
    return Response(service.encode(rulebook.rules()), media_type="application/json")


def error_page(request: Request, problem: Problem) -> Response:
    """A problem for people."""
    headline = HEADLINES.get(problem.status, problem.title)
    return html(services_of(request), "problem.html", problem.status, here="", problem=problem, headline=headline)


_SHOWN = 5  # examples on the paste page
MOST_IN_FIELD = 1 << 20
"""Bytes of a text that a page brings back in its field."""


def _paste(
    request: Request,
    services: Services,
    refusal: NothingToDraw | NoMemoryLayout | None = None,
    log: Submission | None = None,
) -> Response:
    """The paste page; behind a text that gives no layout, with what it does tell and with the text in the field."""
    days = services.settings.retention_days
    lifetimes = [(DAY * n, counted(n, "day")) for n in (1, 7, 30) if n < days] + [(DAY * days, f"{days} days")]
    answer = refusal if isinstance(refusal, NothingToDraw) else None
    problem = problem_of(refusal) if isinstance(refusal, NoMemoryLayout) else None
    return html(
        services,
        "paste.html",
        problem.status if problem else 200,
        here="/",
        problem=problem,
        kind=refusal.kind if isinstance(refusal, NoMemoryLayout) else None,
        glance=glance(log.text) if problem and log else "",
        answer=answer,
        fields=log.fields if log else None,
        text=_for_field(log.text) if log else "",
        pictures=pictures(_SHOWN),
        examples=len(samples()),
        lifetimes=lifetimes,
        retention_days=days,
        base_url=absolute(request, services, ""),
    )


def _for_field(text: bytes) -> str:
    """The text as a field shows it; nothing where it is too long for one, or no text."""
    if len(text) > MOST_IN_FIELD or b"\0" in text:
        return ""
    return text.decode("utf-8", "replace")
