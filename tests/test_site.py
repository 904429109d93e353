"""The documentation site: all of it is there, its links lead somewhere, and nothing of it is another host's."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from tests.support.pages import PAGES, ROOT

LOADED = {"script": "src", "img": "src", "source": "src", "link": "href", "iframe": "src", "object": "data"}
"""What a browser asks for by itself; of anchors it asks when somebody clicks."""
NO_REQUEST = {"index", "search", "next", "prev", "author"}
"""Relations of links that nothing is loaded by."""


class Page(msgspec.Struct):
    """What a built page asks for, links to and can be linked at."""

    loads: list[str] = []
    links: list[str] = []
    anchors: set[str] = set()


class Reader(HTMLParser):
    """Reads one page."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.page.anchors |= {values[name] for name in ("id", "name") if name in values}
        address = values.get(LOADED.get(tag, ""), "")
        if address and values.get("rel") not in NO_REQUEST:
            self.page.loads.append(address)
        if tag == "a" and "href" in values:
            self.page.links.append(values["href"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    by_path = {}
    for path in site.rglob("*.html"):
        reader = Reader()
        reader.feed(path.read_text())
        by_path[path.resolve()] = reader.page
    return by_path


def test_every_page_is_there(site: Path, pages: dict[Path, Page]) -> None:
    built = {path.relative_to(site.resolve()).with_suffix(".md").as_posix() for path in pages}
    assert built - {"index.md", "search.md"} == set(PAGES) - {"README.md"} | {"CHANGELOG.md"}


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    loaded = {(path.name, address) for path, page in pages.items() for address in page.loads}
    assert len(loaded) > len(pages)
    assert [item for item in loaded if urlsplit(item[1]).scheme or item[1].startswith("//")] == []
    for path in site.rglob("*.css"):
        assert re.findall(r"""(?:url\(|@import)\s*["']?(?:https?:|//)[^)"']*""", path.read_text()) == [], path.name
    assert [path.name for path in site.rglob("*") if path.suffix in {".woff", ".woff2", ".ttf", ".otf"}] == []


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    lost, inside = [], 0
    for path, page in pages.items():
        for address in [*page.loads, *page.links]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            inside += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            if not target.is_file() or (known and parts.fragment and unquote(parts.fragment) not in known.anchors):
                lost.append((path.name, address))
    assert inside > 500
    assert lost == []


def test_links_of_the_readme_lead_somewhere_and_every_picture_is_shown() -> None:
    linked = [(ROOT / "README.md", link) for link in re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text())]
    assert (ROOT / "README.md", "docs/index.md") in linked
    assert [link for page, link in linked if not (page.parent / link).exists()] == []
    text = "".join((ROOT / page).read_text() for page in PAGES)
    assert [path.name for path in (ROOT / "docs/pictures").iterdir() if f"(pictures/{path.name})" not in text] == []
