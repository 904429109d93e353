"""Sharing layouts: keep the text under an unguessable name, give it back, forget it.

The text is kept, not the document: what a later release knows better shows on old links too.
"""

import hashlib
import hmac
import secrets
import string
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from pfnscope.errors import ServiceError
from pfnscope.service.analyzing import Options
from pfnscope.storage import Claim, Claimed, LayoutStore, Record, StoreUnavailable, Tombstone, open_store
from pfnscope.storage.trouble import DAMAGED
from pfnscope.words import printable

__all__ = [
    "BadExpiry", "BadKey", "Created", "Gone", "Keep", "KeyTaken", "Layouts", "NotFound", "StoreUnavailable", "Stored",
    "Terms", "WrongToken", "is_id", "open_layouts",
]  # fmt: skip

Keep = Literal["memory-lines", "everything"]

_OPTIONS = msgspec.json.Decoder(Options)  # now, see encoding.unpacker
DAY = 86400
SHORTEST_SECONDS = 60
LONGEST_TITLE = 200
LONGEST_NOTE = 2000
_ID_BYTES = 12
_ID_LENGTH = _ID_BYTES * 4 // 3  # of base64
_ID_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_-")
# A key stands for the delete token, so it must be one that nobody else thinks of: a UUID has 36 characters.
_KEY_LENGTHS = range(16, 201)
_KEY_CHARACTERS = frozenset(map(chr, range(0x21, 0x7F)))


class NotFound(ServiceError):
    """There never was a layout of that name."""


class Gone(ServiceError):
    """The layout of that name was deleted or has expired."""


class WrongToken(ServiceError):
    """The delete token does not belong to that layout."""


class BadExpiry(ServiceError):
    """The life time is outside what the server allows; both limits in seconds."""

    def __init__(self, shortest: int, longest: int) -> None:
        super().__init__(f"expires_in must be between {shortest} and {longest} seconds")


class BadKey(ServiceError):
    """An Idempotency-Key that could be somebody else's too."""


class KeyTaken(ServiceError):
    """The Idempotency-Key was sent before, with something else."""


class Terms(msgspec.Struct, frozen=True):
    """How a layout is to be kept. ``expires_in`` is in seconds; ``key`` is the client's name for this creation."""

    title: str = ""
    note: str = ""
    expires_in: int | None = None
    keep: Keep = "memory-lines"
    key: str | None = None


class Created(msgspec.Struct, frozen=True):
    """A layout that was just stored. ``expires_at`` is RFC 3339 in UTC. The token is given out once and never again."""

    id: str
    url: str
    delete_token: str
    expires_at: str


class Stored(msgspec.Struct, frozen=True):
    """A stored layout. Times are seconds since 1970 UTC."""

    id: str
    text: bytes
    options: Options
    title: str
    created_at: int
    expires_at: int
    note: str = ""


