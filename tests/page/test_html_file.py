"""The page in one file, opened from a disk: bars that zoom, no request, and nothing that its own policy forbids."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pfnscope.formats import html_file
from pfnscope.formats.html_file import render
from pfnscope.service import analyze
from tests.page.driving import until, wait_live
from tests.support.samples import text

SECRET = b"[    3.000000] usb 1-1: SerialNumber: S3CR3T\n"
EVIL = b"</script><script>window.evil=1</script><!--"


@pytest.fixture
def attached(browser: Browser, tmp_path: Path) -> Iterator[tuple[Page, list[str]]]:
    """The file's page, and all that it asked for or complained of."""
    log = text("oops-1g-4g").replace(b"memmap=1G!4G", b"memmap=1G!4G " + EVIL)
    file = tmp_path / "layout.html"
    file.write_text(render(analyze(log).document, log))
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url == file.as_uri() else said.append(request.url))
    page.goto(file.as_uri())
    yield page, said
    page.close()


def test_it_zooms_to_holes_by_table_and_keys_and_asks_nobody(attached: tuple[Page, list[str]]) -> None:
    page, said = attached
    wait_live(page)
    assert page.inner_text("h1").startswith("This is your panic: 33 oopses, from line 397 on")
    whole = page.get_attribute(".overview .window", "width")
    page.click("tbody.t-danger a")
    until(page, "whole => document.querySelector('.overview .window').getAttribute('width') !== whole", whole)
    assert "[0xbffe0, 0xc0000)" in page.inner_text("#detail")
    page.keyboard.press("0")
    until(page, "() => document.querySelector('.overview .window').getAttribute('width') === '100%'")
    page.click("text=To scale")
    assert page.inner_text("#next").startswith("danger 1 of 1")
    page.keyboard.press("n")
    until(page, "() => document.querySelector('.holes .sel')?.textContent.includes('[0xbffe0, 0xc0000)')")
    assert "never written" in page.inner_text("#detail")
    page.keyboard.press("?")
    assert page.inner_text("dialog[open]").startswith("Keys")
    page.click("dialog button")
    assert said == []


def test_bars_and_lines_of_the_log_light_each_other(attached: tuple[Page, list[str]]) -> None:
    page, said = attached
    wait_live(page)
    page.click("tbody.t-danger a")
    line = page.locator("#detail a[data-line]").first.inner_text()
    assert page.locator(f"#L{line}.lit").count() == 1
    zone = page.locator("#lines li", has_text="Normal   [mem").first
    number = zone.locator("a").inner_text()
    assert number not in page.inner_text("#detail")
    zone.locator("a").click()
    until(page, "number => document.querySelector('#detail').innerText.includes(number)", number)
    assert page.locator("#lines li.lit").count() == 1
    page.focus("#bars")
    page.keyboard.press("ArrowDown")
    until(page, "number => !document.querySelector('#detail').innerText.includes(number)", number)
    assert said == []


def test_only_lines_about_memory_are_in_it_and_steering_characters_by_name() -> None:
    log = text("oops-1g-4g").replace(b"console=ttyS0", "console=ttyS0 \u202eabc".encode()) + SECRET
    html = render(analyze(log).document, log)
    assert "S3CR3T" not in html
    assert "DMA32" in html
    assert "\u202e" not in html.partition('id="figures"')[0]
    assert "\u27e8U+202E\u27e9abc" in html


def test_nothing_of_a_log_runs_in_it(attached: tuple[Page, list[str]]) -> None:
    page, said = attached
    wait_live(page)
    assert page.evaluate("window.evil === undefined")
    assert EVIL.decode() in page.inner_text(".cmd")
    assert said == []


def test_modules_become_one_module(tmp_path: Path) -> None:
    (tmp_path / "low.js").write_text(
        "/* A\n   comment. */\nexport const one = 1;\n/** @returns {number} */\nexport function two() {\n"
        "  /** @type {number} */ (2);\n  return 2; // even\n}\n"
    )
    (tmp_path / "top.js").write_text('import { one, two } from "./low.js";\nconst three = one + two();\n')
    assert html_file.module(tmp_path, "top.js") == (
        "const one = 1;\nfunction two() {\n  /** @type {number} */ (2);\n  return 2; // even\n}\n"
        "const three = one + two();\n"
    )
    assert html_file.inline("x = '</script>'").text == "x = '<\\/script>'"
