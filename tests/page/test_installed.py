"""The server of an installed wheel, in Chromium: every page that its pages lead to."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.page.driving import Open, wait_live
from tests.support.process import free_port, started


def test_every_page_of_an_installed_wheel_works(
    installed: Path, open_page: Open, seed_text: str, tmp_path: Path
) -> None:
    """Beginning with the form and a paste; those of ``open_page`` see what a page complains about."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = (installed / "pfnscope",)
    with started(server, port, tmp_path / "log", database_url=f"sqlite:///{tmp_path}/l.db", rate_limit="off"):
        page = open_page()
        page.goto(address)
        page.fill("textarea", seed_text)
        page.click("button[type=submit]")
        page.wait_for_url("**/l/*")
        stored = urlsplit(page.url).path
        seen, ahead = set[str](), ["/", stored, f"/compare?a={stored}&b=/samples/seed-no-memmap"]
        while ahead:
            path = ahead.pop()
            seen.add(path)
            ahead += _look(page, address, path) - seen - set(ahead)
        page.goto("about:blank")
    assert seen >= {"/", "/samples", "/samples/seed-1g-4g", "/compare", "/rules", "/api", stored}
    assert len(seen) > 15


def _look(page: Page, address: str, path: str) -> set[str]:
    """Paths of the pages that a page leads to; it has come whole, and its bars move."""
    answer = page.goto(address + path)
    assert answer is not None
    assert answer.status == 200, path
    if page.locator("#bars").count():
        wait_live(page)
    broken = "() => [...document.images].filter(image => !image.naturalWidth).map(image => image.src)"
    assert page.evaluate(broken) == []
    links = page.evaluate("() => [...document.querySelectorAll('a[href]:not([download])')].map(link => link.href)")
    paths = {urlsplit(link).path for link in links if link.startswith(f"{address}/")}
    return {one for one in paths if "." not in one}
