"""The OpenAPI description: msgspec types give the schemas, the service itself gives the example answers."""

from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from pfnscope import service
from pfnscope.formats.rulebook import Rule, rules
from pfnscope.model import encoding
from pfnscope.model.answers import Lookup, Placements
from pfnscope.model.document import Document
from pfnscope.opening.errors import TooLarge
from pfnscope.report.compared import Comparison, compared
from pfnscope.service.layouts import Created
from pfnscope.service.lookup import lookup
from pfnscope.service.places import Reservation, place
from pfnscope.web.bodies import JsonLog
from pfnscope.web.problems import MEDIA_TYPE, Problem, problem
from pfnscope.web.settings import Limits, Settings

Responses = dict[int | str, dict[str, Any]]

_TYPES = (Document, Lookup, Comparison, Placements, Rule, Created, Limits, JsonLog, Problem)
_REF = "#/components/schemas/{name}"

EXAMPLE_LOG = """\
Linux version 4.17.0 (build@example) (gcc version 8.1.0) #1 SMP
Command line: root=/dev/vda1 ro memmap=512M!1G
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-0x000000007ffd9fff] usable
BIOS-e820: [mem 0x000000007ffda000-0x000000007fffffff] reserved
user-defined physical RAM map:
user: [mem 0x0000000000000000-0x000000000009fbff] usable
user: [mem 0x0000000000100000-0x000000003fffffff] usable
user: [mem 0x0000000040000000-0x000000005fffffff] persistent (type 12)
user: [mem 0x0000000060000000-0x000000007ffd9fff] usable
user: [mem 0x000000007ffda000-0x000000007fffffff] reserved
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x000000007ffd9fff]
  Normal   empty
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x000000003fffffff]
  node   0: [mem 0x0000000060000000-0x000000007ffd9fff]
"""

LOG_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A kernel log; plain or multipart bodies may be packed, an archive, a mail or a document.",
        "content": {
            "text/plain": {"schema": {"type": "string"}, "example": EXAMPLE_LOG},
            "application/json": {
                "schema": {"$ref": _REF.format(name="JsonLog")},
                "example": {"log": EXAMPLE_LOG, "kernel": "4.17"},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["log"],
                    "properties": {"log": {"type": "string", "format": "binary"}},
                },
                "example": {"log": EXAMPLE_LOG},
            },
        },
    }
}

REFUSALS = (400, 403, 408, 413, 415, 422, 429, 503)
"""Errors of requests that send a log."""
MISSES = (400, 404, 410, 413, 422, 429, 503)
"""Errors of requests for a stored layout."""

_OF_LAYOUT = ("get_layout", "delete_layout", "lookup", "simulate_stored", "place_stored")
LINKS: dict[str, Any] = {
    name: {"operationId": name, "parameters": {"path.layout_id": "$response.body#/id"}} for name in _OF_LAYOUT
} | {
    "compare": {
        "operationId": "compare",
        "parameters": {"query.a": "$response.body#/id", "query.b": "$response.body#/id"},
    },
    "export": {
        "operationId": "export",
        "parameters": {"path.layout_id": "$response.body#/id"},
    },
}
"""Operations on a layout that was just stored."""

_PROBLEM_EXAMPLES = {
    400: problem(400, "Not a kernel release: 'new'; give one such as 4.17 or 6.1.90."),
    403: problem(403, "the delete token does not belong to this layout"),
    404: problem(404, "there is no layout of this name"),
    408: problem(408, "The body came too slowly: 5000 bytes have to come within 5 seconds."),
    409: problem(409, "this Idempotency-Key was sent before with another log or other options"),
    410: problem(410, "this layout was deleted or has expired"),
    413: problem(413, str(TooLarge(64 << 20))),
    415: problem(415, "A log is sent as text/plain, multipart/form-data or application/json, not 'image/png'."),
    422: problem(422, "No memory layout in these 2 lines.", looked_for=("BIOS-e820 map",), seen=()),
    429: problem(429, "2 texts of yours are being analysed or wait for it; try again when one of them is done."),
    503: problem(503, "The storage does not answer."),
}


def problems(*statuses: int) -> Responses:
    """The responses of these errors, with examples."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": _REF.format(name="Problem")},
                    "example": msgspec.to_builtins(_PROBLEM_EXAMPLES[status]),
                }
            },
        }
        for status in statuses
    }


def answers(
    name: str, *errors: int, status: int = 200, many: bool = False, links: dict[str, Any] | None = None
) -> Responses:
    """The response with a JSON body of the type of that name, or a list of them, and the errors beside it."""
    reference: dict[str, Any] = {"$ref": _REF.format(name=name)}
    body = {
        "schema": {"type": "array", "items": reference} if many else reference,
        "examples": {"example": {"$ref": f"#/components/examples/{name}{'s' if many else ''}"}},
    }
    answer = {"description": HTTPStatus(status).phrase, "content": {"application/json": body}}
    return {status: answer | ({"links": links} if links else {}), **problems(*errors)}


def install(app: FastAPI) -> None:
    """Make the app describe itself with these schemas."""
    app.openapi = partial(_describe, app)  # type: ignore[method-assign]


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        for methods in schema["paths"].values():
            for described in methods.values():
                _drop_default_validation(described["responses"])
        components = encoding.schemas(_TYPES, _REF)
        examples = _examples()
        components["Document"]["examples"] = [examples["Document"]]
        schema["components"] = {
            "schemas": components,
            "examples": {name: {"value": value} for name, value in examples.items()},
            "securitySchemes": {"delete_token": {"type": "http", "scheme": "bearer"}},
        }
        app.openapi_schema = schema
    return app.openapi_schema


def _drop_default_validation(responses: dict[str, Any]) -> None:
    # FastAPI writes its own 422 wherever a route names none; here such a request is a 400 problem.
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]


def _examples() -> dict[str, Any]:
    """Answers to the example request, computed by what would answer it."""
    log = EXAMPLE_LOG.encode()
    document = service.analyze(log).document
    other = service.analyze(log, service.Options(kernel="5.10")).document
    values = {
        "Document": document,
        "Lookup": lookup(document, "pfn:0x100"),
        "Comparison": compared(document, other),
        "Placements": place(log, Reservation("256M")),
        "Rules": rules()[:2],
        "Created": Created(
            "Zk3v0YwJ5xUe8mQa", "https://pfn.example/l/Zk3v0YwJ5xUe8mQa", "q" * 32, "2027-02-21T09:30:00Z"
        ),
        "Limits": Settings.model_construct().limits,
    }
    return {name: encoding.builtins(value) for name, value in values.items()}
