"""What would wait in vain is turned away soon, in the words of every other refusal, and nothing else is."""

import json
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.types import Message

from pfnscope.web.app import _text_paths
from pfnscope.web.workers import Overload, Workers

PATHS = _text_paths()
CLIENT = "198.51.100.1"


def answered(path: str, method: str, length: str | None, *, full: str) -> list[Message]:
    """What comes of one request where the places for small texts, large ones, or both are taken.

    ``own``: those for large texts that this client may have.
    """
    headers = [(b"host", b"x")] + ([(b"content-length", length.encode())] if length is not None else [])
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": headers,
        "query_string": b"",
        "client": (CLIENT, 1),
    }
    messages: list[Message] = []

    async def handlers(*_: Any) -> None:
        messages.append({"type": "handled"})

    async def receive() -> Message:
        raise AssertionError("the body is not to be read")

    async def send(message: Message) -> None:
        messages.append(message)

    async def work() -> None:
        workers = Workers(1, 30)
        for turns, taken in ((workers._threads, ("small", "both")), (workers._processes, ("large", "both"))):
            for n in range(1 + 8 if full in taken else 0):
                turns.join(f"192.0.2.{n}")
        for _ in range(2 if full == "own" else 0):
            workers._processes.join(CLIENT)
        await Overload(handlers, workers, PATHS)(scope, receive, send)

    with start_blocking_portal() as portal:
        portal.call(work)
    return messages


@pytest.mark.parametrize("path", sorted(PATHS))
def test_a_text_without_a_place_is_turned_away_unread(path: str) -> None:
    start, body = answered(path, "POST", "60000", full="large")
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert start["status"] == json.loads(body["body"])["status"] == 503
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["retry-after"]) > 0


def test_a_client_that_has_enough_work_here_is_turned_away_alone() -> None:
    start, body = answered("/api/v1/analyze", "POST", "60000", full="own")
    assert start["status"] == 429
    assert "2 texts of yours" in json.loads(body["body"])["detail"]
    assert answered("/api/v1/analyze", "POST", "600", full="own") == [{"type": "handled"}]


@pytest.mark.parametrize(
    ("path", "method", "length", "full"),
    [
        ("/api/v1/analyze", "POST", "60000", "small"),
        ("/api/v1/analyze", "POST", "600", "large"),
        ("/api/v1/analyze", "POST", None, "large"),
        ("/api/v1/analyze", "POST", "many", "large"),
        ("/api/v1/analyze", "POST", "60000", "none"),
        ("/api/v1/analyze", "OPTIONS", "60000", "both"),
        ("/api/v1/layouts/x", "GET", None, "both"),
        ("/", "POST", "60000", "both"),
    ],
)
def test_everything_else_goes_on(path: str, method: str, length: str | None, full: str) -> None:
    assert answered(path, method, length, full=full) == [{"type": "handled"}]


def test_the_addresses_are_those_that_take_texts() -> None:
    assert {"/api/v1/analyze", "/api/v1/layouts", "/api/v1/simulate", "/api/v1/place"} <= PATHS
