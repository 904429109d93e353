"""The one implementation of LayoutStore: SQLAlchemy Core on SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import zstandard
from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.storage import schema
from app.storage.engines import make_engine
from app.storage.protocol import LayoutStore, Record, StoreUnavailable, Tombstone


def open_store(url: str) -> LayoutStore:
    """Connect and create the tables where they are missing.

    Raises ValueError for a URL of no supported database, StoreUnavailable where it does not answer.
    """
    store = SqlStore(make_engine(url))
    try:
        store.create()
    except BaseException:
        store.close()
        raise
    return store


class SqlStore:
    """LayoutStore on a SQLAlchemy engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)

    def create(self) -> None:
        """Create the tables where they are missing."""
        with _transaction(self._writer) as connection:
            schema.create(connection)

    def put(self, record: Record) -> None:
        """See LayoutStore."""
        row = {name: getattr(record, name) for name in record.__struct_fields__}
        row["text"] = zstandard.compress(record.text, level=6)
        with _transaction(self._writer) as connection:
            connection.execute(insert(schema.layouts).values(row))

    def get(self, layout_id: str) -> Record | Tombstone | None:
        """See LayoutStore."""
        with _transaction(self._engine) as connection:
            row = connection.execute(select(schema.layouts).where(schema.layouts.c.id == layout_id)).mappings().first()
            if row is None:
                gone = select(schema.tombstones.c.id).where(schema.tombstones.c.id == layout_id)
                return Tombstone(layout_id) if connection.execute(gone).first() else None
        return Record(**{**row, "text": zstandard.decompress(row["text"])})

    def delete(self, layout_id: str) -> None:
        """See LayoutStore."""
        self._bury(schema.layouts.c.id == layout_id)

    def purge_expired(self, now: int) -> int:
        """See LayoutStore."""
        return self._bury(schema.layouts.c.expires_at <= now)

    def ping(self) -> None:
        """See LayoutStore."""
        with _transaction(self._engine) as connection:
            connection.execute(select(schema.schema.c.version))

    def close(self) -> None:
        """See LayoutStore."""
        self._engine.dispose()

    def _bury(self, which: ColumnElement[bool]) -> int:
        with _transaction(self._writer) as connection:
            buried = (
                connection.execute(delete(schema.layouts).where(which).returning(schema.layouts.c.id)).scalars().all()
            )
            if buried:
                connection.execute(insert(schema.tombstones), [{"id": layout_id} for layout_id in buried])
        if buried and self._engine.dialect.name == "sqlite":
            # The log beside the file would hold the text until some later checkpoint.
            with _transaction(self._engine.execution_options(isolation_level="AUTOCOMMIT")) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(buried)


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise StoreUnavailable("the database does not answer") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the database does not answer") from error
        raise
