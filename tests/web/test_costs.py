"""Where work is done: in a thread what the table says is short, all else in a process that can be killed."""

import ast
import asyncio
import inspect
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_process
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipResponder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Message, Receive, Scope, Send

from benchmarks.shapes import SHAPES
from pfnscope.pages.subjects import Subject
from pfnscope.pages.templates import Templates
from pfnscope.service import Options, jobs
from pfnscope.service.handing import Packed, pack
from pfnscope.service.places import Reservation
from pfnscope.service.whatif import NO_QUESTION, Change, Question
from pfnscope.web import cache, compression, costs, create_app, rendering, sharing
from pfnscope.web.aside import LARGE
from pfnscope.web.cache import Living, StoredPages, tagged
from pfnscope.web.compression import Compression
from pfnscope.web.drawings import Recent
from pfnscope.web.settings import Settings
from pfnscope.web.workers import SMALL, Workers
from tests.support.samples import text
from tests.support.server import Serve

SMALL_LOG, LARGE_LOG = text("seed-1g-4g"), text("fixed-1g-4g")
HOSTILE = SHAPES["node ranges alone"](30_000)
PAGE = {"Accept": "text/html"}
THREADS = {"workers", "to_thread", "to_process", "run_in_executor", "ThreadPoolExecutor", "run_in_threadpool"}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[APIRoute]:
    """All routes of the app."""
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('routes')}/layouts.db"))
    return [*all_routes(app.router)]


def all_routes(router: Any) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(route, Mount):
            assert route.path == "/static"
        elif hasattr(route, "original_router"):
            yield from all_routes(route.original_router)


