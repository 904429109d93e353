"""The work of a client: ended when the client leaves, paid with its rate, and refused in words that fit.

A process that ends is the fault of its text; one that cannot start, and a thread that cannot, are not.
"""

import asyncio
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import anyio
import anyio.to_process
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

from pfnscope.web.rates import RateLimit
from pfnscope.web.settings import Settings
from pfnscope.web.storage import StorageCalls
from pfnscope.web.work import Work
from pfnscope.web.workers import Workers
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
        self.services: Any = SimpleNamespace(
            workers=workers, rate_limit=self.rate, storage=StorageCalls(), settings=Settings(rate_limit=rate)
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
        return Work(Request(self.scope, self.receive), self.services)


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
