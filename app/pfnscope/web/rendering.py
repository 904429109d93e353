"""Pages, figures and pictures as functions of plain values, beside the use cases of :mod:`pfnscope.service.jobs`.

``packed`` is a drawing as those pack it, ``limit`` the bytes of a text that the server takes, as its pages say.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from markupsafe import Markup

from pfnscope import resources
from pfnscope.drawing import plotly, svg
from pfnscope.formats import rulebook
from pfnscope.kernel.deferral import RESERVING
from pfnscope.pages import compare
from pfnscope.pages.bars import Drawn, find_on
from pfnscope.pages.compare import Pair
from pfnscope.pages.glance import glance
from pfnscope.pages.layout import LayoutAddress, layout_page
from pfnscope.pages.log import dropped, kept_rows
from pfnscope.pages.query import ViewQuery
from pfnscope.pages.subjects import Subject
from pfnscope.pages.templates import Templates
from pfnscope.pages.unfurl import picture
from pfnscope.service import Options, encode, jobs
from pfnscope.service.whatif import Answer
from pfnscope.web.assets import Assets
from pfnscope.web.bodies import Fields

MOST_IN_FIELD = 1 << 20
"""Bytes of a text that a page brings back in its field."""


@cache
def templates(limit: int) -> Templates:
    """The templates, once in each process."""
    return Templates(Assets(resources.folder("static")).url, limit)


def page(packed: bytes, limit: int, subject: Subject, address: LayoutAddress, base: str) -> bytes:
    """The page of a layout; ``base`` is the server's address."""
    drawn = Drawn.unpacked(packed)
    return layout_page(templates(limit), subject, _answer(drawn), drawn, address, base).encode()


def card(packed: bytes) -> bytes:
    """What chats show beside a link: a PNG."""
    return svg.png(picture(_answer(Drawn.unpacked(packed))), 1)


def figure(packed: bytes, query: ViewQuery) -> bytes:
    """The part of a drawing in view as a Plotly figure."""
    drawn = Drawn.unpacked(packed).only(query.view.lanes)
    axis = query.view.axis or "schematic"
    return plotly.figure_json(drawn.scene, axis, window=query.window, both_axes=drawn.axes)


def place(packed: bytes, query: ViewQuery) -> bytes:
    """What the words of ``find`` name on a drawing, as JSON. Raises BadOption."""
    return encode(find_on(Drawn.unpacked(packed), query.words))


def comparison(
    packed: bytes, limit: int, pair: Pair, subjects: tuple[Subject, Subject], view: ViewQuery, names: Sequence[str]
) -> bytes:
    """The page of a comparison. ``names`` are those of the address that are not the pair's."""
    return compare.compare_page(templates(limit), pair, subjects, Drawn.unpacked(packed), view, names).encode()


def partners(packed: bytes, limit: int, pair: Pair, note: str) -> bytes:
    """The form for two links, with what the layout that is given, drawn, could be compared with."""
    return compare.compare_form(templates(limit), pair, _answer(Drawn.unpacked(packed)).today, note).encode()


def preview(text: bytes, options: Options, most: int, limit: int, fields: Fields) -> bytes:
    """The page with the lines that would be kept of a text, and a form that stores just those.

    Raises like :func:`pfnscope.service.jobs.kept`.
    """
    kept = jobs.kept(text, options, fields.keep, most)
    page = templates(limit).render(
        "preview.html",
        here="/",
        lines=kept_rows(kept),
        kept=Markup.escape(kept.decode("utf-8", "replace")),  # the form returns it unchanged, control characters too
        dropped=dropped(text, kept),
        fields=fields,
        everything=fields.keep == "everything",
    )
    return page.encode()


def paste(limit: int, values: Mapping[str, Any], text: bytes | None = None, fields: Fields | None = None) -> bytes:
    """The paste page; behind a text that gives no layout, with what it does tell and with the text in the field."""
    page = templates(limit).render(
        "paste.html",
        here="/",
        glance=glance(text) if text is not None and values["problem"] else "",
        text=_for_field(text or b""),
        fields=fields,
        **values,
    )
    return page.encode()


@cache
def rules(limit: int) -> bytes:
    """The page of what each release does to struct pages, the same for everybody."""
    book = rulebook.rules()
    page = templates(limit).render(
        "rules.html",
        here="/rules",
        rules=book,
        words=rulebook.state_words,
        commits=rulebook.commit_rows(book),
        readers=rulebook.reader_rows(),
        vendors=rulebook.vendor_rows(),
        reserves=RESERVING,
    )
    return page.encode()


def _for_field(text: bytes) -> str:
    """The text as a field shows it; nothing where it is too long for one, or no text."""
    if len(text) > MOST_IN_FIELD or b"\0" in text:
        return ""
    return text.decode("utf-8", "replace")


def _answer(drawn: Drawn) -> Answer:
    if drawn.answer is None:
        raise AssertionError("only comparisons are drawn without an answer")
    return drawn.answer