class Layouts:
    """The shared layouts of one server."""

    def __init__(self, store: LayoutStore, retention_days: int = 90, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._longest = retention_days * DAY
        self._clock = clock
        self._shortened: str | None = ""  # the id up to which they are; None when all are

    def created_before(self, text: bytes, options: Options, terms: Terms) -> Created | None:
        """What was created under this key already. Raises BadExpiry, BadKey, KeyTaken, StoreUnavailable."""
        self._seconds(terms)
        if terms.key is None:
            return None
        claim = _claim(terms.key, text, options, terms)
        claimed = self._store.claimed(claim.key_hash)
        return None if claimed is None else _created_again(terms.key, claim, claimed)

    def keep(self, text: bytes, kept: bytes, options: Options, terms: Terms) -> Created:
        """Store what :func:`pfnscope.service.jobs.kept` gave for a text. On disk when this returns.

        Raises BadExpiry, BadKey, KeyTaken, StoreUnavailable.
        """
        now = int(self._clock())
        layout_id = secrets.token_urlsafe(_ID_BYTES)
        token = secrets.token_urlsafe(24) if terms.key is None else _token(terms.key, layout_id)
        record = Record(
            id=layout_id,
            text=kept,
            options=msgspec.json.encode(options),
            title=_clean(terms.title),
            note=_clean_lines(terms.note),
            created_at=now,
            expires_at=now + self._seconds(terms),
            delete_token_hash=_digest(token),
        )
        claim = None if terms.key is None else _claim(terms.key, text, options, terms)
        before = self._store.put(record, claim)
        if before is not None and claim is not None and terms.key is not None:  # by the same request, sent twice
            return _created_again(terms.key, claim, before)
        return _created(record.id, token, record.expires_at)

    def get(self, layout_id: str) -> Stored:
        """Give a layout back. Raises NotFound, Gone, StoreUnavailable."""
        record = self._live(layout_id)
        try:
            options = _OPTIONS.decode(record.options)
        except ValueError as error:  # msgspec's errors are some
            raise StoreUnavailable(DAMAGED) from error
        return Stored(
            id=record.id,
            text=record.text,
            options=options,
            title=record.title,
            created_at=record.created_at,
            expires_at=record.expires_at,
            note=record.note,
        )

    def there(self, layout_ids: Iterable[str]) -> dict[str, int]:
        """When those of these layouts expire that can be seen now. Raises StoreUnavailable."""
        lifetimes = self._store.lifetimes(layout_ids)
        return {layout_id: expires_at for layout_id, expires_at in lifetimes.items() if not self.is_over(expires_at)}

    def commits(self) -> int | None:
        """See LayoutStore.commits: while it stays the same, what :meth:`there` said holds until it expires."""
        return self._store.commits()

    def is_over(self, expires_at: int) -> bool:
        """Whether that time has come."""
        return expires_at <= self._clock()

    def hit(self, counter: str, expires_at: int, amount: int = 1) -> int:
        """Add to a counter that all servers on this database share; its value then. Raises StoreUnavailable."""
        return self._store.hit(_digest(counter), expires_at, amount)

    def hits(self, counter: str) -> int:
        """The value of such a counter. Raises StoreUnavailable."""
        return self._store.hits(_digest(counter))

    def count(self) -> int:
        """How many layouts are kept. Raises StoreUnavailable."""
        return self._store.count()

    def delete(self, layout_id: str, token: str) -> None:
        """Forget a layout. Raises NotFound, Gone, WrongToken, StoreUnavailable."""
        if not secrets.compare_digest(self._live(layout_id).delete_token_hash, _digest(token)):
            raise WrongToken("the delete token does not belong to this layout")
        self._store.delete(layout_id)

    def purge(self) -> int:
        """Forget what has expired, some of it at a time; how many layouts, 0 when there is nothing more.

        Raises StoreUnavailable.
        """
        return self._store.purge_expired(int(self._clock()))

    def purge_counters(self) -> None:
        """Forget counters whose time is over. Raises StoreUnavailable."""
        self._store.purge_counters(int(self._clock()))

    def shorten(self) -> bool:
        """Give what was stored under a longer retention this one's, some of it at a time; whether there is more.

        Raises StoreUnavailable.
        """
        if self._shortened is not None:
            self._shortened = self._store.shorten(self._longest, self._shortened)
        return self._shortened is not None

    @property
    def owes_deletions(self) -> bool:
        """Whether bytes of deleted layouts may still be on disk, which the next purge tries to overwrite."""
        return self._store.owes_deletions

    def ping(self) -> None:
        """Return when layouts can be read through a new connection. Raises StoreUnavailable."""
        self._store.ping()

    def close(self) -> None:
        """Give back all connections."""
        self._store.close()

    def _seconds(self, terms: Terms) -> int:
        seconds = self._longest if terms.expires_in is None else terms.expires_in
        if not SHORTEST_SECONDS <= seconds <= self._longest:
            raise BadExpiry(SHORTEST_SECONDS, self._longest)
        return seconds

    def _live(self, layout_id: str) -> Record:
        record = self._store.get(layout_id) if is_id(layout_id) else None
        if record is None:
            raise NotFound("there is no layout of this name")
        if isinstance(record, Tombstone):
            raise Gone("this layout was deleted or has expired")
        if self.is_over(record.expires_at):  # the next purge takes it; whoever only looks deletes nothing
            raise Gone("this layout was deleted or has expired")
        return record


def open_layouts(database_url: str, retention_days: int = 90) -> Layouts:
    """The layouts in that database. Raises ValueError for a wrong URL, StoreUnavailable."""
    return Layouts(open_store(database_url), retention_days)


def is_id(text: str) -> bool:
    """Whether a text has the form of a layout's id."""
    return len(text) == _ID_LENGTH and _ID_CHARACTERS.issuperset(text)


def _clean(title: str) -> str:
    shown = printable(title[: 4 * LONGEST_TITLE], " ")
    return " ".join(shown.split())[:LONGEST_TITLE]


def _clean_lines(note: str) -> str:
    lines = note[: 4 * LONGEST_NOTE].splitlines()
    shown = (printable(line, " ").rstrip() for line in lines)
    return "\n".join(shown).strip()[:LONGEST_NOTE]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _claim(key: str, text: bytes, options: Options, terms: Terms) -> Claim:
    """Hashes that need the key: without it the fingerprint reveals nothing about the text."""
    if len(key) not in _KEY_LENGTHS or not _KEY_CHARACTERS.issuperset(key):
        raise BadKey("an Idempotency-Key has 16 to 200 visible ASCII characters and should be random, such as a UUID")
    rest = msgspec.json.encode((options, msgspec.structs.replace(terms, key=None)))
    fingerprint = hmac.digest(key.encode(), hashlib.sha256(text).digest() + rest, "sha256")
    return Claim(hmac.digest(key.encode(), b"key", "sha256"), fingerprint)


def _created_again(key: str, claim: Claim, claimed: Claimed) -> Created:
    if claimed.fingerprint != claim.fingerprint:
        raise KeyTaken("this Idempotency-Key was sent before with another log or other options")
    return _created(claimed.layout_id, _token(key, claimed.layout_id), claimed.expires_at)


def _created(layout_id: str, token: str, expires_at: int) -> Created:
    """What was stored, at its path: only a server knows by which name it is reached."""
    moment = datetime.fromtimestamp(expires_at, UTC).isoformat().replace("+00:00", "Z")
    return Created(layout_id, f"/l/{layout_id}", token, moment)


def _token(key: str, layout_id: str) -> str:
    # Only hashes of tokens are kept. One that follows from the client's own key can be told again to who has the key.
    return urlsafe_b64encode(hmac.digest(key.encode(), layout_id.encode(), "sha256")[:24]).decode()
