"""Prints what stored pages cost while others abuse the server, as ratios to the same pages of the idle server.

Four abuses, each alone and then all at once: 1,000 connections that send or take next to nothing, bodies larger than is
allowed, archives that unpack to more than is allowed. Then the memory that the server has held at most. The clients are
processes of their own; they share the processors with the server. Measured is from five seconds after they began, since
a thousand requests that come in one moment wait for each other.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import sleep

import zstandard

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.serve import COMMAND, _until, latencies, send, show
from benchmarks.texts import SAMPLES
from tests.support.process import peak

REQUESTS = 1000
LIMIT = 64 << 20  # the server's default

# A quarter each: a head that never ends, a body that never ends, slow chunks, an answer that is never taken.
# Whoever is closed comes again; a byte a second and connection is all that is sent.
_SLOW = """
import select, socket, sys, time
port, path = int(sys.argv[1]), sys.argv[2]
head = f"POST /api/v1/analyze HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nContent-Type: text/plain\\r\\n"
starts = [
    (head.encode() + b"X: ", b"x"),
    (f"{head}Content-Length: 5000000\\r\\n\\r\\nBIOS".encode(), b"x"),
    (f"{head}Transfer-Encoding: chunked\\r\\n\\r\\n".encode(), b"1\\r\\nx\\r\\n"),
    (f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n".encode() * 3, b""),
]
def connect(n):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(starts[n % 4][0])
    connection.setblocking(False)
    return connection
held, again = [connect(n) for n in range(1000)], 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 1)[0]:
    for n, connection in enumerate(held):
        try:
            connection.send(starts[n % 4][1])
            if n % 4 < 3 and not connection.recv(65536):
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:
            connection.close()
            held[n] = connect(n)
            again += 1
print(f"{again} closed and opened again")
"""

# Four clients that send the same body again and again, together as fast as a link of 1 Gbit/s carries it: the loopback
# carries twenty times as much, and what it takes from the processors is no work of the server's.
_SENDER = """
import collections, http.client, json, sys, threading, time
body, seen, over = open(sys.argv[2], "rb").read(), collections.Counter(), threading.Event()
def pieces():
    for at in range(0, len(body), 65536):
        yield body[at : at + 65536]
        time.sleep(0.002)
def run():
    while not over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=120)
        try:
            # without its length, which would be refused unread
            kind = {"Content-Type": "text/plain"}
            connection.request("POST", "/api/v1/analyze", pieces(), kind, encode_chunked=True)
            seen[connection.getresponse().status] += 1
        except OSError:
            seen["closed"] += 1
        connection.close()
        time.sleep(0.05)
threads = [threading.Thread(target=run) for _ in range(4)]
[thread.start() for thread in threads]
print("ready", flush=True)
sys.stdin.read()
over.set()
[thread.join() for thread in threads]
print(json.dumps(seen))
"""


def main() -> None:
    """Measure each abuse and print one line a figure."""
    with TemporaryDirectory() as name, served(name) as (port, pid):
        folder = Path(name)
        path = f"/l/{json.loads(send(port, 'POST', '/api/v1/layouts', log())[1])['id']}"
        bodies = {
            "huge bodies": os.urandom(LIMIT + 1),
            "bombs of gzip": gzip.compress(b"\0" * (1 << 30), 1),
            "bombs of zstd": zstandard.compress(b"\0" * (1 << 30)),
        }
        abuses = {"1,000 slow connections": [sys.executable, "-c", _SLOW, str(port), f"{path}.json"]}
        for what, body in bodies.items():
            file = folder / what.replace(" ", "-")
            file.write_bytes(body)
            abuses[what] = [sys.executable, "-c", _SENDER, str(port), str(file)]
        latencies(port, path, 200)
        typical = median(latencies(port, path, REQUESTS))
        idle = peak(pid)
        for what, command in abuses.items():
            measure(port, path, typical, what, [command])
        measure(port, path, typical, "all at once", [*abuses.values()])
        print(f"          memory of the server at most: {peak(pid) >> 20} MB; {idle >> 20} MB before, idle", flush=True)


def measure(port: int, path: str, typical: float, what: str, commands: list[list[str]]) -> None:
    """The 99th percentile of a stored page beside these clients, over its median alone."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for command in commands
        ]
        for client in clients:
            assert client.stdout is not None
            client.stdout.readline()
        sleep(5)
        seconds = latencies(port, path, REQUESTS)
        reports = [client.communicate("stop")[0].strip() for client in clients]
    worst = quantiles(seconds, n=100)[98]
    show(
        worst / typical,
        "below 10",
        f"p99 of a stored page beside {what} / its median alone: {worst * 1e3:.1f} ms / {typical * 1e3:.1f} ms"
        f" (median {median(seconds) * 1e3:.1f} ms; they saw: {'; '.join(reports)})",
    )


def log() -> bytes:
    """A log of a usual size."""
    return (SAMPLES / "oops-1g-4g" / "dmesg.txt").read_bytes()[:60_000]


@contextmanager
def served(folder: str) -> Iterator[tuple[int, int]]:
    """Start the server; its port and process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"PFNSCOPE_DATABASE_URL": f"sqlite:///{folder}/abuse.db", "PFNSCOPE_RATE_LIMIT": "off"}
    command = [str(COMMAND), "serve", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: socket.create_connection(("127.0.0.1", port)).close())
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
