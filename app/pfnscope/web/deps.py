"""What handlers are given: one Services for the app, and the log of a request read and unpacked."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

import anyio.to_thread
import jinja2
import msgspec
from fastapi import Depends, Header, HTTPException, Query, Request

from pfnscope.service.analyzing import Options
from pfnscope.service.layouts import Layouts
from pfnscope.web import bodies
from pfnscope.web.assets import Assets
from pfnscope.web.drawings import Recent
from pfnscope.web.metrics import Metrics
from pfnscope.web.overload import told_size
from pfnscope.web.rates import RateLimit
from pfnscope.web.settings import Settings
from pfnscope.web.workers import Workers

_UNDERSTOOD_HERE = 1 << 20  # bytes of a body that a thread takes apart before anybody notices


class Services(msgspec.Struct, frozen=True):
    """All that one app owns, at ``app.state.services``."""

    settings: Settings
    layouts: Layouts
    templates: jinja2.Environment
    assets: Assets
    workers: Workers
    rate_limit: RateLimit
    intake: bodies.Intake
    metrics: Metrics
    recent: Recent


def services(request: Request) -> Services:
    """The services of the app that handles this request."""
    found: Services = request.app.state.services
    return found


# A dependency that is no coroutine is called in a thread, at some tenth of a millisecond for nothing: here none is.
async def _services(request: Request) -> Services:
    return services(request)


ServicesDep = Annotated[Services, Depends(_services)]


async def submission(request: Request, owned: ServicesDep) -> AsyncIterator[bodies.Submission]:
    """The log in the body of this request, counted as held until it is answered.

    Raises 400, 403, 408, 413, 415, 429 and 503.
    """
    refuse_strangers(request, owned)
    refusal = owned.workers.refusal(told_size(request.headers))
    if refusal is not None:
        raise refusal
    client = request.client.host if request.client else ""
    rate = owned.rate_limit
    wait = await anyio.to_thread.run_sync(rate.wait, client) if rate.blocks else rate.wait(client)
    if wait:
        raise HTTPException(
            429, f"At most {owned.settings.rate_limit} from one client; try again later.", {"Retry-After": str(wait)}
        )
    limit = owned.settings.max_body_bytes
    async with owned.intake.receive(request, limit) as body:
        sent = await _understood(owned.workers, body, dict(request.headers), dict(request.query_params), limit)
        with owned.intake.hold(len(sent.text)):
            yield sent


async def _understood(
    workers: Workers, body: bytes, headers: dict[str, str], query: dict[str, str], limit: int
) -> bodies.Submission:
    """Take a body apart: here what is plain, in a thread what is small and stays small, in a process the rest.

    A few kilobytes may unpack to the limit. In a thread, moving those would hold up everybody.
    """
    if bodies.is_plain(body, headers):
        return bodies.understand(body, headers, query, limit)
    here = min(limit, _UNDERSTOOD_HERE)
    if len(body) <= here:
        try:
            return await workers.run(bodies.understand, body, headers, query, here)
        except HTTPException as error:
            if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or here == limit:
                raise
    return await workers.apart(bodies.understand, body, headers, query, limit)


def refuse_strangers(request: Request, owned: Services) -> None:
    """Raise 403 where a page of another site sends a form through somebody's browser.

    Programs send neither header. A browser says whose page it is in Sec-Fetch-Site, an old one in Origin.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        strange = site not in ("same-origin", "none")
    else:
        own = {request.headers.get("host"), urlsplit(owned.settings.base_url or "").netloc} - {None, ""}
        strange = origin not in (None, "null") and _host(origin) not in own
    if strange:
        raise HTTPException(403, "Logs are not taken from pages of other sites.")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # for a bracket without its other half
        return ""


SubmissionDep = Annotated[bodies.Submission, Depends(submission)]


async def overrides(
    kernel: Annotated[str | None, Query(max_length=200, description="Assume this release")] = None,
    arch: Annotated[str | None, Query(max_length=200, description="Assume this architecture")] = None,
    boot: Annotated[int | None, Query(ge=1, le=bodies.LAST_BOOT, description="Which boot of the text, 1-based")] = None,
) -> Options:
    """How the query string wants the text analysed."""
    return Options(kernel, arch, boot)


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
OverridesDep = Annotated[Options, Depends(overrides)]


def absolute(request: Request, owned: Services, path: str) -> str:
    """The public URL of a path of this server."""
    return (owned.settings.base_url or str(request.base_url).rstrip("/")) + path
