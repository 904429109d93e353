"""Transactions whose failures are told in the words of the protocol."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pfnscope.storage.protocol import StoreUnavailable

AWAY = "the storage does not answer"
FULL = "the storage is full; what is stored can still be read"
READ_ONLY = "the storage takes no writes at the moment; what is stored can still be read"

# SQLite names its errors, PostgreSQL numbers them (appendix A of its manual).
_WORDS = {
    "SQLITE_FULL": FULL,
    "53100": FULL,  # disk_full
    "SQLITE_READONLY": READ_ONLY,
    "25006": READ_ONLY,  # read_only_sql_transaction
}


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction. Raises StoreUnavailable where the database is away, full or read-only, and as the engine does."""
    try:
        with engine.begin() as connection:
            yield connection
    except PoolTimeoutError as error:
        raise StoreUnavailable(AWAY) from error
    except DBAPIError as error:
        words = _words(error.orig)
        if words is None and (isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated):
            words = AWAY
        if words is None:
            raise
        raise StoreUnavailable(words) from error


def _words(error: BaseException | None) -> str | None:
    code = str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")
    return next((words for name, words in _WORDS.items() if code.startswith(name)), None)
