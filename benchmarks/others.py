"""Clients that use a server at a modest pace, each with an address of its own, and what they get."""

import http.client
import threading
import time
from collections import Counter, defaultdict
from statistics import median, quantiles

KINDS = ("small texts", "new views", "stored pages")
"""In this order each of them asks, a request a second, so that nobody comes near a rate limit."""

_PAGES = 6  # each time, one behind the other: a percentile of few is the worst of them

_CLIENTS = 24
_AS_PAGE = {"Accept": "text/html"}
_PATIENCE = 30  # seconds for an answer
_GOOD = "200"


class Others:
    """The clients of one server: ``text`` is what they have analysed, ``path`` a stored page."""

    def __init__(self, port: int, text: bytes, path: str) -> None:
        self._port = port
        self._text = text
        self._path = path
        self._fresh = 0  # the last place that a view was asked for
        self._lock = threading.Lock()

    def watched(self, seconds: float) -> "Watched":
        """What all of them see in so many seconds."""
        seen = Watched()
        start = time.perf_counter()
        threads = [threading.Thread(target=self._run, args=(n, start, seconds, seen)) for n in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return seen

    def _run(self, number: int, start: float, seconds: float, seen: "Watched") -> None:
        due = start + number / _CLIENTS
        turn = number
        while due < start + seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            kind = KINDS[turn % len(KINDS)]
            # Counted from when it was due: who waits for an answer asks less, and would hide how long all would wait.
            since = due
            for _ in range(_PAGES if kind == KINDS[-1] else 1):
                status = self._ask(number, kind)
                seen.add(kind, status, time.perf_counter() - since)
                since = time.perf_counter()
            turn += 1
            due += 1

    def _ask(self, number: int, kind: str) -> str:
        source = (f"127.0.1.{number + 1}", 0)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, _PATIENCE, source_address=source)
        try:
            match kind:
                case "small texts":
                    connection.request("POST", "/api/v1/analyze", self._text, {"Content-Type": "text/plain"})
                case "new views":
                    with self._lock:
                        self._fresh += 1
                    connection.request("GET", f"{self._path}?find={self._fresh << 12:#x}", headers=_AS_PAGE)
                case _:
                    connection.request("GET", self._path, headers=_AS_PAGE)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        else:
            return str(answer.status)
        finally:
            connection.close()


class Watched:
    """What clients saw: how long each kind of request took in seconds, and how it ended."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[str] = Counter()

    def add(self, kind: str, status: str, seconds: float) -> None:
        """Count a request."""
        self.statuses[status] += 1
        self._seconds[kind].append(seconds)

    @property
    def refused(self) -> float:
        """Percent of the requests that were not served."""
        return 100 * (1 - self.statuses[_GOOD] / self.statuses.total())

    def typical(self, kind: str) -> float:
        """The median of a kind of request."""
        return median(self._seconds[kind])

    def worst(self, kind: str) -> float:
        """Its 99th percentile."""
        return quantiles(self._seconds[kind], n=100)[98]
