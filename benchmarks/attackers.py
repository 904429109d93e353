"""Clients that abuse a server, each kind in a process of its own: ``… NAME PORT PAGE [INPUT]…``.

``PAGE`` is the path of a stored page; inputs are files or names of stored layouts, as the kind needs them. All
connections of one come from :data:`ADDRESS`. It works until its standard input ends, then prints what it saw, as JSON.

It is nice to the processors that it shares with the server: those of clients elsewhere are their own.
"""

import http.client
import itertools
import json
import os
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

ADDRESS = "127.0.0.66"
LIMIT = 64 << 20
"""Bytes that the server takes by default."""

_NICE = 10
_TEXT = {"Content-Type": "text/plain"}
_HEAD = "Host: 127.0.0.1\r\nAccept-Encoding: a"
_SLOW_CONNECTIONS = 1000
_PATIENCE = 120  # seconds for an answer
_PIECE, _PIECE_SECONDS = 1 << 16, 0.003
_PAUSE = 0.05  # seconds of way there and back, as of a client elsewhere

Seen = Counter[str]


class Target(msgspec.Struct, frozen=True):
    """What is attacked, with what, and what came of it. ``count`` is that of all threads."""

    port: int
    page: str
    inputs: list[str]
    seen: Seen
    count: Iterator[int]

    @property
    def input(self) -> str:
        """One of the inputs."""
        return random.choice(self.inputs)


def connect(port: int) -> socket.socket:
    """A connection from the one address."""
    return socket.create_connection(("127.0.0.1", port), _PATIENCE, source_address=(ADDRESS, 0))


def ask(target: Target, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> None:
    """One request on a connection of its own; a body in pieces is sent without its length."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, _PATIENCE, source_address=(ADDRESS, 0))
    try:
        connection.request(method, path, body, _TEXT if body else {}, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        answer.read()
        target.seen[str(answer.status)] += 1
    except (OSError, http.client.HTTPException):
        target.seen["closed"] += 1
    connection.close()
    time.sleep(_PAUSE)


def raw(target: Target, data: bytes, answers: int) -> None:
    """Send bytes, and count the statuses of so many answers, or of those that come before the connection ends."""
    received, count = b"", 0
    with suppress(OSError), connect(target.port) as connection:
        for piece in paced(data):
            connection.sendall(piece)
        while count < answers and (piece := connection.recv(_PIECE)):
            received += piece
            count = received.count(b"HTTP/1.1 ")
    statuses = [part[:3].decode() for part in received.split(b"HTTP/1.1 ")[1:]]
    target.seen.update(statuses or ["closed"])
    time.sleep(_PAUSE)


def paced(data: bytes) -> Iterator[bytes]:
    """Data in pieces as fast as a link of 1 Gbit/s carries them for four or eight threads.

    The loopback carries twenty times as much, and what it takes from the processors is no work of the server's.
    """
    for at in range(0, len(data), _PIECE):
        if at:
            time.sleep(_PIECE_SECONDS)
        yield data[at : at + _PIECE]


def heads(target: Target) -> None:
    """A head of 60,000 blanks, again and again."""
    raw(target, f"GET {target.page} HTTP/1.1\r\n{_HEAD}{' ' * 60_000}!\r\n\r\n".encode(), 1)


def pipelined(target: Target) -> None:
    """Twenty heads in one go, each with as many blanks as a line may have."""
    raw(target, f"GET {target.page} HTTP/1.1\r\n{_HEAD}{' ' * 16_000}!\r\n\r\n".encode() * 20, 20)


def views(target: Target) -> None:
    """Views of stored texts that nobody has asked for before."""
    name, size = target.input, next(target.count)
    for view in (
        f"/api/v1/layouts/{name}/place?size={4 * size}K&align=4K",
        f"/api/v1/layouts/{name}/simulate?append=mem%3D{size}G",
        f"/l/{name}.svg?append=mem%3D{size}G",
        f"/l/{name}/figure.json?find={size}G",
    ):
        ask(target, "GET", view)


def giants(target: Target) -> None:
    """What is at some place in a stored text, each time at another."""
    ask(target, "GET", f"/api/v1/layouts/{target.input}/lookup?at={next(target.count)}G")


def silent(target: Target) -> None:
    """A body of the largest size but for its last byte."""
    head = f"POST /api/v1/analyze HTTP/1.1\r\n{_HEAD}\r\nContent-Length: {LIMIT}\r\nContent-Type: text/plain\r\n\r\n"
    raw(target, head.encode() + b"x" * (LIMIT - 1), 1)


def texts(target: Target) -> None:
    """A text that is in a file, to be analysed."""
    ask(target, "POST", "/api/v1/analyze", Path(target.input).read_bytes())


def leaving(target: Target) -> None:
    """The same, for whose answer nobody waits."""
    body = Path(target.input).read_bytes()
    with suppress(OSError), connect(target.port) as connection:
        head = f"POST /api/v1/analyze HTTP/1.1\r\n{_HEAD}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        time.sleep(_PAUSE)
        target.seen["left"] += 1


def bodies(target: Target) -> None:
    """A body that is in a file, without its length, which would be refused unread."""
    ask(target, "POST", "/api/v1/analyze", paced(Path(target.input).read_bytes()))


def slow(target: Target) -> None:
    """A thousand connections, and a byte a second on each: whoever is closed comes again.

    A quarter each: a head that never ends, a body that never ends, slow chunks, an answer that is never taken.
    """
    head = f"POST /api/v1/analyze HTTP/1.1\r\n{_HEAD}\r\nContent-Type: text/plain\r\n"
    starts = [
        (head.encode() + b"X: ", b"x"),
        (f"{head}Content-Length: 5000000\r\n\r\nBIOS".encode(), b"x"),
        (f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), b"1\r\nx\r\n"),
        (f"GET {target.page} HTTP/1.1\r\n{_HEAD}\r\n\r\n".encode() * 3, b""),
    ]

    def begin(n: int) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.bind((ADDRESS, 0))
        connection.connect(("127.0.0.1", target.port))
        connection.sendall(starts[n % 4][0])
        connection.setblocking(False)
        return connection

    held = [begin(n) for n in range(_SLOW_CONNECTIONS)]
    target.seen["opened"] += len(held)
    while True:
        time.sleep(1)
        for n, connection in enumerate(held):
            try:
                connection.send(starts[n % 4][1])
                if n % 4 < 3 and not connection.recv(_PIECE):
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                connection.close()
                held[n] = begin(n)
                target.seen["opened again"] += 1


KINDS: dict[str, tuple[Callable[[Target], None], int]] = {
    "heads": (heads, 4),
    "pipelined": (pipelined, 4),
    "views": (views, 3),
    "giants": (giants, 30),
    "silent": (silent, 8),
    "texts": (texts, 18),
    "leaving": (leaving, 4),
    "bodies": (bodies, 4),
    "slow": (slow, 1),
}
"""What each does again and again, and in how many threads."""


def main() -> None:
    """Do it until standard input ends."""
    name, port, page, *inputs = sys.argv[1:]
    attack, threads = KINDS[name]
    target = Target(int(port), page, inputs, Counter(), itertools.count(1))

    def run() -> None:
        while True:
            attack(target)

    os.nice(_NICE)
    for _ in range(threads):
        threading.Thread(target=run, daemon=True).start()
    sys.stdin.read()
    print(json.dumps(dict(target.seen)), flush=True)
    os._exit(0)  # threads that wait for an answer are not waited for


if __name__ == "__main__":
    main()
