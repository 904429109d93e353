"""Paste, page, permalink: the whole way in a real browser."""

import re

from playwright.sync_api import Page, Route, expect

from pfnscope.web.settings import Settings
from tests.page.driving import Open, until, wait_live
from tests.support.server import serving

HOLE = "[0xbffd7, 0xc0000)"


def _paste(page: Page, address: str, text: str) -> str:
    """Send a text through the form; the path of its page."""
    page.goto(address)
    page.get_by_label("Boot log", exact=True).fill(text)
    page.get_by_role("button", name="Show the layout").click()
    page.wait_for_url(re.compile(r"/l/[A-Za-z0-9_-]+"))
    return page.url.removeprefix(address).partition("#")[0].partition("?")[0]


def _range(page: Page) -> list[float]:
    ends: list[float] = page.evaluate("document.querySelector('.live').layout.xaxis.range")
    return ends


def test_a_permalink_shows_the_same_page_after_a_restart(settings: Settings, open_page: Open, seed_text: str) -> None:
    """The server is stopped between both looks; only the database stays."""
    page = open_page()
    with serving(settings) as address:
        path = _paste(page, address, seed_text)
        wait_live(page)
        before = page.locator("main").inner_text()
        page.goto("about:blank")
    with serving(settings) as address:
        page.goto(address + path)
        wait_live(page)
        after = page.locator("main").inner_text()
    assert HOLE in before
    assert after == before


def test_a_file_is_taken_like_a_paste(address: str, open_page: Open, seed_text: str) -> None:
    """Choosing a file and sending the form stores the layout."""
    page = open_page()
    page.goto(address)
    page.locator("#file").set_input_files({"name": "dmesg.txt", "mimeType": "text/plain", "buffer": seed_text.encode()})
    page.get_by_role("button", name="Show the layout").click()
    expect(page.locator("#holes + .table")).to_contain_text(HOLE)


def test_a_text_without_a_layout_is_told_what_was_looked_for(address: str, open_page: Open) -> None:
    """The paste page comes back with status 422 and the list."""
    page = open_page(status=422)
    page.goto(address)
    page.get_by_label("Boot log", exact=True).fill("good morning")
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Show the layout").click()
    assert answer.value.status == 422
    page.locator("#problem summary").click()
    expect(page.locator("#problem li").first).to_be_visible()
    expect(page).to_have_title(re.compile("^No memory layout found"))
    page.go_back()
    expect(page.get_by_label("Boot log", exact=True)).to_have_value("good morning")


def test_nothing_is_not_sent(address: str, open_page: Open) -> None:
    """An empty box is told at once and gets the focus; what is typed then goes."""
    page = open_page()
    page.goto(address)
    page.get_by_role("button", name="Show the layout").click()
    box = page.get_by_label("Boot log", exact=True)
    expect(box).to_be_focused()
    assert box.evaluate("(e) => e.validationMessage") == "Paste a boot log here, or choose a file."
    page.keyboard.type("BIOS-e820: [mem 0x0000000000000000-0x000000007fffffff] usable")
    page.get_by_role("button", name="Show the layout").click()
    page.wait_for_url(re.compile("/l/"))


def test_switching_the_axis_keeps_the_frames_in_view(address: str, open_page: Open) -> None:
    """To scale, the whole axis is page frames; the address bar holds the choice and a reload restores it."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    assert _range(page) == [0, 1]
    page.get_by_role("link", name="To scale").click()
    expect(page.get_by_role("link", name="To scale")).to_have_attribute("aria-current", "true")
    until(page, "document.querySelector('.live').layout.xaxis.range[1] === 0x240000")
    expect(page).to_have_url(re.compile("axis=scale"))
    page.reload()
    wait_live(page)
    assert _range(page) == [0, 0x240000]


def test_a_row_of_the_table_zooms_to_its_hole(address: str, open_page: Open) -> None:
    """The view narrows around the hole, its row and its log line are lit, and the link restores the view."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g?v=1&axis=scale")
    wait_live(page)
    page.get_by_role("link", name=HOLE).first.click()
    until(page, "document.querySelector('.live').layout.xaxis.range[0] > 0xbff00")
    low, high = _range(page)
    assert low < 0xBFFD7
    assert 0xC0000 < high < 0xC0100
    expect(page.locator(".holes .sel")).to_contain_text(HOLE)
    expect(page.locator("#detail")).to_contain_text("41 pages")
    assert page.locator("#lines .lit").count() > 0
    page.reload()
    wait_live(page)
    assert abs(_range(page)[0] - low) < 1


