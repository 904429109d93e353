"""Whether the server lives, and whether it can serve."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

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
