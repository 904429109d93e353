"""A document in the forms that it can be taken away in, the same bytes for the command, the API and the page."""

from typing import TYPE_CHECKING

from pfnscope.model.document import Document
from pfnscope.report.plain import PLAIN, Look

if TYPE_CHECKING:
    from pfnscope.drawing.axis import AxisName

FORMS = ("text", "json", "markdown", "svg", "png", "csv", "html")


def written(
    form: str,
    document: Document,
    *,
    text: bytes = b"",
    today: Document | None = None,
    look: Look = PLAIN,
    axis: "AxisName" = "schematic",
) -> bytes:
    """A document in one of :data:`FORMS`. Raises CannotDraw for a png without the package that draws it.

    ``text`` is the log, of which html has the recognised lines; ``today`` the document of the log as it is, where the
    one to be written is simulated: the forms for people tell what changes.
    """
    if form == "json":
        from pfnscope.service.analyzing import encode

        return encode(document)
    if form == "text":
        from pfnscope.formats.text import render

        return render(document, look, today).encode()
    if form in ("svg", "png"):
        return _drawn(form, document, today, axis)
    if form == "html":
        return _one_file(document, text, today)
    if form == "markdown":
        from pfnscope.formats import markdown

        return markdown.render(document, today).encode()
    from pfnscope.formats import holes_csv

    return holes_csv.render(document).encode()


def _drawn(form: str, document: Document, today: Document | None, axis: "AxisName") -> bytes:
    from pfnscope.drawing import scene, svg

    drawing = svg.draw(scene.simulated(today, document) if today else scene.of(document), axis)
    if form == "svg":
        return drawing.encode()
    from pfnscope.drawing import png

    return png.render(drawing)


def _one_file(document: Document, text: bytes, today: Document | None) -> bytes:
    from pfnscope.bootlog import keep_memory_lines, read
    from pfnscope.formats import html_file
    from pfnscope.report.log_lines import log_rows

    rows = log_rows(keep_memory_lines(text, read(text)), document) if text else []
    return html_file.render(document, rows, today).encode()
