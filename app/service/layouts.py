"""Sharing layouts: keep the text under an unguessable name, give it back, forget it.

The text is kept, not the document: what a later release knows better shows on old links too.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from app.bootlog import keep_memory_lines
from app.service.analyzing import Options, analyze
from app.service.errors import ServiceError
from app.storage import LayoutStore, Record, StoreUnavailable, Tombstone, open_store

__all__ = [
    "BadExpiry", "Created", "Gone", "Keep", "Layouts", "NotFound", "StoreUnavailable", "Stored", "WrongToken",
    "open_layouts",
]  # fmt: skip

Keep = Literal["memory-lines", "everything"]

DAY = 86400
SHORTEST_SECONDS = 60
LONGEST_TITLE = 200
_ID_BYTES = 12
_ID = re.compile(r"[A-Za-z0-9_-]{16}")


class NotFound(ServiceError):
    """There never was a layout of that name."""


class Gone(ServiceError):
    """The layout of that name was deleted or has expired."""


class WrongToken(ServiceError):
    """The delete token does not belong to that layout."""


class BadExpiry(ServiceError):
    """The wanted life time is outside what the server allows; both limits in seconds."""

    def __init__(self, shortest: int, longest: int) -> None:
        super().__init__(f"expires_in must be between {shortest} and {longest} seconds")


class Created(msgspec.Struct, frozen=True):
    """A layout that was just stored. The token is told once and never again."""

    id: str
    delete_token: str
    expires_at: int


class Stored(msgspec.Struct, frozen=True):
    """A stored layout. Times are seconds since 1970 UTC."""

    id: str
    text: bytes
    options: Options
    title: str
    created_at: int
    expires_at: int


class Layouts:
    """The shared layouts of one server."""

    def __init__(self, store: LayoutStore, retention_days: int = 90, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._longest = retention_days * DAY
        self._clock = clock

    def create(
        self,
        text: bytes,
        options: Options,
        title: str = "",
        expires_in: int | None = None,
        keep: Keep = "memory-lines",
    ) -> Created:
        """Store a text that has a memory layout; by default only its recognised lines.

        ``expires_in`` is in seconds. Raises NoMemoryLayout, NoSuchBoot, BadExpiry, StoreUnavailable.
        """
        seconds = self._longest if expires_in is None else expires_in
        if not SHORTEST_SECONDS <= seconds <= self._longest:
            raise BadExpiry(SHORTEST_SECONDS, self._longest)
        analyzed = analyze(text, options)
        now = int(self._clock())
        token = secrets.token_urlsafe(24)
        record = Record(
            id=secrets.token_urlsafe(_ID_BYTES),
            text=text if keep == "everything" else keep_memory_lines(text, analyzed.reading),
            options=msgspec.json.encode(options),
            title=_clean(title),
            created_at=now,
            expires_at=now + seconds,
            delete_token_hash=_digest(token),
        )
        self._store.put(record)
        return Created(record.id, token, record.expires_at)

    def get(self, layout_id: str) -> Stored:
        """Give a layout back. Raises NotFound, Gone, StoreUnavailable."""
        record = self._live(layout_id)
        return Stored(
            id=record.id,
            text=record.text,
            options=msgspec.json.decode(record.options, type=Options),
            title=record.title,
            created_at=record.created_at,
            expires_at=record.expires_at,
        )

    def delete(self, layout_id: str, token: str) -> None:
        """Forget a layout. Raises NotFound, Gone, WrongToken, StoreUnavailable."""
        if not secrets.compare_digest(self._live(layout_id).delete_token_hash, _digest(token)):
            raise WrongToken("the delete token does not belong to this layout")
        self._store.delete(layout_id)

    def purge(self) -> int:
        """Forget all that has expired; how many they were."""
        return self._store.purge_expired(int(self._clock()))

    def ping(self) -> None:
        """Return when the storage answers. Raises StoreUnavailable."""
        self._store.ping()

    def close(self) -> None:
        """Give back all connections."""
        self._store.close()

    def _live(self, layout_id: str) -> Record:
        found = self._store.get(layout_id) if _ID.fullmatch(layout_id) else None
        if found is None:
            raise NotFound("there is no layout of this name")
        if isinstance(found, Tombstone):
            raise Gone("this layout was deleted or has expired")
        if found.expires_at <= self._clock():
            self._store.delete(layout_id)
            raise Gone("this layout was deleted or has expired")
        return found


def open_layouts(database_url: str, retention_days: int = 90) -> Layouts:
    """The layouts in that database. Raises ValueError for a wrong URL, StoreUnavailable."""
    return Layouts(open_store(database_url), retention_days)


def _clean(title: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in title[: 4 * LONGEST_TITLE])
    return " ".join(printable.split())[:LONGEST_TITLE]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
