"""Prints how fast the server is, as ratios of figures taken in this one run, on one worker over the loopback.

Every figure is a median of alternating rounds. The clients are a process of their own, so they cost the server nothing
but the processor that both share.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.texts import SAMPLES
from pfnscope.service import analyze, encode

ROUNDS = 5
REQUESTS = 1500
CONNECTIONS = 8
AS_PAGE = {"Accept": "text/html"}
COMMAND = Path(sys.executable).with_name("pfnscope")
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Response
body = open(sys.argv[1], "rb").read()
app = FastAPI()
@app.get("/l/{name}")
async def page(name: str) -> Response:
    return Response(body, media_type="text/html; charset=utf-8")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def main() -> None:
    """Measure everything and print one line a figure."""
    log = (SAMPLES / "oops-1g-4g" / "dmesg.txt").read_bytes()[:60_000]
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/bench.db"
        with served(str(COMMAND), "serve", "--port", "{port}", database=database) as ours:
            stored = json.loads(send(ours, "POST", "/api/v1/layouts", log)[1])
            path = f"/l/{stored['id']}"
            page = Path(folder, "page.html")
            page.write_bytes(send(ours, "GET", path)[1])
            with served(sys.executable, "-c", BARE, str(page), "{port}", database=database) as bare:
                stored_pages(ours, bare, path)
            analyses(ours, log)
            under_load(ours, path, log)


def stored_pages(ours: int, bare: int, path: str) -> None:
    """Requests a second of a stored page against those of a route that only returns the bytes."""
    rates: tuple[list[float], list[float]] = ([], [])
    for port in (ours, bare):
        hammer(port, path, 200)
    for _ in range(ROUNDS):
        for rate, port in zip(rates, (ours, bare), strict=True):
            start = perf_counter()
            hammer(port, path, REQUESTS)
            rate.append(REQUESTS / (perf_counter() - start))
    one, other = median(rates[0]), median(rates[1])
    show(
        one / other,
        "0.7 or more",
        f"GET /l/{{id}} / a bare FastAPI route of the same bytes: {one:.0f}/s / {other:.0f}/s",
    )


def analyses(port: int, log: bytes) -> None:
    """Time of an analysis in this process against that of a request for it."""

    def here() -> bytes:
        return encode(analyze(log).document)

    assert here() == send(port, "POST", "/api/v1/analyze", log)[1]
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def there() -> object:
        connection.request("POST", "/api/v1/analyze", log, {"Content-Type": "text/plain"})
        return connection.getresponse().read()

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(40):
        for seconds, call in zip(times, (here, there), strict=True):
            start = perf_counter()
            call()
            seconds.append(perf_counter() - start)
    one, other = median(times[0]), median(times[1])
    show(
        one / other, "0.8 or more", f"analysis of 60 kB in process / by POST: {one * 1e3:.1f} ms / {other * 1e3:.1f} ms"
    )


def under_load(port: int, path: str, log: bytes) -> None:
    """Latency of a stored page alone and beside more analyses than the server takes."""
    alone = latencies(port, path, 600)
    with TemporaryDirectory() as folder:
        Path(folder, "log").write_bytes(log)
        load = [sys.executable, "-c", _LOAD, str(port), f"{folder}/log", "40"]
        with subprocess.Popen(load, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
            sleep(1)
            busy = latencies(port, path, 2000)
            statuses = json.loads(clients.communicate("stop")[0])
    typical, worst = median(alone), quantiles(busy, n=100)[98]
    refused = statuses.count(503)
    show(
        worst / typical,
        "below 10",
        f"p99 of a stored page beside 40 clients that analyse / its median alone: {worst * 1e3:.1f} ms / "
        f"{typical * 1e3:.1f} ms; {len(statuses) - refused} analysed, {refused} told to wait, "
        f"{sum(status not in (200, 503) for status in statuses)} otherwise",
    )


def latencies(port: int, path: str, count: int) -> list[float]:
    """Seconds of so many requests on one connection, one after another."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    seconds = []
    for _ in range(count):
        start = perf_counter()
        connection.request("GET", path, headers=AS_PAGE)
        connection.getresponse().read()
        seconds.append(perf_counter() - start)
    return seconds


_HAMMER = """
import socket, sys, threading
port, path, count, connections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
request = f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nAccept: text/html\\r\\n\\r\\n".encode()
def run():
    with socket.create_connection(("127.0.0.1", port)) as to:
        buffer = bytearray(1 << 20)
        for _ in range(count // connections):
            to.sendall(request)
            got = to.recv_into(buffer)
            head = bytes(buffer[:got])
            assert head.startswith(b"HTTP/1.1 200"), head[:80]
            while b"\\r\\n\\r\\n" not in head:
                head += to.recv(65536); got = len(head)
            start = head.index(b"\\r\\n\\r\\n") + 4
            for line in head[:start].lower().split(b"\\r\\n"):
                if line.startswith(b"content-length:"):
                    left = int(line[15:]) - (got - start)
            while left:
                left -= to.recv_into(buffer, left)
threads = [threading.Thread(target=run) for _ in range(connections)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
"""


# Clients, each with an address of its own, that come again as soon as they have an answer; where they are told to wait,
# after a tenth of a second.
_LOAD = """
import http.client, json, sys, threading, time
body, statuses, over = open(sys.argv[2], "rb").read(), [], threading.Event()
def run(n):
    while not over.is_set():
        source = (f"127.0.1.{n + 1}", 0)
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=120, source_address=source)
        connection.request("POST", "/api/v1/analyze", body, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        statuses.append(answer.status)
        if answer.status != 200:
            time.sleep(0.1)
threads = [threading.Thread(target=run, args=(n,)) for n in range(int(sys.argv[3]))]
[thread.start() for thread in threads]
sys.stdin.read()
over.set()
[thread.join() for thread in threads]
print(json.dumps(statuses))
"""


def hammer(port: int, path: str, count: int) -> None:
    """Send so many requests over a few connections, from a process that does as little else as possible."""
    subprocess.run([sys.executable, "-c", _HAMMER, str(port), path, str(count), str(CONNECTIONS)], check=True)


def send(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, {"Content-Type": "text/plain"} if body else AS_PAGE)
    answer = connection.getresponse()
    status_and_body = answer.status, answer.read()
    connection.close()
    return status_and_body


@contextmanager
def served(*command: str, database: str) -> Iterator[int]:
    """Start a server on a free port; the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "PFNSCOPE_DATABASE_URL": database, "PFNSCOPE_RATE_LIMIT": "off"}
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in command], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        _until(lambda: socket.create_connection(("127.0.0.1", port)).close())
        yield port
    finally:
        process.terminate()
        process.wait()


def _until(attempt: Callable[[], object]) -> None:
    for _ in range(300):
        try:
            attempt()
        except ConnectionRefusedError:
            sleep(0.1)
        else:
            return
    raise SystemExit("the server does not start")


def show(figure: float, goal: str, what: str) -> None:
    """One line."""
    print(f"{figure:8.2f}  (goal {goal})  {what}", flush=True)


if __name__ == "__main__":
    main()
