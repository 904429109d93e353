"""Serving: the app under uvicorn, in one process or in several."""

import gc
import logging
import os
import sys
from contextlib import ExitStack
from tempfile import TemporaryDirectory

import uvicorn
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pfnscope.service.layouts import StoreUnavailable, open_layouts
from pfnscope.web.observe import CONFIG, SHARED
from pfnscope.web.rates import make_rate_limit
from pfnscope.web.settings import Settings

# Analyses of small texts run in threads beside the event loop, which should get the interpreter lock soon.
_TURN_SECONDS = 0.001
_GRACE_SECONDS = 10
HTTP = "pfnscope.web.connections:Connection"
"""uvicorn imports it in each process."""


class CannotServe(Exception):
    """The settings or the storage do not allow serving; the message is fit for users."""


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until interrupted, then finish what was begun. Raises CannotServe."""
    try:
        settings = Settings()
        make_rate_limit(settings.rate_limit, settings.rates_in, layouts := open_layouts(settings.database_url))
        layouts.close()  # creates the tables once, and finds mistakes before processes start
    except ValidationError as error:  # its own message quotes values, passwords too
        raise CannotServe("\n".join(_sentence(wrong) for wrong in error.errors())) from error
    except (ValueError, StoreUnavailable) as error:
        raise CannotServe(str(error)) from error
    with ExitStack() as stack:
        if workers > 1 and SHARED not in os.environ:
            os.environ[SHARED] = stack.enter_context(TemporaryDirectory(prefix="pfnscope-metrics-"))
        uvicorn.run(
            "pfnscope.web.server:make_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http=HTTP,
            server_header=False,
            access_log=False,  # it has the paths of layouts, which are secrets; ours has routes
            log_config=CONFIG,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )


def _sentence(wrong: ErrorDetails) -> str:
    return (
        f"PFNSCOPE_{'_'.join(str(part) for part in wrong['loc']).upper()}: {wrong['msg'].removeprefix('Value error, ')}"
    )


def make_app() -> object:
    """The app of one server process."""
    from pfnscope.web.app import create_app

    sys.setswitchinterval(_TURN_SECONDS)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nothing prints them
    app = create_app()
    gc.collect()
    gc.freeze()  # these objects live as long as the process: full collections need not visit them
    return app
