"""The forms that a document can be had in."""

from collections.abc import Callable
from typing import Literal

import msgspec

from app import service
from app.report import markdown, raster, sheet, standalone, svg, text
from app.report.document import Document
from app.web.security import PICTURE_POLICY

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
    "html": Form(
        "text/html; charset=utf-8",
        lambda document, _: standalone.render(document),
        # a file to keep: here the server's own policy would forbid the scripts that it carries
        {"Content-Disposition": 'attachment; filename="layout.html"'},
    ),
}
if raster.can_draw():
    FORMS["png"] = Form("image/png", lambda document, _: raster.render(document))
