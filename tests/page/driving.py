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
