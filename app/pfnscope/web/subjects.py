"""The layouts that a page can show and compare: those stored, and the examples."""

import re
from urllib.parse import parse_qs, urlsplit

import msgspec
from starlette.exceptions import HTTPException

from pfnscope.service import Options
from pfnscope.service.layouts import Layouts
from pfnscope.web import presenting, sharing
from pfnscope.web.samples import sample_text

SAMPLE = "sample:"
_PAGE = re.compile(r"/l/([A-Za-z0-9_-]{16})(?:\.[a-z]+)?/?|/samples/([a-z0-9][a-z0-9-]{0,60})(?:\.[a-z]+)?/?")


class Subject(msgspec.Struct, frozen=True):
    """A layout that a page can show. ``name`` is what a comparison calls it by."""

    name: str
    path: str
    title: str
    text: bytes
    options: Options
    kept_until: str | None = None
    listed: bool = False
    note: str = ""


def stored(layouts: Layouts, layout_id: str, told: Options) -> Subject:
    """A stored layout, under what a query string tells. Raises NotFound, Gone, StoreUnavailable."""
    found = layouts.get(layout_id)
    return Subject(
        layout_id,
        f"/l/{layout_id}",
        found.title,
        found.text,
        sharing.merged(found, told),
        presenting.day(found.expires_at),
        note=found.note,
    )


def sample(slug: str, told: Options) -> Subject:
    """An example. Raises 404."""
    found = sample_text(slug)
    if found is None:
        raise HTTPException(404, "There is no example of this name.")
    return Subject(SAMPLE + slug, f"/samples/{slug}", found[0].title, found[1], told, listed=True)


def named(layouts: Layouts, name: str, told: Options) -> Subject:
    """What a comparison calls ``name``: an example as ``sample:SLUG``, else a stored layout."""
    return sample(name.removeprefix(SAMPLE), told) if name.startswith(SAMPLE) else stored(layouts, name, told)


def name_of(link: str) -> tuple[str, str]:
    """Name and boot, as text, of a link to a page of this server; what is no link stays as it is."""
    link = link.strip()
    try:
        parts = urlsplit(link)
    except ValueError:
        return link, ""
    found = _PAGE.fullmatch(parts.path)
    if not found:
        return link, ""
    return found[1] or SAMPLE + found[2], parse_qs(parts.query).get("boot", [""])[0]
