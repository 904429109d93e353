"""What handlers depend on: the services of the app, and pages as responses."""

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Request
from starlette.responses import HTMLResponse, Response

from pfnscope.pages.templates import Templates
from pfnscope.service.layouts import Layouts
from pfnscope.web.drawings import Recent
from pfnscope.web.intake import Intake
from pfnscope.web.observe import Metrics
from pfnscope.web.rates import RateLimit
from pfnscope.web.settings import Settings
from pfnscope.web.storage import StorageCalls
from pfnscope.web.workers import Workers


class Services(msgspec.Struct, frozen=True):
    """The objects of one app that its handlers share, at ``app.state.services``."""

    settings: Settings
    layouts: Layouts
    storage: StorageCalls
    templates: Templates
    workers: Workers
    rate_limit: RateLimit
    intake: Intake
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
