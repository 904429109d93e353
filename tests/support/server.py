"""The real server in a thread, on a free port of this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp

from pfnscope.web import create_app
from pfnscope.web.server import HTTP
from pfnscope.web.settings import Settings


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve an app with these settings; its address, such as ``http://127.0.0.1:40001``."""
    with running(create_app(settings)) as address:
        yield address


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve any app as ours is served; its address."""
    server = uvicorn.Server(uvicorn.Config(app, http=HTTP, log_level="critical", timeout_graceful_shutdown=5))
    # Listening before the thread starts, so that the first request waits for the server by itself.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


Serve = Callable[..., httpx.Client]


@contextmanager
def clients(folder: Path) -> Iterator[Serve]:
    """A function that starts a server with settings of its own and gives a client of it."""
    with ExitStack() as stack:

        def start(**settings: object) -> httpx.Client:
            defaults = {"database_url": f"sqlite:///{folder}/layouts.db", "rate_limit": "off"}
            address = stack.enter_context(serving(Settings.model_validate(defaults | settings)))
            return stack.enter_context(httpx.Client(base_url=address, timeout=30, trust_env=False))

        yield start


def neighbour(client: httpx.Client, number: int) -> httpx.Client:
    """Another client of the same server, with an address of its own in 127.0.0.0/8."""
    address = f"127.0.{1 + number // 250}.{1 + number % 250}"
    transport = httpx.HTTPTransport(local_address=address, verify=False)  # it takes long to load certificates
    return httpx.Client(base_url=client.base_url, transport=transport, timeout=60, trust_env=False)
