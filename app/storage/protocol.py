"""What a store of layouts promises, whatever keeps the bytes."""

from typing import Protocol

import msgspec


class StoreUnavailable(Exception):
    """The database does not answer, or cannot be used by this release."""


class Record(msgspec.Struct, frozen=True):
    """One shared layout. Times are whole seconds since 1970 UTC; ``options`` is JSON."""

    id: str
    text: bytes
    options: bytes
    title: str
    created_at: int
    expires_at: int
    delete_token_hash: bytes


class Tombstone(msgspec.Struct, frozen=True):
    """What is left of a deleted or expired layout: that there was one."""

    id: str


class LayoutStore(Protocol):
    """Every method may be called from any thread and raises StoreUnavailable when the database is away."""

    def put(self, record: Record) -> None:
        """Keep a new record. Ids are never reused; a second record of the same id is an error."""

    def get(self, layout_id: str) -> Record | Tombstone | None:
        """The record of that id, expired or not; None where there never was one."""

    def delete(self, layout_id: str) -> None:
        """Replace the record by a tombstone, so that nothing of its text or title is left."""

    def purge_expired(self, now: int) -> int:
        """Replace all records that expired at or before ``now`` by tombstones; how many they were."""

    def ping(self) -> None:
        """Return when the database answers."""

    def close(self) -> None:
        """Give back all connections."""