def test_keys_zoom_move_and_walk_the_holes(address: str, open_page: Open) -> None:
    """Without a mouse: + halves the view, arrows move it, n goes to the danger, N to the lowest hole."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    page.locator("#bars").focus()
    page.keyboard.press("+")
    until(page, "document.querySelector('.live').layout.xaxis.range[0] === 0.25")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('.live').layout.xaxis.range[0] === 0.35")
    expect(page.locator("#next")).to_contain_text("danger 1 of 1")
    page.keyboard.press("n")
    expect(page.locator(".holes .sel")).to_contain_text("[0xbffd7, 0xc0000)")
    expect(page.locator("#next")).to_contain_text("danger 1 of 1")
    expect(page.locator("#detail")).to_have_text(
        re.compile(
            r"^\[0xbffd7, 0xc0000\) · 41 pages · 164 KiB · 0xbffd7000 · reserved, in no zone, never written"
            r" · because of memmap=1G!4G · lines 18, 39, 40$"
        )
    )
    low, high = _range(page)
    page.keyboard.press("f")
    until(
        page,
        "(width) => { const [a, b] = document.querySelector('.live').layout.xaxis.range; return b - a < width / 2 }",
        high - low,
    )
    page.keyboard.press("n")
    expect(page.locator("#detail")).to_contain_text("[0x0, 0x8000) · 32,768 pages · 128 MiB · 0x0 · 2 memory blocks")
    expect(page.locator("#next")).to_contain_text("worth knowing 1 of 3")
    page.keyboard.press("p")
    expect(page.locator("#next")).to_contain_text("danger 1 of 1")
    page.keyboard.press("0")
    page.keyboard.press("N")
    expect(page.locator("#detail")).to_contain_text("[0x0, 0x1)")
    page.keyboard.press("0")
    until(page, "document.querySelector('.live').layout.xaxis.range[1] === 1")


def test_a_line_of_the_log_lights_its_bars(address: str, open_page: Open) -> None:
    """Clicking the number of the reserved entry selects the bars that come from it, and no others."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    row = page.locator("#lines li", has_text="user: [mem 0x00000000bffd7000").first
    row.get_by_role("link").click()
    picked = page.evaluate("document.querySelector('.live').data.map((t) => t.selectedpoints?.length ?? 0)")
    assert sum(picked) > 0
    assert picked[0] == 0
    expect(row).to_have_class(re.compile(r"\blit\b"))


def test_without_scripts_the_page_is_complete(address: str, open_page: Open) -> None:
    """Drawing, table and log are there; controls that need scripts are not."""
    page = open_page(scripts=False)
    page.goto(f"{address}/samples/seed-1g-4g?axis=scale")
    expect(page.locator("svg.drawing")).to_be_visible()
    assert page.locator("svg.drawing rect.k-danger").count() == 1
    expect(page.locator("#zoom")).to_be_hidden()
    expect(page.locator("#lines li").first).to_be_visible()


def test_what_the_log_says_stays_text(address: str, open_page: Open, seed_text: str) -> None:
    """Markup in labels, command line and release is shown and never run, in the page, the bars and the SVG."""
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    text = seed_text.replace("] reserved", f"] reserved{evil}", 1).replace("ro console", f"ro x={evil} console", 1)
    page = open_page()
    path = _paste(page, address, text)
    wait_live(page)
    assert page.locator("main img, main script").count() == 0
    expect(page.locator(".cmd")).to_contain_text("<script>alert(2)</script>")
    drawn = page.request.get(f"{address}{path}.svg").text()
    assert "<script" not in drawn
    assert "<img" not in drawn


