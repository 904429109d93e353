"""What would be kept of a log, shown before anything is stored."""

from typing import Annotated

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.responses import PlainTextResponse, Response

from pfnscope.web import schema, sharing
from pfnscope.web.deps import OverridesDep, ServicesDep, SubmissionDep
from pfnscope.web.rendering import render

router = APIRouter()

Keep = Annotated[str, Query(pattern="^(memory-lines|everything)$", description="What is to be kept of the log")]


@router.post("/preview", include_in_schema=False)
async def preview(owned: ServicesDep, sent: SubmissionDep) -> Response:
    """A page with the lines that would be kept, and a form that stores just those. Nothing is stored."""
    kept = await sharing.kept_text(owned, sent)
    return render(
        owned,
        "preview.html",
        here="/",
        lines=sharing.numbered(kept),
        kept=Markup.escape(kept.decode("utf-8", "replace")),  # sent back as it is, steering characters and all
        dropped=sharing.dropped(sent.text, kept),
        fields=sent.fields,
        everything=sent.fields.keep == "everything",
    )


@router.post(
    "/api/v1/kept",
    response_class=PlainTextResponse,
    openapi_extra=schema.LOG_BODY,
    responses={
        200: {
            "description": "The text that would be stored",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": schema.EXAMPLE_LOG}},
        },
        **schema.problems(*schema.REFUSALS),
    },
)
async def kept(owned: ServicesDep, sent: SubmissionDep, _: OverridesDep, keep: Keep = "memory-lines") -> Response:
    """What would be kept of a log: its memory-related lines in their places, all others blank. Nothing is stored."""
    del keep  # understood with the body; here it is only described
    return PlainTextResponse(await sharing.kept_text(owned, sent))
