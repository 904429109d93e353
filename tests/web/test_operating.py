"""What those who run a server rely on: numbers, logs without texts, ids, refusals in time, methods and CORS."""

import gzip
import json
import logging
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

import httpx
import pytest

from pfnscope import service, zstd
from pfnscope.formats import rulebook
from pfnscope.service import jobs
from pfnscope.web import api, server
from pfnscope.web.observe import JsonLines
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.process import command, free_port
from tests.support.samples import text as sample
from tests.support.server import Serve, neighbour

LOG = EXAMPLE_LOG
SECRET = "hush-52-54-00-12-34-56"


def numbers(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def test_requests_analyses_refusals_and_storage_are_counted(client: httpx.Client) -> None:
    name = client.post("/api/v1/layouts", content=LOG).json()["id"]
    client.get(f"/l/{name}.json")
    client.get(f"/l/{name}.json")
    client.head(f"/l/{name}.json")
    client.get(f"/api/v1/layouts/{'A' * 16}")
    client.post("/api/v1/analyze", content="nothing")
    metrics = numbers(client)
    assert metrics['pfnscope_requests_total{method="GET",route="/l/{layout_id}.{form}",status="200"}'] == 2
    assert metrics['pfnscope_requests_total{method="HEAD",route="/l/{layout_id}.{form}",status="200"}'] == 1
    assert metrics['pfnscope_refusals_total{reason="unknown"}'] == 1
    assert metrics['pfnscope_refusals_total{reason="no layout"}'] == 1
    assert metrics['pfnscope_request_seconds_count{route="/api/v1/layouts"}'] == 1
    assert metrics['pfnscope_analysis_seconds_count{place="thread"}'] >= 3
    assert metrics['pfnscope_layouts_total{event="stored"}'] == 1
    assert (metrics["pfnscope_storage_up"], metrics["pfnscope_layouts_stored"]) == (1, 1)


def test_a_request_keeps_the_id_that_a_proxy_gave_it(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-123-def"}).headers["x-request-id"] == "abc-123-def"
    ids = {
        client.get("/healthz", headers={"X-Request-ID": name}).headers["x-request-id"] for name in ("", "<b>", "x" * 99)
    }
    assert len(ids) == 3
    assert not {"", "<b>", "x" * 99} & ids


def test_logs_and_numbers_tell_nothing_of_what_was_sent(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    database = f"sqlite:///{tmp_path}/{SECRET[:4]}.db"
    with command(port, log, "--workers", "2", database_url=database) as server:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            body = sample("seed-1g-4g") + f"\nx: {SECRET}\n".encode()
            created = client.post(
                "/api/v1/layouts", content=body, params={"title": SECRET, "keep": "everything"}
            ).json()
            for path in (
                f"/l/{created['id']}",
                f"/l/{created['id']}.txt?append={SECRET}",
                f"/{SECRET}",
                f"/l/{SECRET}",
            ):
                client.get(path)
            client.post("/api/v1/analyze", content=SECRET)
            client.post("/api/v1/analyze", content=LOG, params={"kernel": SECRET})
            client.post("/api/v1/layouts", json={"log": SECRET, SECRET: 1})
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            assert client.post("/api/v1/layouts", content=SECRET, headers=kind).status_code == 400
            client.delete(
                f"/api/v1/layouts/{created['id']}", headers={"Authorization": f"Bearer {created['delete_token']}"}
            )
            shown = client.get("/metrics").text
            assert 'pfnscope_layouts_total{event="deleted"} 1' in shown, "the processes of one server count together"
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    written = log.read_text()
    opening, *others = written.splitlines()
    assert opening == f"Open http://127.0.0.1:{port} (Ctrl+C ends it)"
    lines = [json.loads(line) for line in others]
    requests = [line for line in lines if line["message"] == "request"]
    assert {"/l/{layout_id}", "/api/v1/layouts", "none"} <= {line["route"] for line in requests}
    assert all(line["request_id"] and line["ms"] > 0 for line in requests)
    for needle in (SECRET, created["id"], created["delete_token"], "BIOS-e820"):
        assert needle not in written
        assert needle not in shown


def test_an_error_is_logged_by_kind_and_place_without_its_words(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[Exception] = []

    def broken() -> None:
        raised.append(ZeroDivisionError(SECRET))
        raise raised[0]

    monkeypatch.setattr(rulebook, "rules", broken)
    api.rule_book.cache_clear()
    answer = serve().get("/api/v1/rules", headers={"X-Request-ID": "abc-123-def"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "abc-123-def")
    info = (ZeroDivisionError, raised[0], raised[0].__traceback__)
    line = JsonLines().format(logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "Exception", (), info))
    assert SECRET not in line
    error = json.loads(line)["error"][0]
    assert error["kind"] == "ZeroDivisionError"
    assert any("api.py" in place and "rules" in place for place in error["places"])


def test_more_clients_than_can_wait_are_refused_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    release, began = Event(), Event()
    read = jobs._read

    def slow(text: bytes, most_ranges: int) -> object:
        began.set()
        release.wait(60)
        return read(text, most_ranges)

    def post(number: int) -> httpx.Response:
        with neighbour(client, number) as other:
            return other.post("/api/v1/analyze", content=LOG)

    client = serve(analyses=1)
    name = client.post("/api/v1/layouts", content=LOG).json()["id"]
    client.get(f"/l/{name}.json")
    monkeypatch.setattr(jobs, "_read", slow)
    with ThreadPoolExecutor(30) as pool:
        answers = [pool.submit(post, number) for number in range(20)]
        began.wait(60)
        refused = next(answer.result() for answer in as_completed(answers))
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) > 0
        # what is not analysed anew is served as ever
        assert [client.get(path).status_code for path in ("/healthz", "/readyz", f"/l/{name}.json")] == [200] * 3
        release.set()
        assert {answer.result().status_code for answer in answers} == {200, 503}


def test_an_analysis_that_takes_too_long_is_given_up(serve: Serve) -> None:
    client = serve(analysis_seconds=0.001)
    for log in (LOG.encode(), sample("seed-1g-4g") * 4):  # in a thread, and in a process
        answer = client.post("/api/v1/analyze", content=log)
        assert answer.status_code == 413
        assert "takes longer than 0.001 seconds" in answer.json()["detail"]
    assert client.get("/healthz").status_code == 200


def test_a_text_of_too_many_ranges_is_refused(serve: Serve) -> None:
    client = serve(max_ranges=100)
    many = "".join(f"BIOS-e820: [mem {n * 8192:#018x}-{n * 8192 + 4095:#018x}] usable\n" for n in range(101))
    answers = [
        client.post(path, content=many)
        for path in ("/api/v1/analyze", "/api/v1/layouts", "/api/v1/simulate", "/api/v1/place?size=1G")
    ]
    assert [answer.status_code for answer in answers] == [413] * 4
    assert "at most 100" in answers[0].json()["detail"]
    assert client.get("/api/v1/limits").json()["max_ranges"] == 100


def test_a_process_gives_the_answer_that_a_thread_gives(client: httpx.Client) -> None:
    log = sample("seed-1g-4g")
    assert client.post("/api/v1/analyze", content=log).content == service.encode(service.analyze(log).document)
    refused = client.post("/api/v1/analyze", content=b"nothing\n" * 9000)
    assert refused.status_code == 422
    assert refused.json()["looked_for"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/layouts", "OPTIONS, POST"),
        (f"/api/v1/layouts/{'A' * 16}", "DELETE, GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_an_address_tells_its_methods(client: httpx.Client, path: str, methods: str) -> None:
    response = client.options(path)
    assert (response.status_code, response.headers["allow"]) == (204, methods)
    refused = client.request("PATCH", path)
    assert (refused.status_code, refused.headers["allow"]) == (405, methods)
    assert refused.headers["content-type"] == "application/problem+json"


def test_scripts_of_named_sites_may_read_the_api_and_nothing_else(serve: Serve) -> None:
    origin = "https://tools.example"
    closed, opened = serve(), serve(cors_origins=origin)
    headers = {"Origin": origin}
    name = opened.post("/api/v1/layouts", content=LOG).json()["id"]
    path = f"/api/v1/layouts/{name}"
    assert "access-control-allow-origin" not in closed.get(path, headers=headers).headers
    for _ in range(2):  # made, then from memory
        assert opened.get(path, headers=headers).headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in opened.get(path, headers={"Origin": "https://evil.example"}).headers
    assert "access-control-allow-origin" not in opened.get(f"/l/{name}", headers=headers).headers
    before = {**headers, "Access-Control-Request-Method": "DELETE"}
    refused = opened.options(path, headers=before)
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    assert "DELETE" not in refused.headers.get("access-control-allow-methods", "")
    assert opened.options(path, headers={**before, "Access-Control-Request-Method": "GET"}).status_code == 204


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_small_archive_of_a_large_text_is_not_unpacked_beside_the_event_loop(
    serve: Serve, pack: Callable[[bytes], bytes]
) -> None:
    client = serve()

    def counted(place: str) -> float:
        return numbers(client).get(f'pfnscope_analysis_seconds_count{{place="{place}"}}', 0)

    small = pack(LOG.encode())
    assert client.post("/api/v1/analyze", content=small).status_code == 200
    assert counted("process") == 0
    bomb = pack(b"\0" * (80 << 20))
    assert len(bomb) < 100_000
    assert client.post("/api/v1/analyze", content=bomb).status_code == 413
    assert counted("process") == 1
    large = pack(LOG.encode() + b"\n" * (2 << 20))
    assert client.post("/api/v1/analyze", content=large).json() == client.post("/api/v1/analyze", content=LOG).json()


def test_what_other_libraries_say_is_not_told() -> None:
    record = logging.LogRecord("python_multipart.multipart", logging.WARNING, "/x.py", 7, "got %r", (SECRET,), None)
    assert json.loads(JsonLines().format(record))["message"] == "/x.py:7 spoke"


def test_a_traceback_that_comes_as_a_message_is_not_told() -> None:
    """As the one of a server that cannot start, whose last lines are a statement with what it was given."""
    words = f"Traceback (most recent call last):\n  ...\nsqlite3.DatabaseError: {SECRET}"
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "/on.py", 7, words, None, None)
    assert json.loads(JsonLines().format(record))["message"] == "/on.py:7 spoke"


@pytest.mark.parametrize(("proxies", "other"), [("", 429), ("127.0.0.1", 200), ("192.0.2.7, 127.0.0.0/8", 200)])
def test_a_forwarded_address_is_believed_of_trusted_proxies_only(tmp_path: Path, proxies: str, other: int) -> None:
    port = free_port()
    settings = {"database_url": f"sqlite:///{tmp_path}/a.db", "rate_limit": "1/hour", "trusted_proxies": proxies}

    def post(forwarded: str) -> int:
        address = f"http://127.0.0.1:{port}/api/v1/analyze"
        return httpx.post(address, content=LOG, headers={"X-Forwarded-For": forwarded}, trust_env=False).status_code

    with command(port, tmp_path / "log", **settings):
        assert post("198.51.100.1") == 200
        assert post("198.51.100.2") == other
        # What a client wrote itself stands before what the proxy saw.
        assert post("203.0.113.9, 198.51.100.1") == 429


_SLOW_TO_START = """
import sys, time
if "--multiprocessing-fork" in sys.argv:
    time.sleep(7)
"""


def test_workers_that_start_slowly_are_given_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn kills a worker that does not answer within 5 seconds, which a busy machine needs to import the app."""
    (tmp_path / "sitecustomize.py").write_text(_SLOW_TO_START)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    log = tmp_path / "log"
    with command(free_port(), log, "--workers", "2", database_url=f"sqlite:///{tmp_path}/a.db"):
        assert "died" not in log.read_text()


def test_every_interface_is_that_of_ipv4_too(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, object] = {}

    def listener(_: object, **values: object) -> socket.socket:
        options.update(values)
        return socket.socket()

    monkeypatch.setattr(socket, "create_server", listener)
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: True)
    for host, both in (("::", True), ("::1", False), ("127.0.0.1", False)):
        server._listening(host, 0).close()
        assert options["dualstack_ipv6"] is both
