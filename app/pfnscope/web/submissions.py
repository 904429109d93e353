"""The log in the body of a request: refused early where there is no room or turn for it, read, and understood."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from pfnscope.web import bodies
from pfnscope.web.deps import Services, ServicesDep
from pfnscope.web.intake import content_length
from pfnscope.web.work import Work, WorkDep

_UNDERSTOOD_HERE = 1 << 20  # bytes of a body that a thread parses fast enough


async def submission(request: Request, services: ServicesDep, work: WorkDep) -> AsyncIterator[bodies.Submission]:
    """The log in the body of this request; its memory counts as held until the response is complete.

    Raises 400, 403, 408, 413, 415, 429 and 503.
    """
    refuse_other_sites(request, services)
    work.admit_size(content_length(request.headers))
    await work.admit()
    limit = services.settings.max_body_bytes
    async with services.intake.receive(request, work.client, limit) as body:
        log = await _understood(work, body, dict(request.headers), dict(request.query_params), limit)
        with services.intake.hold(work.client, 0 if log.text is body else len(log.text)):
            yield log


async def _understood(
    work: Work, body: bytes, headers: dict[str, str], query: dict[str, str], limit: int
) -> bodies.Submission:
    """Parse a body: a plain one here, one that is small and unpacks to little in a thread, any other in a process.

    A few kilobytes may unpack to the limit, and a thread that copies as much holds up all requests.
    """
    if bodies.is_plain(body, headers):
        return bodies.plain(body, query)
    here = min(limit, _UNDERSTOOD_HERE)
    if len(body) <= here:
        try:
            return await work.short(bodies.understand, body, headers, query, here, short=True)
        except bodies.NotShort:
            pass
        except HTTPException as error:
            if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or here == limit:
                raise
    return await work.apart(bodies.understand, body, headers, query, limit)


def refuse_other_sites(request: Request, services: Services) -> None:
    """Raise 403 where a page of another site sends a form through somebody's browser.

    Programs send neither header. A browser says whose page it is in Sec-Fetch-Site, an old one in Origin.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        strange = site not in ("same-origin", "none")
    else:
        own = {request.headers.get("host"), urlsplit(services.settings.base_url or "").netloc} - {None, ""}
        strange = origin is not None and _host(origin) not in own
    if strange:
        raise HTTPException(403, "Logs are not taken from pages of other sites.")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # for a bracket without its other half
        return ""


SubmissionDep = Annotated[bodies.Submission, Depends(submission)]
