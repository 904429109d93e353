"""The application: settings in, a FastAPI app out. Nothing is made at import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.to_thread
import jinja2
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app import __version__, resources
from app.service.layouts import StoreUnavailable, open_layouts
from app.web import api, compare_page, errors, exports, health, layout_page, pages, schema
from app.web.assets import Assets
from app.web.deps import Services, Workers
from app.web.limits import RateLimit
from app.web.security import SecurityHeaders
from app.web.settings import Settings

# Reading a log is work for the processor: more at the same time only take longer, and memory.
_ANALYSES_AT_ONCE = 2
_PURGE_EVERY_SECONDS = 3600


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with its storage open. Raises ValueError for a wrong setting, StoreUnavailable."""
    services = _services(settings or Settings())
    app = FastAPI(
        title="pfnscope",
        version=__version__,
        description="Which page frames a Linux boot log gives a struct page, and what that kernel did with it.",
        docs_url=None,  # both load their scripts from other sites
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.services = services
    for router in (health.router, api.router, exports.router, layout_page.router, compare_page.router, pages.router):
        app.include_router(router)
    app.mount("/static", services.assets)
    app.add_middleware(GZipMiddleware, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    errors.install(app, pages.error_page)
    schema.install(app)
    return app


def _services(settings: Settings) -> Services:
    assets = Assets(resources.folder("static"))
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["asset_url"] = assets.url
    return Services(
        settings=settings,
        layouts=open_layouts(settings.database_url, settings.retention_days),
        templates=templates,
        assets=assets,
        workers=Workers(_ANALYSES_AT_ONCE),
        rate_limit=RateLimit(settings.rate_limit),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_purge_for_ever, services)
        yield
        tasks.cancel_scope.cancel()
    services.layouts.close()


async def _purge_for_ever(services: Services) -> None:
    while True:
        with suppress(StoreUnavailable):  # /readyz says so; the next round will do
            await anyio.to_thread.run_sync(services.layouts.purge)
        await anyio.sleep(_PURGE_EVERY_SECONDS)
