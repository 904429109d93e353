"""The menu of a layout page: every form downloaded or copied as the API gives it, and said."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.page.driving import Open, wait_live
from tests.support.samples import text

PATH = "/samples/seed-1g-4g"


def _menu(page: Page, address: str, query: str = "") -> Page:
    page.goto(address + PATH + query)
    wait_live(page)
    page.locator(".top details.menu summary").click()
    return page


def _hrefs(page: Page) -> list[str]:
    hrefs: list[str] = page.evaluate(
        "[...document.querySelectorAll('.top .menu a')].map((a) => a.getAttribute('href'))"
    )
    return hrefs


def test_every_entry_leads_to_what_the_api_says(address: str, open_page: Open) -> None:
    """All forms, under their types, of the layout that the page shows: the simulated one where that is shown."""
    page = open_page()
    hrefs = _hrefs(_menu(page, address))
    endings = [href.rpartition(".")[2] for href in hrefs]
    assert endings[:6] == ["txt", "md", "csv", "json", "svg", "svg?axis=scale"]
    assert "html" in endings
    kinds = {
        "txt": "text/plain",
        "md": "text/markdown",
        "csv": "text/csv",
        "json": "application/json",
        "png": "image/png",
    }
    said = {href: page.request.get(address + href) for href in hrefs}
    for href, answer in said.items():
        ending = href.rpartition(".")[2].partition("?")[0]
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(
            kinds.get(ending, "image/svg+xml" if ending == "svg" else "text/html")
        )
    document = page.request.post(
        f"{address}/api/v1/analyze", data=text("seed-1g-4g"), headers={"Content-Type": "text/plain"}
    ).json()
    assert said[f"{PATH}.json"].json() == document
    assert said[f"{PATH}.csv"].text().count("\n") == len(document["holes"]) + 1
    assert "[0xbffd7, 0xc0000)" in said[f"{PATH}.md"].text()
    assert said[f"{PATH}.svg"].text() != said[f"{PATH}.svg?axis=scale"].text()
    menu = _hrefs(_menu(page, address, "?remove=memmap=1G!4G"))
    simulated = json.loads(page.request.get(address + next(href for href in menu if ".json" in href)).text())
    assert simulated["origin"] == "simulated"
    assert all("remove=memmap=1G!4G" in href for href in menu)


def test_texts_are_copied_as_they_are_downloaded(address: str, open_page: Open) -> None:
    """The clipboard has the very text, the report as wide as a mail."""
    page = _menu(open_page(clipboard=True), address)
    for form in ("txt?width=72", "md", "csv", "json", "svg"):
        button = page.locator(f".menu button[data-copy='{PATH}.{form}']")
        button.click()
        expect(button).to_contain_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        exported = page.request.get(f"{address}{PATH}.{form}").text()
        assert copied.replace("\r\n", "\n") == exported.replace("\r\n", "\n"), form
        if form.startswith("txt"):
            assert max(len(line) for line in copied.splitlines()) <= 72


def test_a_picture_is_copied_as_a_picture(address: str, open_page: Open) -> None:
    """The clipboard has a PNG, not its bytes as text; and what cannot be had is said."""
    page = _menu(open_page(clipboard=True, status=429), address)
    button = page.locator(".menu button[data-copy$='.png']")
    if not button.count():
        pytest.skip("the extra that draws pictures is not installed")
    button.click()
    expect(button).to_contain_text("Copied")
    types = page.evaluate("navigator.clipboard.read().then((items) => items.flatMap((item) => [...item.types]))")
    assert "image/png" in types
    page.route("**/*.md", lambda route: route.fulfill(status=429))
    broken = page.locator(".menu button[data-copy$='.md']")
    broken.click()
    expect(broken).to_contain_text("Not copied")


def test_a_drawing_is_downloaded_as_a_file(address: str, open_page: Open) -> None:
    """The page in one file is saved, not opened."""
    page = _menu(open_page(), address)
    with page.expect_download() as begun:
        page.get_by_role("link", name="One file with bars that zoom").click()
    assert begun.value.suggested_filename.endswith(".html")
    assert begun.value.path().read_text().startswith("<!doctype html>")


def test_the_link_that_is_copied_shows_the_view(address: str, open_page: Open) -> None:
    """Zoomed, to scale, with a selection."""
    page = open_page(clipboard=True)
    page.goto(f"{address}{PATH}?v=2&axis=scale&from=0xbff00&to=0xc0100&sel=0xbffd7-0xc0000")
    wait_live(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert "sel=0xbffd7-0xc0000" in page.url
