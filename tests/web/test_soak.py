"""Many clients at once, a server that is killed, a database that stops: what is acknowledged is there, deleted is gone.

Short here; ``make soak`` sets SOAK to the seconds and the number of kills that are wanted.
"""

import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic

import httpx
import pytest
from sqlalchemy import text

from pfnscope.service.layouts import open_layouts
from pfnscope.storage.engines import engines
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support import killed
from tests.support.postgres import Cluster
from tests.support.process import command, free_port, started

SECONDS, KILLS = (float(part) for part in os.environ.get("SOAK", "2 3").split())
CLIENTS = 32
LONG = SECONDS > 10
KEPT, DELETED = "kept until it expires", "deleted at once"
"""Notes, which stand in a database as they are."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/soak.db"
        return
    yield request.getfixturevalue("postgres_url")


def client_of(port: int, number: int = 0) -> httpx.Client:
    """A client with an address of its own, since each address has its turn."""
    transport = httpx.HTTPTransport(local_address=f"127.0.1.{number + 1}")
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=60)


def delete(client: httpx.Client, created: dict[str, str]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {created['delete_token']}"}
    return client.delete(f"/api/v1/layouts/{created['id']}", headers=headers)


def on_disk(database: str, note: str) -> list[str]:
    """The files of a SQLite database, or the tables of PostgreSQL, in which a note stands."""
    if database.startswith("sqlite"):
        folder = Path(database.removeprefix("sqlite:///")).parent
        return [path.name for path in folder.glob("*.db*") if note.encode() in path.read_bytes()]
    engine, _ = engines(database)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT 'layouts' FROM layouts WHERE note = :note"), {"note": note}).scalars()
        tables = list(rows)
    engine.dispose()
    return tables


@contextmanager
def reading(database: str) -> Iterator[None]:
    """A program that reads a SQLite database in one transaction, as a backup does."""
    if not database.startswith("sqlite"):
        yield
        return
    reader = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM layouts").fetchone()
    yield
    reader.close()


def assert_gone(client: httpx.Client, database: str) -> None:
    """Nothing of what was deleted is on disk: after the next purge, or in the short run after another deletion."""
    end = monotonic() + 60
    while on_disk(database, DELETED):
        assert monotonic() < end, "it is still there"
        if not LONG:
            created = client.post("/api/v1/layouts", content=EXAMPLE_LOG).json()
            assert delete(client, created).status_code == 204
    assert on_disk(database, KEPT)


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


def test_readers_and_writers_get_what_was_written_and_nobody_what_was_deleted(tmp_path: Path, database: str) -> None:
    port = free_port()
    written: dict[str, int] = {}
    seen: Counter[str] = Counter()
    settings = {"database_url": database, "rate_limit": "off", "analyses": 16}
    with command(port, tmp_path / "log", "--workers", "2", **settings):
        with client_of(port) as own:
            first = own.post("/api/v1/layouts", content=log(0), params={"note": KEPT})
            written[first.json()["id"]] = 0  # so that readers have something
        end = monotonic() + SECONDS

        def writer(which: int) -> None:
            number = which * 100_000
            with client_of(port, which) as own:
                while number == which * 100_000 or monotonic() < end:
                    stays = number % 3 > 0
                    note = {"note": KEPT if stays else DELETED}
                    answer = own.post("/api/v1/layouts", content=log(number), params=note)
                    seen[f"written {answer.status_code}"] += 1
                    if answer.status_code == 201 and stays:
                        written[answer.json()["id"]] = number
                    elif answer.status_code == 201:
                        seen[f"deleted {delete(own, answer.json()).status_code}"] += 1
                        seen[f"gone {own.get(answer.headers['location']).status_code}"] += 1
                    number += 1

        def reader(which: int) -> None:
            with client_of(port, CLIENTS + which) as own:
                for turn in count():
                    if turn and monotonic() > end:
                        return
                    name, number = random.choice(list(written.items()))
                    answer = own.get(f"/api/v1/layouts/{name}")
                    seen[f"read {answer.status_code}"] += 1
                    if answer.status_code == 200 and answer.json()["kernel"]["release"] != f"4.17.{number}":
                        seen["wrong"] += 1

        with ThreadPoolExecutor(2 * CLIENTS) as pool, reading(database):
            done = [pool.submit(work, n) for work in (writer, reader) for n in range(CLIENTS)]
            assert [future.exception() for future in done if future.exception()] == []
        assert set(seen) <= {"written 201", "read 200", "deleted 204", "gone 410"}, seen
        assert seen["gone 410"] > 0
        assert len(written) == 1 + seen["written 201"] - seen["deleted 204"]
        assert min(seen["written 201"], seen["read 200"]) >= CLIENTS, seen
        with client_of(port) as own:
            assert_readable(own, database, written)
            assert_gone(own, database)


def test_what_was_acknowledged_survives_kills(tmp_path: Path, database: str) -> None:
    port = free_port()
    written: dict[str, int] = {}
    settings = {"database_url": database, "rate_limit": "off", "analyses": 8}
    for kill in range(int(KILLS)):
        with command(port, tmp_path / "log", **settings) as server, ExitStack() as stack:
            own = [stack.enter_context(client_of(port, which)) for which in range(4)]

            def writer(which: int, kill: int = kill, own: list[httpx.Client] = own) -> None:
                client = own[which]
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
        client_of(port) as client,
    ):
        assert_readable(client, database, written)


def test_what_was_deleted_before_a_kill_is_gone_when_the_server_is_back(tmp_path: Path) -> None:
    """Killed when the deletion is committed, and still stands in the write-ahead log."""
    port, database = free_port(), f"sqlite:///{tmp_path}/soak.db"
    program = [sys.executable, killed.__file__]
    for _ in range(1 if not LONG else int(KILLS)):
        with (
            started(program, port, tmp_path / "log", database_url=database) as server,
            client_of(port) as client,
        ):
            kept, created = (
                client.post("/api/v1/layouts", content=EXAMPLE_LOG, params={"note": note}).json()
                for note in (KEPT, DELETED)
            )
            assert on_disk(database, DELETED)
            with pytest.raises(httpx.TransportError):
                delete(client, created)
            assert server.wait(60) == -signal.SIGKILL
        assert on_disk(database, DELETED)
        with command(port, tmp_path / "log", database_url=database), client_of(port) as client:
            assert client.get(f"/api/v1/layouts/{created['id']}").status_code == 410
            assert client.get(f"/api/v1/layouts/{kept['id']}").status_code == 200
            assert on_disk(database, DELETED) == []
            assert on_disk(database, KEPT)


def test_a_database_that_stands_still_takes_nothing_from_what_needs_none(tmp_path: Path, own_cluster: Cluster) -> None:
    port, enough = free_port(), Event()
    written: dict[str, int] = {}
    seen: Counter[int] = Counter()
    settings = {"database_url": own_cluster.url, "rate_limit": "off"}

    def writer(which: int) -> None:
        with client_of(port, which) as client:
            for number in count(which * 100_000):
                answer = client.post("/api/v1/layouts", content=log(number), params={"note": KEPT})
                seen[answer.status_code] += 1
                if answer.status_code == 201:
                    written[answer.json()["id"]] = number
                if enough.is_set():
                    return

    with (
        command(port, tmp_path / "log", **settings),
        client_of(port, 100) as client,
        ThreadPoolExecutor(4) as pool,
        ExitStack() as stack,
    ):
        working = [pool.submit(writer, which) for which in range(4)]
        stack.callback(enough.set)
        end = monotonic() + SECONDS
        while not enough.is_set():
            before = len(written)
            while len(written) < before + 8:
                assert not any(work.done() for work in working)
            own_cluster.pause()
            refused, rounds = seen[503], 0
            while rounds < 5 or (LONG and seen[503] == refused):
                statuses = [client.get(path).status_code for path in ("/healthz", "/samples/seed-1g-4g")]
                statuses.append(client.post("/api/v1/analyze", content=EXAMPLE_LOG).status_code)
                assert statuses == [200] * 3
                rounds += 1
            assert "pfnscope_storage_up 0.0" in client.get("/metrics").text
            own_cluster.go_on()
            if monotonic() > end:
                enough.set()
        assert [work.exception() for work in working] == [None] * 4
        assert set(seen) <= {201, 503}, seen
        while client.get("/readyz").status_code != 200:
            assert monotonic() < end + 60, "it does not come back"
        assert_readable(client, own_cluster.url, written)
