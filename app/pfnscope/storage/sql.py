"""The store of layouts: SQLAlchemy Core on SQLite or PostgreSQL."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, text, update

from pfnscope import zstd
from pfnscope.storage import schema
from pfnscope.storage.engines import engines
from pfnscope.storage.schema import Claim, Claimed, Record, Tombstone
from pfnscope.storage.sqlite import TURN_SECONDS, CommitCounter, empty_log
from pfnscope.storage.trouble import BUSY, DAMAGED, Conflict, StoreUnavailable, transaction

_AT_ONCE = 200  # layouts that one transaction forgets or changes: it ends in time, and others get their turn
_PATIENCE_SECONDS = 0.2  # of a purge for those who read SQLite's log

# Both databases understand this upsert; SQLAlchemy has one only in the dialect of each.
_HIT = text(
    "INSERT INTO counters (name, hits, expires_at) VALUES (:name, :amount, :expires_at) "
    "ON CONFLICT (name) DO UPDATE SET hits = counters.hits + :amount RETURNING hits"
)
# Runs before each stored page; a statement for one id takes half the time of one for a list.
_LIFETIME = select(schema.layouts.c.id, schema.layouts.c.expires_at).where(schema.layouts.c.id == bindparam("id"))
_LIFETIMES = select(schema.layouts.c.id, schema.layouts.c.expires_at).where(
    schema.layouts.c.id.in_(bindparam("ids", expanding=True))
)


class LayoutStore:
    """Every method may be called from any thread and raises StoreUnavailable where the database does not do it."""

    def __init__(self, url: str) -> None:
        """Nothing is opened yet. Raises as :func:`pfnscope.storage.engines.engines` does."""
        self._engine, self._fresh = engines(url)
        self._writer = self._engine.execution_options(writes=True)
        # For a single statement: without BEGIN and ROLLBACK around it, each a round trip on PostgreSQL.
        self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._commit_counter = CommitCounter(self._engine)
        self._has_log = self._engine.dialect.name == "sqlite"
        # Writers of SQLite wait by trying again and again, and some never get it; of one process they queue.
        self._turn = Lock() if self._has_log else None
        # A server that was killed between a deletion and its checkpoint may have left such a log.
        self._log_holds_deleted = self._has_log

    def create(self) -> None:
        """Create or upgrade the tables, and forget what a server that was killed had still to forget."""
        with self._writing() as connection:
            schema.create(connection)
        self._checkpoint(_PATIENCE_SECONDS)

    def put(self, record: Record, claim: Claim | None = None) -> Claimed | None:
        """Keep a new record; durable when this returns None. Ids are never reused: a second one is a Conflict.

        Where the claim exists already nothing is kept, and the layout of that claim is returned.
        """
        row = {name: getattr(record, name) for name in record.__struct_fields__}
        row["text"] = zstd.compress(record.text, level=6)
        try:
            with self._writing() as connection:
                connection.execute(insert(schema.layouts).values(row))
                if claim is not None:
                    named = {"key_hash": claim.key_hash, "layout_id": record.id, "fingerprint": claim.fingerprint}
                    connection.execute(insert(schema.claims).values(named))
        except Conflict:
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
            return Record(**{**row, "text": zstd.decompress(row["text"])})
        except zstd.ZstdError as error:
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
        """Replace the record by a tombstone; nothing of its text, title or note is left.

        Where somebody reads SQLite's log, it is left to the next purge to empty it, and nobody waits.
        """
        self._bury(schema.layouts.c.id == layout_id)
        self._checkpoint(0)

    def purge_expired(self, now: int) -> int:
        """Replace records that expired at or before ``now`` by tombstones, some hundreds at a time; their number.

        Also overwrites what is left of records deleted before, where other connections prevented that.
        """
        try:
            with transaction(self._engine) as connection:
                which = select(schema.layouts.c.id).where(schema.layouts.c.expires_at <= now).limit(_AT_ONCE)
                expired = connection.scalars(which).all()
            buried = self._bury(schema.layouts.c.id.in_(expired)) if expired else 0
        finally:
            self._checkpoint(_PATIENCE_SECONDS)
        return buried

    def purge_counters(self, now: int) -> None:
        """Forget counters that expired at or before ``now``."""
        over = schema.counters.c.expires_at <= now
        with transaction(self._engine) as connection:  # usually there is none, and no writer is held up
            due = connection.execute(select(schema.counters.c.hits).where(over).limit(1)).first()
        if due:
            with self._writing() as connection:
                connection.execute(delete(schema.counters).where(over))

    def shorten(self, longest: int, after: str) -> str | None:
        """Let none of the next hundreds of records, by id, expire later than ``longest`` seconds after its creation.

        The id after which to go on; None when there are no more.
        """
        ids = schema.layouts.c.id
        with transaction(self._engine) as connection:
            some = connection.scalars(select(ids).where(ids > after).order_by(ids).limit(_AT_ONCE)).all()
            last = schema.layouts.c.created_at + longest
            which = ids.in_(some) & (schema.layouts.c.expires_at > last)
            due = connection.scalars(select(ids).where(which)).all() if some else []
        if due:
            with self._writing() as connection:
                connection.execute(update(schema.layouts).where(ids.in_(due)).values(expires_at=last))
        return some[-1] if some else None

    def count(self) -> int:
        """The number of layouts."""
        with transaction(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(schema.layouts)).scalar_one()

    def hit(self, counter: bytes, expires_at: int, amount: int = 1) -> int:
        """Add to a counter that all servers on this database share; its new value."""
        values = {"name": counter, "expires_at": expires_at, "amount": amount}
        with self._writing() as connection:
            hits: int = connection.execute(_HIT, values).scalar_one()
            return hits

    def hits(self, counter: bytes) -> int:
        """The value of a counter; 0 where there is none."""
        with transaction(self._engine) as connection:
            which = select(schema.counters.c.hits).where(schema.counters.c.name == counter)
            return connection.execute(which).scalar() or 0

    def ping(self) -> None:
        """Return when a new connection finds the tables of this release, and reads them by each of their indexes."""
        with transaction(self._fresh) as connection:
            schema.check(connection)

    @property
    def owes_deletions(self) -> bool:
        """Whether SQLite's log may still hold what was deleted; the next purge tries again to empty it."""
        return self._log_holds_deleted

    def close(self) -> None:
        """Give back all connections."""
        self._commit_counter.close()
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that writes."""
        if self._turn is not None and not self._turn.acquire(timeout=TURN_SECONDS):
            raise StoreUnavailable(BUSY)
        try:
            with transaction(self._writer) as connection:
                yield connection
        finally:
            if self._turn is not None:
                self._turn.release()

    def _bury(self, which: ColumnElement[bool]) -> int:
        with self._writing() as connection:
            buried = (
                connection.execute(delete(schema.layouts).where(which).returning(schema.layouts.c.id)).scalars().all()
            )
            if buried:
                connection.execute(insert(schema.tombstones), [{"id": layout_id} for layout_id in buried])
        self._log_holds_deleted |= bool(buried) and self._has_log
        return len(buried)

    def _checkpoint(self, patience: float) -> None:
        """Empty SQLite's log, which holds deleted texts until then.

        A reader that began before the deletion prevents it, so each purge tries again.
        """
        if not self._log_holds_deleted:
            return
        self._log_holds_deleted = False  # now, so that a deletion meanwhile sets it again
        emptied = False
        try:
            with suppress(StoreUnavailable), transaction(self._single) as connection:
                emptied = empty_log(connection, patience)
        finally:
            self._log_holds_deleted |= not emptied


def open_store(url: str) -> LayoutStore:
    """Connect, create the tables where they are missing, upgrade them where they are older.

    Raises ValueError for a URL of no supported database, StoreUnavailable where it does not answer.
    """
    store = LayoutStore(url)
    try:
        store.create()
    except BaseException:
        store.close()
        raise
    return store
