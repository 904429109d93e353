"""Problems (RFC 9457): what every error looks like to a program."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from pfnscope.errors import ServiceError
from pfnscope.opening.errors import CannotOpen, NeedsLibrary, NoLog, TooDeep, TooLarge, TooMuch
from pfnscope.service.errors import (
    BadOption,
    CannotSimulate,
    NoMemoryLayout,
    NoSuchBoot,
    NothingToDraw,
    TooManyRanges,
)
from pfnscope.service.layouts import BadExpiry, BadKey, Gone, KeyTaken, NotFound, WrongToken

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[type[ServiceError], HTTPStatus] = {
    BadExpiry: HTTPStatus.BAD_REQUEST,
    BadKey: HTTPStatus.BAD_REQUEST,
    BadOption: HTTPStatus.BAD_REQUEST,
    CannotSimulate: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoLog: HTTPStatus.UNPROCESSABLE_ENTITY,  # before CannotOpen, of which it is one
    TooDeep: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMuch: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    CannotOpen: HTTPStatus.BAD_REQUEST,
    Gone: HTTPStatus.GONE,
    KeyTaken: HTTPStatus.CONFLICT,
    NoMemoryLayout: HTTPStatus.UNPROCESSABLE_ENTITY,
    NothingToDraw: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchBoot: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    TooManyRanges: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    WrongToken: HTTPStatus.FORBIDDEN,
}


HEADLINES = {
    400: "This request cannot be understood",
    403: "This is not allowed",
    404: "There is nothing at this address",
    405: "This address does not take that",
    408: "This came too slowly",
    409: "This was sent before",
    410: "This layout is gone",
    413: "This is more than the server takes",
    415: "This is no text",
    422: "This cannot be shown",
    429: "Too many at once",
    500: "Something went wrong here",
    503: "The server cannot do this now",
}
"""What a page says of each status, in place of the phrase that HTTP has for it."""


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
    """The problem of an error that the service raises."""
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    if isinstance(error, NoMemoryLayout):
        return problem(status, str(error), looked_for=error.looked_for, seen=error.seen)
    return problem(status, error.for_clients if isinstance(error, NeedsLibrary) else str(error))


def json_problem(what: Problem) -> Response:
    """A problem for programs."""
    # indented, since it may be curl's user who reads it
    body = msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n"
    return Response(body, what.status, media_type=MEDIA_TYPE)
