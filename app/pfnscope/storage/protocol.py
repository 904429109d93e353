"""What a store of layouts promises, whatever keeps the bytes."""

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
    """What is left of a deleted or expired layout: that there was one."""

    id: str


class Claim(msgspec.Struct, frozen=True):
    """A client's name for one creation, so that sending it again does not create twice. Both are hashes."""

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

        Where the claim is taken already nothing is kept, and what it stands for is returned.
        """

    def claimed(self, key_hash: bytes) -> Claimed | None:
        """What was created under a claim, as long as it is there."""

    def get(self, layout_id: str) -> Record | Tombstone | None:
        """The record of that id, expired or not; None where there never was one."""

    def lifetimes(self, layout_ids: Iterable[str]) -> dict[str, int]:
        """When those of the given layouts that are there expire, in seconds since 1970 UTC."""

    def commits(self) -> int | None:
        """A number that is another one whenever anything was written since, by whomever; None where none is cheap.

        Waits for nobody, and never raises. The exception to the rule above: for one thread only.
        """

    def delete(self, layout_id: str) -> None:
        """Replace the record by a tombstone, so that nothing of its text, title or note is left."""

    def purge_expired(self, now: int) -> int:
        """Replace all records that expired at or before ``now`` by tombstones; how many they were.

        Also overwrites what is left of records deleted before, where others held that up.
        """

    def shorten(self, longest: int) -> None:
        """Let no record expire later than so many seconds after its creation."""

    def count(self) -> int:
        """How many layouts are kept."""

    def hit(self, counter: bytes, expires_at: int) -> int:
        """Add one to a counter that all servers on this database share; its value then."""

    def hits(self, counter: bytes) -> int:
        """The value of a counter; 0 where there is none."""

    def ping(self) -> None:
        """Return when the database answers."""

    def close(self) -> None:
        """Give back all connections."""
