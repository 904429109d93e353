"""Whether the server lives, and whether it can serve."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from app.web import metrics
from app.web.deps import ServicesDep
from app.web.schema import problems

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse, responses=problems(503))
def readyz(owned: ServicesDep) -> str:
    """The storage answers."""
    owned.layouts.ping()
    return "ok\n"


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"description": "Numbers about the server", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
def numbers(owned: ServicesDep) -> Response:
    """Requests, analyses, durations, refusals and storage for Prometheus."""
    return Response(owned.metrics.text(), media_type=metrics.MEDIA_TYPE)
