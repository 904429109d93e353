"""A stored layout in its other forms: ``/l/{id}.json``, ``.txt``, ``.md``, ``.csv`` and ``.svg``."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import Response

from pfnscope.report.plain import PLAIN
from pfnscope.web import schema, subjects, views
from pfnscope.web.asked import AskedDep
from pfnscope.web.caching import tagged
from pfnscope.web.deps import OverridesDep, ServicesDep
from pfnscope.web.forms import FORMS, Axis, Shape, response

router = APIRouter()

Width = Annotated[int, Query(ge=72, le=1000, description="Columns of the text report; 72 for a mail")]


@router.get(
    "/l/{layout_id}.{form}",
    tags=["layouts"],
    response_class=Response,
    responses={
        200: {
            "description": "The layout in that form",
            "content": {form.media_type.partition(";")[0]: {} for form in FORMS.values()}
            | {"application/json": {"examples": {"example": {"$ref": "#/components/examples/Document"}}}},
        },
        **schema.problems(*schema.MISSES),
    },
)
async def export(
    request: Request,
    layout_id: str,
    form: Annotated[str, Path(json_schema_extra={"enum": list(FORMS)})],
    owned: ServicesDep,
    overrides: OverridesDep,
    asked: AskedDep,
    axis: Annotated[Axis, Query(description="How the picture's axis runs")] = "schematic",
    width: Width = PLAIN.width,
) -> Response:
    """A stored layout as JSON, plain text, Markdown, CSV of its holes or a standalone picture.

    With ``set``, ``remove`` or ``append``, the layout that this command line would give; the picture shows both.
    """
    if form not in FORMS:
        raise HTTPException(404)

    def work() -> bytes:
        shape = Shape(axis, width)
        return views.written(form, subjects.stored(owned.layouts, layout_id, overrides), asked.question, shape)

    body = await owned.workers.run(work)
    return tagged(request, response(FORMS[form], body))
