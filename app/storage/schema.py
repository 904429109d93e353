"""The tables, and how a database gets them: once, whoever starts first."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
)

from app.storage.protocol import StoreUnavailable

VERSION = 1

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
)

tombstones = Table("tombstones", metadata, Column("id", String(32), primary_key=True))

# Any number serves, as long as nothing else in the database takes the same advisory lock.
_ADVISORY_LOCK = 0x70666E73636F7065


def create(connection: Connection) -> None:
    """Create the tables where they are missing. The transaction must hold off other writers.

    SQLite: the caller began it with BEGIN IMMEDIATE. PostgreSQL: an advisory lock, because two
    CREATE TABLE IF NOT EXISTS at the same time can fail there.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    metadata.create_all(connection)
    version = connection.execute(select(schema.c.version)).scalar()
    if version is None:
        connection.execute(insert(schema).values(version=VERSION))
    elif version != VERSION:
        raise StoreUnavailable(f"the database has schema version {version}, this release knows version {VERSION}")
