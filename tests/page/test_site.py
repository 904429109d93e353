"""The documentation site in a browser: light, dark and narrow, with its search, and no request to anywhere else."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.driving import Open

PICTURE = 'img[src$="struct-pages.svg"]'


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each request."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def docs(site: Path) -> Iterator[str]:
    """The address of the first page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/docs"
    server.shutdown()
    thread.join()
    server.server_close()


def widths(page: Page) -> list[int]:
    pixels: list[int] = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return pixels


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_pages_fit_any_width_and_all_pictures_are_there(open_page: Open, docs: str, width: int) -> None:
    page = open_page(width)
    for name in ("index", "tutorial", "spans", "kernel-rules", "log-formats", "settings"):
        page.goto(f"{docs}/{name}.html")
        wide, window = widths(page)
        assert wide == window, name
        assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)"), name


def test_pictures_are_as_dark_as_the_page_around_them(open_page: Open, docs: str) -> None:
    shots = []
    for scheme, choice in (("light", "auto"), ("dark", "auto"), ("light", "dark")):
        page = open_page(1400, scheme)
        page.add_init_script(f"localStorage.setItem('theme', '{choice}')")  # what a click on the sun or moon leaves
        page.goto(f"{docs}/spans.html")
        shots.append(page.locator(PICTURE).screenshot())
    light, dark, chosen = shots
    assert light != dark
    assert chosen == dark


def test_the_first_page_leads_to_the_docs_and_the_search_finds(open_page: Open, docs: str) -> None:
    page = open_page(1400)
    page.goto(docs.removesuffix("/docs"))
    page.wait_for_url("**/docs/index.html")
    page.get_by_placeholder("Search").fill("kpageflags")
    page.keyboard.press("Enter")
    expect(page.locator("ul.search").get_by_role("link", name="Zone spans, sections and struct pages")).to_be_visible()
    page.wait_for_load_state("networkidle")  # it reads the pages that it found, for what stands around the word
