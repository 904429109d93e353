"""Transactions whose failures are told in the words of the protocol."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pfnscope.storage.protocol import StoreUnavailable

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