def test_dragging_and_the_wheel_zoom(address: str, open_page: Open) -> None:
    """A drag over the right half shows that half; then the wheel, with Ctrl held, zooms in further."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    box = page.locator("#plot").bounding_box()
    assert box
    middle, right, height = box["x"] + box["width"] / 2, box["x"] + box["width"] - 1, box["y"] + box["height"] / 2
    page.mouse.move(middle, height)
    page.mouse.down()
    page.mouse.move(right, height, steps=4)
    page.mouse.up()
    until(page, "document.querySelector('.live').layout.xaxis.range[0] > 0.45")
    low, high = _range(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    until(
        page,
        "([low, high]) => { const r = document.querySelector('.live').layout.xaxis.range;"
        " return r[1] - r[0] < (high - low) * 0.9; }",
        [low, high],
    )


def test_the_deepest_zoom_can_be_linked_to(address: str, open_page: Open) -> None:
    """However long + is held, the address names at least one frame, and a reload shows it."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    for _ in range(40):
        page.keyboard.press("+")
    low, high = _range(page)
    page.reload()
    wait_live(page)
    after = _range(page)
    assert after[1] - after[0] < 0.1
    assert after[0] <= high
    assert after[1] >= low


def test_a_link_to_frames_that_the_machine_does_not_have_shows_everything(address: str, open_page: Open) -> None:
    """Neither an empty view nor a sliver at the end."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g?v=1&from=0xffffffffff&to=0xfffffffffff")
    wait_live(page)
    assert _range(page) == [0, 1]


def test_the_overview_moves_the_view(address: str, open_page: Open) -> None:
    """A click on its right end brings the end of memory into a zoomed view."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g?v=1&axis=scale&from=0x0&to=0x1000")
    wait_live(page)
    box = page.locator(".overview").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - 1, box["y"] + 8)
    until(page, "document.querySelector('.live').layout.xaxis.range[0] > 0x230000")
    low, high = _range(page)
    assert high - low == 0x1000


def test_the_menu_closes_beside_it_and_by_escape(address: str, open_page: Open) -> None:
    """It offers both drawings, and does not stay in the way."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    menu = page.locator(".top details.menu")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="Drawing to scale")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    menu.locator("summary").click()
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")


def test_the_explanation_of_a_hole_has_commands_and_its_warning_only_where_looking_hurts(
    address: str, open_page: Open
) -> None:
    """Both are in the explanation, which is open for the danger only; nothing gets wider than a narrow screen."""
    page = open_page(360)
    page.goto(f"{address}/samples/oops-1g-4g")
    danger, other = page.locator("tr.why").nth(0), page.locator("tr.why").nth(1)
    expect(danger.get_by_text("page-types -l -a 0xbffe0,0xc0000")).to_be_visible()
    expect(danger.locator(".warn")).to_contain_text("page-types and od: make the kernel read")
    expect(other.locator(".look")).to_be_hidden()
    page.locator("summary", has_text="harmless").click()
    other.locator("summary").click()
    expect(other.get_by_text("page-types -l -a 0x0,0x1")).to_be_visible()
    expect(other.locator(".warn")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_large_file_tells_how_far_it_is(address: str, open_page: Open, seed_text: str) -> None:
    """While the server reads, the page says so; then it is the layout's page, with its delete token."""
    page = open_page()
    page.goto(address)
    noise = "".join(f"[{n:5d}.000000] usb 1-1: new device number {n}\n" for n in range(30_000))
    page.locator("#file").set_input_files(
        {"name": "dmesg.txt", "mimeType": "text/plain", "buffer": (seed_text + noise).encode()}
    )

    def check(route: Route) -> None:
        expect(page.locator("#sending")).to_be_visible()
        route.continue_()

    page.route("**/api/v1/layouts", check)
    page.get_by_role("button", name="Show the layout").click()
    page.wait_for_url(re.compile(r"/l/"))
    expect(page.locator("#delete-token")).to_have_text(re.compile(r"\w{8}"))
    expect(page.locator("#holes + .table")).to_contain_text(HOLE)
