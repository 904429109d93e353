"""Whatever step of the storage fails during a request: no fault of the server, no lost promise, and no restart."""

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from sqlalchemy import event

from pfnscope.storage import Record
from pfnscope.web import app
from pfnscope.web.deps import Services
from pfnscope.web.observe import JsonLines
from pfnscope.web.schema import EXAMPLE_LOG
from pfnscope.web.settings import Settings
from tests.support.faults import Faults
from tests.support.server import running

NOTE = "kept of nobody"


class Served:
    """A server, a client of it, and what makes its storage fail."""

    def __init__(self, client: httpx.Client, services: Services, faults: Faults) -> None:
        self.client, self.services, self.faults = client, services, faults

    def store(self, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.client.post("/api/v1/layouts", content=EXAMPLE_LOG, headers=headers, params={"note": NOTE})

    def delete(self, created: dict[str, str]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {created['delete_token']}"}
        return self.client.delete(f"/api/v1/layouts/{created['id']}", headers=headers)

    def status(self, name: str) -> int:
        return self.client.get(f"/api/v1/layouts/{name}").status_code

    def purge(self) -> None:
        with start_blocking_portal() as portal:
            portal.call(app._purge, self.services)

    def number(self, name: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(name))


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Served]:
    monkeypatch.setattr(app, "_PURGE_EVERY_SECONDS", 1_000_000)  # the tests call it
    served_app = app.create_app(Settings(database_url=f"sqlite:///{tmp_path}/layouts.db", rate_limit="off"))
    services: Services = served_app.state.services
    store = services.layouts._store
    # Nobody pulls the plug here, and waiting for a disk is most of the time.
    event.listen(store._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    with running(served_app) as address, httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        opened = Served(client, services, Faults(store, monkeypatch))
        while not opened.number("pfnscope_last_purge_timestamp_seconds"):
            pass
        yield opened
    written = [JsonLines().format(record) for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert not [line for line in written if "secret" in line or "SELECT" in line or NOTE in line]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_was_acknowledged_is_there(served: Served, after: bool, caplog: pytest.LogCaptureFixture) -> None:
    answers, names = [], []
    for fault in served.faults.each(3, after=after):
        key = str(uuid4())
        with fault:
            answers.append(served.store(key))
        again = served.store(key)
        assert again.status_code == 201
        names.append(again.json()["id"])
        if answers[-1].status_code == 201:
            assert answers[-1].json() == again.json()
    assert {answer.status_code for answer in answers} == {201, 503}
    assert served.number("pfnscope_layouts_stored") == len(names)
    assert {served.status(name) for name in names} == {200}
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said == ["the storage is in trouble"] * sum(answer.status_code == 503 for answer in answers)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_was_deleted_is_gone(served: Served, tmp_path: Path, after: bool) -> None:
    seen = set()
    for fault in served.faults.each(2, after=after):
        created = served.store().json()
        with fault:
            answer = served.delete(created)
        seen.add(answer.status_code)
        if answer.status_code == 204:
            assert served.status(created["id"]) == 410
        assert served.delete(created).status_code in (204, 410)
        assert served.status(created["id"]) == 410
    assert seen == {204, 503}
    served.purge()
    assert served.number("pfnscope_deletions_owed") == 0
    assert [path for path in tmp_path.iterdir() if NOTE.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("path", ["/api/v1/layouts/{}", "/l/{}", "/l/{}.txt?width=100", "/readyz"])
def test_what_is_there_can_be_read_again(served: Served, path: str) -> None:
    name = served.store().json()["id"]
    seen = set()
    for fault in served.faults.each(1 if path == "/readyz" else 3):
        with fault:
            answer = served.client.get(path.format(name))
        seen.add(answer.status_code)
        if answer.status_code == 503:
            assert answer.json()["detail"].startswith("The ")
            assert int(answer.headers["retry-after"]) > 0
        assert served.client.get(path.format(name)).status_code == 200
    assert seen == {200, 503}


def test_the_numbers_are_told_in_any_case(served: Served) -> None:
    seen = set()
    for fault in served.faults.each(3):
        with fault:
            seen.add(served.number("pfnscope_storage_up"))
    assert seen == {0, 1}
    assert served.client.post("/api/v1/layouts", content=EXAMPLE_LOG).status_code == 201


def test_the_purge_goes_on(served: Served, tmp_path: Path) -> None:
    store, failed, rounds = served.services.layouts._store, 0.0, 0
    for fault in served.faults.each(3):
        rounds += 1
        store.put(Record(f"{rounds:016d}", b"BIOS-e820", b"{}", "", 1, 2, b"\1" * 32, note=NOTE))
        with fault:
            served.purge()
        now = served.number("pfnscope_purges_failed_total")
        assert now in (failed, failed + 1)
        failed = now
        served.purge()
        assert served.status(f"{rounds:016d}") == 410
    assert 0 < failed < rounds
    assert served.number("pfnscope_purges_failed_total") == failed
    assert served.number('pfnscope_layouts_total{event="expired"}') == rounds
    assert [path for path in tmp_path.iterdir() if NOTE.encode() in path.read_bytes()] == []
