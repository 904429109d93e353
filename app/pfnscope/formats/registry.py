"""The formats that a layout can be had in: what commands, addresses and the menu of pages offer is read here.

A new one is a module that writes it and a row of :data:`FORMATS`. Modules are imported when something is written.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pfnscope.drawing.axis import AxisName
    from pfnscope.model.answers import Placements
    from pfnscope.model.document import Document
    from pfnscope.report.plain import Look


class Export(NamedTuple):
    """A ``document`` to be written, and what its formats can need of it.

    ``text`` is the log, of which a file has the recognised lines; ``today`` the document of the log as it is, where the
    one to be written is simulated: the formats for people tell what changes. ``places`` are where a reservation lies or
    can go: text, pictures and the page in one file have them. ``axis`` is for pictures, ``look`` for the text.
    """

    document: "Document"
    text: bytes = b""
    today: "Document | None" = None
    axis: "AxisName" = "schematic"
    look: "Look | None" = None
    places: "Placements | None" = None


def _text(export: Export) -> bytes:
    from pfnscope.formats.text import render
    from pfnscope.report.plain import PLAIN

    report = render(export.document, export.look or PLAIN, export.today)
    if export.places is None:
        return report.encode()
    from pfnscope.formats.places import placed_text

    return f"{placed_text(export.document, export.places, export.look or PLAIN)}\n{report}".encode()


def _markdown(export: Export) -> bytes:
    from pfnscope.formats.markdown import render

    return render(export.document, export.today).encode()


def _csv(export: Export) -> bytes:
    from pfnscope.formats.holes_csv import render

    return render(export.document).encode()


def _json(export: Export) -> bytes:
    from pfnscope.model.encoding import encode

    return encode(export.document) + b"\n"


def _drawing(export: Export) -> str:
    from pfnscope.drawing import scene, svg

    return svg.draw(scene.of_answer(export.document, export.today, export.places), export.axis)


def _svg(export: Export) -> bytes:
    return _drawing(export).encode()


def _png(export: Export) -> bytes:
    from pfnscope.drawing import svg

    return svg.png(_drawing(export))


def _html(export: Export) -> bytes:
    from pfnscope.extras import needs

    with needs("html"):
        from pfnscope.formats.html_file import render
    return render(export.document, export.text, export.today, export.places).encode()


class Format(NamedTuple):
    """A format: ``name`` for commands, ``suffix`` behind the dot of a layout's address.

    ``menu`` are entries of a page's menu, by their words: whether the axis is to scale. A ``binary`` format is nothing
    that a terminal can show.
    """

    name: str
    suffix: str
    media_type: str
    write: Callable[[Export], bytes]
    menu: dict[str, bool]
    binary: bool = False


FORMATS = (
    Format("text", "txt", "text/plain; charset=utf-8", _text, {"Text report": False}),
    Format("markdown", "md", "text/markdown; charset=utf-8", _markdown, {"Markdown": False}),
    Format("csv", "csv", "text/csv; charset=utf-8; header=present", _csv, {"Holes as CSV": False}),
    Format("json", "json", "application/json", _json, {"Document": False}),
    Format("svg", "svg", "image/svg+xml", _svg, {"Drawing": False, "Drawing to scale": True}),
    Format("png", "png", "image/png", _png, {"Picture": False}, binary=True),
    Format("html", "html", "text/html; charset=utf-8", _html, {"One file with bars that zoom": False}),
)

BY_NAME = {item.name: item for item in FORMATS}
BY_SUFFIX = {item.suffix: item for item in FORMATS}
"""By what follows the dot of a layout's address."""
