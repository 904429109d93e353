"""The layouts that a page can show and compare: those stored, and the examples."""

from urllib.parse import parse_qs, urlsplit

import msgspec
from starlette.exceptions import HTTPException

from pfnscope.pages import presenting
from pfnscope.pages.samples import sample_text
from pfnscope.service import Options
from pfnscope.service.layouts import Layouts, is_id
from pfnscope.web import sharing

SAMPLE = "sample:"


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
    name = _name_in(parts.path)
    return (link, "") if name is None else (name, parse_qs(parts.query).get("boot", [""])[0])


def _name_in(path: str) -> str | None:
    """What a comparison calls the layout by whose page, or a form of it, has this path."""
    parent, _, last = path.removesuffix("/").rpartition("/")
    name = last.partition(".")[0]
    if parent == "/l" and is_id(name):
        return name
    return SAMPLE + name if parent == "/samples" and name else None
