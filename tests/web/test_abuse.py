"""A thousand connections that send slowly, too much, or bombs: memory stays bounded, and others are served."""

import gzip
import os
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx

from pfnscope import zstd
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.process import command, free_port, peak
from tests.support.server import neighbour

LIMIT = 8 << 20


def test_memory_is_bounded_and_others_are_served(tmp_path: Path) -> None:
    port = free_port()
    settings = {"database_url": f"sqlite:///{tmp_path}/abuse.db", "rate_limit": "off", "max_body_bytes": LIMIT}
    with (
        command(port, tmp_path / "log", **settings) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client,
        ExitStack() as stack,
    ):
        name = client.post("/api/v1/layouts", content=EXAMPLE_LOG).json()["id"]
        large = gzip.compress(b"\n" * (2 << 20) + EXAMPLE_LOG.encode())
        # so that the process for large texts is there, with all that it needs to unpack them
        assert client.post("/api/v1/analyze", content=large).status_code == 200
        before = peak(server.pid)
        head = f"POST /api/v1/analyze HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\n"
        starts = (
            head.encode(),  # never ends its headers
            f"{head}Content-Length: 5000000\r\n\r\nBIOS".encode(),  # never ends its body
            f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 12,
            f"GET /l/{name}.json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode(),  # never reads its answer
        )
        for n in range(1000):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setblocking(False)
            connection.send(starts[n % len(starts)])

        seen: Counter[int] = Counter()

        def send(number: int, body: bytes) -> None:
            with neighbour(client, number) as own:
                seen[own.post("/api/v1/analyze", content=body).status_code] += 1

        bombs = [pack(b"\0" * (1 << 28)) for pack in (gzip.compress, zstd.compress)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(send, range(12), [*bombs * 4, *[os.urandom(LIMIT + 1)] * 4]))
        assert set(seen) <= {413, 503}, seen
        for path in ("/healthz", f"/l/{name}", f"/l/{name}.json", "/rules"):
            assert client.get(path).status_code == 200
        # bodies and what they unpack to, the second process for large texts, and 100 kB for each connection
        assert peak(server.pid) - before < 8 * LIMIT + before + 1000 * 100_000
