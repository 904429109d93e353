"""What handlers are given: one Services for the app, and the log of a request read and unpacked."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import anyio.to_thread
import jinja2
import msgspec
from fastapi import Depends, HTTPException, Query, Request

from app.service.analyzing import Options
from app.service.layouts import Layouts
from app.web import bodies
from app.web.assets import Assets
from app.web.limits import RateLimit
from app.web.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """Threads for what takes time: the event loop only ever waits for them."""

    def __init__(self, count: int) -> None:
        self._limiter = anyio.CapacityLimiter(count)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work(*args, **kwargs)``, computed in a thread when one is free."""
        return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs), limiter=self._limiter)


class Services(msgspec.Struct, frozen=True):
    """All that one app owns, at ``app.state.services``."""

    settings: Settings
    layouts: Layouts
    templates: jinja2.Environment
    assets: Assets
    workers: Workers
    rate_limit: RateLimit


def services(request: Request) -> Services:
    """The services of the app that handles this request."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


async def submission(request: Request, owned: ServicesDep) -> bodies.Submission:
    """The log in the body of this request. Raises 400, 413, 415 and 429."""
    wait = owned.rate_limit.wait(request.client.host if request.client else "")
    if wait:
        raise HTTPException(
            429, f"At most {owned.settings.rate_limit} from one client; try again later.", {"Retry-After": str(wait)}
        )
    limit = owned.settings.max_body_bytes
    body = await bodies.receive(request, limit)
    return await owned.workers.run(bodies.understand, body, request.headers, request.query_params, limit)


SubmissionDep = Annotated[bodies.Submission, Depends(submission)]


def overrides(
    kernel: Annotated[str | None, Query(max_length=200, description="Assume this release")] = None,
    arch: Annotated[str | None, Query(max_length=200, description="Assume this architecture")] = None,
    boot: Annotated[int | None, Query(ge=1, le=1 << 31, description="Which boot of the text, 1-based")] = None,
) -> Options:
    """How the query string wants the text analysed."""
    return Options(kernel, arch, boot)


OverridesDep = Annotated[Options, Depends(overrides)]


def absolute(request: Request, owned: Services, path: str) -> str:
    """The public URL of a path of this server."""
    return (owned.settings.base_url or str(request.base_url).rstrip("/")) + path
