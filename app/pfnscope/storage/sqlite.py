"""SQLite: durable, for many threads, in files of the server's user alone, and overwriting what is deleted."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from pfnscope.storage.trouble import StoreUnavailable

TURN_SECONDS = 3
"""How long a writer waits for others of its process."""
BUSY_SECONDS = 4
"""How long it then waits for other processes. Both together are less than a caller waits for the storage."""

_OF_OTHER = "the file of the storage was replaced beside the log of the one before; stop the server, remove that log"


def engines(url: URL) -> tuple[Engine, Engine]:
    """An engine with a pool, and one that opens the file anew each time.

    Raises ValueError for a URL without a file, StoreUnavailable where the file cannot be created.
    """
    name = url.database or ""
    path = unquote(urlsplit(name).path) if name.startswith("file:") else name  # SQLite's own URLs, with more options
    if path in ("", ":memory:") or url.query.get("mode") == "memory":
        raise ValueError("PFNSCOPE_DATABASE_URL: SQLite needs a file, such as sqlite:///var/pfnscope.db")
    path = os.path.abspath(path)  # noqa: PTH100 - Path.absolute() keeps dots
    reads = url.query.get("mode") == "ro"
    if not reads:
        _make_private(Path(path))
    # A file that vanishes under the server must not become an empty one.
    there = url.set(database=f"file:{quote(path)}").update_query_dict({"uri": "true", "mode": "ro" if reads else "rw"})
    arguments = {"timeout": BUSY_SECONDS}
    files = _Files(path)
    pooled = create_engine(there, pool_timeout=BUSY_SECONDS, hide_parameters=True, connect_args=arguments)
    fresh = create_engine(there, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    for engine in (pooled, fresh):
        event.listen(engine, "do_connect", files.refuse_log_of_other)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "connect", files.remember)
        event.listen(engine, "checkout", files.reopen_replaced)
        event.listen(engine, "begin", _begin)
    return pooled, fresh


def _make_private(file: Path) -> None:
    """Create the file where there is none. What strangers shared is not for other users of the machine."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(f"the file of the storage cannot be created: {error.strerror}") from error
    for path in (file, _log(file), file.with_name(f"{file.name}-shm")):  # SQLite gives the others the mode of the first
        with suppress(FileNotFoundError, PermissionError):
            path.chmod(0o600)


def _log(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


Inode = tuple[int, int]


def _inode(path: str | Path) -> Inode | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - runs for each stored page
    except OSError:
        return None
    return status.st_dev, status.st_ino


class _Files:
    """The database file and its log, as they were when a connection opened them last."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._log = _log(Path(path).resolve())
        self._opened: tuple[Inode | None, Inode | None] = (None, None)

    def refuse_log_of_other(self, *_: object) -> None:
        """Raise StoreUnavailable where only the database file was replaced: its log would be written into another."""
        file, log = self._opened
        if log is not None and log == _inode(self._log) and file != _inode(self._path) is not None:
            raise StoreUnavailable(_OF_OTHER)

    def remember(self, _: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        """Note which file a new connection has open."""
        self._opened = (_inode(self._path), _inode(self._log))
        entry.info["path"], entry.info["inode"] = self._path, self._opened[0]

    def reopen_replaced(self, _: sqlite3.Connection, entry: ConnectionPoolEntry, __: object) -> None:
        """Let the pool connect anew where the file at the path is another one, or none."""
        if _is_replaced(entry.info):
            raise InvalidatePoolError


def _is_replaced(noted: dict[str, Any]) -> bool:
    """Whether the path no longer leads to the file that this connection has open."""
    replaced: bool = _inode(noted["path"]) != noted["inode"]
    return replaced


def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the begin event below says how transactions start
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL may lose the last commits with the power, after they were acknowledged
        "foreign_keys = ON",
        "secure_delete = ON",  # overwrite what is deleted, so that the file forgets it too
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from the first read on there is a log


def _begin(connection: Connection) -> None:
    # SQLite fails a transaction that reads first and writes later at once if there is another writer,
    # instead of waiting. So a writing transaction takes the lock at its beginning.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def empty_log(connection: Connection, patience: float) -> bool:
    """Write what SQLite's write-ahead log holds into the file, and truncate the log; False where others use it now.

    Waits ``patience`` seconds for them, and holds up writers meanwhile.
    """
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    try:
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    return not busy


class CommitCounter:
    """SQLite's counter of commits by other connections; reading it takes microseconds and waits for no lock.

    For one thread at a time. PostgreSQL has nothing as cheap.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine if engine.dialect.name == "sqlite" else None
        self._connection: PoolProxiedConnection | None = None

    def read(self) -> int | None:
        """A number that differs after each commit of others; None where it cannot be read, or the file is another."""
        if self._engine is None:
            return None
        try:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
            elif _is_replaced(self._connection.info):
                self.close()
                return None
            connection = cast("sqlite3.Connection", self._connection.driver_connection)
            version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        except Exception:  # noqa: BLE001 - the caller then queries the storage, and that raises what is wrong
            self.close()
            return None
        return version

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
