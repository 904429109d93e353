"""Every error as a problem (RFC 9457): JSON for programs, a page for people."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from pfnscope.service.errors import BadOption, CannotSimulate, NoMemoryLayout, NoSuchBoot, ServiceError, TooManyRanges
from pfnscope.service.layouts import BadExpiry, BadKey, Gone, KeyTaken, NotFound, StoreUnavailable, WrongToken
from pfnscope.web.observe import HEADER, request_id
from pfnscope.web.security import HEADERS

MEDIA_TYPE = "application/problem+json"

ErrorPage = Callable[[Request, "Problem"], Response]

_STATUS: dict[type[ServiceError], HTTPStatus] = {
    BadExpiry: HTTPStatus.BAD_REQUEST,
    BadKey: HTTPStatus.BAD_REQUEST,
    BadOption: HTTPStatus.BAD_REQUEST,
    CannotSimulate: HTTPStatus.UNPROCESSABLE_ENTITY,
    Gone: HTTPStatus.GONE,
    KeyTaken: HTTPStatus.CONFLICT,
    NoMemoryLayout: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchBoot: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    TooManyRanges: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    WrongToken: HTTPStatus.FORBIDDEN,
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of an error. ``looked_for`` and ``seen`` only where a text has no memory layout."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    looked_for: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def problem(status: int, detail: str, looked_for: tuple[str, ...] = (), seen: tuple[str, ...] = ()) -> Problem:
    """A problem whose title is the phrase of its status."""
    return Problem(title=HTTPStatus(status).phrase, status=int(status), detail=detail, looked_for=looked_for, seen=seen)


def problem_of(error: ServiceError) -> Problem:
    """What a refusal of the service looks like on the wire."""
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    if isinstance(error, NoMemoryLayout):
        return problem(status, str(error), looked_for=error.looked_for, seen=error.seen)
    return problem(status, str(error))


def install(app: FastAPI, page: ErrorPage) -> None:
    """Answer every error with a problem; with ``page`` where a browser asks for a page."""

    def answer(request: Request, what: Problem, headers: dict[str, str] | None = None) -> Response:
        response = page(request, what) if wants_page(request) else json_problem(what)
        response.headers.update({"Vary": "Accept"} | (headers or {}))
        return response

    def refused(request: Request, error: Any) -> Response:
        return answer(request, problem_of(error))

    def away(request: Request, error: Any) -> Response:
        words = str(error)
        return answer(request, problem(503, f"{words[:1].upper()}{words[1:]}."), {"Retry-After": "10"})

    def invalid(request: Request, error: Any) -> Response:
        return answer(request, problem(400, _explain(error)))

    def by_status(request: Request, error: Any) -> Response:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allow = {"Allow": ", ".join(allowed(app, request))}
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=allow)
            return answer(request, problem(405, _SENTENCE[405]), allow)
        detail = (
            error.detail if error.detail != HTTPStatus(error.status_code).phrase else _SENTENCE.get(error.status_code)
        )
        return answer(request, problem(error.status_code, detail or error.detail), dict(error.headers or {}))

    def crashed(request: Request, _: Any) -> Response:
        # Sent from outside the middleware that adds these headers to everything else.
        told = {**HEADERS, HEADER: request_id(request.scope)}
        return answer(request, problem(500, "This is a fault of the server; it has been logged."), told)

    app.add_exception_handler(ServiceError, refused)
    app.add_exception_handler(StoreUnavailable, away)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(Exception, crashed)


def allowed(app: FastAPI, request: Request) -> list[str]:
    """The methods that some route takes at this address. HEAD goes with GET, OPTIONS with everything."""
    found = {"OPTIONS"}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in app.routes):
            found |= {method, "HEAD"} if method == "GET" else {method}
    return sorted(found)


_SENTENCE = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


def json_problem(what: Problem) -> Response:
    """A problem for programs."""
    # indented, since it may be curl's user who reads it
    body = msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n"
    return Response(body, what.status, media_type=MEDIA_TYPE)


def wants_page(request: Request) -> bool:
    """Whether a browser asks: it alone names text/html. The API has no pages."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _explain(error: RequestValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
