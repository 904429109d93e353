"""Serving: the app under uvicorn, in one process or in several."""

import errno
import gc
import logging
import os
import resource
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from tempfile import TemporaryDirectory

import uvicorn
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from uvicorn.supervisors import Multiprocess

from pfnscope.service.layouts import StoreUnavailable, open_layouts
from pfnscope.web.observe import CONFIG, SHARED
from pfnscope.web.rates import make_rate_limit
from pfnscope.web.settings import Settings

# Analyses of small texts run in threads beside the event loop, which should get the interpreter lock soon.
_TURN_SECONDS = 0.001
_GRACE_SECONDS = 10
_SILENT_SECONDS = 60  # of a worker that is then killed: a busy machine takes long to start one
_BACKLOG, _LAST_PORT = 2048, 65535
HTTP = "pfnscope.web.connections:Connection"
"""uvicorn imports it in each process."""


class CannotServe(Exception):
    """Settings, storage or port do not allow serving; the message is fit for users."""


def serve(host: str, port: int, workers: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted, then finish what was begun; ``say`` is told the address. Raises CannotServe."""
    try:
        settings = Settings()
        make_rate_limit(settings.rate_limit, settings.rates_in, layouts := open_layouts(settings.database_url))
        layouts.close()  # creates the tables once, and finds mistakes before processes start
    except ValidationError as error:  # its own message quotes values, passwords too
        raise CannotServe("\n".join(_sentence(wrong) for wrong in error.errors())) from error
    except (ValueError, StoreUnavailable) as error:
        raise CannotServe(str(error)) from error
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(host, port))
        if workers > 1 and SHARED not in os.environ:
            os.environ[SHARED] = stack.enter_context(TemporaryDirectory(prefix="pfnscope-metrics-"))
        config = uvicorn.Config(
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
            timeout_worker_healthcheck=_SILENT_SECONDS,
        )
        say(f"Open {settings.base_url or _address(host, listener.getsockname()[1])} (Ctrl+C ends it)")
        with suppress(KeyboardInterrupt):
            if workers > 1:
                Multiprocess(config, sockets=[listener]).run()
            else:
                uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; the first ones wait until the app is there. Raises CannotServe."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        both = host == "::" and socket.has_dualstack_ipv6()  # of every interface: IPv4 as well
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < _LAST_PORT else port - 1
            raise CannotServe(f"Port {port} is taken: pfnscope serve --port {other}") from error
        raise CannotServe(f"cannot listen at {host}, port {port}: {error.strerror}") from error
    listener.set_inheritable(True)
    return listener


def _address(host: str, port: int) -> str:
    """What a browser of this machine opens."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - of every interface, told by one
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _sentence(wrong: ErrorDetails) -> str:
    return (
        f"PFNSCOPE_{'_'.join(str(part) for part in wrong['loc']).upper()}: {wrong['msg'].removeprefix('Value error, ')}"
    )


def make_app() -> object:
    """The app of one server process."""
    from pfnscope.web.app import create_app

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:  # as servers do: the usual soft limit is that of programs which call select()
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.setswitchinterval(_TURN_SECONDS)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nothing prints them
    app = create_app()
    gc.collect()
    gc.freeze()  # these objects live as long as the process: full collections need not visit them
    return app
