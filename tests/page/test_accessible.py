"""Every page held against WCAG 2.2 AA by axe-core, light and dark, wide and narrow."""

from pathlib import Path
from typing import Literal

import pytest

from tests.page.driving import Open, wait_live

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]});
  return found.violations.map((v) => `${v.id}: ` + v.nodes.map((n) => n.target.join(" ") + " " +
    n.failureSummary.split("\\n")[1]).slice(0, 6).join(" | "));
}"""
PAGES = (
    "/",
    "/samples",
    "/samples/seed-1g-4g",
    "/samples/oops-1g-4g?v=2&axis=scale&find=0xbffd7000",
    "/samples/seed-1g-4g?remove=memmap=1G!4G&append=memmap=1G!4G%20mem=9G@&size=1G",
    "/compare",
    "/compare?a=sample:seed-no-memmap&b=sample:seed-1g-4g",
    "/rules",
    "/nothing-here",
)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_no_page_fails_a_rule(address: str, open_page: Open, width: int, scheme: Literal["light", "dark"]) -> None:
    """With everything unfolded, so that nothing is judged by its absence."""
    page = open_page(width, scheme, status=404)
    for path in PAGES:
        page.goto(address + path)
        if page.locator("#bars").count():
            wait_live(page)
        page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        # through the debugger, which the content security policy does not bind
        page.evaluate(AXE.read_text() + "; undefined")
        assert page.evaluate(RUN) == [], path
