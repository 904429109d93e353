"""Processes that end, and those that never were: the first is told of the text, the second of the server."""

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


def refusal(work: Any, *args: object) -> HTTPException:
    async def ask() -> None:
        await Workers(1, 30).apart(work, *args)

    with start_blocking_portal() as portal, pytest.raises(HTTPException) as refused:
        portal.call(ask)
    return refused.value
