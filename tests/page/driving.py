"""What the browser tests do again and again."""

import os
from collections.abc import Callable

from playwright.sync_api import Page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""Quiet, and without the sandbox that root may not have."""

Open = Callable[..., Page]
"""Opens a watched page: ``open_page(width, scheme, scripts=...)``."""


def wait_live(page: Page) -> None:
    """Wait until the still drawing has been replaced by the live one."""
    page.wait_for_selector("#bars[data-live]")


def resize(page: Page, width: int) -> None:
    """Give the window another width, as its owner does: styles follow, without loading the page anew."""
    page.set_viewport_size({"width": width, "height": 900})
    until(page, "(width) => innerWidth === width", width)


def until(page: Page, condition: str, arg: object = None) -> None:
    """Look once a frame until an expression or function is true.

    Playwright's own wait_for_function looks by eval inside the page, which the content security policy forbids.
    """
    for _ in range(600):
        if page.evaluate(condition, arg):
            return
        page.evaluate("() => new Promise(requestAnimationFrame)")
    raise AssertionError(f"never became true: {condition}")
