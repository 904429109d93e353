"""What handlers depend on: the services of the app, the log of a request's body, and pages as responses."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio.to_thread
import msgspec
from fastapi import Depends, Header, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from pfnscope.pages.templates import Templates
from pfnscope.service.layouts import Layouts
from pfnscope.web import bodies
from pfnscope.web.drawings import Recent
from pfnscope.web.observe import Metrics
from pfnscope.web.rates import RateLimit
from pfnscope.web.settings import Settings
from pfnscope.web.storage import StorageCalls
from pfnscope.web.workers import Workers

_UNDERSTOOD_HERE = 1 << 20  # bytes of a body that a thread parses fast enough


class Services(msgspec.Struct, frozen=True):
    """The objects of one app that its handlers share, at ``app.state.services``."""

    settings: Settings
    layouts: Layouts
    storage: StorageCalls
    templates: Templates
    workers: Workers
    rate_limit: RateLimit
    intake: bodies.Intake
    metrics: Metrics
    recent: Recent


def services_of(request: Request) -> Services:
    """The services of the app that handles this request."""
    of_app: Services = request.app.state.services
    return of_app


# FastAPI runs a dependency that is no coroutine in a thread, which takes 0.1 ms: all dependencies here are coroutines.
async def _services(request: Request) -> Services:
    return services_of(request)


ServicesDep = Annotated[Services, Depends(_services)]


async def submission(request: Request, services: ServicesDep) -> AsyncIterator[bodies.Submission]:
    """The log in the body of this request; its memory counts as held until the response is complete.

    Raises 400, 403, 408, 413, 415, 429 and 503.
    """
    refuse_other_sites(request, services)
    refusal = services.workers.refusal(bodies.content_length(request.headers))
    if refusal is not None:
        raise refusal
    client = request.client.host if request.client else ""
    rate = services.rate_limit
    wait = await anyio.to_thread.run_sync(rate.wait, client) if rate.blocks else rate.wait(client)
    if wait:
        raise HTTPException(
            429, f"At most {services.settings.rate_limit} from one client; try again later.", {"Retry-After": str(wait)}
        )
    limit = services.settings.max_body_bytes
    async with services.intake.receive(request, limit) as body:
        log = await _understood(services.workers, body, dict(request.headers), dict(request.query_params), limit)
        with services.intake.hold(len(log.text)):
            yield log


async def _understood(
    workers: Workers, body: bytes, headers: dict[str, str], query: dict[str, str], limit: int
) -> bodies.Submission:
    """Parse a body: a plain one here, one that is small and unpacks to little in a thread, any other in a process.

    A few kilobytes may unpack to the limit, and a thread that copies as much holds up all requests.
    """
    if bodies.is_plain(body, headers):
        return bodies.understand(body, headers, query, limit)
    here = min(limit, _UNDERSTOOD_HERE)
    if len(body) <= here:
        try:
            return await workers.run(bodies.understand, body, headers, query, here, short=True)
        except bodies.NotShort:
            pass
        except HTTPException as error:
            if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or here == limit:
                raise
    return await workers.apart(bodies.understand, body, headers, query, limit)


def refuse_other_sites(request: Request, services: Services) -> None:
    """Raise 403 where a page of another site sends a form through somebody's browser.

    Programs send neither header. A browser says whose page it is in Sec-Fetch-Site, an old one in Origin.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        strange = site not in ("same-origin", "none")
    else:
        own = {request.headers.get("host"), urlsplit(services.settings.base_url or "").netloc} - {None, ""}
        strange = origin not in (None, "null") and _host(origin) not in own
    if strange:
        raise HTTPException(403, "Logs are not taken from pages of other sites.")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # for a bracket without its other half
        return ""


SubmissionDep = Annotated[bodies.Submission, Depends(submission)]


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="16 to 200 random visible ASCII characters, such as a UUID: sent again with the same log, "
            "the same layout is told again, not created again",
        ),
    ] = None,
) -> str | None:
    """The client's name for this creation."""
    return key


KeyDep = Annotated[str | None, Depends(idempotency_key)]


def absolute(request: Request, services: Services, path: str) -> str:
    """The public URL of a path of this server."""
    return (services.settings.base_url or str(request.base_url).rstrip("/")) + path


def page(body: str | bytes, status: int = 200) -> Response:
    """A page, which names the server as the request does, so that nobody else may be given it."""
    return HTMLResponse(body, status, {"Cache-Control": "no-cache"})


def html(services: Services, template: str, status: int = 200, **values: Any) -> Response:
    """A small page made from a template."""
    return page(services.templates.render(template, **values), status)
