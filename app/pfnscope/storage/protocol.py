"""The interface of a store of layouts."""

from collections.abc import Iterable
from typing import Protocol

import msgspec


class StoreUnavailable(Exception):
    """The database does not answer, takes no writes, is damaged or of another release; the message is for users."""


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


class LayoutStore(Protocol):
    """Every method may be called from any thread and raises StoreUnavailable where the database does not do it."""

    def put(self, record: Record, claim: Claim | None = None) -> Claimed | None:
        """Keep a new record; durable when this returns None. Ids are never reused: a second is an error.

        Where the claim exists already nothing is kept, and the layout of that claim is returned.
        """

    def claimed(self, key_hash: bytes) -> Claimed | None:
        """The layout that was created under a claim, while it exists."""

    def get(self, layout_id: str) -> Record | Tombstone | None:
        """The record of that id, also an expired one; None where there never was one."""

    def lifetimes(self, layout_ids: Iterable[str]) -> dict[str, int]:
        """Expiry of each given layout that exists, in seconds since 1970 UTC."""

    def commits(self) -> int | None:
        """A number that changes with every commit to the database; None where the database has no cheap one.

        Never waits, never raises. Unlike the other methods it is for one thread at a time.
        """

    def delete(self, layout_id: str) -> None:
        """Replace the record by a tombstone; nothing of its text, title or note is left."""

    def purge_expired(self, now: int) -> int:
        """Replace all records that expired at or before ``now`` by tombstones; their number.

        Also overwrites what is left of records deleted before, where other connections prevented that.
        """

    def shorten(self, longest: int) -> None:
        """Let no record expire later than ``longest`` seconds after its creation."""

    def count(self) -> int:
        """The number of layouts."""

    def hit(self, counter: bytes, expires_at: int) -> int:
        """Add one to a counter that all servers on this database share; its new value."""

    def hits(self, counter: bytes) -> int:
        """The value of a counter; 0 where there is none."""

    def ping(self) -> None:
        """Return when the database answers."""

    def close(self) -> None:
        """Give back all connections."""
