"""What a connection may do: no request without end, no answer that is never taken, and problems for what is no HTTP."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import httpx
import pytest
from starlette.responses import Response

from pfnscope.web.connections import Connection
from pfnscope.web.security import HEADERS
from tests.support.server import running

LARGE = 30_000_000
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def connected(client: httpx.Client, room: int = 0) -> Iterator[socket.socket]:
    """A connection that takes no more than ``room`` bytes before they are read."""
    with socket.socket() as connection:
        if room:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        connection.settimeout(60)
        connection.connect((client.base_url.host, client.base_url.port))
        yield connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    got = b""
    while part := connection.recv(65536):
        got += part
    return got


def until(connection: socket.socket, end: bytes) -> bytes:
    """What comes, up to those bytes."""
    got = b""
    while end not in got:
        part = connection.recv(65536)
        assert part, "the server has closed"
        got += part
    return got


def refusal(answer: bytes) -> int:
    """The status of an answer that must be a whole problem with all that browsers are told."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"]
    assert {name: headers.get(name.lower()) for name in HEADERS} == HEADERS
    assert int(headers["content-length"]) == len(body)
    status: int = json.loads(body)["status"]
    assert first.split()[1] == str(status)
    return status


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "HEAD_SECONDS", 0.5)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("before", [b"", GET + b"\r\n"], ids=["first", "second"])
def test_a_head_that_does_not_end_is_refused(client: httpx.Client, before: bytes) -> None:
    with connected(client) as connection:
        connection.sendall(before)
        if before:
            until(connection, b"\r\n\r\nok\n")
        connection.sendall(GET)
        assert refusal(rest(connection)) == 408


@pytest.mark.usefixtures("soon")
def test_a_connection_that_asks_nothing_is_closed_without_an_answer(client: httpx.Client) -> None:
    with connected(client) as connection:
        assert rest(connection) == b""


@pytest.mark.usefixtures("soon")
def test_a_body_that_nobody_reads_and_that_does_not_end_is_not_waited_for(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(GET + b"Content-Length: 100\r\n\r\n")
        until(connection, b"\r\n\r\nok\n")
        connection.sendall(b"x")
        assert rest(connection) == b""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n" * 9, 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (GET + b"X: " + b"x" * 70_000, 431),
        (GET + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (GET + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 501),
        (GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET /healthz HTTP/0.9\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.7\r\nHost: localhost\r\n\r\n", 400),
        (GET + b"Host: y\r\n\r\n", 400),
        (GET + b"X: y\r\n" * 20_000 + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"POST /api/v1/analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
    ],
)
def test_what_is_no_http_is_a_problem(client: httpx.Client, data: bytes, status: int) -> None:
    with connected(client) as connection:
        connection.sendall(data)
        assert refusal(rest(connection)) == status


@pytest.fixture
def large() -> Iterator[httpx.Client]:
    """A client of a server that answers everything with more than sockets take at once."""
    with running(Response(b"x" * LARGE)) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_an_answer_that_is_never_taken_is_given_up(large: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "HEAD_SECONDS", 0.5)
    with connected(large, room=4096) as connection:
        connection.sendall(GET + b"\r\n")
        assert connection.recv(1) == b"H"
        for behind in (True, False):
            end = monotonic() + 60
            while bool(Connection._unsent) is not behind:
                assert monotonic() < end
        assert len(rest(connection)) < LARGE


def test_answers_that_are_not_taken_are_bounded_together(large: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "MOST_UNSENT", LARGE + LARGE // 2)
    with connected(large, room=4096) as oldest, connected(large) as newest:
        for connection in (oldest, newest):
            connection.sendall(GET + b"Connection: close\r\n\r\n")
            assert connection.recv(1) == b"H"
        assert len(rest(oldest)) < LARGE
        assert len(rest(newest)) > LARGE


@pytest.mark.parametrize(("size", "status"), [(16_000, b"200"), (17_000, b"431")])
def test_a_line_of_a_head_may_have_16_kib(client: httpx.Client, size: int, status: bytes) -> None:
    with connected(client) as connection:
        connection.sendall(GET + b"Connection: close\r\nAccept-Encoding: " + b"x" * size + b"\r\n\r\n")
        answer = rest(connection)
    assert answer.split()[1] == status
    if status != b"200":
        assert refusal(answer) == 431


def test_bytes_behind_an_upgrade_are_not_read_as_a_request(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(GET + b"Connection: upgrade\r\nUpgrade: foo\r\n\r\n" + GET + b"\r\n")
        answers = rest(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 1
    assert b"connection: close" in answers.lower()


def test_more_connections_than_there_is_room_for_are_refused_and_the_log_says_so(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/healthz").status_code == 200  # the client keeps this connection
    monkeypatch.setattr(Connection, "MOST_OPEN", 3)
    monkeypatch.setattr(Connection, "_full_since", None)
    with connected(client), connected(client):
        for _ in range(2):
            with connected(client) as more:
                more.sendall(GET + b"\r\n")
                assert refusal(rest(more)) == 503
    assert client.get("/healthz").status_code == 200
    assert [record.getMessage() for record in caplog.records].count(
        "no room for more connections: raise the limit of open files"
    ) == 1
