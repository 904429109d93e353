"""Every page held against WCAG 2.2 AA by axe-core, light and dark, wide and narrow."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.page.driving import Open, wait_live

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (within) => {
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const found = await axe.run(within ?? document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.map((v) => `${v.id}: ` + v.nodes.map((n) => n.target.join(" ") + " " +
    n.failureSummary.split("\\n")[1]).slice(0, 6).join(" | "));
}"""
PAGES = (
    "/",
    "/samples",
    "/samples/seed-1g-4g",
    "/samples/oops-1g-4g?v=2&axis=scale&find=0xbffd7000",
    "/samples/seed-1g-4g?remove=memmap=1G!4G&append=memmap=1G!4G%20mem=9G@&size=1G",
    "/samples/seed-1g-4g?move=memmap=1G!4G",
    "/samples/seed-1g-4g?crashkernel=512M,high",
    "/samples/seed-1g-4g?crashkernel=512M@1G",
    "/samples/seed-1g-4g?bad=0x12345678%0A0xfe000000",
    "/compare",
    "/compare?a=sample:seed-no-memmap&b=sample:seed-1g-4g",
    "/compare?a=banana&b=sample:seed-1g-4g",
    "/api",
    "/rules",
    "/nothing-here",
)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_no_page_fails_a_rule(address: str, open_page: Open, width: int, scheme: Literal["light", "dark"]) -> None:
    """With everything unfolded, so that nothing is judged by its absence; menus one by one, as they cover the page."""
    page = open_page(width, scheme, status=404)
    for path in PAGES:
        page.goto(address + path)
        if page.locator("#bars").count():
            wait_live(page)
        assert _violations(page) == [], path


def _violations(page: Page) -> list[str]:
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = !d.classList.contains('menu')))")
    # through the debugger, which the content security policy does not bind
    page.evaluate(AXE.read_text() + "; undefined")
    violations: list[str] = page.evaluate(RUN)
    for menu in page.query_selector_all("details.menu"):
        menu.evaluate("(menu) => (menu.open = true)")
        violations += page.evaluate(RUN, menu)
        menu.evaluate("(menu) => (menu.open = false)")
    return violations


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_no_page_behind_a_form_fails_one(
    address: str, open_page: Open, seed_text: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    """What would be kept, a text without a layout, a stored layout with its token and the keys, a note."""
    page = open_page(width, scheme, status=422)
    page.goto(address)
    page.get_by_label("Boot log", exact=True).fill("good morning")
    page.get_by_role("button", name="Show the layout").click()
    page.wait_for_selector("#problem")
    assert _violations(page) == []
    page.get_by_label("Boot log", exact=True).fill(seed_text)
    page.get_by_role("button", name="Show what would be kept").click()
    page.wait_for_selector("#lines")
    assert _violations(page) == []
    page.get_by_role("button", name="Store this").click()
    page.wait_for_selector("#delete:visible")
    wait_live(page)
    page.locator("#kept summary").click()
    assert _violations(page) == []
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    assert _violations(page) == []
    page.goto(f"{address}/compare?a=sample:seed-1g-4g&b=sample:seed-1g-4g&bogus=1")
    assert _violations(page) == []
