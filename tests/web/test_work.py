"""A process that ends is the fault of its text; one that cannot start, and a thread that cannot, are not."""

from typing import Any, NoReturn

import anyio.to_process
import pytest
from anyio.from_thread import start_blocking_portal
from starlette.exceptions import HTTPException

from pfnscope.web.workers import Workers


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
            await workers[0].run(len, b"text")

    with start_blocking_portal() as portal, pytest.raises(HTTPException) as refused:
        portal.call(ask)
    assert (refused.value.status_code, workers[0].busy) == (503, 0)


def test_an_error_of_the_work_itself_stays_what_it_is() -> None:
    with start_blocking_portal() as portal, pytest.raises(RecursionError):
        portal.call(run, raises, RecursionError)


async def run(work: Any, *args: object) -> None:
    await Workers(1, 30).run(work, *args)


def no_thread(_: object) -> NoReturn:
    raise RuntimeError("can't start new thread")


def raises(kind: type[Exception]) -> NoReturn:
    raise kind


def refusal(work: Any, *args: object) -> HTTPException:
    async def ask() -> None:
        await Workers(1, 30).apart(work, *args)

    with start_blocking_portal() as portal, pytest.raises(HTTPException) as refused:
        portal.call(ask)
    return refused.value
