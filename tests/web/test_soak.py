"""Many clients at once, and a server that is killed while they write: nothing acknowledged is lost or wrong.

Short here; ``make soak`` sets SOAK to the seconds and the number of kills that are wanted.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import httpx
import pytest

from pfnscope.service.layouts import open_layouts
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.process import command, free_port

SECONDS, KILLS = (float(part) for part in os.environ.get("SOAK", "2 3").split())
CLIENTS = 32


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/soak.db"
        return
    yield request.getfixturevalue("postgres_url")


def log(number: int) -> str:
    """A log that no other number gives: its release tells which it is."""
    return EXAMPLE_LOG.replace("Linux version 4.17.0", f"Linux version 4.17.{number}")


def write(client: httpx.Client, number: int) -> str | None:
    """The name of a new layout, or None where the server was not there to acknowledge it."""
    try:
        answer = client.post("/api/v1/layouts", content=log(number))
    except httpx.TransportError:
        return None
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["id"]
    return name


def assert_readable(client: httpx.Client, database: str, written: dict[str, int]) -> None:
    """All of them in the storage, and some as a client sees them."""
    layouts = open_layouts(database)
    expected = {name: f"Linux version 4.17.{number} ".encode() for name, number in written.items()}
    lost = [name for name, words in expected.items() if words not in layouts.get(name).text]
    layouts.close()
    assert lost == []
    for name in random.sample(sorted(written), 5):
        assert release(client, name) == f"4.17.{written[name]}"


def release(client: httpx.Client, name: str) -> str:
    answer = client.get(f"/api/v1/layouts/{name}")
    assert answer.status_code == 200, answer.text
    release: str = answer.json()["kernel"]["release"]
    return release


def test_readers_and_writers_get_what_was_written(tmp_path: Path, database: str) -> None:
    port = free_port()
    written: dict[str, int] = {}
    seen: Counter[str] = Counter()
    settings = {"database_url": database, "rate_limit": "off", "analyses": 16}
    with command(port, tmp_path / "log", "--workers", "2", **settings):

        def client() -> httpx.Client:
            return httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60, verify=False)

        with client() as own:
            first = own.post("/api/v1/layouts", content=log(0))
            written[first.json()["id"]] = 0  # so that readers have something
        end = monotonic() + SECONDS

        def writer(which: int) -> None:
            number = which * 100_000
            with client() as own:
                while number == which * 100_000 or monotonic() < end:
                    answer = own.post("/api/v1/layouts", content=log(number))
                    seen[f"written {answer.status_code}"] += 1
                    if answer.status_code == 201:
                        written[answer.json()["id"]] = number
                    number += 1

        def reader(_: int) -> None:
            with client() as own:
                while monotonic() < end:
                    name, number = random.choice(list(written.items()))
                    answer = own.get(f"/api/v1/layouts/{name}")
                    seen[f"read {answer.status_code}"] += 1
                    if answer.status_code == 200 and answer.json()["kernel"]["release"] != f"4.17.{number}":
                        seen["wrong"] += 1

        with ThreadPoolExecutor(2 * CLIENTS) as pool:
            done = [pool.submit(work, n) for work in (writer, reader) for n in range(CLIENTS)]
        assert [future.exception() for future in done if future.exception()] == []
        assert set(seen) <= {"written 201", "read 200"}, seen
        assert len(written) == seen["written 201"] + 1
        assert min(seen.values()) >= CLIENTS, seen
        with client() as own:
            assert_readable(own, database, written)


def test_what_was_acknowledged_survives_kills(tmp_path: Path, database: str) -> None:
    port = free_port()
    written: dict[str, int] = {}
    settings = {"database_url": database, "rate_limit": "off", "analyses": 8}
    for kill in range(int(KILLS)):
        with (
            command(port, tmp_path / "log", **settings) as server,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client,
        ):

            def writer(which: int, kill: int = kill, client: httpx.Client = client) -> None:
                for number in range(kill * 1_000_000 + which * 1000, kill * 1_000_000 + which * 1000 + 1000):
                    name = write(client, number)
                    if name is None:
                        return
                    written[name] = number

            with ThreadPoolExecutor(4) as pool:
                before = len(written)
                done = [pool.submit(writer, n) for n in range(4)]
                while len(written) < before + 5 + kill % 7:
                    assert server.poll() is None
                server.send_signal(signal.SIGKILL)
            assert [future.exception() for future in done if future.exception()] == []
            assert len(written) > before
    with (
        command(port, tmp_path / "log", **settings),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client,
    ):
        assert_readable(client, database, written)
