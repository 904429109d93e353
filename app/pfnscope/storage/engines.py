"""SQLAlchemy engines and transactions: durable, safe for many threads, and overwriting what is deleted."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from pfnscope.storage.schema import StoreUnavailable

BUSY_SECONDS = 10


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://…``; ValueError for anything else."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise ValueError("PFNSCOPE_DATABASE_URL is not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,  # else the first query after a restart of the server fails
                pool_timeout=BUSY_SECONDS,
                hide_parameters=True,  # they hold texts, and errors are logged
                connect_args={
                    "client_encoding": "utf8",  # with SQL_ASCII psycopg returns bytes, which SQLAlchemy does not expect
                    "connect_timeout": BUSY_SECONDS,
                    "tcp_user_timeout": BUSY_SECONDS * 1000,  # a host that vanished must not hold a thread for hours
                },
            )
        case other:
            raise ValueError(f"PFNSCOPE_DATABASE_URL: sqlite and postgresql are supported, not {other}")


def _sqlite(url: URL) -> Engine:
    file = (url.database or "").removeprefix("file:")  # of SQLite's own URLs, which take more options
    if file in ("", ":memory:"):
        raise ValueError("PFNSCOPE_DATABASE_URL: SQLite needs a file, such as sqlite:///var/pfnscope.db")
    # What strangers shared is not for other users of the machine.
    Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url, pool_timeout=BUSY_SECONDS, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the begin event below says how transactions start
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL may lose the last commits with the power, after they were acknowledged
        "foreign_keys = ON",
        "secure_delete = ON",  # overwrite what is deleted, so that the file forgets it too
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # SQLite fails a transaction that reads first and writes later at once if there is another writer,
    # instead of waiting. So a writing transaction takes the lock at its beginning.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def empty_log(connection: Connection) -> bool:
    """Write what SQLite's write-ahead log holds into the file, and truncate the log; False where others use it now.

    Waits for nobody: the caller tries again later.
    """
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    return not busy


AWAY = "the storage does not answer"
FULL = "the storage is full; what is stored can still be read"
READ_ONLY = "the storage takes no writes at the moment; what is stored can still be read"
DAMAGED = "the storage is damaged"
REFUSED = "the storage does not do what it should"

# SQLite names its errors, PostgreSQL numbers them (appendix A of its manual).
_WORDS = {
    "SQLITE_FULL": FULL,
    "53100": FULL,  # disk_full
    "SQLITE_READONLY": READ_ONLY,
    "25006": READ_ONLY,  # read_only_sql_transaction
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "XX001": DAMAGED,  # data_corrupted
    "XX002": DAMAGED,  # index_corrupted
}


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction. Raises IntegrityError where a row contradicts others, StoreUnavailable for all other trouble."""
    try:
        with engine.begin() as connection:
            yield connection
    except PoolTimeoutError as error:
        raise StoreUnavailable(AWAY) from error
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise StoreUnavailable(_words(error)) from error


def _words(error: DBAPIError) -> str:
    code = str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")
    away = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return next((words for name, words in _WORDS.items() if code.startswith(name)), AWAY if away else REFUSED)
