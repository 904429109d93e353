"""What can be wrong with a database, in words for users by kind; no other room sees an error of SQLAlchemy."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

AWAY = "the storage does not answer"
BUSY = "the storage is busy; try again"
FULL = "the storage is full; what is stored can still be read"
READ_ONLY = "the storage takes no writes at the moment; what is stored can still be read"
DAMAGED = "the storage is damaged"
NO_FILE = "the file of the storage cannot be opened"
OTHER = "the storage has other tables than this server knows; restart the server"
DISK = "the disk of the storage reports errors"
REFUSED = "the storage does not do what it should"

# SQLite names its errors, PostgreSQL numbers them (appendix A of its manual); the first that a code begins with counts.
_WORDS = {
    "SQLITE_FULL": FULL,
    "53100": FULL,  # disk_full
    "SQLITE_READONLY": READ_ONLY,
    "25006": READ_ONLY,  # read_only_sql_transaction
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "XX001": DAMAGED,  # data_corrupted
    "XX002": DAMAGED,  # index_corrupted
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "40": BUSY,  # serialization_failure, deadlock_detected
    "55P03": BUSY,  # lock_not_available
    "57014": BUSY,  # query_canceled, by the time-out of a statement
    "53300": BUSY,  # too_many_connections
    "SQLITE_IOERR": DISK,
    "58030": DISK,  # io_error
    "SQLITE_CANTOPEN": NO_FILE,
    "SQLITE_ERROR": OTHER,  # the statements are fixed: only other tables make one wrong
    "42P01": OTHER,  # undefined_table
    "42703": OTHER,  # undefined_column
}


class StoreUnavailable(Exception):
    """The database does not answer, takes no writes, is damaged or of another release; the message is for users."""


class Conflict(StoreUnavailable):
    """A row contradicts others: it is there already, or lacks what it refers to."""


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction. Raises Conflict where a row contradicts others, StoreUnavailable for all other trouble."""
    try:
        with engine.begin() as connection:
            yield connection
    except PoolTimeoutError as error:
        raise StoreUnavailable(AWAY) from error
    except IntegrityError as error:
        raise Conflict(REFUSED) from error
    except DBAPIError as error:
        raise StoreUnavailable(_words(error)) from error
    except SQLAlchemyError as error:
        raise StoreUnavailable(REFUSED) from error


def _words(error: DBAPIError) -> str:
    code = str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")
    away = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return next((words for name, words in _WORDS.items() if code.startswith(name)), AWAY if away else REFUSED)
