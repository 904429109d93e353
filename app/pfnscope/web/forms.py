"""The forms that a document can be had in: what follows the dot of a layout's address."""

from typing import Literal

import msgspec
from starlette.responses import Response

from pfnscope.formats.registry import FORMATS, Format
from pfnscope.report.plain import PLAIN
from pfnscope.web.security import PICTURE_POLICY

Axis = Literal["schematic", "scale"]


class Shape(msgspec.Struct, frozen=True):
    """What can be chosen of a form: how the axis of a picture runs, how many columns a text has."""

    axis: Axis = "schematic"
    width: int = PLAIN.width


FORMS = {item.suffix: item for item in FORMATS if item.is_available()}
"""What follows the dot of a layout's address."""

MENU = [(form.suffix, words, to_scale) for form in FORMS.values() for words, to_scale in form.menu.items()]
"""What the menu of a layout page offers to take away: suffix, words, whether the axis is to scale."""

_HEADERS = {
    "svg": {"Content-Security-Policy": PICTURE_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"},
    # a file to keep: here the server's own policy would forbid the scripts that it carries
    "html": {"Content-Disposition": 'attachment; filename="layout.html"'},
}


def response(form: Format, body: bytes) -> Response:
    """The answer that has a layout in that form."""
    return Response(body, headers=_HEADERS.get(form.suffix), media_type=form.media_type)
