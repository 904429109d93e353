"""How many texts one client may send, counted by the library ``limits`` in this process or where all servers see it."""

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Any

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.storage.base import SlidingWindowCounterSupport, TimestampedSlidingWindow
from limits.strategies import SlidingWindowCounterRateLimiter

from app.service.layouts import Layouts, StoreUnavailable

_ITEMS: dict[str, type[RateLimitItem]] = {
    "second": RateLimitItemPerSecond,
    "minute": RateLimitItemPerMinute,
    "hour": RateLimitItemPerHour,
}
_REDIS = ("redis://", "rediss://", "redis+unix://", "redis+sentinel://", "redis+cluster://")


def parse_rate(text: str) -> RateLimitItem | None:
    """Read ``N/second``, ``N/minute`` or ``N/hour``; None for ``off``. Raises ValueError."""
    if text == "off":
        return None
    count, _, unit = text.partition("/")
    if not (count.isascii() and count.isdigit() and int(count) > 0 and unit in _ITEMS):
        raise ValueError("a rate is N/second, N/minute, N/hour or off")
    return _ITEMS[unit](int(count))


def check_storage(text: str) -> None:
    """Raise ValueError for what names no place to count in."""
    if text not in ("auto", "memory", "database") and not text.startswith(_REDIS):
        raise ValueError("must be auto, memory, database or an address such as redis://localhost:6379")


class SharedCounters(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """Counters of ``limits`` in the database of the layouts, for all servers that work on it."""

    STORAGE_SCHEME = None  # made here only, never from an address

    def __init__(self, layouts: Layouts, clock: Callable[[], float] = time.time) -> None:
        self._layouts = layouts
        self._clock = clock
        super().__init__()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What may be raised."""
        return StoreUnavailable

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count one more, unless that is more than ``limit`` in ``expiry`` seconds."""
        previous, previous_ttl, current, _ = self.get_sliding_window(key, expiry)
        if math.floor(previous * previous_ttl / expiry + current) + amount > limit:
            return False
        now = self._clock()
        _, counter = self.sliding_window_keys(key, expiry, now)
        counted = self._layouts.hit(counter, int(now) + 2 * expiry)
        # Others may have come between: who finds the window full is refused, though counted.
        return math.floor(previous * previous_ttl / expiry + counted) <= limit

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Counts of the window before and of this one, each with the seconds that it still matters."""
        now = self._clock()
        before, current = self.sliding_window_keys(key, expiry, now)
        left = expiry - now % expiry
        return self._layouts.hits(before), left, self._layouts.hits(current), left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Not needed: counters expire."""

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:  # noqa: ARG002 - limits asks so
        """Count one more, whatever the limit."""
        return self._layouts.hit(key, int(self._clock()) + expiry)

    def get(self, key: str) -> int:
        """The value of a counter."""
        return self._layouts.hits(key)

    def get_expiry(self, key: str) -> float:  # noqa: ARG002 - limits asks so
        """Not known without a question to the database; nothing asks."""
        return self._clock()

    def check(self) -> bool:
        """Whether the database answers."""
        self._layouts.ping()
        return True

    def reset(self) -> int | None:
        """Not needed: counters expire."""
        return None

    def clear(self, key: str) -> None:
        """Not needed: counters expire."""


class RateLimit:
    """At most N in any period: what the last period had counts as far as it still overlaps."""

    def __init__(self, rate: str, storage: Any = None) -> None:
        self._item = parse_rate(rate)
        self._limiter = SlidingWindowCounterRateLimiter(storage or MemoryStorage())

    def wait(self, client: str) -> int:
        """Count a text of this address: 0, or the seconds to wait where there are too many.

        Blocks where the counters are elsewhere. Raises StoreUnavailable where they cannot be reached.
        """
        if self._item is None:
            return 0
        key = _network(client)
        try:
            if self._limiter.hit(self._item, key):
                return 0
            reset = self._limiter.get_window_stats(self._item, key).reset_time
        except StorageError as error:
            raise StoreUnavailable("the storage of the rate limit does not answer") from error
        return max(1, min(math.ceil(reset - time.time()), self._item.get_expiry()))


def make_rate_limit(rate: str, where: str, layouts: Layouts) -> RateLimit:
    """A rate limit that counts in ``memory``, in the ``database`` or at the address of a Redis server.

    Raises ValueError where the library for Redis is missing.
    """
    if where == "database":
        return RateLimit(rate, SharedCounters(layouts))
    if where == "memory":
        return RateLimit(rate)
    try:
        return RateLimit(rate, storage_from_string(where, wrap_exceptions=True))
    except Exception as error:  # whatever the driver raises for a missing package or a wrong address
        raise ValueError(f"PFNSCOPE_RATE_LIMIT_STORAGE: {error}") from error


def _network(client: str) -> str:
    # One customer has a whole /64 of IPv6 addresses.
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 4:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False))
