"""Photograph the pages with the system's Chromium: docs/screenshot.png for the README, all states beside it.

usage: tools/screenshots.py [FOLDER]   (states; default build/screenshots)
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.web.settings import Settings  # noqa: E402
from tests.page.driving import CHROMIUM, SWITCHES, wait_live  # noqa: E402
from tests.support.server import serving  # noqa: E402

_SEED = "/samples/seed-1g-4g"
_STATES = (
    ("paste", "/"),
    ("layout", _SEED),
    ("layout-scale", f"{_SEED}?v=1&axis=scale"),
    ("layout-hole", f"{_SEED}?v=1&hole=4"),
    ("layout-oops", "/samples/oops-1g-4g"),
    ("layout-efi", "/samples/efi-nodes"),
    ("rules", "/rules"),
    ("samples", "/samples"),
)


Scheme = Literal["light", "dark"]
_VIEWS: tuple[tuple[str, int, Scheme], ...] = (("light", 1360, "light"), ("dark", 1360, "dark"), ("400", 400, "light"))


def photograph(browser: Browser, url: str, target: Path, width: int, scheme: Scheme, *, whole: bool = True) -> None:
    """One picture of one page, after its bars have come alive."""
    context = browser.new_context(viewport={"width": width, "height": 960}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    if page.locator("#bars").count():
        wait_live(page)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=target, full_page=whole)
    context.close()


def main() -> None:
    """Serve the examples and photograph every state, light, dark and narrow."""
    states = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "screenshots"
    states.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Settings.model_validate({"database_url": f"sqlite:///{folder}/shots.db", "rate_limit": "off"})
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        with serving(settings) as address:
            photograph(browser, address + _SEED, ROOT / "docs" / "screenshot.png", 1200, "light", whole=False)
            for name, path in _STATES:
                for suffix, width, scheme in _VIEWS:
                    photograph(browser, address + path, states / f"{name}-{suffix}.png", width, scheme)
        browser.close()
    print(f"docs/screenshot.png and {3 * len(_STATES)} states in {states}")


if __name__ == "__main__":
    main()
