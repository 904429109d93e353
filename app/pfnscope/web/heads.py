"""What the address of a request may be: refused before anything takes it apart."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pfnscope.web.problems import Problem, problem

LONGEST_PATH = 2 << 10
"""Bytes of a path, as it was sent."""
LONGEST_QUERY = 16 << 10
"""Bytes of a query string, as it was sent."""
MOST_PARAMETERS = 200
"""Names with values of a query string."""


class Heads:
    """Middleware that refuses addresses which are longer than any that a page or program needs.

    Lines of a head have their limit where they are read, in ``connections``.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, Problem], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request: refuse it, or pass it on."""
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        await self._refuse(Request(scope), refusal)(scope, receive, send)


def _refusal(scope: Scope) -> Problem | None:
    if len(scope.get("raw_path") or scope["path"]) > LONGEST_PATH:
        return problem(404, "There is nothing at this address, which is longer than any of this server.")
    query: bytes = scope["query_string"]
    if len(query) > LONGEST_QUERY or sum(map(bool, query.split(b"&"))) > MOST_PARAMETERS:
        return problem(400, f"A query has at most {LONGEST_QUERY} bytes and {MOST_PARAMETERS} parameters.")
    return None
