"""The forms that a document can be had in: what follows the dot of a layout's address."""

from typing import Literal

import msgspec

from pfnscope.drawing import png
from pfnscope.report.plain import PLAIN
from pfnscope.web.security import PICTURE_POLICY

Axis = Literal["schematic", "scale"]


class Shape(msgspec.Struct, frozen=True):
    """What can be chosen of a form: how the axis of a picture runs, how many columns a text has."""

    axis: Axis = "schematic"
    width: int = PLAIN.width


class Form(msgspec.Struct, frozen=True):
    """What ``pfnscope.service.writing`` calls the form, and the headers that go with it."""

    name: str
    media_type: str
    headers: dict[str, str] = {}


FORMS = {
    "json": Form("json", "application/json"),
    "txt": Form("text", "text/plain; charset=utf-8"),
    "md": Form("markdown", "text/markdown; charset=utf-8"),
    "csv": Form("csv", "text/csv; charset=utf-8; header=present"),
    "svg": Form(
        "svg",
        "image/svg+xml",
        {"Content-Security-Policy": PICTURE_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"},
    ),
    "html": Form(
        "html",
        "text/html; charset=utf-8",
        # a file to keep: here the server's own policy would forbid the scripts that it carries
        {"Content-Disposition": 'attachment; filename="layout.html"'},
    ),
}
if png.can_draw():
    FORMS["png"] = Form("png", "image/png")
