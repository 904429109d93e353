"""The work of a client: ended when the client leaves, paid with its rate, and refused in words that fit.

A process that ends is the fault of its text; one that cannot start, and a thread that cannot, are not.
"""

import asyncio
import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any, NoReturn

import anyio
import anyio.to_process
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.types import Message

from pfnscope.web import create_app
from pfnscope.web.intake import Intake
from pfnscope.web.rates import RateLimit
from pfnscope.web.schema import EXAMPLE_LOG
from pfnscope.web.settings import Settings
from pfnscope.web.storage import StorageCalls
from pfnscope.web.work import Work, WorkDep
from pfnscope.web.workers import Workers
from tests.support.server import Serve, neighbour, running
from tests.support.waiting import for_ever

CLIENT = "192.0.2.1"


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"], ids=["no such program", "ends at once"])
def test_a_process_that_cannot_start_is_no_fault_of_the_text(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr("sys.executable", program)
    assert refusal(len, b"text").status_code == 503


@pytest.mark.parametrize("error", [MemoryError, anyio.BrokenWorkerProcess])
def test_a_process_that_ends_was_asked_too_much(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    async def ended(*_: Any, **__: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(anyio.to_process, "run_sync", ended)
    assert refusal(len, b"text").status_code == 413


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), ImportError("no module of that name")])
def test_a_process_for_which_there_is_no_thread_or_no_code_is_no_fault_of_the_text(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """asyncio starts a thread for each process; code that is being replaced by an upgrade cannot be imported."""

    async def fails(*_: Any, **__: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(anyio.to_process, "run_sync", fails)
    assert refusal(len, b"text").status_code == 503


def test_a_thread_that_cannot_start_is_no_fault_of_the_text_and_leaves_its_place() -> None:
    workers: list[Workers] = []

    async def ask() -> None:
        workers.append(Workers(1, 30))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("threading.Thread.start", no_thread)
            await workers[0].in_thread(CLIENT, len, b"text")

    with start_blocking_portal() as portal, pytest.raises(HTTPException) as refused:
        portal.call(ask)
    assert (refused.value.status_code, workers[0].busy) == (503, 0)


def test_an_error_of_the_work_itself_stays_what_it_is() -> None:
    with start_blocking_portal() as portal, pytest.raises(RecursionError):
        portal.call(run, raises, RecursionError)


async def run(work: Any, *args: object) -> None:
    await Workers(1, 30).in_thread(CLIENT, work, *args)


def no_thread(_: object) -> NoReturn:
    raise RuntimeError("can't start new thread")


def raises(kind: type[Exception]) -> NoReturn:
    raise kind


def refusal(work: Any, *args: object) -> HTTPException:
    async def ask() -> None:
        await Workers(1, 30).in_process(CLIENT, work, *args)

    with start_blocking_portal() as portal, pytest.raises(HTTPException) as refused:
        portal.call(ask)
    return refused.value


class Asking:
    """A request of one client, who may leave, to a server with one place for each kind of work."""

    def __init__(self, workers: Workers, rate: str = "off", client: str = CLIENT) -> None:
        self.left = anyio.Event()
        self.rate = RateLimit(rate)
        self.held = ExitStack()
        self.services: Any = SimpleNamespace(
            workers=workers,
            rate_limit=self.rate,
            storage=StorageCalls(),
            settings=Settings(rate_limit=rate),
            intake=Intake(1 << 30),
            layouts=None,
        )
        self.scope = {"type": "http", "client": (client, 1)}
        workers.spend = self.rate.spend

    async def receive(self) -> Message:
        """The end of the connection, once the client has left."""
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def work(self) -> Work:
        """The work of a new request."""
        return Work(Request(self.scope, self.receive), self.services, self.held)


def test_a_process_ends_when_its_client_leaves(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    workers = Workers(1, 300)

    async def leave(asking: Asking) -> int:
        process = int(await anyio.to_thread.run_sync(pipe.read_text))
        asking.left.set()
        return process

    async def run() -> None:
        asking = Asking(workers)
        gone = asyncio.create_task(leave(asking))
        with pytest.raises(HTTPException, match="has left"):
            await asking.work.apart(for_ever, pipe)
        assert workers.busy == 0
        with pytest.raises(ProcessLookupError):
            os.kill(await gone, 0)

    with start_blocking_portal() as portal:
        portal.call(run)


def test_a_client_that_leaves_while_a_process_starts_leaves_none_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    workers, started = Workers(1, 300), []
    start = anyio.open_process

    async def run() -> None:
        asking = Asking(workers)

        async def leave_at_start(*args: Any, **kwargs: Any) -> Any:
            process = await start(*args, **kwargs)
            started.append(process)
            asking.left.set()
            return process

        monkeypatch.setattr(anyio.to_process, "open_process", leave_at_start)
        with pytest.raises(HTTPException, match="has left"):
            await asking.work.apart(for_ever, Path("nowhere"))
        assert workers.busy == 0
        known = anyio.to_process._process_pool_workers.get()
        assert [process for process in started if process.returncode is None and process not in known] == []

    with start_blocking_portal() as portal:
        portal.call(run)
    assert len(started) == 1


def test_a_connection_that_closes_ends_the_process_of_its_request(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    workers = Workers(1, 300)
    app = FastAPI()
    app.state.services = Asking(workers).services

    @app.get("/")
    async def handler(work: WorkDep) -> None:
        await work.apart(for_ever, pipe)

    with running(app) as address:
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            process = int(pipe.read_text())
            assert workers.busy == 1
        end = monotonic() + 60
        while workers.busy:
            assert monotonic() < end, "the server goes on for nobody"
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("path", ["/", "/preview", "/api/v1/analyze"])
def test_a_text_that_is_beyond_its_turn_is_not_read(tmp_path: Path, path: str) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/a.db", rate_limit="2/hour"))
    services = app.state.services
    answers: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body is not to be read")

    async def send(message: Message) -> None:
        answers.append(message)

    async def run() -> None:
        scope = {
            "type": "http", "method": "POST", "path": path, "query_string": b"", "client": (CLIENT, 1),
            "headers": [(b"host", b"localhost"), (b"content-length", b"60000")],
        }  # fmt: skip
        turns = [services.workers._processes.join(CLIENT) for _ in range(2)]
        await app(scope, receive, send)
        for turn in turns:
            services.workers._processes.leave(turn)
        services.rate_limit.count(CLIENT, 2)
        await app(scope, receive, send)

    with start_blocking_portal() as portal:
        portal.call(run)
    services.layouts.close()
    assert [message["status"] for message in answers if "status" in message] == [429, 429]


def test_what_is_in_memory_and_static_files_cost_nothing(serve: Serve) -> None:
    client = serve(rate_limit="1/hour")
    page = f"/l/{client.post('/api/v1/layouts', content=EXAMPLE_LOG).json()['id']}.txt"
    assert client.post("/api/v1/analyze", content=EXAMPLE_LOG).status_code == 429
    with neighbour(client, 1) as other:
        tag = other.get(page).headers["etag"]
    assert [client.get(path).status_code for path in (page, "/static/page.css", "/", "/healthz")] == [200] * 4
    assert client.get(page, headers={"If-None-Match": tag}).status_code == 304


def test_the_turn_of_a_client_that_leaves_goes_to_the_next() -> None:
    workers = Workers(1, 300)
    release = threading.Event()

    async def run() -> None:
        first, second, third = (Asking(workers, client=f"192.0.2.{n}") for n in range(3))
        running = asyncio.create_task(first.work.short(release.wait))
        waiting = asyncio.create_task(second.work.short(len, "four"))
        last = asyncio.create_task(third.work.short(len, "four"))
        await anyio.wait_all_tasks_blocked()
        second.left.set()
        with pytest.raises(HTTPException, match="has left"):
            await waiting
        release.set()
        assert (await running, await last) == (True, 4)
        await anyio.wait_all_tasks_blocked()
        assert workers.busy == 0

    with start_blocking_portal() as portal:
        portal.call(run)


def test_stored_texts_are_read_one_at_a_time_and_count_until_their_response_is_complete() -> None:
    workers = Workers(2, 300)
    begun, release = threading.Semaphore(0), threading.Event()
    reads: list[str] = []

    def get(name: str) -> SimpleNamespace:
        reads.append(name)
        begun.release()
        release.wait()
        return SimpleNamespace(text=b"four")

    async def run() -> None:
        one, other = Asking(workers), Asking(workers, client="192.0.2.2")
        one.services.layouts = other.services.layouts = SimpleNamespace(get=get)
        tasks = [asyncio.create_task(one.work.stored(name)) for name in ("first", "second")]
        await anyio.to_thread.run_sync(begun.acquire)
        tasks.append(asyncio.create_task(other.work.stored("of another")))
        await anyio.to_thread.run_sync(begun.acquire)
        assert reads == ["first", "of another"]
        release.set()
        await asyncio.gather(*tasks)
        assert (sorted(reads), one.services.intake._small.held) == (["first", "of another", "second"], 8)
        one.held.close()
        assert one.services.intake._small.held == 0

    with start_blocking_portal() as portal:
        portal.call(run)


def test_a_client_has_one_text_at_work_and_one_that_waits(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    workers = Workers(2, 300)

    async def run() -> None:
        asking = Asking(workers)
        tasks = [asyncio.create_task(asking.work.apart(for_ever, pipe)) for _ in range(2)]
        await anyio.to_thread.run_sync(pipe.read_text)  # the first one works
        with pytest.raises(HTTPException) as refused:
            await asking.work.apart(len, b"")
        assert (refused.value.status_code, "Retry-After" in (refused.value.headers or {})) == (429, True)
        assert await asking.work.short(len, b"four") == 4
        assert await Asking(workers, client="192.0.2.2").work.apart(len, b"four") == 4
        asking.left.set()
        assert [str(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == [
            "400: The client has left before the answer."
        ] * 2
        assert workers.busy == 0

    with start_blocking_portal() as portal:
        portal.call(run)


def test_seconds_of_work_are_paid_with_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(1, 300)
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("pfnscope.web.workers.time", SimpleNamespace(monotonic=lambda: next(clock)))

    async def run() -> None:
        asking = Asking(workers, "4/hour")
        text = asking.work
        await text.admit()
        assert [await text.short(len, b"four"), await text.short(len, b"four")] == [4, 4]  # 2 seconds each
        with pytest.raises(HTTPException) as refused:
            await asking.work.short(len, b"four")
        assert refused.value.status_code == 429
        assert "seconds of work" in refused.value.detail
        assert await text.short(len, b"four") == 4, "what was taken is finished"
        assert await Asking(workers, "4/hour", "192.0.2.9").work.short(len, b"four") == 4

    with start_blocking_portal() as portal:
        portal.call(run)


def test_without_a_rate_nothing_is_remembered() -> None:
    limit = RateLimit("off")
    limit.spend(CLIENT, 5)
    assert (limit.due(CLIENT), limit._spent) == (0, {})


def test_what_has_to_be_made_anew_needs_some_of_the_rate(serve: Serve) -> None:
    client = serve(rate_limit="1/hour")
    page = f"/l/{client.post('/api/v1/layouts', content=EXAMPLE_LOG).json()['id']}"
    answers = [
        client.get(path)
        for path in (f"{page}.txt", f"/api/v1{page.replace('/l/', '/layouts/')}", "/samples/seed-1g-4g")
    ]
    assert [answer.status_code for answer in answers] == [429] * 3
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    with neighbour(client, 1) as other:
        assert other.get(f"{page}.txt").status_code == 200
    assert client.get(f"{page}.txt").status_code == 200, "it is in memory now"
