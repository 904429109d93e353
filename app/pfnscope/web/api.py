"""The JSON API, version 1."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from msgspec import structs
from starlette.responses import Response

from pfnscope import service
from pfnscope.formats import rulebook
from pfnscope.service import jobs, whatif
from pfnscope.service.layouts import WrongToken
from pfnscope.service.lookup import lookup as find
from pfnscope.web import schema, sharing
from pfnscope.web.bodies import Submission
from pfnscope.web.caching import tagged
from pfnscope.web.deps import KeyDep, OverridesDep, Services, ServicesDep, SubmissionDep, absolute
from pfnscope.web.questions import ChangeDep, PairDep, RegionDep

router = APIRouter(prefix="/api/v1")

JSON = "application/json"

LayoutId = Annotated[str, Path(description="Name of a stored layout", examples=["Zk3v0YwJ5xUe8mQa"])]


@router.post("/analyze", openapi_extra=schema.LOG_BODY, responses=schema.answers("Document", *schema.REFUSALS))
async def analyze(owned: ServicesDep, sent: SubmissionDep, _: OverridesDep) -> Response:
    """Analyse a log. Nothing is stored."""
    return _json(await _computed(owned, sent, jobs.analyzed))


@router.post(
    "/layouts",
    status_code=201,
    openapi_extra=schema.LOG_BODY,
    responses=schema.answers("Created", *schema.REFUSALS, 409, status=201, links=schema.LINKS),
)
async def create_layout(
    request: Request,
    owned: ServicesDep,
    sent: SubmissionDep,
    _: OverridesDep,
    key: KeyDep,
) -> Response:
    """Store a log under an unguessable name: its memory-related lines, or everything."""
    made = await sharing.store(owned, sent, key)
    answer = _json(service.encode(structs.replace(made, url=absolute(request, owned, made.url))), 201)
    answer.headers.update({"Location": f"/api/v1/layouts/{made.id}", "Cache-Control": "no-store"})
    return answer


@router.get("/layouts/{layout_id}", responses=schema.answers("Document", *schema.MISSES))
async def get_layout(request: Request, layout_id: LayoutId, owned: ServicesDep, overrides: OverridesDep) -> Response:
    """The document of a stored layout."""

    def work() -> bytes:
        return service.encode(sharing.show(owned.layouts, layout_id, overrides).analyzed.document)

    return tagged(request, _json(await owned.workers.run(work)))


@router.delete(
    "/layouts/{layout_id}",
    status_code=204,
    response_class=Response,
    responses=schema.problems(403, 404, 410, 503),
    openapi_extra={"security": [{"delete_token": []}]},
)
def delete_layout(request: Request, layout_id: LayoutId, owned: ServicesDep) -> None:
    """Forget a stored layout, by the token that was told when it was stored."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise WrongToken("deleting needs the header Authorization: Bearer DELETE_TOKEN")
    owned.layouts.delete(layout_id, token.strip())
    owned.metrics.layouts.labels("deleted").inc()


@router.get("/layouts/{layout_id}/lookup", responses=schema.answers("Lookup", *schema.MISSES))
async def lookup(
    request: Request,
    layout_id: LayoutId,
    at: Annotated[
        str, Query(max_length=200, description="Address, pfn or struct page", examples=["pfn:0xbffd7", "4G"])
    ],
    owned: ServicesDep,
    overrides: OverridesDep,
) -> Response:
    """What is at a place of a stored layout."""

    def work() -> bytes:
        document = sharing.show(owned.layouts, layout_id, overrides).analyzed.document
        return service.encode(find(document, at))

    return tagged(request, _json(await owned.workers.run(work)))


@router.post("/simulate", openapi_extra=schema.LOG_BODY, responses=schema.answers("Document", *schema.REFUSALS))
async def simulate(owned: ServicesDep, sent: SubmissionDep, change: ChangeDep, _: OverridesDep) -> Response:
    """The document of the same machine with another command line, computed. Nothing is stored."""
    asked = change if change != whatif.NO_CHANGE else sent.change
    return _json(await _computed(owned, sent, jobs.simulated, asked))


@router.post("/place", openapi_extra=schema.LOG_BODY, responses=schema.answers("Placements", *schema.REFUSALS))
async def place(owned: ServicesDep, sent: SubmissionDep, region: RegionDep, _: OverridesDep) -> Response:
    """Where a memmap= region can go on the machine of a log. Nothing is stored."""
    wanted = region.told(sent)
    return _json(await _computed(owned, sent, jobs.placed, wanted.size, wanted.kind, wanted.align))


@router.get("/layouts/{layout_id}/simulate", responses=schema.answers("Document", *schema.MISSES))
async def simulate_stored(
    request: Request, layout_id: LayoutId, owned: ServicesDep, change: ChangeDep, overrides: OverridesDep
) -> Response:
    """The document of a stored layout's machine with another command line. Nothing is stored."""

    def work() -> bytes:
        return service.encode(sharing.simulated(owned.layouts, layout_id, change, overrides))

    return tagged(request, _json(await owned.workers.run(work)))


@router.get("/layouts/{layout_id}/place", responses=schema.answers("Placements", *schema.MISSES))
async def place_stored(
    request: Request, layout_id: LayoutId, owned: ServicesDep, region: RegionDep, overrides: OverridesDep
) -> Response:
    """Where a memmap= region can go on the machine of a stored layout."""

    def work() -> bytes:
        stored = owned.layouts.get(layout_id)
        options = sharing.merged(stored, overrides)
        return service.encode(whatif.place(stored.text, region.size, region.kind, region.align, options))

    return tagged(request, _json(await owned.workers.run(work)))


@router.get("/compare", responses=schema.answers("Comparison", *schema.MISSES))
async def compare(request: Request, owned: ServicesDep, pair: PairDep) -> Response:
    """What changed between two stored layouts, or between two boots of one."""
    return tagged(
        request, _json(await owned.workers.run(lambda: service.encode(sharing.compared(owned.layouts, pair))))
    )


@router.get("/rules", responses=schema.answers("Rule", many=True))
def rules(request: Request) -> Response:
    """What each kernel release does to struct pages without memory, with sources."""
    return tagged(request, _json(service.encode(rulebook.rules())))


@router.get("/limits", responses=schema.answers("Limits"))
def limits(owned: ServicesDep) -> Response:
    """What this server accepts and how long it keeps it."""
    return _json(service.encode(owned.settings.limits))


async def _computed(owned: Services, sent: Submission, job: Callable[..., bytes], *more: object) -> bytes:
    """What a job makes of a log that was sent."""
    return await owned.workers.compute(sent.text, job, sent.text, *more, sent.options, owned.settings.max_ranges)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON)
