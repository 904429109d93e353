"""A SQLite file whose pages are overwritten is trouble of the storage, whatever the database calls it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pfnscope.storage import LayoutStore, Record, StoreUnavailable, Tombstone
from pfnscope.storage.sql import open_store


def record(number: int, text: bytes = b"BIOS-e820") -> Record:
    return Record(f"{number:016d}", text, b"{}", "", 1, 100, b"\1" * 32)


def damage(file: Path, page: str) -> None:
    """Overwrite the root page of a table or an index."""
    connection = sqlite3.connect(file)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (page,)).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with file.open("r+b") as database:
        database.seek((root - 1) * size)
        database.write(b"\xff" * size)


def damaged(tmp_path: Path, page: str) -> LayoutStore:
    file = tmp_path / "layouts.db"
    store = open_store(f"sqlite:///{file}")
    for number in range(3):
        store.put(record(number))
    store.close()
    damage(file, page)
    return open_store(f"sqlite:///{file}")


USES: dict[str, Callable[[LayoutStore], object]] = {
    "get": lambda store: store.get(f"{1:016d}"),
    "put": lambda store: store.put(record(9)),
    "delete": lambda store: store.delete(f"{1:016d}"),
    "lifetimes": lambda store: store.lifetimes([f"{1:016d}"]),
    "purge": lambda store: store.purge_expired(1000),
    "ping": lambda store: store.ping(),
}


@pytest.mark.parametrize(
    ("page", "uses"),
    [
        ("layouts", ["get", "put", "delete", "lifetimes", "purge", "ping"]),
        ("sqlite_autoindex_layouts_1", ["get", "put", "delete", "lifetimes", "purge"]),
        ("ix_layouts_expires_at", ["put", "delete", "purge", "ping"]),
        ("tombstones", ["delete", "purge"]),
    ],
)
def test_an_overwritten_page_is_trouble_of_the_storage(tmp_path: Path, page: str, uses: list[str]) -> None:
    store = damaged(tmp_path, page)
    for use in uses:
        with pytest.raises(StoreUnavailable, match="damaged"):
            USES[use](store)
    store.close()


def test_a_file_that_is_no_database_is_trouble_of_the_storage(tmp_path: Path) -> None:
    (tmp_path / "layouts.db").write_bytes(b"no database " * 1000)
    with pytest.raises(StoreUnavailable, match="damaged"):
        open_store(f"sqlite:///{tmp_path}/layouts.db")


def test_a_text_that_does_not_unpack_is_trouble_of_the_storage(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/layouts.db")
    store.put(record(1))
    with sqlite3.connect(tmp_path / "layouts.db") as connection:
        connection.execute("UPDATE layouts SET text = x'00'")
    connection.close()
    with pytest.raises(StoreUnavailable, match="damaged"):
        store.get(f"{1:016d}")
    store.close()


NOTE = "kept of nobody"


def wal(tmp_path: Path) -> bytes:
    return (tmp_path / "layouts.db-wal").read_bytes()


def stored(tmp_path: Path) -> LayoutStore:
    """A store with one layout, whose note is in the write-ahead log as it is."""
    store = open_store(f"sqlite:///{tmp_path}/layouts.db")
    store.purge_expired(0)
    layout = record(1)
    store.put(Record(**{name: getattr(layout, name) for name in layout.__struct_fields__} | {"note": NOTE}))
    assert NOTE.encode() in wal(tmp_path)
    return store


@pytest.mark.parametrize("use", ["delete", "purge"])
def test_what_a_reader_keeps_in_the_log_goes_at_the_next_purge(tmp_path: Path, use: str) -> None:
    """A backup reads in one transaction; nobody waits for it, and nothing is forgotten because of it."""
    store = stored(tmp_path)
    reader = sqlite3.connect(tmp_path / "layouts.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM layouts").fetchone()
    USES[use](store)
    assert NOTE.encode() in wal(tmp_path)
    store.purge_expired(0)
    assert NOTE.encode() in wal(tmp_path)
    reader.close()
    assert store.get(f"{1:016d}") == Tombstone(f"{1:016d}")
    store.purge_expired(0)
    assert wal(tmp_path) == b""
    store.close()


def test_a_checkpoint_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stored(tmp_path)

    def failing(_: object) -> bool:
        raise StoreUnavailable("for this test")

    with monkeypatch.context() as patched:
        patched.setattr("pfnscope.storage.sql.empty_log", failing)
        store.delete(f"{1:016d}")
    store.purge_expired(0)
    assert wal(tmp_path) == b""
    store.close()


def test_what_a_killed_server_left_in_the_log_goes_at_the_first_purge(tmp_path: Path) -> None:
    left = stored(tmp_path)
    with sqlite3.connect(tmp_path / "layouts.db") as connection:  # as the server would, killed before its checkpoint
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("DELETE FROM layouts")
    store = open_store(f"sqlite:///{tmp_path}/layouts.db")
    assert NOTE.encode() in wal(tmp_path)
    store.purge_expired(0)
    assert wal(tmp_path) == b""
    for opened in (connection, store, left):
        opened.close()
