"""Measure layout pages in Chromium against a server of this machine: what is transferred, and what a reader waits for.

First bars is the first paint that has something in it; interactive is when the bars can be zoomed; a zoom ends with the
frame that shows it. "stored" is a page that nobody has asked for since its log was sent, "again" a second visit.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.texts import SAMPLES, large_machine, memblock_dump
from pfnscope.web.settings import Settings
from tests.page.driving import CHROMIUM, SWITCHES, wait_live
from tests.support.server import serving

_LIVE = """
window.live = 0;
new MutationObserver(() => {
  if (!window.live && document.querySelector("#bars[data-live]")) window.live = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-live"]});
"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_ZOOM = """(key) => new Promise((done) => {
  const start = performance.now();
  document.getElementById("bars").dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""
_KEYS = (*"++++--+++-", "ArrowRight", "+", "ArrowLeft", *"++-0")


def main() -> None:
    """Print a table of three logs."""
    logs = {
        "seed": (SAMPLES / "seed-1g-4g" / "dmesg.txt").read_bytes(),
        "8 nodes, 8 TiB": large_machine(8, 8),
        "50,000 ranges": memblock_dump(50_000),
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = {"database_url": f"sqlite:///{folder}/page.db", "rate_limit": "off", "max_body_bytes": 1 << 25}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        with serving(Settings.model_validate(settings)) as address:
            print(f"{'':16} {'sent':>9} {'document':>9} {'figure':>9} {'bars':>8} {'live':>8} {'zoom':>8} {'finer':>8}")
            for name, text in logs.items():
                form = {"log": ("dmesg.txt", text)}  # as a browser sends it: the API stores without drawing
                pasted = httpx.post(address, files=form, headers={"Accept": "text/html"}, timeout=120, trust_env=False)
                assert pasted.has_redirect_location, pasted.text
                measure(browser, name, address + httpx.URL(pasted.headers["location"]).path)
        browser.close()


def measure(browser: Browser, name: str, url: str) -> None:
    """Print a first visit and a second one of the same browser."""
    context = browser.new_context(viewport={"width": 1360, "height": 960})
    context.add_init_script(_LIVE)
    for visit in ("stored", "again"):
        page = context.new_page()
        sizes = _watched(context, page)
        page.goto(url, timeout=120_000)
        wait_live(page)
        total = sum(sizes)
        body = _length(url), _length(f"{url}/figure.json")
        bars, live = page.evaluate(_PAINT), page.evaluate("window.live")
        zooms = [page.evaluate(_ZOOM, key) for key in _KEYS]
        finer = _finer(page)
        print(
            f"{name if visit == 'stored' else '  again':16} {total / 1000:6.0f} kB {body[0] / 1000:6.0f} kB "
            f"{body[1] / 1000:6.0f} kB {bars:5.0f} ms {live:5.0f} ms {statistics.median(zooms):5.0f} ms {finer:5.0f} ms"
        )
        page.close()
    context.close()


def _watched(context: BrowserContext, page: Page) -> list[int]:
    """Bytes on the wire of all that the page asks for until it is live, growing."""
    sizes: list[int] = []
    debugger = context.new_cdp_session(page)
    debugger.send("Network.enable")
    debugger.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    return sizes


def _finer(page: Page) -> float:
    """Milliseconds from a zoom until finer bars are there; 0 where all are there already."""
    if not page.evaluate("document.querySelector('.live').layout.meta.fine !== null"):
        return 0.0
    start = time.perf_counter()
    with page.expect_response(lambda response: "figure.json" in response.url):
        for _ in range(3):
            page.evaluate(_ZOOM, "+")
    return (time.perf_counter() - start) * 1000


def _length(url: str) -> int:
    """Bytes of a body before compression."""
    headers = {"Accept": "text/html", "Accept-Encoding": "identity"}
    return len(httpx.get(url, headers=headers, timeout=60, trust_env=False).content)


if __name__ == "__main__":
    main()
