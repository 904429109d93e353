"""Photograph the pages: light, dark and 400 pixels wide, from a server of its own.

usage: screenshots.py   (into build/screenshots, and docs/screenshot.png for the README)
"""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from app import resources
from app.web import create_app
from app.web.settings import Settings

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
VIEWS = {"light": (1280, "light"), "dark": (1280, "dark"), "narrow": (400, "light")}
SAMPLE = "seed-1g-4g"


@contextmanager
def served() -> Iterator[str]:
    """The address of a server with an empty database."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/layouts.db"))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def photograph(browser: Browser, address: str, folder: Path) -> None:
    """Both pages in every view; the layout page is reached the way people reach it, by pasting."""
    log = (resources.folder("sample_logs") / SAMPLE / "dmesg.txt").read_text()
    for view, (width, scheme) in VIEWS.items():
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page.goto(address)
        page.screenshot(path=folder / f"paste-{view}.png", full_page=True)
        page.fill("textarea[name=log]", log)
        page.locator("form:has(textarea[name=log]) [type=submit]").first.click()
        page.wait_for_url("**/l/*")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"layout-{view}.png", full_page=True)
        page.close()


def main() -> None:
    """Take all pictures; the folders are those of the checkout this is run in."""
    folder = Path("build/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        photograph(browser, address, folder)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"{address}/samples/{SAMPLE}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path="docs/screenshot.png")
        browser.close()


if __name__ == "__main__":
    main()
