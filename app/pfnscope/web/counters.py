"""Counters for the library ``limits`` in the database of the layouts."""

import math
import time
from collections.abc import Callable

from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport, TimestampedSlidingWindow

from pfnscope.service.layouts import Layouts, StoreUnavailable


class SharedCounters(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """Counters that all servers share which work on this database."""

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
