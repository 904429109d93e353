"""Chromium driven against the real server; every page is watched for what must never happen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pfnscope import resources
from pfnscope.web.settings import Settings
from tests.page.driving import CHROMIUM, SWITCHES, Open
from tests.support.server import serving

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + e.blockedURI));
"""


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
    return Settings.model_validate({"database_url": f"sqlite:///{tmp_path}/page.db", "rate_limit": "off"})


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """The address of a running server."""
    with serving(settings) as url:
        yield url


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open pages of a size and colour scheme; afterwards none may have complained, nor asked another server."""
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
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
            has_touch=touch,
            reduced_motion="reduce" if still else "no-preference",
            permissions=["clipboard-read", "clipboard-write"] if clipboard else [],
        )
        context.add_init_script(_WATCH)
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
        page.context.close()
        assert said + violations == []


@pytest.fixture(scope="session")
def seed_text() -> str:
    """The boot log of the 2018 report."""
    return (resources.folder("sample_logs") / "seed-1g-4g" / "dmesg.txt").read_text()
