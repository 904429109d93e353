"""A real Redis server on the loopback, which a test may stop and start."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from redis import Redis
from redis.exceptions import ConnectionError as NotThere

from tests.support.process import free_port


class Counting:
    """One server without files; its address is ``url``."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self._home))
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        end = monotonic() + 30
        with Redis(port=self.port) as client:
            while True:
                try:
                    client.ping()
                except NotThere:
                    assert self._process.poll() is None, "redis-server has ended; make setup-dev installs it"
                    assert monotonic() < end, "redis-server does not answer"
                else:
                    return

    def stop(self) -> None:
        """End it at once, as when its machine goes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running(home: Path) -> Iterator[Counting]:
    """A server until the context is left."""
    server = Counting(home)
    server.start()
    try:
        yield server
    finally:
        server.stop()
