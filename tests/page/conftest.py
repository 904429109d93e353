"""Chromium driven against the real server; every page is watched for what must never happen."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pfnscope import resources
from pfnscope.web.settings import Settings
from tests.page.driving import CHROMIUM, SWITCHES, Open
from tests.support.server import serving

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + e.blockedURI));
"""
Contexts = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A database of its own and no rate limit."""
    return _settings(tmp_path)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server, the same for all tests: what they store has names that cannot be guessed."""
    with serving(_settings(tmp_path_factory.mktemp("page"))) as url:
        yield url


def _settings(folder: Path) -> Settings:
    return Settings.model_validate({"database_url": f"sqlite:///{folder}/page.db", "rate_limit": "off"})


@pytest.fixture(scope="session")
def contexts(browser: Browser, address: str) -> Contexts:
    """A profile of the browser for each set of options, with what it has loaded before; no page of ours keeps more.

    Each keeps a page open, without which it would forget what it has compiled.
    """

    @cache
    def kept(*options: Any) -> BrowserContext:
        context = _context(browser, *options)
        context.new_page().goto(f"{address}/static/icon.svg")
        return context

    return kept


def _context(
    browser: Browser,
    width: int,
    scheme: Literal["light", "dark"],
    scripts: bool,
    touch: bool,
    still: bool,
    clipboard: bool,
) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=scripts,
        has_touch=touch,
        reduced_motion="reduce" if still else "no-preference",
        permissions=["clipboard-read", "clipboard-write"] if clipboard else [],
    )
    context.add_init_script(_WATCH)
    return context


@pytest.fixture
def open_page(browser: Browser, contexts: Contexts) -> Iterator[Open]:
    """Open pages of a size and colour scheme; afterwards none may have complained, nor asked another server.

    With ``first`` nothing has been loaded before.
    """
    opened: list[tuple[Page, list[str]]] = []

    def start(
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        *,
        scripts: bool = True,
        status: int = 200,
        touch: bool = False,
        still: bool = False,
        clipboard: bool = False,
        first: bool = False,
    ) -> Page:
        options = (width, scheme, scripts, touch, still, clipboard)
        context = _context(browser, *options) if first else contexts(*options)
        page, said = context.new_page(), list[str]()
        page.on(
            "console",
            # Chromium itself reports the status of a page that is meant to have one
            lambda message: (
                None
                if f"a status of {status} " in message.text
                else said.append(f"console {message.type}: {message.text}")
            ),
        )
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: said.append(f"request: {request.url}") if "//127.0.0.1:" not in request.url else None,
        )
        opened.append((page, said))
        return page

    yield start
    for page, said in opened:
        violations = page.evaluate("window.violations ?? []")
        page.close()
        if page.context.pages == []:  # opened as the first of its context
            page.context.close()
        assert said + violations == []


@pytest.fixture(scope="session")
def seed_text() -> str:
    """The boot log of the 2018 report."""
    return (resources.folder("sample_logs") / "seed-1g-4g" / "dmesg.txt").read_text()
