"""The page that takes a log, with the preview of what would be kept, and the pages of examples and rules."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from pfnscope.drawing import svg
from pfnscope.pages.gallery import pictures
from pfnscope.pages.subjects import samples
from pfnscope.service.errors import NoMemoryLayout, NothingToDraw
from pfnscope.service.layouts import DAY
from pfnscope.web import rendering, schema, sharing
from pfnscope.web.api import rule_book
from pfnscope.web.aside import aside
from pfnscope.web.bodies import Submission
from pfnscope.web.costs import answered
from pfnscope.web.deps import Services, ServicesDep, absolute, html, page, services_of
from pfnscope.web.errors import wants_page
from pfnscope.web.problems import HEADLINES, Problem, problem_of
from pfnscope.web.query import OverridesDep
from pfnscope.web.submissions import SubmissionDep
from pfnscope.web.work import Work, WorkDep
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
async def paste(request: Request, services: ServicesDep) -> Response:
    """The paste page."""
    values = await _values(request, services)
    return page(await aside(rendering.paste, services.settings.max_body_bytes, values))


@router.post("/")
async def take(request: Request, services: ServicesDep, work: WorkDep, log: SubmissionDep) -> Response:
    """Store a log. A browser is sent to its page, a terminal gets the report and the permalink."""
    if log.form:
        try:
            created = await sharing.store_and_draw(services, work, log)
        except (NothingToDraw, NoMemoryLayout) as error:
            if wants_page(request):
                return await _refused(request, services, work, error, log)
            created = await sharing.store(services, work, log)
        # No server, log or cookie gets the fragment of an address. The page's script shows the token once.
        fragment = f"#delete={created.delete_token}" if log.fields.tell_token else ""
        return RedirectResponse(f"{created.url}{fragment}", 303, {"Cache-Control": "no-store"})
    created, report = await sharing.store_and_report(services, work, log)
    link = absolute(request, services, created.url)
    body = f"{report}\ndelete token: {created.delete_token}\n{link}\n"
    return PlainTextResponse(body, 201, {"Location": link, "Cache-Control": "no-store"})


@router.post("/preview")
async def preview(request: Request, services: ServicesDep, work: WorkDep, log: SubmissionDep) -> Response:
    """A page with the lines that would be kept, and a form that stores just those. Nothing is stored."""
    settings = services.settings
    try:
        body = await answered(
            work, rendering.preview, log.text, log.options, settings.max_ranges, settings.max_body_bytes, log.fields
        )
    except NoMemoryLayout as error:
        if not wants_page(request):
            raise
        return await _refused(request, services, work, error, log)
    return page(body)


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
async def kept(
    services: ServicesDep, work: WorkDep, log: SubmissionDep, _: OverridesDep, keep: Keep = "memory-lines"
) -> Response:
    """What would be kept of a log: its memory-related lines in their places, all others blank. Nothing is stored."""
    del keep  # read with the body; here it is only described
    return PlainTextResponse(await sharing.kept_text(services, work, log))


@router.get("/samples")
async def sample_list(services: ServicesDep) -> Response:
    """All examples."""
    return await aside(_samples, services)


def _samples(services: Services) -> Response:
    return html(services, "samples.html", here="/samples", pictures=pictures(), patterns=svg.pattern_sheet())


@router.get("/samples.json")
async def sample_list_json() -> Response:
    """All examples, for programs."""
    return Response(msgspec.json.encode(samples()), media_type="application/json")


@router.get("/api")
async def api_page(request: Request, services: ServicesDep) -> Response:
    """The API for people: what to type, and what there is, in the words of its description."""
    return await aside(_api, services, request.app.openapi, absolute(request, services, ""))


def _api(services: Services, openapi: Callable[[], dict[str, Any]], base_url: str) -> Response:
    operations = [
        Operation(method.upper(), path, " ".join(operation.get("description", "").partition("\n\n")[0].split()))
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
    ]
    limits = services.settings.limits
    return html(services, "api.html", here="/api", operations=operations, limits=limits, base_url=base_url)


@router.get("/rules")
async def rules(services: ServicesDep) -> Response:
    """What each release does to struct pages."""
    return page(await aside(rendering.rules, services.settings.max_body_bytes))


@router.get("/rules.json")
async def rules_json() -> Response:
    """The same for programs."""
    return Response(await aside(rule_book), media_type="application/json")


def error_page(request: Request, problem: Problem) -> Response:
    """A problem for people."""
    headline = HEADLINES.get(problem.status, problem.title)
    return html(services_of(request), "problem.html", problem.status, here="", problem=problem, headline=headline)


_SHOWN = 5  # examples on the paste page


async def _refused(
    request: Request, services: Services, work: Work, refusal: NothingToDraw | NoMemoryLayout, log: Submission
) -> Response:
    """The paste page behind a text that gives no layout, with what it does tell and with the text in the field."""
    values, limit = await _values(request, services, refusal), services.settings.max_body_bytes
    body = await answered(work, rendering.paste, limit, values, log.text, log.fields)
    return page(body, values["problem"].status if values["problem"] else 200)


async def _values(
    request: Request, services: Services, refusal: NothingToDraw | NoMemoryLayout | None = None
) -> dict[str, Any]:
    """What the paste page shows beside a text: why the one before gave no layout, and what this server does."""
    days = services.settings.retention_days
    return {
        "problem": problem_of(refusal) if isinstance(refusal, NoMemoryLayout) else None,
        "kind": refusal.kind if isinstance(refusal, NoMemoryLayout) else None,
        "answer": refusal if isinstance(refusal, NothingToDraw) else None,
        "pictures": await aside(pictures, _SHOWN),
        "examples": len(samples()),
        "lifetimes": [(DAY * n, counted(n, "day")) for n in (1, 7, 30) if n < days] + [(DAY * days, f"{days} days")],
        "retention_days": days,
        "base_url": absolute(request, services, ""),
    }
