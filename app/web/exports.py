"""A stored layout in its other forms: ``/l/{id}.json``, ``.txt``, ``.md``, ``.csv`` and ``.svg``."""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import Response

from app import service
from app.report import markdown, sheet, svg, text
from app.report.document import Document
from app.web import schema, sharing
from app.web.caching import tagged
from app.web.deps import OverridesDep, ServicesDep
from app.web.security import PICTURE_POLICY

router = APIRouter()

Axis = Literal["schematic", "scale"]


class Form(msgspec.Struct, frozen=True):
    """How a document is written, and the headers that go with it."""

    media_type: str
    write: Callable[[Document, Axis], str | bytes]
    headers: dict[str, str] = {}


FORMS = {
    "json": Form("application/json", lambda document, _: service.encode(document)),
    "txt": Form("text/plain; charset=utf-8", lambda document, _: text.render(document)),
    "md": Form("text/markdown; charset=utf-8", lambda document, _: markdown.render(document)),
    "csv": Form("text/csv; charset=utf-8; header=present", lambda document, _: sheet.render(document)),
    "svg": Form(
        "image/svg+xml",
        svg.render,
        {"Content-Security-Policy": PICTURE_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"},
    ),
}


@router.get(
    "/l/{layout_id}.{form}",
    tags=["layouts"],
    response_class=Response,
    responses={
        200: {
            "description": "The layout in that form",
            "content": {form.media_type.partition(";")[0]: {} for form in FORMS.values()},
        },
        **schema.problems(400, 404, 410, 422, 503),
    },
)
async def export(
    request: Request,
    layout_id: str,
    form: Annotated[str, Path(json_schema_extra={"enum": list(FORMS)})],
    owned: ServicesDep,
    overrides: OverridesDep,
    axis: Annotated[Axis, Query(description="How the picture's axis runs")] = "schematic",
) -> Response:
    """A stored layout as JSON, plain text, Markdown, CSV of its holes or a standalone picture."""
    if form not in FORMS:
        raise HTTPException(404)
    chosen = FORMS[form]

    def work() -> str | bytes:
        return chosen.write(sharing.show(owned.layouts, layout_id, overrides).analyzed.document, axis)

    body = await owned.workers.run(work)
    return tagged(request, Response(body, headers=chosen.headers, media_type=chosen.media_type))
