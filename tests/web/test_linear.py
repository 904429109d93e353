"""What a request brings costs no more than in proportion to its size: twice as much of it, about twice the work."""

import ast
import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain, count
from pathlib import Path
from time import process_time
from urllib.parse import quote, urlsplit

import msgspec
import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from pfnscope import web
from pfnscope.pages.query import KNOWN
from pfnscope.service.analyzing import Options
from pfnscope.service.layouts import Layouts, Terms
from pfnscope.web import api, bodies, compare_page, create_app, heads, layout_page, observe
from pfnscope.web.schema import EXAMPLE_LOG
from pfnscope.web.settings import Settings

SIZES = (30_000, 60_000)  # bytes
MOST = 2.6
"""Times the work for twice the size; a pattern that backtracks takes four."""
CHARACTERS = ' ,;"\\a='

HEADERS = {
    "accept": "text/html{}!",
    "accept-encoding": "gzip{}!",
    "access-control-request-headers": "a{}!",
    "access-control-request-method": "GET{}!",
    "authorization": "Bearer {}!",
    "content-encoding": "gzip{}!",
    "content-length": "1{}!",
    "content-type": 'multipart/form-data; boundary="{}!',
    "host": "a{}!",
    "idempotency-key": "a{}!",
    "if-modified-since": "Tue, 15 Nov 1994{}!",
    "if-none-match": 'W/"{}!',
    "if-range": '"{}!',
    "origin": "https://a{}!",
    "range": "bytes=0-{}!",
    "sec-fetch-site": "a{}!",
    "user-agent": "a{}!",
    "x-forwarded-for": "192.0.2.1{}!",
    "x-forwarded-proto": "https{}!",
    "x-request-id": "a{}!",
}
"""Every header that our code or a library below it reads, with the beginning of a value that it would take."""
TOGETHER = (
    "accept", "accept-encoding", "access-control-request-headers", "authorization", "if-modified-since",
    "if-none-match", "if-range", "range", "x-request-id",
)  # fmt: skip
"""Headers that keep no other from being read, whatever their value: one request can have them all."""