def callables(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from callables(inner)


def test_every_handler_is_a_coroutine(routes: list[APIRoute]) -> None:
    """FastAPI runs others, and dependencies that are none, in threads without any of our limits."""
    assert len(routes) > 25
    handlers = {call for route in routes for call in callables(route.dependant)}
    others = [
        call for call in handlers if not inspect.iscoroutinefunction(call) and not inspect.isasyncgenfunction(call)
    ]
    assert others == []


def test_no_module_of_handlers_reaches_for_threads_or_processes_itself(routes: list[APIRoute]) -> None:
    modules = {sys.modules[route.endpoint.__module__] for route in routes} | {sharing}
    assert len(modules) >= 5
    for module in modules:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {
            part
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
            for part in f"{getattr(node, 'module', '')}.{name.name}".split(".")
        }
        assert names & THREADS == set(), module.__name__


@pytest.mark.parametrize(
    "job",
    [jobs.simulated, jobs.placed, jobs.compared, jobs.drawn_together, rendering.card, jobs.alone, len],
    ids=lambda job: job.__name__,
)
def test_what_is_not_in_the_table_is_never_short(job: Callable[..., object]) -> None:
    assert not costs.is_short(job, (b"", Options(), 1))


def test_a_job_is_short_up_to_the_bytes_that_it_is_given() -> None:
    assert costs.is_short(jobs.analyzed, (bytes(SMALL), Options(), 1))
    assert not costs.is_short(jobs.analyzed, (bytes(SMALL + 1), Options(), 1))
    assert costs.is_short(rendering.figure, (bytes(costs.SMALL_DRAWING), None))
    assert not costs.is_short(rendering.page, (bytes(costs.SMALL_DRAWING), 1, subject(b"x")))


def test_a_question_and_some_formats_make_any_text_long() -> None:
    whole = (b"", Options(), 1)
    assert costs.is_short(jobs.drawn, (*whole, NO_QUESTION))
    assert not costs.is_short(jobs.drawn, (*whole, Question(reservation=Reservation("1G"))))
    assert not costs.is_short(jobs.exported, (*whole, Question(change=Change(append="x")), "txt", "scale", 100))
    short = {name for name in ("txt", "md", "csv", "json", "svg", "html", "png")
             if costs.is_short(jobs.exported, (*whole, NO_QUESTION, name, "scale", 100))}  # fmt: skip
    assert short == {"txt", "md", "csv", "json", "svg"}


def subject(raw: bytes) -> Subject:
    return Subject("x", "/l/x", "", raw, Options())


def stored(client: httpx.Client, raw: bytes) -> str:
    return str(client.post("/api/v1/layouts", content=raw).raise_for_status().json()["id"])


def counts(client: httpx.Client) -> dict[str, int]:
    """How many pieces of work each kind of place has done."""
    lines = client.get("/metrics").text.splitlines()
    start = 'pfnscope_analysis_seconds_count{place="'
    rows = [line.removeprefix(start).partition('"} ') for line in lines if line.startswith(start)]
    return {"thread": 0, "process": 0} | {place: int(float(count)) for place, _, count in rows}


def places(client: httpx.Client, call: Callable[[], httpx.Response]) -> set[str]:
    """Where the work of a request was done."""
    before = counts(client)
    assert call().status_code in (200, 422)  # such as a text that cannot be simulated: to see so is work as well
    after = counts(client)
    return {place for place, count in after.items() if count > before[place]}


ANSWERS = [
    "/api/v1/layouts/{}",
    "/api/v1/layouts/{}/lookup?at=4G",
    "/l/{}.txt",
    "/l/{}.svg",
    "/l/{}.md",
    "/l/{}/find.json?find=4G",
    "/l/{}/figure.json?axis=scale",
]
LONG = [
    "/api/v1/layouts/{}/simulate?append=quiet",
    "/api/v1/layouts/{}/place?size=4K&align=4K",
    "/api/v1/compare?a={}&b={}&boot_a=1&boot_b=1",
    "/compare.json?a={}&b=sample:seed-1g-4g",
    "/compare/figure.json?a={}&b=sample:seed-1g-4g",
    "/l/{}.png",
    "/l/{}.html",
    "/l/{}/card.png",
    "/l/{}.json?append=quiet",
]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """A server with a small, an ordinary and an unfavourable text."""
    from tests.support.server import clients

    with clients(tmp_path_factory.mktemp("three")) as start:
        client = start()
        texts = {"small": SMALL_LOG, "ordinary": LARGE_LOG, "hostile": HOSTILE}
        yield client, {name: stored(client, raw) for name, raw in texts.items()}


@pytest.mark.parametrize("name", ["ordinary", "hostile"])
@pytest.mark.parametrize("path", ANSWERS[:5])
def test_what_is_computed_of_a_text_that_is_not_small_is_computed_in_a_process(
    three: tuple[httpx.Client, dict[str, str]], path: str, name: str
) -> None:
    client, names = three
    address = path.replace("{}", names[name])
    assert places(client, lambda: client.get(address)) == {"process"}


@pytest.mark.parametrize("path", ANSWERS)
def test_what_is_short_of_a_small_text_waits_for_no_process(
    three: tuple[httpx.Client, dict[str, str]], path: str
) -> None:
    client, names = three
    assert places(client, lambda: client.get(path.replace("{}", names["small"]))) == {"thread"}


@pytest.mark.parametrize("name", ["small", "ordinary", "hostile"])
@pytest.mark.parametrize("path", LONG)
def test_what_may_be_long_is_computed_in_a_process_whatever_the_text(
    three: tuple[httpx.Client, dict[str, str]], path: str, name: str
) -> None:
    client, names = three
    assert "process" in places(client, lambda: client.get(path.replace("{}", names[name])))


@pytest.mark.parametrize(("raw", "place"), [(SMALL_LOG, "thread"), (LARGE_LOG, "process")], ids=["small", "large"])
def test_a_preview_is_read_numbered_escaped_and_rendered_beside_the_loop(
    three: tuple[httpx.Client, dict[str, str]], raw: bytes, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = three
    monkeypatch.setattr(Templates, "render", beside_the_loop(Templates.render))
    before = counts(client)[place]
    client.post("/preview", files={"log": raw}, data={"keep": "everything"}, headers=PAGE).raise_for_status()
    assert counts(client)[place] == before + 1 + (place == "thread")  # a thread takes the form apart


def test_a_text_without_a_layout_comes_back_in_its_field_beside_the_loop(
    three: tuple[httpx.Client, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = three
    monkeypatch.setattr(Templates, "render", beside_the_loop(Templates.render))
    answer = client.post("/preview", data={"log": "nothing\n" * 9000}, headers=PAGE)
    assert (answer.status_code, answer.text.count("nothing") > 9000) == (422, True)


def beside_the_loop(work: Callable[..., str]) -> Callable[..., str]:
    def checked(*args: Any, **kwargs: Any) -> str:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return work(*args, **kwargs)

    return checked


def test_the_process_of_what_takes_too_long_is_gone_with_the_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools: list[Workers] = []

    class Noted(Workers):
        def __init__(self, count: int, seconds: float) -> None:
            super().__init__(count, seconds)
            pools.append(self)

    monkeypatch.setattr("pfnscope.web.app.Workers", Noted)
    before, client = children(), serve()
    address = f"/api/v1/layouts/{stored(client, HOSTILE)}/place?size=4K&align="
    client.get(f"{address}4K").raise_for_status()
    started = children() - before
    pools[0]._seconds = 0.001
    answer = client.get(f"{address}8K")
    assert (len(started), answer.status_code, "longer than 0.001 seconds" in answer.text) == (1, 413, True)
    assert children() & started == set()


def children() -> set[int]:
    """The processes that this one has started, and that are there."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def test_others_are_served_while_a_stored_text_keeps_all_processes_at_work(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(analyses=1)
    name = stored(client, HOSTILE)
    began, release = threading.Event(), threading.Event()

    async def held(*_: object, **__: object) -> Packed:
        began.set()
        await asyncio.get_running_loop().run_in_executor(None, release.wait, 60)
        return pack(b"{}", -1)

    monkeypatch.setattr(anyio.to_process, "run_sync", held)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, f"/api/v1/layouts/{name}/place?size=4K&align=4K")
        try:
            assert began.wait(60)
            statuses = [client.post("/api/v1/analyze", content=SMALL_LOG).status_code for _ in range(3)]
            pages = [client.get(path, headers=PAGE).status_code for path in ("/", "/samples", "/rules", "/api")]
            assert (statuses, pages, slow.done()) == ([200] * 3, [200] * 4, False)
        finally:
            release.set()
        assert slow.result().content == b"{}"


def test_large_bodies_are_hashed_and_compressed_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, list[int]] = {"etag": [], "gzip": [], "zstd": []}

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            seen[name].append(threading.get_ident())
            return work(*args)

        return call

    monkeypatch.setattr(cache, "etag", noted("etag", cache.etag))
    for name, kind in (("gzip", GZipResponder), ("zstd", compression._ZstdResponder)):
        monkeypatch.setattr(kind, "_compress_body", noted(name, kind._compress_body))

    async def ask(size: int, coding: str) -> int:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            response = await tagged(Request(scope), Response(bytes(size), media_type="text/plain"))
            await response(scope, receive, send)

        async def send(message: Message) -> None:
            pass

        headers = [(b"accept-encoding", coding.encode())]
        await Compression(app)({"type": "http", "method": "GET", "path": "/", "headers": headers}, nothing, send)
        return threading.get_ident()

    with start_blocking_portal() as portal:
        loop = {portal.call(partial(ask, size, name)) for size in (LARGE - 1, LARGE) for name in ("gzip", "zstd")}
    assert len(loop) == 1
    inside = {name: [thread in loop for thread in threads] for name, threads in seen.items()}
    assert inside == {"etag": [True, True, False, False], "gzip": [True, False], "zstd": [True, False]}


async def nothing() -> Message:
    return {"type": "http.request", "body": b""}


def test_who_leaves_while_a_stored_page_is_made_is_seen_by_its_handler() -> None:
    messages: Iterator[Message] = iter([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}])
    seen: list[str] = []

    async def receive() -> Message:
        return next(messages)

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        while not seen or seen[-1] != "http.disconnect":
            seen.append((await receive())["type"])
        await Response(status_code=400)(scope, receive, send)

    async def send(message: Message) -> None:
        pass

    async def ask() -> None:
        scope = {"type": "http", "method": "GET", "path": "/l/" + "a" * 16, "query_string": b"", "scheme": "http"}
        await StoredPages(handler, Living.__new__(Living))({**scope, "headers": []}, receive, send)

    with start_blocking_portal() as portal:
        portal.call(ask)
    assert seen == ["http.request", "http.disconnect"]


def test_drawings_are_kept_up_to_so_many_bytes_and_those_used_last_stay() -> None:
    recent = Recent(100)
    for name in "abc":
        recent.keep(name, bytes(30))
    assert recent.get("a") is not None
    recent.keep("d", bytes(30))
    recent.keep("too large", bytes(101))
    assert [recent.get(name) is not None for name in ("a", "b", "c", "d", "too large")] == [
        True, False, True, True, False,
    ]  # fmt: skip
