"""Whether the server lives, and whether it can serve."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from pfnscope.web import metrics
from pfnscope.web.deps import ServicesDep
from pfnscope.web.schema import Responses, problems

router = APIRouter(tags=["health"])


_OK: Responses = {200: {"description": "OK", "content": {"text/plain": {"example": "ok\n"}}}}


@router.get("/healthz", response_class=PlainTextResponse, responses=_OK)
async def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse, responses={**_OK, **problems(503)})
def readyz(owned: ServicesDep) -> str:
    """The storage answers."""
    owned.layouts.ping()
    return "ok\n"


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Numbers about the server",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "pfnscope_storage_up 1.0\n"}},
        }
    },
)
def numbers(owned: ServicesDep) -> Response:
    """Requests, analyses, durations, refusals and storage for Prometheus."""
    return Response(owned.metrics.text(), media_type=metrics.MEDIA_TYPE)
