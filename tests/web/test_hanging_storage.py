"""A storage that hangs takes away what needs it, with the right words, and comes back without a restart."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import NoReturn

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from pfnscope.storage import Record, StoreUnavailable, open_store, postgresql
from pfnscope.web import app
from pfnscope.web.schema import EXAMPLE_LOG
from pfnscope.web.storage import StorageCalls
from tests.support.postgres import Cluster
from tests.support.server import Serve

AWAY = "The storage does not answer."


def test_what_needs_no_storage_goes_on_beside_a_postgresql_that_is_stopped(
    serve: Serve, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "StorageCalls", partial(StorageCalls, seconds=0.5))
    client = serve(database_url=own_cluster.url, analyses=2, rate_limit="1000/hour")
    created = client.post("/api/v1/layouts", content=EXAMPLE_LOG).json()
    page = f"/l/{created['id']}.txt"
    assert client.get(page).status_code == 200
    own_cluster.pause()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client.get, path) for path in [page, "/readyz"] * 3]
        others = [client.get("/samples/seed-1g-4g"), client.get("/healthz"), client.get("/metrics")]
        others.append(client.post("/api/v1/analyze", content=EXAMPLE_LOG))
        refused = [answer.result() for answer in waiting]
    refused.append(client.post("/api/v1/layouts", content=EXAMPLE_LOG))
    refused.append(client.delete(f"/api/v1/layouts/{created['id']}", headers={"Authorization": "Bearer x"}))
    assert [answer.status_code for answer in others] == [200] * 4
    assert "pfnscope_storage_up 0" in others[2].text
    assert "pfnscope_rate_counted_alone_total 0" not in client.get("/metrics").text
    assert [(answer.status_code, answer.json()["detail"]) for answer in refused] == [(503, AWAY)] * 8
    own_cluster.go_on()
    until(lambda: client.get("/readyz").status_code == 200)
    assert client.get(page).status_code == 200
    assert client.post("/api/v1/layouts", content=EXAMPLE_LOG).status_code == 201


def until(done: Callable[[], bool]) -> None:
    """Return when it is so."""
    for _ in range(1000):
        if done():
            return
    pytest.fail("it never was")


def test_no_step_waits_for_a_server_that_says_nothing(own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "STATEMENT_SECONDS", -0.9)
    store = open_store(own_cluster.url)
    record = Record("a" * 16, b"BIOS-e820", b"{}", "", 1, 2_000, b"\1" * 32)
    with store._engine.connect() as connection:
        own_cluster.pause()
        with pytest.raises(Exception, match="silent"):
            connection.exec_driver_sql("SELECT 1")
        assert connection.invalidated, "what comes later belongs to no question"
    own_cluster.go_on()
    store.put(record)
    assert store.get("a" * 16) == record
    store.close()


def test_the_server_ends_what_takes_too_long_and_an_operators_options_win(postgres_url: str) -> None:
    store = open_store(f"{postgres_url}&options=-c%20statement_timeout%3D42s")
    with store._engine.connect() as connection:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
    assert shown == ["42s", "5s", "10s"]
    store.close()


@contextmanager
def calls(**limits: float) -> Iterator[tuple[BlockingPortal, StorageCalls]]:
    storage = StorageCalls(**limits)  # type: ignore[arg-type]
    with start_blocking_portal() as portal:
        yield portal, storage
    storage.close()


def test_while_a_call_hangs_the_others_are_refused_and_then_go_on() -> None:
    release = Event()
    with calls(seconds=0.01) as (portal, storage):
        with pytest.raises(StoreUnavailable, match="does not answer"):
            portal.call(storage.run, release.wait)
        began: list[int] = []
        with pytest.raises(StoreUnavailable, match="does not answer"):
            portal.call(storage.run, began.append, 1)
        assert began == []
        release.set()
        until(lambda: answers(portal, storage))


def answers(portal: BlockingPortal, storage: StorageCalls) -> bool:
    try:
        return portal.call(storage.run, len, "abc") == 3
    except StoreUnavailable:
        return False


def test_what_has_not_begun_in_time_never_begins() -> None:
    release, began = Event(), list[int]()
    with calls(at_once=1, seconds=0.05) as (portal, storage):

        async def both() -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(refused, storage, release.wait)
                tasks.start_soon(refused, storage, partial(began.append, 1))

        portal.call(both)
        release.set()
        until(lambda: answers(portal, storage))
    assert began == [], "its client was told that it is not done"


async def refused(storage: StorageCalls, call: Callable[[], object]) -> None:
    with pytest.raises(StoreUnavailable):
        await storage.run(call)


def test_a_thread_that_cannot_start_is_trouble_of_the_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    with calls() as (portal, storage), monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", no_thread)
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            portal.call(storage.run, len, "abc")


def test_an_error_of_a_call_stays_what_it_is() -> None:
    with calls() as (portal, storage), pytest.raises(ZeroDivisionError):
        portal.call(storage.run, lambda: 1 // 0)
