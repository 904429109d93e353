"""The drawing as PNG for slides and chats, by the optional package resvg-py: no browser and no network."""

import re

from pfnscope.drawing import CannotDraw, palette
from pfnscope.resources import installing

ZOOM = 2
"""Pixels of the picture for one of the drawing, so that it is sharp on dense screens and slides."""

_FONTS = '"DejaVu Sans", "Liberation Sans", "Noto Sans", Arial, Helvetica, sans-serif'
_VARIABLE = re.compile(r"var\((--[a-z0-9-]+)\)")
_DEFINED = re.compile(r"(--[a-z0-9-]+):(#[0-9a-f]+)")


def render(drawing: str) -> bytes:
    """A drawing of :mod:`pfnscope.drawing.svg` in its light colours, 2400 pixels wide. Raises CannotDraw."""
    try:
        import resvg_py
    except ImportError:
        raise CannotDraw(f"PNG needs the package resvg-py: {installing('png')}; or take --format svg") from None
    return bytes(resvg_py.svg_to_bytes(svg_string=flat(drawing), zoom=ZOOM))


def flat(drawing: str) -> str:
    """The drawing with its colours written out as on a light page, and its font by names.

    resvg knows neither variables nor media queries, and asks nobody which font a system prefers.
    """
    defined = palette.variables()
    light = dict(_DEFINED.findall(defined.partition("@media")[0]))
    return _VARIABLE.sub(
        lambda match: light[match[1]], drawing.replace(defined, "").replace("system-ui, sans-serif", _FONTS)
    )
