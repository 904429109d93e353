"""What the server says about itself: log lines, numbers for Prometheus, and an id for every request.

None of it quotes what people send. The path of a stored layout is its secret, and the text of an error may quote a log:
requests are named by their route, errors by their kind and by where they happened.
"""

import logging
import os
import string
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfnscope.service.layouts import Layouts, StoreUnavailable
from pfnscope.web.storage import StorageCalls

ACCESS = logging.getLogger("pfnscope.access")
EVENTS = logging.getLogger("pfnscope.events")


class JsonLines(logging.Formatter):
    """A record as one line of JSON. The dict that a record has as ``fields`` becomes fields beside the message.

    Messages of this package and of uvicorn never quote a request, but for one that is a traceback, whose last lines
    may be of a statement or a text. Of those, and of other libraries, only the place in the code is written.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        message = record.getMessage().strip()
        ours = record.name.partition(".")[0] in ("pfnscope", "uvicorn") and "\n" not in message
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message if ours else f"{record.pathname}:{record.lineno} spoke",
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = chain(record.exc_info[1])
        return msgspec.json.encode(line).decode()


def chain(error: BaseException) -> list[dict[str, Any]]:
    """An error and those that it was raised from: their kinds and places in the code, without their messages."""
    errors: list[dict[str, Any]] = []
    at: BaseException | None = error
    while at is not None and len(errors) < 10:
        frames = traceback.extract_tb(at.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        errors.append({"kind": type(at).__name__, "places": places})
        at = at.__cause__ or at.__context__
    return errors


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "pfnscope": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""For logging.config.dictConfig."""


MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable: a folder in which several processes of one server keep their numbers."""

_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Metrics:
    """The metrics of one server; with several processes, of all of them."""

    def __init__(self, layouts: Layouts, storage: StorageCalls, busy: Callable[[], int]) -> None:
        own = CollectorRegistry()
        self.requests = Counter("pfnscope_requests", "Requests", ["method", "route", "status"], registry=own)
        self.seconds = Histogram(
            "pfnscope_request_seconds", "Time to answer", ["route"], registry=own, buckets=_BUCKETS
        )
        self.refusals = Counter("pfnscope_refusals", "Requests refused, by reason", ["reason"], registry=own)
        self.analyses = Histogram(
            "pfnscope_analysis_seconds", "Work on texts, without waiting for a place", ["place"], registry=own,
            buckets=_BUCKETS,
        )  # fmt: skip
        self.layouts = Counter("pfnscope_layouts", "Layouts stored, deleted and expired", ["event"], registry=own)
        self.alone = Counter(
            "pfnscope_rate_counted_alone", "Texts counted by one process, for want of shared counters", registry=own
        )
        self.purges_failed = Counter(
            "pfnscope_purges_failed", "Rounds of forgetting expired layouts that ended with an error", registry=own
        )
        self.last_purge = Gauge(
            "pfnscope_last_purge_timestamp_seconds", "When expired layouts were last forgotten, since 1970 UTC",
            registry=own, multiprocess_mode="max",
        )  # fmt: skip
        self._busy = Gauge("pfnscope_analyses_running", "Analyses at work", registry=own, multiprocess_mode="livesum")
        self._owed = Gauge(
            "pfnscope_deletions_owed", "Whether SQLite's log may still hold deleted texts, until a purge empties it",
            registry=own, multiprocess_mode="livemax",
        )  # fmt: skip
        self._layouts, self._storage = layouts, storage
        self._count = busy
        self._shown = own
        if SHARED in os.environ:
            self._shown = CollectorRegistry()
            MultiProcessCollector(self._shown)  # type: ignore[no-untyped-call]

    async def text(self) -> bytes:
        """All metrics as Prometheus reads them, also where the storage does not answer."""
        self._busy.set(self._count())
        self._owed.set(self._layouts.owes_deletions)
        try:
            stored = await self._storage.run(self._layouts.count)
        except StoreUnavailable:
            stored = None
        of_storage = CollectorRegistry()
        of_storage.register(_Storage(stored))
        return generate_latest(self._shown) + generate_latest(of_storage)


class _Storage(Collector):
    """What the storage says now, the same for all processes; None where it says nothing."""

    def __init__(self, stored: int | None) -> None:
        self._stored = stored

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The values."""
        yield GaugeMetricFamily("pfnscope_storage_up", "Whether the storage answers", int(self._stored is not None))
        yield GaugeMetricFamily("pfnscope_layouts_stored", "Layouts in the storage", self._stored)


HEADER = "X-Request-ID"
_HEADER = HEADER.lower().encode()
_ID_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_.-")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REASONS = {
    400: "malformed", 403: "forbidden", 404: "unknown", 405: "method", 408: "slow", 409: "conflict", 410: "gone",
    413: "too large", 415: "media type", 422: "no layout", 429: "rate", 500: "fault", 503: "unavailable",
}  # fmt: skip


def request_id(scope: Scope) -> str:
    """The id of the request: the proxy's where it gives one, else a new one."""
    if "request_id" not in scope:
        name = Headers(scope=scope).get(HEADER, "")
        scope["request_id"] = name if 8 <= len(name) <= 64 and _ID_CHARACTERS.issuperset(name) else token_hex(16)
    known: str = scope["request_id"]
    return known


class Observed:
    """The outermost middleware: logs and counts every request with its status and time."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is no HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, start = request_id(scope), time.perf_counter()
        status = 500  # if a handler raises

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_HEADER, name.encode())]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._note(scope, status, time.perf_counter() - start)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route_path") or getattr(scope.get("route"), "path", "") or "none"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status >= HTTPStatus.BAD_REQUEST:
            self._metrics.refusals.labels(_REASONS.get(status, "other")).inc()
        fields = {
            "request_id": scope["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
        }
        ACCESS.info("request", extra={"fields": fields})
