"""How much one client may have done, counted by the library ``limits``: in memory, in Redis or in the database."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.storage.base import TimestampedSlidingWindow
from limits.strategies import SlidingWindowCounterRateLimiter

from pfnscope.extras import needs
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
_MOST_CLIENTS = 10_000  # whose parts of a second are remembered
_WITHOUT_LIMIT = 1 << 50


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
        """Count ``amount`` more, unless that is more than ``limit`` in ``expiry`` seconds."""
        previous, previous_ttl, current, _ = self.get_sliding_window(key, expiry)
        if math.floor(previous * previous_ttl / expiry + current) + amount > limit:
            return False
        now = self._clock()
        _, counter = self.sliding_window_keys(key, expiry, now)
        counted = self._layouts.hit(counter, int(now) + 2 * expiry, amount)
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

    A text counts one, and so does each full second of work: that is counted when it is over, also beyond N. Clients
    are named by their network.

    Where shared counters do not answer, this process counts on its own until they do: a rate protects the server, so
    its counters must not be what stops it. ``alone`` is called each time.
    """

    def __init__(self, rate: str, shared: Any = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._item = parse_rate(rate)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if shared is None else _Windows(shared)
        self._clock = clock
        self._away = False
        self._ask_again = 0.0
        self._spent: OrderedDict[str, float] = OrderedDict()  # seconds that are not counted yet
        self.alone: Callable[[], None] = lambda: None

    @property
    def blocks(self) -> bool:
        """Whether :meth:`wait` and :meth:`count` would wait for another server now."""
        away = self._away and self._clock() < self._ask_again
        return self._item is not None and self._shared is not None and not away

    def give_up(self, error: Exception) -> None:
        """Count alone for some seconds: the shared counters do not answer, or not soon enough."""
        if not self._away:
            EVENTS.warning("shared counters of the rate limit do not answer: counting alone", exc_info=error)
        self._away = True
        self._ask_again = self._clock() + _ASK_AGAIN_SECONDS

    def wait(self, client: str, texts: int = 1) -> int:
        """Count so many texts of this client: 0, or the seconds to wait where they are too many.

        Without a text, the seconds until there may be one. Blocks where the counters are elsewhere.
        """
        return 0 if self._item is None else self._ask(partial(_wait, self._item, client, texts))

    def spend(self, client: str, seconds: float) -> None:
        """Remember that this client has had so many seconds of work."""
        if self._item is not None:
            self._spent[client] = self._spent.pop(client, 0.0) + seconds
            if len(self._spent) > _MOST_CLIENTS:
                self._spent.popitem(last=False)

    def due(self, client: str) -> int:
        """The full seconds of work that are to be counted now: the caller does, with :meth:`count`."""
        full = int(self._spent.get(client, 0.0))
        if full:
            self._spent[client] -= full
        return full

    def count(self, client: str, seconds: int) -> None:
        """Count so many seconds of work, be they more than the rate has left. Blocks as :meth:`wait`."""
        if self._item is not None:
            self._ask(partial(_count, self._item, client, seconds))

    def _ask(self, question: Callable[[SlidingWindowCounterRateLimiter], int]) -> int:
        """The answer of the shared counters, or of this process's own where those are none or do not answer."""
        if self._shared is None:
            return question(self._own)
        if not self._away or self._clock() >= self._ask_again:
            self._ask_again = self._clock() + _ASK_AGAIN_SECONDS  # other threads should not wait for the same timeout
            try:
                answer = question(self._shared)
            except (StorageError, StoreUnavailable) as error:
                self.give_up(error)
            else:
                if self._away:
                    EVENTS.info("shared counters of the rate limit answer again")
                self._away = False
                return answer
        self.alone()
        return question(self._own)


def _wait(item: RateLimitItem, client: str, texts: int, limiter: SlidingWindowCounterRateLimiter) -> int:
    if limiter.hit(item, client, cost=texts) if texts else limiter.test(item, client):
        return 0
    reset = limiter.get_window_stats(item, client).reset_time
    return max(1, min(math.ceil(reset - time.time()), item.get_expiry()))


def _count(item: RateLimitItem, client: str, seconds: int, limiter: SlidingWindowCounterRateLimiter) -> int:
    # What a limiter itself refuses it does not count: a client that goes on would pay nothing more.
    counters: Any = limiter.storage
    counters.acquire_sliding_window_entry(item.key_for(client), _WITHOUT_LIMIT, item.get_expiry(), seconds)
    return seconds


def make_rate_limit(
    rate: str, where: str, layouts: Layouts | None = None, clock: Callable[[], float] = time.monotonic
) -> RateLimit:
    """A rate limit that counts in ``memory``, in the ``database`` of the layouts or at the address of a Redis server.

    Raises MissingExtra without a driver for Redis, ValueError for a wrong address.
    """
    if where == "memory":
        return RateLimit(rate)
    if where == "database" and layouts is not None:
        return RateLimit(rate, SharedCounters(layouts), clock)
    with needs("redis"):
        import redis  # noqa: F401 - limits imports it, and says something else where it cannot
    # Without these the driver tries again for seconds while a client waits.
    timeouts: Any = {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS, "retry": None}
    try:
        return RateLimit(rate, storage_from_string(where, wrap_exceptions=True, **timeouts), clock)
    except Exception as error:  # whatever the driver raises for a wrong address
        raise ValueError(f"PFNSCOPE_RATE_LIMIT_STORAGE: {error}") from error
