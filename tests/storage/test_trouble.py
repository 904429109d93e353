"""A storage that is full, read-only or away says so in words of its own, and needs no restart afterwards."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from pfnscope.storage import LayoutStore, Record, StoreUnavailable
from pfnscope.storage.engines import engines
from pfnscope.storage.schema import metadata
from pfnscope.storage.sql import open_store
from tests.support.postgres import Cluster


def record(name: str, text: bytes = b"BIOS-e820") -> Record:
    return Record(name * 16, text, b"{}", "", 1, 2_000_000_000, b"\1" * 32)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[LayoutStore]:
    store = open_store(postgres_url)
    yield store
    store.close()
    engine = engines(postgres_url)[0]
    metadata.drop_all(engine)
    engine.dispose()


def run(store: LayoutStore, statement: str) -> None:
    engine: Engine = store._engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def test_a_full_sqlite_disk(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/full.db")
    store.put(record("a"))
    # What SQLite answers when the disk is full, it answers at this limit too.
    limit = 12
    event.listen(store._engine, "checkout", lambda raw, *_: raw.execute(f"PRAGMA max_page_count = {limit}"))

    with pytest.raises(StoreUnavailable, match="full"):
        store.put(record("b", secrets.token_bytes(200_000)))
    assert store.get("a" * 16) == record("a")
    assert store.get("b" * 16) is None
    limit = 100_000
    large = record("b", secrets.token_bytes(200_000))
    store.put(large)
    assert store.get("b" * 16) == large
    store.close()


def test_a_full_postgresql_disk_is_told_by_its_number(postgres: LayoutStore) -> None:
    # With a disk that is full in truth: tests/web/test_full_disk.py, where the tests may mount one.
    run(postgres, "CREATE FUNCTION no_room() RETURNS trigger AS 'BEGIN RAISE disk_full; END' LANGUAGE plpgsql")
    run(postgres, "CREATE TRIGGER no_room BEFORE INSERT ON layouts EXECUTE FUNCTION no_room()")
    with pytest.raises(StoreUnavailable, match="full"):
        postgres.put(record("a"))
    assert postgres.get("a" * 16) is None
    run(postgres, "DROP TRIGGER no_room ON layouts")
    run(postgres, "DROP FUNCTION no_room()")
    postgres.put(record("a"))


def test_a_read_only_sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(f"sqlite:///{tmp_path}/read.db")
    store.put(record("a"))
    store.close()
    # By its URL, because a file's permissions do not stop root.
    reader = LayoutStore(f"sqlite:///file:{tmp_path}/read.db?mode=ro&uri=true")
    with pytest.raises(StoreUnavailable, match="no writes"):
        reader.put(record("b"))
    assert reader.get("a" * 16) == record("a")
    reader.close()
    assert not list(tmp_path.glob("file:*")), "a URL was taken for a folder"


def test_a_read_only_postgresql(postgres: LayoutStore, postgres_url: str) -> None:
    postgres.put(record("a"))
    admin = open_store(postgres_url)
    name = "postgres"
    run(admin, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        fresh = LayoutStore(postgres_url)
        with pytest.raises(StoreUnavailable, match="no writes"):
            fresh.put(record("b"))
        assert fresh.get("a" * 16) == record("a")
        fresh.close()
    finally:
        run(admin, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        admin.close()


def test_postgresql_away_and_back(own_cluster: Cluster) -> None:
    store = open_store(own_cluster.url)
    store.put(record("a"))
    own_cluster.stop()
    for attempt in (lambda: store.get("a" * 16), lambda: store.put(record("b")), store.ping):
        with pytest.raises(StoreUnavailable, match="does not answer"):
            attempt()
    own_cluster.start()
    assert store.get("a" * 16) == record("a")
    store.put(record("b"))
    store.close()


def test_what_is_acknowledged_is_on_the_disk(tmp_path: Path) -> None:
    engine = engines(f"sqlite:///{tmp_path}/sync.db")[0]
    with engine.begin() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert settings == ["wal", 2, 1]  # 2 is FULL: the log is flushed before each commit returns


def test_a_writer_whose_turn_does_not_come_says_that_the_storage_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfnscope.storage.sql.TURN_SECONDS", 0.01)
    store = open_store(f"sqlite:///{tmp_path}/busy.db")
    with store._writing(), pytest.raises(StoreUnavailable, match="busy"):
        store.put(record("a"))
    store.put(record("a"))
    store.close()
