"""How pages look: bars before and after scripts, at every width, in the dark and on paper."""

import re
from itertools import pairwise

from playwright.sync_api import expect

from tests.page.driving import Open, resize, until, wait_live


def test_narrow_pages_do_not_scroll_sideways(address: str, open_page: Open) -> None:
    """At 360 and 400 pixels every page is as wide as the window."""
    page = open_page()
    for path in (
        "/",
        "/samples",
        "/rules",
        "/api",
        "/compare",
        "/samples/seed-1g-4g",
        "/samples/oops-1g-4g",
        "/samples/efi-nodes",
    ):
        page.goto(address + path)
        for width in (360, 400):
            resize(page, width)
            for menu in page.locator("details.menu").all():
                menu.locator("summary").click()
                assert page.evaluate("document.documentElement.scrollWidth") == width, path
                menu.locator("summary").click()
            assert page.evaluate("document.documentElement.scrollWidth") == width, path


def test_no_word_of_the_table_is_broken_on_a_tablet(address: str, open_page: Open) -> None:
    """File names keep their line, whether the rows are stacked or in columns, and nothing leaves the table."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    for width in (800, 1000, 1110):
        resize(page, width)
        rows = page.evaluate("[...document.querySelectorAll('.holes td code')].map((e) => e.getClientRects().length)")
        assert set(rows) == {1}, width
        assert (
            page.evaluate(
                "(() => { const t = document.querySelector('.table'); return t.scrollWidth - t.clientWidth })()"
            )
            == 0
        )


def test_nothing_moves_when_the_bars_come_alive(address: str, open_page: Open) -> None:
    """The browser itself sees no more than a label shift, on wide pages as on narrow ones."""
    for width in (1360, 800, 360):
        page = open_page(width)
        page.add_init_script(
            "window.moved = 0; new PerformanceObserver((list) => { for (const e of list.getEntries())"
            " window.moved += e.value }).observe({ type: 'layout-shift', buffered: true })"
        )
        page.goto(f"{address}/samples/seed-1g-4g")
        wait_live(page)
        until(page, "!document.getElementById('copy').hidden")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("window.moved") < 0.01, width


def test_paper_gets_the_drawing_that_fits_it(address: str, open_page: Open) -> None:
    """The live bars have the width of the screen; in print the still ones stand in for them, with all their labels.

    718 pixels are A4 with usual margins. Tables keep their columns, the log its whole lines.
    """
    page = open_page(718)
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    page.emulate_media(media="print")
    for name in (".live", ".plot > .labels", ".tools", ".ask"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.locator("svg.drawing")).to_have_css("opacity", "1")
    expect(page.locator("svg.drawing .lb", has_text="never written")).to_be_visible()
    expect(page.locator(".holes thead").first).to_be_visible()
    assert (
        page.evaluate("(() => { const l = document.querySelector('.log'); return l.scrollWidth - l.clientWidth })()")
        <= 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 718


def test_live_labels_are_those_of_the_still_drawing(address: str, open_page: Open) -> None:
    """Addresses are the same at every width and on both axes; bars lose no label, only some get a longer one."""
    shown = "filter((e) => getComputedStyle(e).display !== 'none').map((e) => e.textContent).filter(Boolean).sort()"
    for width in (1280, 800, 360):
        page = open_page(width)
        for path in ("oops-1g-4g", "efi-nodes?v=2&axis=scale"):
            page.goto(f"{address}/samples/{path}")
            wait_live(page)
            labels = [
                page.evaluate(f"[...document.querySelectorAll('{where}')].{shown}")
                for where in ("svg.drawing .tl", ".labels .tl", "svg.drawing .lb", ".live .bartext")
            ]
            assert labels[0] == labels[1], (width, path)
            assert len(labels[0]) >= 3
            assert len(labels[2]) >= 3
            assert len(labels[2]) <= len(labels[3]), (width, path)
        page.goto(f"{address}/samples/seed-1g-4g?v=2&axis=scale")
        wait_live(page)
        assert "0x80000000" in page.locator(".labels .tl").all_text_contents() or width < 1280


def test_live_bars_stand_where_the_still_ones_stood(address: str, open_page: Open) -> None:
    """No jump: the widest bar of both drawings covers the same pixels."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    still, live = (
        page.evaluate(
            """(selector) => [...document.querySelectorAll(selector)].map((e) => e.getBoundingClientRect())
                 .sort((a, b) => b.width - a.width).map((r) => [r.left, r.right, r.top, r.bottom])[0]""",
            selector,
        )
        for selector in ("svg.drawing rect.bar", ".live .point path")
    )
    assert all(abs(a - b) <= 1.5 for a, b in zip(still, live, strict=True)), (still, live)


def test_labels_stay_hexadecimal_at_every_zoom(address: str, open_page: Open) -> None:
    """Zoomed in where no boundary is, labels are round addresses, in hexadecimal, apart from each other."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g?v=1&axis=scale&from=0x2000&to=0x2100")
    wait_live(page)
    labels = page.locator(".labels text").all_text_contents()
    assert len(labels) >= 3
    assert all(re.fullmatch(r"0x[0-9a-f]+", label) for label in labels)
    edges = page.evaluate(
        "[...document.querySelectorAll('.labels text')].map((t) => t.getBoundingClientRect())"
        ".map((r) => [r.left, r.right]).sort((a, b) => a[0] - b[0])"
    )
    assert all(left[1] < right[0] for left, right in pairwise(edges))


def test_dark_pages_repaint_the_bars(address: str, open_page: Open) -> None:
    """Changing the preference while the page is open changes the colours of the live bars."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    before = page.evaluate("document.querySelector('.live').data[0].marker.color[0]")
    page.emulate_media(color_scheme="dark")
    until(page, "(was) => document.querySelector('.live').data[0].marker.color[0] !== was", before)
