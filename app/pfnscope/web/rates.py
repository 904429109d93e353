"""How many texts one client may send, counted by the library ``limits``: in memory, in Redis or in the database."""

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Any

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.storage.base import TimestampedSlidingWindow
from limits.strategies import SlidingWindowCounterRateLimiter

from pfnscope.service.layouts import Layouts, StoreUnavailable
from pfnscope.web.observe import EVENTS

_ITEMS: dict[str, type[RateLimitItem]] = {
    "second": RateLimitItemPerSecond,
    "minute": RateLimitItemPerMinute,
    "hour": RateLimitItemPerHour,
}
_REDIS = ("redis://", "rediss://", "redis+unix://", "redis+sentinel://", "redis+cluster://")

_PATIENCE_SECONDS = 1.0
_ASK_AGAIN_SECONDS = 5.0


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


class SharedCounters(TimestampedSlidingWindow):
    """The part of a storage of ``limits`` that its sliding windows use, in the database of the layouts."""

    def __init__(self, layouts: Layouts, clock: Callable[[], float] = time.time) -> None:
        self._layouts = layouts
        self._clock = clock

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count one more, unless that is more than ``limit`` in ``expiry`` seconds."""
        previous, previous_ttl, current, _ = self.get_sliding_window(key, expiry)
        if math.floor(previous * previous_ttl / expiry + current) + amount > limit:
            return False
        now = self._clock()
        _, counter = self.sliding_window_keys(key, expiry, now)
        counted = self._layouts.hit(counter, int(now) + 2 * expiry)
        # Another server may have counted in between: a text that goes beyond the limit is refused, though counted.
        return math.floor(previous * previous_ttl / expiry + counted) <= limit

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Counts of the window before and of this one, each with the seconds that it still matters."""
        now = self._clock()
        before, current = self.sliding_window_keys(key, expiry, now)
        left = expiry - now % expiry
        return self._layouts.hits(before), left, self._layouts.hits(current), left + expiry


class _Windows(SlidingWindowCounterRateLimiter):
    """The library's sliding windows, on anything with the two methods of a storage that they use."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage  # the library's own constructor takes whole storages only


class RateLimit:
    """At most N in any period; those of the last period count by the share of it that still overlaps.

    Where shared counters do not answer, this process counts on its own until they do: a rate protects the server, so
    its counters must not be what stops it. ``alone`` is called for each text so counted.
    """

    def __init__(self, rate: str, shared: Any = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._item = parse_rate(rate)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if shared is None else _Windows(shared)
        self._clock = clock
        self._away = False
        self._ask_again = 0.0
        self.alone: Callable[[], None] = lambda: None

    @property
    def blocks(self) -> bool:
        """Whether :meth:`wait` may have to wait for another server."""
        return self._item is not None and self._shared is not None

    def wait(self, client: str) -> int:
        """Count a text of this address: 0, or the seconds to wait where there are too many.

        Blocks where the counters are elsewhere.
        """
        if self._item is None:
            return 0
        key = _network(client)
        if self._shared is None:
            return self._count(self._own, self._item, key)
        if not self._away or self._clock() >= self._ask_again:
            self._ask_again = self._clock() + _ASK_AGAIN_SECONDS  # other threads should not wait for the same timeout
            try:
                seconds = self._count(self._shared, self._item, key)
            except (StorageError, StoreUnavailable) as error:
                if not self._away:
                    EVENTS.warning("shared counters of the rate limit do not answer: counting alone", exc_info=error)
                self._away = True
                self._ask_again = self._clock() + _ASK_AGAIN_SECONDS
            else:
                if self._away:
                    EVENTS.info("shared counters of the rate limit answer again")
                self._away = False
                return seconds
        self.alone()
        return self._count(self._own, self._item, key)

    def _count(self, limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> int:
        if limiter.hit(item, key):
            return 0
        reset = limiter.get_window_stats(item, key).reset_time
        return max(1, min(math.ceil(reset - time.time()), item.get_expiry()))


def make_rate_limit(
    rate: str, where: str, layouts: Layouts | None = None, clock: Callable[[], float] = time.monotonic
) -> RateLimit:
    """A rate limit that counts in ``memory``, in the ``database`` of the layouts or at the address of a Redis server.

    Raises ValueError where the library for Redis is missing.
    """
    if where == "memory":
        return RateLimit(rate)
    if where == "database" and layouts is not None:
        return RateLimit(rate, SharedCounters(layouts), clock)
    # Without these the driver tries again for seconds while a client waits.
    timeouts: Any = {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS, "retry": None}
    try:
        return RateLimit(rate, storage_from_string(where, wrap_exceptions=True, **timeouts), clock)
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
