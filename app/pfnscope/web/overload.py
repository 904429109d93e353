"""Where too many texts wait already, the next one is turned away before anything is made of its request."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pfnscope.units import whole_number
from pfnscope.web.errors import json_problem, problem
from pfnscope.web.workers import Workers

_LENGTH_DIGITS = 20  # the parser refuses lengths of 2^64 and more


class Overload:
    """Middleware for requests of programs that send texts: a refusal must not cost what keeps others waiting.

    ``paths`` are theirs. What else sends a text, such as a page's form, is refused by the handlers.
    """

    def __init__(self, app: ASGIApp, workers: Workers, paths: Collection[str]) -> None:
        self._app = app
        self._workers = workers
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what finds a place."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._paths:
            refusal = self._workers.refusal(told_size(Headers(scope=scope)))
            if refusal is not None:
                scope["route_path"] = scope["path"]
                answer = json_problem(problem(refusal.status_code, refusal.detail))
                answer.headers.update(refusal.headers or {})
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def told_size(headers: Headers) -> int:
    """The bytes that a body is said to have; 0 where that is not told, since its first bytes are read anyway."""
    return whole_number(headers.get("content-length", ""), _LENGTH_DIGITS) or 0
