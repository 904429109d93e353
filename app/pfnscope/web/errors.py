"""Every error is answered with a problem: JSON for programs, a page for people."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from pfnscope.errors import ServiceError
from pfnscope.service.layouts import StoreUnavailable
from pfnscope.web.aside import aside
from pfnscope.web.observe import EVENTS, HEADER, request_id
from pfnscope.web.problems import Problem, json_problem, problem, problem_of
from pfnscope.web.security import HEADERS

ErrorPage = Callable[[Request, Problem], Response]

_SENTENCE = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


def with_page(page: ErrorPage) -> ErrorPage:
    """What answers with a problem: ``page`` where a browser asks for one, else JSON."""

    def answer(request: Request, what: Problem) -> Response:
        response = page(request, what) if wants_page(request) else json_problem(what)
        response.headers["Vary"] = "Accept"
        return response

    return answer


def install(app: FastAPI, page: ErrorPage) -> None:
    """Answer every error with a problem; with ``page`` where a browser asks for a page."""
    for_all = with_page(page)

    # Starlette runs a handler that is no coroutine in a thread; a refusal is short, and a page has its own.
    async def answer(request: Request, what: Problem, headers: dict[str, str] | None = None) -> Response:
        response = await aside(for_all, request, what) if wants_page(request) else for_all(request, what)
        response.headers.update(headers or {})
        return response

    async def refused(request: Request, error: Any) -> Response:
        return await answer(request, problem_of(error))

    async def away(request: Request, error: Any) -> Response:
        words = str(error)
        if error.__cause__ is not None:  # else it was refused because of another, which has its line
            EVENTS.warning("the storage is in trouble", exc_info=error)
        return await answer(request, problem(503, f"{words[:1].upper()}{words[1:]}."), {"Retry-After": "10"})

    async def invalid(request: Request, error: Any) -> Response:
        return await answer(request, problem(400, _explain(error)))

    async def by_status(request: Request, error: Any) -> Response:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allow = {"Allow": ", ".join(allowed(app, request))}
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=allow)
            return await answer(request, problem(405, _SENTENCE[405]), allow)
        detail = (
            error.detail if error.detail != HTTPStatus(error.status_code).phrase else _SENTENCE.get(error.status_code)
        )
        return await answer(request, problem(error.status_code, detail or error.detail), dict(error.headers or {}))

    async def crashed(request: Request, _: Any) -> Response:
        # Starlette answers this outside the middleware that adds these headers to all other responses.
        headers = {**HEADERS, HEADER: request_id(request.scope)}
        return await answer(request, problem(500, "This is a fault of the server; it has been logged."), headers)

    app.add_exception_handler(ServiceError, refused)
    app.add_exception_handler(StoreUnavailable, away)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(Exception, crashed)


def allowed(app: FastAPI, request: Request) -> list[str]:
    """The methods that some route takes at this address. HEAD goes with GET, OPTIONS with everything."""
    methods = {"OPTIONS"}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in app.routes):
            methods |= {method, "HEAD"} if method == "GET" else {method}
    return sorted(methods)


def wants_page(request: Request) -> bool:
    """Whether a browser sent the request: only browsers accept text/html. The API has no pages."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _explain(error: RequestValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
