"""What a store promises, on every database that is supported."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from pfnscope.service.layouts import Layouts
from pfnscope.storage import LayoutStore, Record, StoreUnavailable, Tombstone, open_store
from pfnscope.storage.engines import engines
from pfnscope.storage.schema import metadata, schema


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/var/layouts.db"
        return
    address: str = request.getfixturevalue("postgres_url")
    yield address
    engine = engines(address)[0]
    metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[LayoutStore]:
    opened = open_store(url)
    yield opened
    opened.close()


def record(layout_id: str = "a" * 16, expires_at: int = 2_000, text: bytes = b"BIOS-e820\x00\xff") -> Record:
    return Record(layout_id, text, b'{"boot":2}', "my \N{SNOWMAN} box", 1_000, expires_at, b"\x01" * 32)


def test_a_record_comes_back_as_it_was_put(store: LayoutStore) -> None:
    store.put(record())
    assert store.get("a" * 16) == record()


def test_an_unknown_id_is_not_a_deleted_one(store: LayoutStore) -> None:
    assert store.get("b" * 16) is None


def test_deletion_leaves_a_tombstone_and_the_neighbours(store: LayoutStore) -> None:
    store.put(record())
    store.put(record("c" * 16))
    store.delete("a" * 16)
    assert store.get("a" * 16) == Tombstone("a" * 16)
    assert store.get("c" * 16) == record("c" * 16)


def test_deleting_twice_or_deleting_nothing_is_harmless(store: LayoutStore) -> None:
    store.put(record())
    for _ in range(2):
        store.delete("a" * 16)
    store.delete("n" * 16)
    assert store.get("n" * 16) is None


def test_an_id_is_never_given_twice(store: LayoutStore) -> None:
    store.put(record())
    with pytest.raises(StoreUnavailable):
        store.put(record(text=b"other"))
    assert store.get("a" * 16) == record()


def test_purging_takes_what_expired_and_nothing_else(store: LayoutStore) -> None:
    for name, expires_at in (("o", 1_999), ("a", 2_000), ("y", 2_001)):
        store.put(record(name * 16, expires_at))
    assert store.purge_expired(now=2_000) == 2
    assert store.get("o" * 16) == Tombstone("o" * 16)
    assert store.get("a" * 16) == Tombstone("a" * 16)
    assert store.get("y" * 16) == record("y" * 16, 2_001)


def test_records_and_tombstones_survive_a_restart(url: str) -> None:
    first = open_store(url)
    first.put(record())
    first.put(record("d" * 16))
    first.delete("d" * 16)
    first.close()
    second = open_store(url)
    assert second.get("a" * 16) == record()
    assert second.get("d" * 16) == Tombstone("d" * 16)
    second.close()


def test_many_threads_write_at_the_same_time(store: LayoutStore) -> None:
    names = [f"{n:016}" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.put(record(name)), names))
        list(pool.map(store.delete, names[::2]))
    kept = [name for name in names if isinstance(store.get(name), Record)]
    assert kept == names[1::2]


def test_several_servers_start_on_an_empty_database_at_the_same_time(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(url), range(4)))
    stores[0].put(record())
    assert stores[3].get("a" * 16) == record()
    for opened in stores:
        opened.close()


def test_a_database_of_a_later_release_is_left_alone(url: str) -> None:
    open_store(url).close()
    engine = engines(url)[0]
    with engine.begin() as connection:
        connection.execute(schema.update().values(version=99))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="99"):
        open_store(url)


def test_ping_answers(store: LayoutStore) -> None:
    store.ping()


def test_a_text_of_many_megabytes_is_kept(store: LayoutStore) -> None:
    text = b"node 0: [mem 0x0-0xfff]\n" * 400_000
    store.put(record(text=text))
    assert store.get("a" * 16) == record(text=text)


@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_no_byte_of_a_text_stays_in_the_files_of_sqlite(tmp_path: Path, how: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/layouts.db")
    secret = secrets.token_bytes(20_000)  # random, so that compression leaves it as it is
    store.put(msgspec.structs.replace(record(), text=secret, title="the-title-of-it"))

    def needles() -> list[bytes]:
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        return [needle for needle in (secret[100:140], secret[-140:-100], b"the-title-of-it") if needle in held]

    assert len(needles()) == 3, "the files must show the text while it is kept, or this test proves nothing"
    store.delete("a" * 16) if how == "deleted" else store.purge_expired(now=2_000)
    assert needles() == []
    store.close()


def test_a_database_that_is_away_says_so() -> None:
    with pytest.raises(StoreUnavailable):
        open_store("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.mark.parametrize(
    "url", ["mysql://u@h/db", "sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "no url at all"]
)
def test_an_unsupported_url_is_refused_with_the_name_of_the_setting(url: str) -> None:
    with pytest.raises(ValueError, match="PFNSCOPE_DATABASE_URL"):
        open_store(url)


def test_the_number_of_commits_changes_with_every_write_of_anybody_and_with_nothing_else(
    store: LayoutStore, url: str
) -> None:
    if url.startswith("postgresql"):
        assert store.commits() is None
        return
    other = open_store(url)
    seen = [store.commits(), store.commits()]
    assert seen[0] == seen[1] is not None
    store.put(record())
    seen.append(store.commits())
    other.count()
    seen.append(store.commits())
    assert seen[2] == seen[3]
    other.delete("a" * 16)
    seen.append(store.commits())
    store.purge_expired(10_000)
    store.hit(b"1" * 32, 10)
    seen.append(store.commits())
    other.close()
    assert len(set(seen)) == 4
    assert store.get("a" * 16) == Tombstone("a" * 16)


def test_other_users_of_the_machine_cannot_read_a_sqlite_file(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/var/layouts.db").close()
    assert (tmp_path / "var").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_postgresql_database_that_lacks_letters_is_refused_in_one_line(postgres_url: str, encoding: str) -> None:
    engine = engines(postgres_url)[0]
    name = f"other_{encoding.lower()}"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        how = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        connection.exec_driver_sql(f"CREATE DATABASE {name} {how}")
    engine.dispose()
    with pytest.raises(StoreUnavailable, match=f"has the encoding {encoding}.*UTF8"):
        open_store(postgres_url.replace("/postgres?", f"/{name}?"))


def test_a_shorter_retention_holds_for_what_is_stored(store: LayoutStore) -> None:
    store.put(record(expires_at=9_000))
    store.put(record("c" * 16, expires_at=1_500))
    before = Layouts(store, retention_days=1, clock=lambda: 1_000)
    assert shortened(before) == 2
    assert store.lifetimes(["a" * 16, "c" * 16]) == {"a" * 16: 9_000, "c" * 16: 1_500}
    store.shorten(1_000, "")
    assert store.lifetimes(["a" * 16, "c" * 16]) == {"a" * 16: 2_000, "c" * 16: 1_500}
    long = Record("d" * 16, b"", b"{}", "", 0, 90 * 86400, b"\x01" * 32)
    store.put(long)
    after = Layouts(store, retention_days=7, clock=lambda: 7 * 86400)
    shortened(after)
    after.purge()
    assert store.get("d" * 16) == Tombstone("d" * 16)


def shortened(layouts: Layouts) -> int:
    """In how many parts all layouts were given the retention of these."""
    parts = 1
    while layouts.shorten():
        parts += 1
    return parts


def test_what_is_much_is_forgotten_and_shortened_in_parts(store: LayoutStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """So each transaction ends before its time-out, and others get their turn."""
    monkeypatch.setattr("pfnscope.storage.sql._AT_ONCE", 3)
    for number in range(7):
        store.put(record(f"{number:016d}", expires_at=10 * 86400))
    layouts = Layouts(store, retention_days=7, clock=lambda: 8 * 86400)
    assert layouts.purge() == 0
    assert shortened(layouts) == 4
    assert not layouts.shorten()
    assert [layouts.purge() for _ in range(4)] == [3, 3, 1, 0]
