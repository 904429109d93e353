"""How many texts one client may send: a bucket of tokens for each address, in this process's memory."""

import ipaddress
import math
import time
from collections.abc import Callable

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MOST_CLIENTS = 10_000


def parse_rate(text: str) -> tuple[int, int] | None:
    """Read ``N/second``, ``N/minute`` or ``N/hour`` into (N, seconds); None for ``off``. Raises ValueError."""
    if text == "off":
        return None
    count, _, unit = text.partition("/")
    if not (count.isascii() and count.isdigit() and int(count) > 0 and unit in _SECONDS):
        raise ValueError("a rate is N/second, N/minute, N/hour or off")
    return int(count), _SECONDS[unit]


class RateLimit:
    """A burst of N at once, refilled evenly over the period."""

    def __init__(self, rate: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = parse_rate(rate)
        self._clock = clock
        self._full_at: dict[str, float] = {}  # when the bucket of a client will be full again

    def wait(self, client: str) -> int:
        """Take a token for this address: 0, or the seconds to wait where there is none."""
        if self._rate is None:
            return 0
        count, period = self._rate
        now = self._clock()
        key = _network(client)
        full_at = max(self._full_at.get(key, now), now) + period / count
        if full_at - now > period:
            return math.ceil(full_at - now - period)
        if len(self._full_at) >= _MOST_CLIENTS:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        if len(self._full_at) < _MOST_CLIENTS or key in self._full_at:
            self._full_at[key] = full_at
        return 0


def _network(client: str) -> str:
    # One customer has a whole /64 of IPv6 addresses.
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 4:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False))
