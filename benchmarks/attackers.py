"""Clients that abuse a server, each kind in a process of its own: ``python benchmarks/attackers.py NAME PORT PATH``.

All connections of one come from :data:`ADDRESS`. It works until its standard input ends, then prints what it saw, as
JSON. ``PATH`` is a file or a path of the server, as the kind needs it.

It is nice to the processors that it shares with the server: those of clients elsewhere are their own.
"""

import http.client
import itertools
import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

ADDRESS = "127.0.0.66"
LIMIT = 64 << 20
"""Bytes that the server takes by default."""

_NICE = 10
_TEXT = {"Content-Type": "text/plain"}
_HEAD = "Host: 127.0.0.1\r\nAccept-Encoding: a"
_SLOW_CONNECTIONS = 1000
_PATIENCE = 120  # seconds for an answer
_PAUSE = 0.05  # seconds of way there and back, as of a client elsewhere

Seen = Counter[str]


def connect(port: int) -> socket.socket:
    """A connection from the one address."""
    return socket.create_connection(("127.0.0.1", port), _PATIENCE, source_address=(ADDRESS, 0))


def ask(port: int, seen: Seen, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> None:
    """One request on a connection of its own; a body in pieces is sent without its length."""
    connection = http.client.HTTPConnection("127.0.0.1", port, _PATIENCE, source_address=(ADDRESS, 0))
    try:
        connection.request(method, path, body, _TEXT if body else {}, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        answer.read()
        seen[str(answer.status)] += 1
    except OSError:
        seen["closed"] += 1
    connection.close()
    time.sleep(_PAUSE)


def raw(port: int, seen: Seen, data: bytes, answers: int) -> None:
    """Send bytes, and count the statuses of so many answers, or of those that come before the connection ends."""
    received, count = b"", 0
    with suppress(OSError), connect(port) as connection:
        connection.sendall(data)
        while count < answers and (piece := connection.recv(1 << 16)):
            received += piece
            count = received.count(b"HTTP/1.1 ")
    statuses = [part[:3].decode() for part in received.split(b"HTTP/1.1 ")[1:]]
    seen.update(statuses or ["closed"])
    time.sleep(_PAUSE)


def heads(port: int, path: str, seen: Seen) -> None:
    """A head of 60,000 blanks, again and again."""
    raw(port, seen, f"GET {path} HTTP/1.1\r\n{_HEAD}{' ' * 60_000}!\r\n\r\n".encode(), 1)


def pipelined(port: int, path: str, seen: Seen) -> None:
    """Twenty heads in one go, each with as many blanks as a line may have."""
    raw(port, seen, f"GET {path} HTTP/1.1\r\n{_HEAD}{' ' * 16_000}!\r\n\r\n".encode() * 20, 20)


def views(port: int, path: str, seen: Seen) -> None:
    """Views of stored texts that nobody has asked for before. ``path`` is a file with their names, one a line."""
    names = Path(path).read_text().split()
    for name, size in itertools.product(names, _NUMBERS):
        for view in (
            f"/api/v1/layouts/{name}/place?size={4 * size}K&align=4K",
            f"/api/v1/layouts/{name}/simulate?append=mem%3D{size}G",
            f"/l/{name}.svg?append=mem%3D{size}G",
            f"/l/{name}/figure.json?find={size}G",
        ):
            ask(port, seen, "GET", view)


_NUMBERS = range(1, 1 << 20)


def silent(port: int, _: str, seen: Seen) -> None:
    """A body of the largest size but for its last byte."""
    head = f"POST /api/v1/analyze HTTP/1.1\r\n{_HEAD}\r\nContent-Length: {LIMIT}\r\nContent-Type: text/plain\r\n\r\n"
    raw(port, seen, head.encode() + b"x" * (LIMIT - 1), 1)


def texts(port: int, path: str, seen: Seen) -> None:
    """A text that is in a file, to be analysed."""
    ask(port, seen, "POST", "/api/v1/analyze", Path(path).read_bytes())


def leaving(port: int, path: str, seen: Seen) -> None:
    """The same, for whose answer nobody waits."""
    body = Path(path).read_bytes()
    with suppress(OSError), connect(port) as connection:
        head = f"POST /api/v1/analyze HTTP/1.1\r\n{_HEAD}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        time.sleep(_PAUSE)
        seen["left"] += 1


def bodies(port: int, path: str, seen: Seen) -> None:
    """A body that is in a file, without its length, which would be refused unread.

    As fast as a link of 1 Gbit/s carries it with four of these: the loopback carries twenty times as much, and what it
    takes from the processors is no work of the server's.
    """
    body = Path(path).read_bytes()

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(body), 1 << 16):
            yield body[at : at + (1 << 16)]
            time.sleep(0.002)

    ask(port, seen, "POST", "/api/v1/analyze", pieces())


def slow(port: int, path: str, seen: Seen) -> None:
    """A thousand connections, and a byte a second on each: whoever is closed comes again.

    A quarter each: a head that never ends, a body that never ends, slow chunks, an answer that is never taken.
    """
    head = f"POST /api/v1/analyze HTTP/1.1\r\n{_HEAD}\r\nContent-Type: text/plain\r\n"
    starts = [
        (head.encode() + b"X: ", b"x"),
        (f"{head}Content-Length: 5000000\r\n\r\nBIOS".encode(), b"x"),
        (f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), b"1\r\nx\r\n"),
        (f"GET {path} HTTP/1.1\r\n{_HEAD}\r\n\r\n".encode() * 3, b""),
    ]

    def begin(n: int) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.bind((ADDRESS, 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(starts[n % 4][0])
        connection.setblocking(False)
        return connection

    held = [begin(n) for n in range(_SLOW_CONNECTIONS)]
    seen["opened"] += len(held)
    while True:
        time.sleep(1)
        for n, connection in enumerate(held):
            try:
                connection.send(starts[n % 4][1])
                if n % 4 < 3 and not connection.recv(1 << 16):
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                connection.close()
                held[n] = begin(n)
                seen["opened again"] += 1


KINDS: dict[str, tuple[Callable[[int, str, Seen], None], int]] = {
    "heads": (heads, 4),
    "pipelined": (pipelined, 4),
    "views": (views, 3),
    "silent": (silent, 8),
    "texts": (texts, 18),
    "leaving": (leaving, 4),
    "bodies": (bodies, 4),
    "slow": (slow, 1),
}
"""What each does again and again, and in how many threads."""


def main() -> None:
    """Do it until standard input ends."""
    name, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    attack, threads = KINDS[name]
    seen: Seen = Counter()

    def run() -> None:
        while True:
            attack(port, path, seen)

    os.nice(_NICE)
    for _ in range(threads):
        threading.Thread(target=run, daemon=True).start()
    sys.stdin.read()
    print(json.dumps(dict(seen)), flush=True)
    os._exit(0)  # threads that wait for an answer are not waited for


if __name__ == "__main__":
    main()
