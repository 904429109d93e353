"""The JSON API, version 1, and what machines ask about the server itself."""

from collections.abc import Callable
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from msgspec import structs
from starlette.responses import PlainTextResponse, Response

from pfnscope import service
from pfnscope.formats import rulebook
from pfnscope.service import Options, jobs, whatif
from pfnscope.service.layouts import WrongToken
from pfnscope.web import observe, schema, sharing
from pfnscope.web.aside import aside
from pfnscope.web.bodies import Submission
from pfnscope.web.cache import tagged
from pfnscope.web.costs import answered
from pfnscope.web.deps import KeyDep, Services, ServicesDep, absolute
from pfnscope.web.query import ChangeDep, OverridesDep, PairDep, ReservationDep, or_of
from pfnscope.web.security import refuse_strangers
from pfnscope.web.submissions import SubmissionDep
from pfnscope.web.work import Work, WorkDep

health = APIRouter(tags=["health"])
router = APIRouter(prefix="/api/v1")

JSON = "application/json"

_OK: schema.Responses = {200: {"description": "OK", "content": {"text/plain": {"example": "ok\n"}}}}

LayoutId = Annotated[str, Path(description="Name of a stored layout", examples=["Zk3v0YwJ5xUe8mQa"])]


@health.get("/healthz", response_class=PlainTextResponse, responses=_OK)
async def healthz() -> str:
    """The process answers."""
    return "ok\n"


@health.get("/readyz", response_class=PlainTextResponse, responses={**_OK, **schema.problems(503)})
async def readyz(services: ServicesDep) -> str:
    """The storage answers."""
    await services.storage.run(services.layouts.ping)
    return "ok\n"


@health.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Numbers about the server",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "pfnscope_storage_up 1.0\n"}},
        },
        **schema.problems(403),
    },
)
async def numbers(request: Request, services: ServicesDep) -> Response:
    """Requests, analyses, durations, refusals and storage for Prometheus, for addresses that the settings name."""
    refuse_strangers(request, services.settings)
    return Response(await services.metrics.text(), media_type=observe.MEDIA_TYPE)


@router.post("/analyze", openapi_extra=schema.LOG_BODY, responses=schema.answers("Document", *schema.REFUSALS))
async def analyze(services: ServicesDep, work: WorkDep, log: SubmissionDep, _: OverridesDep) -> Response:
    """Analyse a log. Nothing is stored."""
    return _json(await _computed(services, work, log, jobs.analyzed))


@router.post(
    "/layouts",
    status_code=201,
    openapi_extra=schema.LOG_BODY,
    responses=schema.answers("Created", *schema.REFUSALS, 409, status=201, links=schema.LINKS),
)
async def create_layout(
    request: Request,
    services: ServicesDep,
    work: WorkDep,
    log: SubmissionDep,
    _: OverridesDep,
    key: KeyDep,
) -> Response:
    """Store a log under an unguessable name: its memory-related lines, or everything."""
    created = await sharing.store(services, work, log, key)
    answer = _json(service.encode(structs.replace(created, url=absolute(request, services, created.url))), 201)
    answer.headers.update({"Location": f"/api/v1/layouts/{created.id}", "Cache-Control": "no-store"})
    return answer


@router.get("/layouts/{layout_id}", responses=schema.answers("Document", *schema.MISSES))
async def get_layout(
    request: Request, layout_id: LayoutId, services: ServicesDep, work: WorkDep, overrides: OverridesDep
) -> Response:
    """The document of a stored layout."""
    return await _stored(request, services, work, layout_id, overrides, jobs.analyzed)


