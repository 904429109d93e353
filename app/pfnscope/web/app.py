"""The application: settings in, a FastAPI app out. Importing this creates nothing."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute

from pfnscope import __version__, resources
from pfnscope.pages.gallery import pictures
from pfnscope.service.layouts import open_layouts
from pfnscope.web import api, compare_page, errors, layout_page, paste_page, schema
from pfnscope.web.assets import Assets
from pfnscope.web.cache import Living, StoredPages
from pfnscope.web.compression import Compression
from pfnscope.web.deps import Services
from pfnscope.web.drawings import Recent
from pfnscope.web.heads import Heads
from pfnscope.web.intake import Intake
from pfnscope.web.observe import EVENTS, HEADER, Metrics, Observed
from pfnscope.web.rates import make_rate_limit
from pfnscope.web.rendering import templates
from pfnscope.web.security import AllowedHosts, ApiCors, SecurityHeaders, host_names
from pfnscope.web.settings import Settings
from pfnscope.web.storage import StorageCalls
from pfnscope.web.workers import Overload, Workers

_PURGE_EVERY_SECONDS = 15
_BODIES_AT_ONCE = 8  # of the largest size, with what is unpacked from them; small ones by the thousand


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with its storage open. Raises ValueError for a wrong setting, StoreUnavailable."""
    assets = Assets(resources.folder("static"))
    settings = settings or Settings()
    services = _services(settings)
    app = FastAPI(
        title="pfnscope",
        version=__version__,
        description="Which page frames a Linux boot log gives a struct page, and what that kernel did with it.",
        docs_url=None,  # both load their scripts from other sites
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # links name operations
        lifespan=_lifespan,
    )
    app.state.services = services
    for router in (
        api.health,
        api.router,
        layout_page.exports,
        layout_page.router,
        compare_page.router,
        paste_page.api,
        paste_page.router,
    ):
        app.include_router(router)
    app.mount("/static", assets)
    # The last one is the outermost.
    app.add_middleware(Compression)
    app.add_middleware(StoredPages, living=Living(services.layouts, services.storage))
    app.add_middleware(Overload, workers=services.workers, paths=_text_paths())
    app.add_middleware(Heads, refuse=errors.with_page(paste_page.error_page))
    origins = services.settings.cors_origins.split()
    if origins:
        app.add_middleware(
            ApiCors,
            allow_origins=origins,
            allow_methods=["GET", "HEAD"],
            allow_headers=["If-None-Match"],
            expose_headers=["ETag", "Retry-After", HEADER],
        )
    app.add_middleware(AllowedHosts, names=host_names(settings.base_url, settings.allowed_hosts))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Observed, metrics=services.metrics)
    errors.install(app, paste_page.error_page)
    schema.install(app)
    return app


def _text_paths() -> frozenset[str]:
    """The paths at which programs send texts."""
    routes = [route for part in (api.router, paste_page.api) for route in part.routes if isinstance(route, APIRoute)]
    return frozenset(route.path for route in routes if route.methods == {"POST"} and route.path.startswith("/api/"))


def _services(settings: Settings) -> Services:
    layouts = open_layouts(settings.database_url, settings.retention_days)
    workers = Workers(settings.analyses, settings.analysis_seconds)
    storage = StorageCalls()
    metrics = Metrics(layouts, storage, lambda: workers.busy)
    workers.observe = metrics.analyses
    rate_limit = make_rate_limit(settings.rate_limit, settings.rates_in, layouts)
    rate_limit.alone = metrics.alone.inc
    workers.spend = rate_limit.spend
    return Services(
        settings=settings,
        layouts=layouts,
        storage=storage,
        templates=templates(settings.max_body_bytes),
        workers=workers,
        rate_limit=rate_limit,
        intake=Intake(_BODIES_AT_ONCE * settings.max_body_bytes),
        metrics=metrics,
        recent=Recent(),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_purge_for_ever, services)
        tasks.start_soon(partial(anyio.to_thread.run_sync, pictures, abandon_on_cancel=True))
        yield
        tasks.cancel_scope.cancel()
    services.storage.close()
    services.layouts.close()


async def _purge_for_ever(services: Services) -> None:
    while True:
        await _purge(services)
        await anyio.sleep(_PURGE_EVERY_SECONDS)


async def _purge(services: Services) -> None:
    """Forget what has expired. Raises nothing: the next round has to come in any case."""
    expired = 0
    try:
        while some := await services.storage.run(services.layouts.purge):
            services.metrics.layouts.labels("expired").inc(some)
            expired += some
        while await services.storage.run(services.layouts.shorten):
            pass
        await services.storage.run(services.layouts.purge_counters)
        services.metrics.last_purge.set(time.time())
    except Exception as error:  # noqa: BLE001 - see above
        services.metrics.purges_failed.inc()
        EVENTS.warning("expired layouts not forgotten: trying again", exc_info=error)
    if expired:
        EVENTS.info("expired layouts forgotten", extra={"fields": {"count": expired}})
