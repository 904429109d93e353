"""Every request gets an id, a line in the log and its place in the numbers."""

import string
import time
from http import HTTPStatus
from secrets import token_hex

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfnscope.web.logs import ACCESS
from pfnscope.web.metrics import Metrics

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
    found: str = scope["request_id"]
    return found


class Observed:
    """The outermost middleware: sees what everything else made of a request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is no HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, start = request_id(scope), time.perf_counter()
        status = 500  # what is answered where the handlers raise

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
        told = {
            "request_id": scope["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
        }
        ACCESS.info("request", extra={"told": told})
