"""The whole way without a mouse, and for readers who ask for less or larger."""

import re

from playwright.sync_api import Page, expect

from tests.page.driving import Open, resize, wait_live

SHOWN = ("/", "/samples", "/samples/seed-1g-4g", "/samples/oops-1g-4g?size=1G", "/compare", "/rules", "/nothing-here")
FOCUSED = "document.activeElement.textContent.trim() || document.activeElement.name || document.activeElement.id"


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus reads so."""
    seen: list[str] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if re.search(words, seen[-1]):
            return
    raise AssertionError(f"{words} cannot be reached: {seen}")


def test_from_a_fresh_page_to_an_explained_hole_by_keys_alone(address: str, open_page: Open, seed_text: str) -> None:
    """Type, Tab and Enter: paste, the verdict, a hole on the bars, its explanation, the rule behind it."""
    page = open_page()
    page.goto(address)
    page.keyboard.insert_text(seed_text)
    _tab_to(page, "^Show the layout$")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/l/"))
    wait_live(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "nothing writes the struct pages of [0xbffd7, 0xc0000)"
    )
    _tab_to(page, "^Skip to the content$")
    page.keyboard.press("Enter")
    _tab_to(page, r"^\[0xbffd7, 0xc0000\)$")
    page.keyboard.press("Enter")
    expect(page.locator("#bars")).to_be_focused()
    expect(page.locator("#detail")).to_contain_text("41 pages · 164 KiB · 0xbffd7000")
    _tab_to(page, "^4 harmless holes$")
    page.keyboard.press("Enter")
    _tab_to(page, r"^\[0x0, 0x1\)$")
    _tab_to(page, "^Why, and what reads it$")
    page.keyboard.press("Enter")
    why = page.locator("tr.why", has=page.locator("summary:focus"))
    expect(why.locator("details")).to_have_attribute("open", "")
    expect(why).to_contain_text("State as this release leaves it")
    _tab_to(page, "^raw-memmap$")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/rules#raw-memmap$"))


def test_a_line_of_the_log_leads_to_its_bar_and_back(address: str, open_page: Open) -> None:
    """Enter on its number brings the bar into view, framed; Back returns; a line without a bar says so."""
    page = open_page(still=True)
    page.goto(f"{address}/samples/seed-1g-4g?v=2&axis=scale&from=0x0&to=0x1000")
    wait_live(page)
    line = page.locator("#lines li", has_text="user: [mem 0x00000000bffd7000").first
    line.get_by_role("link").focus()
    below = page.evaluate("scrollY")
    page.keyboard.press("Enter")
    expect(page.locator("#bars")).to_be_focused()
    expect(page.locator("#bars")).to_be_in_viewport()
    expect(page.locator("#detail")).to_contain_text("41 pages")
    expect(page).to_have_url(re.compile("sel=0xbffd7-0xc0000"))
    expect(line).to_have_class(re.compile("lit"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"to=0x1000#L\d+$"))
    expect(line).to_be_in_viewport()
    assert page.evaluate("scrollY") == below
    page.locator("#lines li", has_text="Zone ranges:").get_by_role("link").click()
    expect(page.locator("#detail")).to_contain_text(re.compile(r"^Line \d+ is not drawn\.$"))


def test_a_zone_is_lit_by_the_line_of_its_range(address: str, open_page: Open) -> None:
    """And a link to a line, opened by somebody else, lights the bar again."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    row = page.locator("#lines li", has_text="DMA32    [mem")
    page.goto(f"{address}/samples/seed-1g-4g#{row.get_attribute('id')}")
    page.reload()
    wait_live(page)
    expect(page.locator("#detail")).to_contain_text("DMA32 of node 0")
    assert page.evaluate("document.querySelector('.live').data[0].selectedpoints.length") == 1


def test_at_200_percent_nothing_has_to_be_scrolled_sideways(address: str, open_page: Open) -> None:
    """A window of 1280 pixels at 200 % is 640 wide: every page fits, and every control is still there."""
    page = open_page(640, status=404)
    for path in SHOWN:
        page.goto(address + path)
        if page.locator("#bars").count():
            wait_live(page)
            panel = page.locator(".panel")
            expect(panel.get_by_role("link", name="Schematic")).to_be_visible()
            for name in ("Zoom in", "Find"):
                expect(panel.get_by_role("button", name=name, exact=True)).to_be_visible()
            expect(page.locator("[data-help]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 640, path


def test_no_table_is_wider_than_its_box(address: str, open_page: Open) -> None:
    """What does not fit would be cut off; from a telephone to a wide screen."""
    page = open_page()
    for path in (
        "/samples/oops-1g-4g?size=1G&remove=memmap",
        "/rules",
        "/compare?a=sample:seed-1g-4g&b=sample:efi-nodes",
    ):
        page.goto(address + path)
        for width in (400, 1000, 1120, 1280):
            resize(page, width)
            wide = page.evaluate(
                "[...document.querySelectorAll('.table')].filter((t) => t.scrollWidth > t.clientWidth).length"
            )
            assert wide == 0, (width, path)


def test_text_twice_as_large_stays_inside_the_page(address: str, open_page: Open) -> None:
    """Text alone enlarged, as some browsers do it: no page gets wider than its window."""
    page = open_page(1280, status=404)
    for path in SHOWN:
        page.goto(address + path)
        if page.locator("#bars").count():
            wait_live(page)
        page.evaluate(
            "() => { const all = [...document.querySelectorAll('body *')];"
            " const sizes = all.map((e) => parseFloat(getComputedStyle(e).fontSize));"
            " all.forEach((e, i) => (e.style.fontSize = `${2 * sizes[i]}px`)) }"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, path


def test_nothing_moves_for_who_asks_for_less_motion(address: str, open_page: Open) -> None:
    """No smooth scrolling, no transition, no animation."""
    page = open_page(still=True)
    for path in ("/", "/samples/seed-1g-4g"):
        page.goto(address + path)
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
        moving = page.evaluate(
            "[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e);"
            " return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none' }).map((e) => e.className)"
        )
        assert moving == []


def test_every_term_tells_its_line_on_focus_inside_the_page(address: str, open_page: Open) -> None:
    """Facts, lanes, legend, columns and the severity; each leads to its word on the rules page."""
    page = open_page(360)
    page.goto(f"{address}/samples/oops-1g-4g")
    wait_live(page)
    words = set(page.evaluate("[...document.querySelectorAll('a.term')].map((a) => a.hash.slice(1))"))
    assert {"word-danger", "word-node", "word-section", "word-printed-facts", "word-hole", "word-trouble"} <= words
    assert {"word-never-written", "word-zeroed", "word-persistent", "word-reserved", "word-zone-span"} <= words
    for at in range(page.locator("a.term:visible").count()):
        term = page.locator("a.term:visible").nth(at)
        term.focus()
        page.keyboard.press("Shift")  # what has the focus by keyboard shows it
        shown = term.evaluate("(e) => getComputedStyle(e, '::after').content")
        assert len(shown) > 20, shown
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.goto(f"{address}/rules")
    assert words <= set(page.evaluate("[...document.querySelectorAll('dt[id^=word-]')].map((e) => e.id)"))
