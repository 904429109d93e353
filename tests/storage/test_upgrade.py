"""A database of an older release is brought to this one's schema: once, whoever starts first, losing nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pfnscope import zstd
from pfnscope.storage import Record, open_store
from pfnscope.storage.engines import engines
from pfnscope.storage.schema import VERSION, metadata

# The tables of version 1 as their release made them.
_BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA"}
_VERSION_1 = (
    "CREATE TABLE pfnscope_schema (version INTEGER NOT NULL)",
    (
        "CREATE TABLE layouts (id VARCHAR(32) NOT NULL PRIMARY KEY, text {bytes} NOT NULL, options {bytes} NOT NULL, "
        "title VARCHAR(200) NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, "
        "delete_token_hash {bytes} NOT NULL)"
    ),
    "CREATE INDEX ix_layouts_expires_at ON layouts (expires_at)",
    "CREATE TABLE tombstones (id VARCHAR(32) NOT NULL PRIMARY KEY)",
    "INSERT INTO pfnscope_schema VALUES (1)",
    "INSERT INTO tombstones VALUES ('gone')",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path}/old.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = engines(url)[0]
    metadata.drop_all(engine)
    with engine.begin() as connection:
        for statement in _VERSION_1:
            connection.execute(text(statement.format(bytes=_BYTES[request.param])))
        connection.execute(
            text("INSERT INTO layouts VALUES ('a', :text, :options, 'mine', 1, 2000000000, :hash)"),
            {"text": zstd.compress(b"BIOS-e820"), "options": b"{}", "hash": b"\1" * 32},
        )
    yield url
    metadata.drop_all(engine)
    engine.dispose()


def test_server_processes_upgrade_at_the_same_time(old: str) -> None:
    code = f"from pfnscope.storage import open_store; open_store({old!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[1] for process in started] == [b""] * 3
    store = open_store(old)
    assert store.get("a") == Record("a", b"BIOS-e820", b"{}", "mine", 1, 2_000_000_000, b"\1" * 32, note="")
    store.put(Record("b", b"x", b"{}", "", 1, 2, b"", note="a note"))
    record = store.get("b")
    assert isinstance(record, Record)
    assert record.note == "a note"
    store.close()
    engine = engines(old)[0]
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version FROM pfnscope_schema")).scalars().all() == [VERSION]
    engine.dispose()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(metadata, "create_all", broken)  # the last step, after the column was added
        with pytest.raises(ZeroDivisionError):
            open_store(old)
    store = open_store(old)
    assert isinstance(store.get("a"), Record)
    store.close()
