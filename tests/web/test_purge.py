"""Expired layouts are forgotten every few seconds, whatever went wrong the last time, and /metrics says so."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import time

import httpx
import pytest

from pfnscope.service.layouts import Layouts, StoreUnavailable
from pfnscope.web import app
from pfnscope.web.observe import JsonLines
from pfnscope.web.schema import EXAMPLE_LOG
from tests.storage.test_damage import damage
from tests.support.server import Serve

FAILED, LAST = "pfnscope_purges_failed_total", "pfnscope_last_purge_timestamp_seconds"
SECRET = "kept of nobody"


def numbers(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


@pytest.mark.parametrize("error", [StoreUnavailable(SECRET), ZeroDivisionError(SECRET), sqlite3.DatabaseError(SECRET)])
def test_a_purge_that_fails_is_counted_and_tried_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    purge: Callable[[Layouts], int] = Layouts.purge
    rounds, again, done = 0, Event(), Event()

    def failing(layouts: Layouts) -> int:
        nonlocal rounds
        rounds += 1
        if rounds < 3:
            raise error
        if rounds == 3:  # the numbers of the first two are looked at
            again.set()
            assert done.wait(60)
        return purge(layouts)

    monkeypatch.setattr(app, "_PURGE_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(Layouts, "purge", failing)
    before = time()
    client = serve()
    assert again.wait(60)
    counted = numbers(client)
    assert (counted[FAILED], counted[LAST]) == (2, 0)
    done.set()
    while (counted := numbers(client))[LAST] == 0:
        pass
    assert before <= counted[LAST] <= time()
    assert counted[FAILED] == 2
    failures = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(failures) == 2
    line = JsonLines().format(failures[0])
    assert type(error).__name__ in line
    assert SECRET not in line


@pytest.mark.parametrize("page", ["layouts", "sqlite_autoindex_layouts_1", "ix_layouts_expires_at"])
def test_a_damaged_database_is_unavailable_and_no_fault(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr(app, "_PURGE_EVERY_SECONDS", 0.01)
    first = serve()
    created = [first.post("/api/v1/layouts", content=EXAMPLE_LOG).json() for _ in range(2)]
    damage(copy(tmp_path), page)
    client = serve(database_url=f"sqlite:///{tmp_path}/copy.db")
    token = {"Authorization": f"Bearer {created[0]['delete_token']}"}
    path = f"/api/v1/layouts/{created[0]['id']}"
    answers = [
        client.post("/api/v1/layouts", content=EXAMPLE_LOG),
        client.get(path),
        client.get(f"/l/{created[1]['id']}"),
        client.delete(path, headers=token),
        client.get("/readyz"),
    ]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 503}
    assert (statuses[0], statuses[3]) == (503, 503)
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["detail"] == "The storage is damaged."
            assert int(answer.headers["retry-after"]) > 0
    assert client.get("/metrics").status_code == 200
    assert client.post("/api/v1/analyze", content=EXAMPLE_LOG).status_code == 200


def copy(tmp_path: Path) -> Path:
    """A copy of the database of a server that runs."""
    with sqlite3.connect(tmp_path / "layouts.db") as database:
        database.execute("VACUUM INTO ?", (f"{tmp_path}/copy.db",))
    database.close()
    return tmp_path / "copy.db"
