"""What the browser tests do again and again."""

from collections.abc import Callable

from playwright.sync_api import Page

Open = Callable[..., Page]
"""Opens a watched page: ``open_page(width, scheme, scripts=...)``."""


def wait_live(page: Page) -> None:
    """Wait until the still drawing has been replaced by the live one."""
    page.wait_for_selector("#bars[data-live]")
