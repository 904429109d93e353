"""The store of layouts: SQLAlchemy Core on SQLite or PostgreSQL."""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from typing import cast

import zstandard
from sqlalchemy import (
    ColumnElement,
    Engine,
    PoolProxiedConnection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from pfnscope.storage import schema
from pfnscope.storage.engines import DAMAGED, empty_log, make_engine, transaction
from pfnscope.storage.schema import Claim, Claimed, Record, StoreUnavailable, Tombstone

# Both databases understand this upsert; SQLAlchemy has one only in the dialect of each.
_HIT = text(
    "INSERT INTO counters (name, hits, expires_at) VALUES (:name, :amount, :expires_at) "
    "ON CONFLICT (name) DO UPDATE SET hits = counters.hits + :amount RETURNING hits"
)
# Runs before each stored page; a statement for one id takes half the time of one for a list.
_LIFETIME = select(schema.layouts.c.id, schema.layouts.c.expires_at).where(schema.layouts.c.id == bindparam("id"))
# A row by the table and one by the index, so that a damaged database does not pass for one that answers.
_ANY_LAYOUT = select(schema.layouts.c.title).limit(1)
_FIRST_TO_EXPIRE = select(func.min(schema.layouts.c.expires_at))
_LIFETIMES = select(schema.layouts.c.id, schema.layouts.c.expires_at).where(
    schema.layouts.c.id.in_(bindparam("ids", expanding=True))
)


class LayoutStore:
    """Every method may be called from any thread and raises StoreUnavailable where the database does not do it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        # For a single statement: without BEGIN and ROLLBACK around it, each a round trip on PostgreSQL.
        self._single = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._commit_counter = _CommitCounter(engine)
        # Whether SQLite's log may still hold what was deleted: a server that was killed may have left such a log.
        self._log_holds_deleted = engine.dialect.name == "sqlite"

    def create(self) -> None:
        """Create or upgrade the tables."""
        with transaction(self._writer) as connection:
            schema.create(connection)

    def put(self, record: Record, claim: Claim | None = None) -> Claimed | None:
        """Keep a new record; durable when this returns None. Ids are never reused: a second is an error.

        Where the claim exists already nothing is kept, and the layout of that claim is returned.
        """
        row = {name: getattr(record, name) for name in record.__struct_fields__}
        row["text"] = zstandard.compress(record.text, level=6)
        try:
            with transaction(self._writer) as connection:
                connection.execute(insert(schema.layouts).values(row))
                if claim is not None:
                    named = {"key_hash": claim.key_hash, "layout_id": record.id, "fingerprint": claim.fingerprint}
                    connection.execute(insert(schema.claims).values(named))
        except IntegrityError:
            earlier = self.claimed(claim.key_hash) if claim is not None else None
            if earlier is None:
                raise
            return earlier
        return None

    def claimed(self, key_hash: bytes) -> Claimed | None:
        """The layout that was created under a claim, while it exists."""
        which = (
            select(schema.claims.c.layout_id, schema.claims.c.fingerprint, schema.layouts.c.expires_at)
            .join(schema.layouts)
            .where(schema.claims.c.key_hash == key_hash)
        )
        with transaction(self._engine) as connection:
            row = connection.execute(which).mappings().first()
        return None if row is None else Claimed(**row)

    def get(self, layout_id: str) -> Record | Tombstone | None:
        """The record of that id, also an expired one; None where there never was one."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(schema.layouts).where(schema.layouts.c.id == layout_id)).mappings().first()
            if row is None:
                gone = select(schema.tombstones.c.id).where(schema.tombstones.c.id == layout_id)
                return Tombstone(layout_id) if connection.execute(gone).first() else None
        try:
            return Record(**{**row, "text": zstandard.decompress(row["text"])})
        except zstandard.ZstdError as error:
            raise StoreUnavailable(DAMAGED) from error

    def lifetimes(self, layout_ids: Iterable[str]) -> dict[str, int]:
        """Expiry of each given layout that exists, in seconds since 1970 UTC."""
        ids = list(layout_ids)
        query, parameters = (_LIFETIME, {"id": ids[0]}) if len(ids) == 1 else (_LIFETIMES, {"ids": ids})
        with transaction(self._single) as connection:
            return {row[0]: row[1] for row in connection.execute(query, parameters)}

    def commits(self) -> int | None:
        """A number that changes with every commit to the database; None where the database has no cheap one.

        Never waits, never raises. Unlike the other methods it is for one thread at a time.
        """
        return self._commit_counter.read()

    def delete(self, layout_id: str) -> None:
        """Replace the record by a tombstone; nothing of its text, title or note is left."""
        self._bury(schema.layouts.c.id == layout_id)
        self._checkpoint()

    def purge_expired(self, now: int) -> int:
        """Replace all records that expired at or before ``now`` by tombstones; their number.

        Also overwrites what is left of records deleted before, where other connections prevented that.
        """
        layouts, counters = schema.layouts.c.expires_at <= now, schema.counters.c.expires_at <= now
        with transaction(self._engine) as connection:  # usually there is nothing to do, and no writer is held up
            due_layouts, due_counters = (
                connection.scalar(select(exists().where(which))) for which in (layouts, counters)
            )
        if due_counters:
            with transaction(self._writer) as connection:
                connection.execute(delete(schema.counters).where(counters))
        buried = self._bury(layouts) if due_layouts else 0
        self._checkpoint()
        return buried

    def shorten(self, longest: int) -> None:
        """Let no record expire later than ``longest`` seconds after its creation."""
        last = schema.layouts.c.created_at + longest
        with transaction(self._engine) as connection:
            due = connection.scalar(select(exists().where(schema.layouts.c.expires_at > last)))
        if due:
            with transaction(self._writer) as connection:
                which = update(schema.layouts).where(schema.layouts.c.expires_at > last)
                connection.execute(which.values(expires_at=last))

    def count(self) -> int:
        """The number of layouts."""
        with transaction(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(schema.layouts)).scalar_one()

    def hit(self, counter: bytes, expires_at: int, amount: int = 1) -> int:
        """Add to a counter that all servers on this database share; its new value."""
        values = {"name": counter, "expires_at": expires_at, "amount": amount}
        with transaction(self._writer) as connection:
            hits: int = connection.execute(_HIT, values).scalar_one()
            return hits

    def hits(self, counter: bytes) -> int:
        """The value of a counter; 0 where there is none."""
        with transaction(self._engine) as connection:
            which = select(schema.counters.c.hits).where(schema.counters.c.name == counter)
            return connection.execute(which).scalar() or 0

    def ping(self) -> None:
        """Return when the database answers."""
        with transaction(self._engine) as connection:
            for which in (_ANY_LAYOUT, _FIRST_TO_EXPIRE):
                connection.execute(which).first()

    def close(self) -> None:
        """Give back all connections."""
        self._commit_counter.close()
        self._engine.dispose()

    def _bury(self, which: ColumnElement[bool]) -> int:
        with transaction(self._writer) as connection:
            buried = (
                connection.execute(delete(schema.layouts).where(which).returning(schema.layouts.c.id)).scalars().all()
            )
            if buried:
                connection.execute(insert(schema.tombstones), [{"id": layout_id} for layout_id in buried])
        self._log_holds_deleted |= bool(buried) and self._engine.dialect.name == "sqlite"
        return len(buried)

    def _checkpoint(self) -> None:
        """Empty SQLite's log, which holds deleted texts until then.

        A reader that began before the deletion prevents it, so each purge tries again.
        """
        if not self._log_holds_deleted:
            return
        self._log_holds_deleted = False  # now, so that a deletion meanwhile sets it again
        emptied = False
        try:
            with suppress(StoreUnavailable), transaction(self._single) as connection:
                emptied = empty_log(connection)
        finally:
            self._log_holds_deleted |= not emptied


def open_store(url: str) -> LayoutStore:
    """Connect, create the tables where they are missing, upgrade them where they are older.

    Raises ValueError for a URL of no supported database, StoreUnavailable where it does not answer.
    """
    store = LayoutStore(make_engine(url))
    try:
        store.create()
    except BaseException:
        store.close()
        raise
    return store


class _CommitCounter:
    """SQLite's counter of commits by other connections; reading it takes microseconds and waits for no lock.

    For one thread at a time. PostgreSQL has nothing as cheap.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine if engine.dialect.name == "sqlite" else None
        self._connection: PoolProxiedConnection | None = None

    def read(self) -> int | None:
        """A number that differs after each commit of others; None where it cannot be read."""
        if self._engine is None:
            return None
        try:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
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