@router.delete(
    "/layouts/{layout_id}",
    status_code=204,
    response_class=Response,
    responses=schema.problems(403, 404, 410, 503),
    openapi_extra={"security": [{"delete_token": []}]},
)
async def delete_layout(request: Request, layout_id: LayoutId, services: ServicesDep) -> None:
    """Forget a stored layout, by the token that was told when it was stored."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise WrongToken("deleting needs the header Authorization: Bearer DELETE_TOKEN")
    await services.storage.run(services.layouts.delete, layout_id, token.strip())
    services.metrics.layouts.labels("deleted").inc()


@router.get("/layouts/{layout_id}/lookup", responses=schema.answers("Lookup", *schema.MISSES))
async def lookup(
    request: Request,
    layout_id: LayoutId,
    at: Annotated[
        str, Query(max_length=200, description="Address, pfn or struct page", examples=["pfn:0xbffd7", "4G"])
    ],
    services: ServicesDep,
    work: WorkDep,
    overrides: OverridesDep,
) -> Response:
    """What is at a place of a stored layout."""
    return await _stored(request, services, work, layout_id, overrides, jobs.looked_up, at)


@router.post("/simulate", openapi_extra=schema.LOG_BODY, responses=schema.answers("Document", *schema.REFUSALS))
async def simulate(
    services: ServicesDep, work: WorkDep, log: SubmissionDep, change: ChangeDep, _: OverridesDep
) -> Response:
    """The document of the same machine with another command line, computed. Nothing is stored."""
    change = change if change != whatif.NO_CHANGE else log.change
    return _json(await _computed(services, work, log, jobs.simulated, change))


@router.post("/place", openapi_extra=schema.LOG_BODY, responses=schema.answers("Placements", *schema.REFUSALS))
async def place(
    services: ServicesDep, work: WorkDep, log: SubmissionDep, reservation: ReservationDep, _: OverridesDep
) -> Response:
    """Where a reservation lies or can go on the machine of a log: one of the kinds. Nothing is stored."""
    return _json(await _computed(services, work, log, jobs.placed, or_of(reservation, log)))


@router.get("/layouts/{layout_id}/simulate", responses=schema.answers("Document", *schema.MISSES))
async def simulate_stored(
    request: Request,
    layout_id: LayoutId,
    services: ServicesDep,
    work: WorkDep,
    change: ChangeDep,
    overrides: OverridesDep,
) -> Response:
    """The document of a stored layout's machine with another command line. Nothing is stored."""
    return await _stored(request, services, work, layout_id, overrides, jobs.simulated, change)


@router.get("/layouts/{layout_id}/place", responses=schema.answers("Placements", *schema.MISSES))
async def place_stored(
    request: Request,
    layout_id: LayoutId,
    services: ServicesDep,
    work: WorkDep,
    reservation: ReservationDep,
    overrides: OverridesDep,
) -> Response:
    """Where a reservation lies or can go on the machine of a stored layout: one of the kinds."""
    return await _stored(request, services, work, layout_id, overrides, jobs.placed, reservation)


@router.get("/compare", responses=schema.answers("Comparison", *schema.MISSES))
async def compare(request: Request, services: ServicesDep, work: WorkDep, pair: PairDep) -> Response:
    """What changed between two stored layouts, or between two boots of one."""
    one, other = [await sharing.stored(work, *side) for side in pair.sides]
    body = await answered(work, jobs.compared, one.side, other.side, services.settings.max_ranges)
    return await tagged(request, _json(body))


@router.get("/rules", responses=schema.answers("Rule", many=True))
async def rules(request: Request) -> Response:
    """What each kernel release does to struct pages without memory, with sources."""
    return await tagged(request, _json(await aside(rule_book)))


@cache
def rule_book() -> bytes:
    """All rules as JSON, the same for everybody."""
    return service.encode(rulebook.rules())


@router.get("/limits", responses=schema.answers("Limits"))
async def limits(services: ServicesDep) -> Response:
    """What this server accepts and how long it keeps it."""
    return _json(service.encode(services.settings.limits))


async def _computed(services: Services, work: Work, log: Submission, job: Callable[..., bytes], *more: object) -> bytes:
    """The result of a job on the log of a request."""
    return await answered(work, job, log.text, log.options, services.settings.max_ranges, *more)


async def _stored(
    request: Request,
    services: Services,
    work: Work,
    layout_id: str,
    overrides: Options,
    job: Callable[..., bytes],
    *more: object,
) -> Response:
    """The result of a job on a stored layout, with an ETag."""
    subject = await sharing.stored(work, layout_id, overrides)
    body = await answered(work, job, subject.text, subject.options, services.settings.max_ranges, *more)
    return await tagged(request, _json(body))


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON)
