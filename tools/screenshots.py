"""Photograph the pages with the system's Chromium: docs/screenshot.png for the README, all states beside it.

usage: tools/screenshots.py [FOLDER]   (states; default build/screenshots)
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.texts import large_machine, memblock_dump  # noqa: E402
from pfnscope.web.settings import Settings  # noqa: E402
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
    ("what-if", f"{_SEED}?remove=memmap=1G!4G&append=memmap=1G!7G&size=1G"),
    ("crash-kernel", f"{_SEED}?crashkernel=512M,high"),
    ("bad-memory", f"{_SEED}?bad=0x12345678%0A0x140004000"),
    ("compare", "/compare?a=sample:seed-no-memmap&b=sample:seed-1g-4g"),
    ("rules", "/rules"),
    ("samples", "/samples"),
    ("error", "/l/nothing-is-here"),
)
_PASTED = (("nodes-8", large_machine(64, 8)), ("ranges-50000", memblock_dump(50_000)))


Scheme = Literal["light", "dark"]
_VIEWS: tuple[tuple[str, int, Scheme], ...] = (
    ("light", 1360, "light"),
    ("dark", 1360, "dark"),
    ("360", 360, "light"),
    ("print", 718, "light"),  # A4 with usual margins
)


def photograph(
    browser: Browser, url: str, target: Path, width: int, scheme: Scheme, *, whole: bool = True, paper: bool = False
) -> None:
    """One picture of one page, after its bars have come alive; ``paper`` as it would be printed."""
    context = browser.new_context(viewport={"width": width, "height": 960}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    if page.locator("#bars").count():
        wait_live(page)
    if paper:
        page.emulate_media(media="print")
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
            pages = [*_STATES, *((name, _stored(address, text)) for name, text in _PASTED)]
            for name, path in pages:
                for suffix, width, scheme in _VIEWS:
                    target = states / f"{name}-{suffix}.png"
                    photograph(browser, address + path, target, width, scheme, paper=suffix == "print")
        browser.close()
    print(f"docs/screenshot.png and {len(_VIEWS) * len(pages)} states in {states}")


def _stored(address: str, text: bytes) -> str:
    answer = httpx.post(f"{address}/api/v1/layouts", content=text, timeout=60, trust_env=False)
    answer.raise_for_status()
    return f"/l/{answer.json()['id']}"


if __name__ == "__main__":
    main()
