"""The tables and what comes from their rows; creation by whichever server starts first, upgrades of older databases."""

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateColumn

from pfnscope.storage.trouble import OTHER, StoreUnavailable

VERSION = 2

metadata = MetaData()

schema = Table("pfnscope_schema", metadata, Column("version", Integer, nullable=False))

layouts = Table(
    "layouts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("text", LargeBinary, nullable=False),  # zstd
    Column("options", LargeBinary, nullable=False),
    Column("title", String(200), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("delete_token_hash", LargeBinary, nullable=False),
    Column("note", String(2000), nullable=False, server_default=""),  # since version 2
)

tombstones = Table("tombstones", metadata, Column("id", String(32), primary_key=True))

# Since version 2. A claim is deleted with its layout: nothing computed from a text outlives it.
claims = Table(
    "claims",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("layout_id", ForeignKey("layouts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("fingerprint", LargeBinary, nullable=False),
)

# Since version 2. Rate limits that all servers share, by the hash of a client's address.
counters = Table(
    "counters",
    metadata,
    Column("name", LargeBinary, primary_key=True),
    Column("hits", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)


class Record(msgspec.Struct, frozen=True):
    """One shared layout. Times are whole seconds since 1970 UTC; ``options`` is JSON."""

    id: str
    text: bytes
    options: bytes
    title: str
    created_at: int
    expires_at: int
    delete_token_hash: bytes
    note: str = ""


class Tombstone(msgspec.Struct, frozen=True):
    """A deleted or expired layout."""

    id: str


class Claim(msgspec.Struct, frozen=True):
    """A client's idempotency key for one creation, and the fingerprint of that request. Both are hashes."""

    key_hash: bytes
    fingerprint: bytes


class Claimed(msgspec.Struct, frozen=True):
    """The layout that was created under a claim."""

    layout_id: str
    fingerprint: bytes
    expires_at: int


# Any number that nothing else in the database uses for an advisory lock.
_ADVISORY_LOCK = 0x70666E73636F7065


def create(connection: Connection) -> None:
    """Create the tables where they are missing, and bring older ones to this version.

    The transaction must hold off other writers. SQLite: the caller began it with BEGIN IMMEDIATE. PostgreSQL: an
    advisory lock, because two CREATE TABLE IF NOT EXISTS at the same time can fail there. Raises StoreUnavailable
    for a database of a later release or of another encoding than UTF8.
    """
    if connection.dialect.name == "postgresql":
        encoding = connection.execute(text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":  # others lack letters of titles, or count bytes for letters
            raise StoreUnavailable(
                f"the database has the encoding {encoding}, and titles need UTF8: "
                "create it with ENCODING 'UTF8' TEMPLATE template0"
            )
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    exists = inspect(connection).has_table(schema.name)
    version = connection.execute(select(schema.c.version)).scalar() if exists else None
    if version is None:
        metadata.create_all(connection)
        connection.execute(insert(schema).values(version=VERSION))
        return
    if version > VERSION:
        raise StoreUnavailable(f"the database has schema version {version}, this release knows version {VERSION}")
    if version < 2:
        _to_version_2(connection)
    if version < VERSION:
        connection.execute(update(schema).values(version=VERSION))


def check(connection: Connection) -> None:
    """Read a row of each table, and one by each of its keys and indexes. Raises StoreUnavailable for another version.

    So no damaged or foreign database passes for one that answers.
    """
    if connection.dialect.name == "postgresql":
        # Of small tables it would read no index. It gives what is off a cost that would then be worth a compiler.
        connection.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL jit = off"))
    if connection.execute(select(schema.c.version)).scalar() != VERSION:
        raise StoreUnavailable(OTHER)
    for table in (layouts, tombstones, claims, counters):
        # not the texts, which may be large: the columns behind them are read past them all the same
        connection.execute(select(*(column for column in table.columns if column.name != "text")).limit(1)).first()
        indexed = [*table.primary_key.columns, *(column for index in table.indexes for column in index.columns)]
        for column in indexed:
            connection.execute(select(column).order_by(column).limit(1)).first()


def _to_version_2(connection: Connection) -> None:
    column = CreateColumn(layouts.c.note).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE {layouts.name} ADD COLUMN {column}"))
    metadata.create_all(connection, tables=[claims, counters])
