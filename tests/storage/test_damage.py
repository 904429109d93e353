"""A SQLite file whose pages are overwritten is trouble of the storage, whatever the database calls it."""

import sqlite3
import subprocess
import sys
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
    "purge counters": lambda store: store.purge_counters(1000),
    "ping": lambda store: store.ping(),
}


@pytest.mark.parametrize(
    ("page", "uses"),
    [
        ("layouts", ["get", "put", "delete", "lifetimes", "purge", "ping"]),
        ("sqlite_autoindex_layouts_1", ["get", "put", "delete", "lifetimes", "purge", "ping"]),
        ("ix_layouts_expires_at", ["put", "delete", "purge", "ping"]),
        ("tombstones", ["delete", "purge", "ping"]),
        ("sqlite_autoindex_tombstones_1", ["delete", "purge", "ping"]),
        ("claims", ["ping"]),
        ("sqlite_autoindex_claims_1", ["ping"]),
        ("ix_claims_layout_id", ["delete", "purge", "ping"]),
        ("counters", ["ping"]),
        ("sqlite_autoindex_counters_1", ["ping"]),
        ("ix_counters_expires_at", ["purge counters", "ping"]),
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


def holding(tmp_path: Path) -> list[str]:
    """The files in which the note of the stored layout stands."""
    return [path.name for path in tmp_path.iterdir() if NOTE.encode() in path.read_bytes()]


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

    def failing(*_: object) -> bool:
        raise StoreUnavailable("for this test")

    with monkeypatch.context() as patched:
        patched.setattr("pfnscope.storage.sql.empty_log", failing)
        store.delete(f"{1:016d}")
    store.purge_expired(0)
    assert wal(tmp_path) == b""
    store.close()


_KILLED = """
import os, sys
from pfnscope.storage import sql
store = sql.open_store(sys.argv[1])
sql.empty_log = lambda *_: os.kill(os.getpid(), 9)
store.delete(sys.argv[2])
"""


@pytest.mark.parametrize("read", [False, True], ids=["alone", "beside a reader"])
def test_what_a_server_that_was_killed_before_its_checkpoint_left_goes_when_the_next_one_starts(
    tmp_path: Path, read: bool
) -> None:
    stored(tmp_path).close()
    url = f"sqlite:///{tmp_path}/layouts.db"
    killed = subprocess.run([sys.executable, "-c", _KILLED, url, f"{1:016d}"], check=False)
    assert killed.returncode == -9
    assert holding(tmp_path) != []
    reader = sqlite3.connect(tmp_path / "layouts.db", isolation_level=None)
    if read:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM layouts").fetchone()
    store = open_store(url)
    assert store.owes_deletions == read
    if read:
        reader.close()
        store.purge_expired(0)
    assert not store.owes_deletions
    assert store.get(f"{1:016d}") == Tombstone(f"{1:016d}")
    assert holding(tmp_path) == []
    store.close()
    reader.close()


@pytest.mark.parametrize("folder", ["new", "there"])
def test_the_files_are_of_the_servers_user_alone(tmp_path: Path, folder: str) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "layouts.db" if folder == "there" else tmp_path / "new" / "layouts.db"
    store = open_store(f"sqlite:///{file}")
    store.put(record(1))
    modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == dict.fromkeys(("layouts.db", "layouts.db-wal", "layouts.db-shm"), 0o600)
    store.close()


def test_the_files_of_an_older_release_are_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "layouts.db"
    with sqlite3.connect(file) as older:
        older.execute("PRAGMA journal_mode = WAL")
        older.execute("CREATE TABLE t (x)")
    file.chmod(0o644)
    store = open_store(f"sqlite:///{file}")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    store.close()
    older.close()


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be created: "):
        open_store(f"sqlite:///{tmp_path}/file/layouts.db")


def backup(tmp_path: Path) -> Path:
    """The database of another store, with layout 7, in one file."""
    file = tmp_path / "backup" / "layouts.db"
    other = open_store(f"sqlite:///{file}")
    other.put(record(7))
    other.close()
    return file


def there(store: LayoutStore) -> set[int]:
    """Which of the layouts 1 and 7 there are, as each way to read says."""
    names = {number: f"{number:016d}" for number in (1, 7)}
    commits = store.commits()
    seen = {number for number, name in names.items() if isinstance(store.get(name), Record)}
    assert {int(name) for name in store.lifetimes(names.values())} == seen
    assert commits is None or commits == store.commits()
    return seen


def test_a_database_that_is_deleted_under_the_server_is_away_until_there_is_one_again(tmp_path: Path) -> None:
    store = stored(tmp_path / "live")
    file = backup(tmp_path)
    assert store.commits() is not None
    for path in (tmp_path / "live").iterdir():
        path.unlink()
    for use in USES.values():
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            use(store)
    assert store.commits() is None
    assert list((tmp_path / "live").iterdir()) == [], "an empty database would pass for one that never had a layout"
    file.rename(tmp_path / "live" / "layouts.db")
    store.ping()
    assert there(store) == {7}
    store.put(record(8))
    store.close()


def test_a_database_that_is_replaced_under_the_server_is_read_anew(tmp_path: Path) -> None:
    store = stored(tmp_path / "live")
    file = backup(tmp_path)
    assert there(store) == {1}
    for name in ("layouts.db-wal", "layouts.db-shm"):
        (tmp_path / "live" / name).unlink()
    file.rename(tmp_path / "live" / "layouts.db")
    assert there(store) == {7}
    store.ping()
    store.put(record(8))
    store.close()
    after = open_store(f"sqlite:///{tmp_path}/live/layouts.db")
    assert isinstance(after.get(f"{8:016d}"), Record)
    after.close()


def test_the_log_of_one_database_is_not_written_into_another(tmp_path: Path) -> None:
    store = stored(tmp_path / "live")
    before = backup(tmp_path).rename(tmp_path / "live" / "layouts.db").read_bytes()
    for use in USES.values():
        with pytest.raises(StoreUnavailable, match="replaced beside the log"):
            use(store)
    assert (tmp_path / "live" / "layouts.db").read_bytes() == before
    store.close()


def test_a_database_without_our_tables_is_not_ready(tmp_path: Path) -> None:
    store = stored(tmp_path)
    with sqlite3.connect(tmp_path / "layouts.db") as connection:
        connection.execute("ALTER TABLE tombstones RENAME TO others")
    connection.close()
    with pytest.raises(StoreUnavailable, match="restart"):
        store.ping()
    store.close()