class Client:
    """Requests straight to an app, without a connection: nothing bounds what they bring.

    They run in a thread of their own, for a browser of another test may keep a loop in this one.
    """

    def __init__(self, app: ASGIApp, layouts: Layouts, thread: Executor) -> None:
        log = EXAMPLE_LOG.encode()
        self.layout_id = layouts.keep(log, log, Options(), Terms()).id
        self._app: ASGIApp = ProxyHeadersMiddleware(app, "*")  # type: ignore[arg-type,assignment] # types of its own
        self._thread = thread
        self._runner = asyncio.Runner()
        self._number = count()

    async def send(
        self, method: str, path: str, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> int:
        """The status of the answer. Each request has another query, so that none is answered from memory."""
        status = 0

        parts = iter([body])

        async def receive() -> Message:
            if (part := next(parts, None)) is None:
                await asyncio.Event().wait()  # a client that waits for its answer
            return {"type": "http.request", "body": part, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        fields = {"host": "here", "accept": "text/html"} | (headers or {})
        path = path.replace("{layout_id}", self.layout_id).replace("{form}", "txt")
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": f"{query}&n={next(self._number)}".encode(), "scheme": "http", "http_version": "1.1",
            "client": ("192.0.2.1", 1), "server": ("here", 80),
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }  # fmt: skip
        await self._app(scope, receive, send)
        return status

    def run(self, work: Awaitable[object]) -> float:
        """Seconds of the processor that some requests take."""

        async def measured() -> float:
            urlsplit.cache_clear()  # type: ignore[attr-defined] # a cache that typeshed does not know
            start = process_time()
            await work
            return process_time() - start

        return self._thread.submit(lambda: self._runner.run(measured())).result()

    def close(self) -> None:
        """End the loop, in its thread."""
        self._thread.submit(self._runner.close).result()

    def assert_linear(
        self, work: Callable[[str, int], Awaitable[object]], name: str, characters: Iterable[str] = CHARACTERS
    ) -> None:
        """A run of each character costs little more than none, or about twice as much for twice the size.

        A pattern that backtracks takes seconds for so many characters: what costs little at once needs no comparison.
        """
        nothing = min(self.run(work("", 0)) for _ in range(2))
        for character in characters:
            if self.run(work(character, SIZES[1])) > MOST * nothing:
                self._assert_ratio(partial(work, character), f"{name} of {character!r}")

    def _assert_ratio(self, work: Callable[[int], Awaitable[object]], name: str) -> None:
        """Compare what both sizes cost, the least of several attempts of each."""
        least = [float("inf")] * 2
        for attempt in range(20):
            least = [min(before, self.run(work(size))) for before, size in zip(least, SIZES, strict=True)]
            if least[1] <= MOST * least[0]:
                return
            if least[1] > 1 and attempt > 1:
                break
        raise AssertionError(f"{name}: {least[0]:.4f} s for {SIZES[0]}, {least[1]:.4f} s for {SIZES[1]}")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    tmp_path = tmp_path_factory.mktemp("linear")
    settings = {"database_url": f"sqlite:///{tmp_path}/a.db", "rate_limit": "off", "cors_origins": "https://a.example"}
    app = create_app(Settings.model_validate(settings))
    layouts = app.state.services.layouts
    with ThreadPoolExecutor(1) as thread, closing(Client(app, layouts, thread)) as client:
        yield client
    layouts.close()


@pytest.mark.parametrize("names", [TOGETHER, *((name,) for name in HEADERS if name not in TOGETHER)], ids="+".join)
def test_a_header(client: Client, names: tuple[str, ...]) -> None:
    async def work(character: str, size: int) -> None:
        headers = {name: HEADERS[name].format(character * size) for name in names}
        preflight = {"origin": "https://a.example", "access-control-request-method": "GET"} | headers
        await client.send("GET", "/static/page.css", "", headers)
        await client.send("GET", "/l/{layout_id}", "", headers)
        await client.send("POST", "/api/v1/layouts", "", headers, EXAMPLE_LOG.encode())
        await client.send("DELETE", "/api/v1/layouts/{layout_id}", "", headers)
        await client.send("OPTIONS", "/api/v1/rules", "", preflight)

    client.assert_linear(work, ", ".join(names))


def header_names(module: Path) -> Iterator[str]:
    """The names that a module gets from headers, of which some are bytes."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).lower().endswith(("headers.get", "scope=scope).get")):
            name = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else ""
            yield name.decode() if isinstance(name, bytes) else name


def test_every_header_that_the_code_names_is_tested() -> None:
    names = set(chain.from_iterable(map(header_names, Path(web.__file__).parent.rglob("*.py"))))
    assert {"accept-encoding", "content-length", "if-none-match", "content-type", "sec-fetch-site"} <= names
    assert names - {"", "etag", "vary"} <= set(HEADERS), "etag and vary are those of our own answers"
    assert observe.HEADER.lower() in HEADERS


def parameters(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from parameters(inner)


def routes(*routers: APIRouter) -> dict[str, set[str]]:
    """The paths of GET, with the names of parameters that they declare."""
    api_routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {route.path: set(parameters(route.dependant)) for route in api_routes if "GET" in (route.methods or ())}


ROUTES = {
    path: names | (set(KNOWN) if path.startswith("/l/") else set())
    for path, names in routes(api.router, layout_page.exports, layout_page.router, compare_page.router).items()
    if names and "{slug}" not in path and not path.endswith("figure.json")
}
"""Paths with what may be in their query; queries of examples and figures are read as those of stored layouts."""
FIELDS = [field.encode_name for field in msgspec.structs.fields(bodies.Fields)]


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that reads addresses of any length."""
    for name in ("LONGEST_PATH", "LONGEST_QUERY", "MOST_PARAMETERS"):
        monkeypatch.setattr(heads, name, 1 << 30)


@pytest.mark.usefixtures("unbounded")
@pytest.mark.parametrize("name", sorted(set(chain(*ROUTES.values(), FIELDS))))
def test_a_parameter_of_a_query(client: Client, name: str) -> None:
    paths = [path for path, names in ROUTES.items() if name in names]

    async def work(character: str, size: int) -> None:
        query = f"{name}=a{character * size}!"  # as it is: decoding is a matter of the whole query
        for path in paths:
            await client.send("GET", path, query)
        if name in FIELDS:
            await client.send("POST", "/api/v1/kept", query, None, EXAMPLE_LOG.encode())

    client.assert_linear(work, name)


@pytest.mark.usefixtures("unbounded")
@pytest.mark.parametrize("pair", ["remove=a&", "lanes=a&", "append=a&", "size=1G&", "=&", "&"])
def test_a_query_of_many_parameters(client: Client, pair: str) -> None:
    async def work(pair: str, size: int) -> None:
        for path in ROUTES:
            await client.send("GET", path, pair * (size // 8))

    client.assert_linear(work, "a query", [pair])


@pytest.mark.usefixtures("unbounded")
def test_a_query_that_is_percent_encoded(client: Client) -> None:
    async def work(character: str, size: int) -> None:
        for path, names in ROUTES.items():
            await client.send("GET", path, f"{min(names)}=a{character * (size // 3)}!")

    client.assert_linear(work, "percent-encoded", ["%20", "%00", "%e4", "%%%"])


@pytest.mark.usefixtures("unbounded")
def test_a_query_of_many_names(client: Client) -> None:
    async def work(_: str, size: int) -> None:
        query = "&".join(f"k{number}=" for number in range(size // 8))
        for path in ROUTES:
            await client.send("GET", path, query)

    client.assert_linear(work, "many names", ["k1="])


@pytest.mark.usefixtures("unbounded")
@pytest.mark.parametrize(
    "path",
    ["/{}", "/l/{}", "/l/{{layout_id}}{}", "/samples/{}", "/static/{}", "/static/m-{}/page.js", "/api/v1/layouts/{}"],
)
def test_a_path(client: Client, path: str) -> None:
    async def work(character: str, size: int) -> None:
        await client.send("GET", path.format(character * size))

    client.assert_linear(work, path, f"{CHARACTERS}/.")


@pytest.mark.parametrize("name", ["note", "other"])
def test_a_field_of_a_form(client: Client, name: str) -> None:
    """Whatever its name, which counts only for its value: that is converted as one of a query."""
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    log = quote(EXAMPLE_LOG)

    async def work(character: str, size: int) -> None:
        value = f"a{character * size}!"
        parts = f"--b\r\n{part.format('log', EXAMPLE_LOG)}--b\r\n{part.format(name, value)}--b--\r\n"
        kind = "application/x-www-form-urlencoded"
        await client.send("POST", "/preview", "", {"content-type": kind}, f"log={log}&{name}={quote(value)}".encode())
        kind = "multipart/form-data; boundary=b"
        await client.send("POST", "/preview", "", {"content-type": kind}, parts.encode())

    client.assert_linear(work, name)


def test_a_header_of_a_part_of_a_form(client: Client) -> None:
    async def work(character: str, size: int) -> None:
        body = f'--b\r\nContent-Disposition: form-data; name="log"; a="{character * size}\r\n\r\nx\r\n--b--\r\n'
        await client.send("POST", "/preview", "", {"content-type": "multipart/form-data; boundary=b"}, body.encode())

    client.assert_linear(work, "a header of a part")


@pytest.mark.parametrize(("room", "allowed"), [("web", False), ("pages", False), ("service", False), ("drawing", True)])
def test_patterns_that_backtrack_are_kept_from_what_requests_bring(room: str, allowed: bool) -> None:
    """By ruff, for those who write the code."""
    name = f"app/pfnscope/{room}/example.py"
    command: list[str | Path] = [
        Path(sys.executable).with_name("ruff"),
        "check",
        "--select",
        "TID251",
        "--stdin-filename",
        name,
        "-",
    ]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, input=b"import re\n", capture_output=True, check=False)
    assert (b"TID251" not in done.stdout) is allowed, done.stdout
