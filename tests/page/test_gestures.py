"""Zooming and moving by mouse, wheel and fingers, driven as a browser drives them."""

import re
from collections.abc import Sequence

from playwright.sync_api import CDPSession, Page, expect

from tests.page.driving import Open, until, wait_live

RANGE = "document.querySelector('.live').layout.xaxis.range"
SEED = "/samples/seed-1g-4g"


def _range(page: Page) -> tuple[float, float]:
    low, high = page.evaluate(RANGE)
    return low, high


def _plot(page: Page) -> tuple[float, float, float, float]:
    box = page.locator("#plot").bounding_box()
    assert box
    return box["x"], box["y"], box["width"], box["height"]


def _fingers(device: CDPSession, *stations: Sequence[tuple[float, float]]) -> None:
    """Put fingers down at the first station, move them through the others and lift them."""
    for at, places in enumerate(stations):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        kind = "touchMove" if at else "touchStart"
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_two_fingers_zoom_around_the_place_between_them_and_pick_nothing(address: str, open_page: Open) -> None:
    """Apart to four times the distance shows a quarter, together again all; the lifted fingers are no tap."""
    page = open_page(touch=True)
    page.goto(address + SEED)
    wait_live(page)
    left, top, width, _ = _plot(page)
    device = page.context.new_cdp_session(page)
    x, y = left + width / 2, top + 100
    apart = [[(x - far, y), (x + far, y)] for far in (60, 90, 150, 240)]
    _fingers(device, *apart)
    until(page, f"() => {{ const r = {RANGE}; return Math.abs(r[0] - 0.375) < 0.01 && Math.abs(r[1] - 0.625) < 0.01 }}")
    assert "from=" in page.url
    assert "sel=" not in page.url
    _fingers(device, *reversed(apart))
    until(page, f"{RANGE}[1] - {RANGE}[0] > 0.999")


def test_one_finger_moves_the_bars_sideways_and_the_page_up_and_down(address: str, open_page: Open) -> None:
    """Neither is in the way of the other; the page can be scrolled from anywhere."""
    page = open_page(360, touch=True, still=True)
    page.goto(f"{address}{SEED}?v=2&axis=scale&from=0x100000&to=0x180000#bars")
    wait_live(page)
    left, top, width, _ = _plot(page)
    device = page.context.new_cdp_session(page)
    x, y = left + width * 0.8, top + 150
    scrolled = page.evaluate("scrollY")
    _fingers(device, *([(x - far, y)] for far in (0, 20, 60, width / 2)))
    until(page, f"Math.abs({RANGE}[0] - 0x140000) < 0x2000")
    assert page.evaluate("scrollY") == scrolled
    before = _range(page)
    _fingers(device, *([(x, y - far)] for far in (0, 20, 60, 140)))
    until(page, "(was) => scrollY > was + 50", scrolled)
    assert _range(page) == before
    assert "sel=" not in page.url


def test_a_tap_tells_the_bar_and_lights_its_line(address: str, open_page: Open) -> None:
    """As a click does: its range in words, its line in the log, a frame through all lanes."""
    page = open_page(touch=True)
    page.goto(address + SEED)
    wait_live(page)
    left, top, width, _ = _plot(page)
    page.touchscreen.tap(left + width * 0.3, top + 26 + 2 * 31 + 16)
    expect(page.locator("#detail")).to_contain_text("[0x100, 0xbffd7) · 786,135 pages · 3 GiB · 0x100000 · node 0")
    expect(page.locator("#lines .lit")).to_contain_text("node   0: [mem 0x0000000000100000-0x00000000bffd6fff]")
    frame, lanes = (page.locator(where).bounding_box() for where in (".labels .pick", ".names"))
    assert frame
    assert lanes
    assert frame["height"] > lanes["height"] - 26


def test_a_label_appears_once_its_bar_has_room(address: str, open_page: Open) -> None:
    """To scale, zone DMA of 16 MiB is a line in 9 GiB; zoomed in, it says its name."""
    page = open_page()
    page.goto(f"{address}{SEED}?v=2&axis=scale")
    wait_live(page)
    name = page.locator(".live .bartext", has_text="DMA · node 0")
    expect(name).to_have_count(0)
    page.goto(f"{address}{SEED}?v=2&axis=scale&from=0x0&to=0x2000")
    wait_live(page)
    expect(name).to_have_count(1)


def test_the_wheel_zooms_where_the_bars_have_the_focus_and_scrolls_elsewhere(address: str, open_page: Open) -> None:
    """Sideways it moves a zoomed view."""
    page = open_page()
    page.goto(address + SEED)
    wait_live(page)
    left, top, width, height = _plot(page)
    page.mouse.move(left + width / 4, top + height / 2)
    page.mouse.wheel(0, 40)
    until(page, "scrollY > 0")
    assert _range(page) == (0, 1)
    page.locator("#bars").focus()
    left, top, width, height = _plot(page)
    page.mouse.move(left + width / 4, top + height / 2)
    page.mouse.wheel(0, -400)
    until(page, f"{RANGE}[1] - {RANGE}[0] < 0.6")
    low, high = _range(page)
    assert abs((0.25 - low) / (high - low) - 0.25) < 0.02
    page.mouse.wheel(200, 0)
    until(page, f"(was) => {RANGE}[0] > was", low)


def test_the_overview_slides_the_view(address: str, open_page: Open) -> None:
    """Pressed it is a jump, dragged along it follows; one step back undoes it."""
    page = open_page()
    page.goto(f"{address}{SEED}?v=2&axis=scale&from=0x0&to=0x10000")
    wait_live(page)
    box = page.locator(".overview").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8, steps=3)
    page.mouse.up()
    until(page, f"Math.abs(({RANGE}[0] + {RANGE}[1]) / 2 - 0x120000) < 0x2000")
    page.go_back()
    until(page, f"{RANGE}[0] === 0")


def test_a_rule_at_the_pointer_names_the_frame_in_every_lane(address: str, open_page: Open) -> None:
    """One pixel wide at the pointer, from the addresses through the last lane; the label has frame and address.

    It does so still when the view moves below a pointer that rests.
    """
    page = open_page(1366)
    page.goto(f"{address}/samples/seed-1g-4g?v=2&axis=scale&from=0x80000&to=0x180000")
    wait_live(page)
    plot = page.locator("#plot").bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + plot["width"] / 4, plot["y"] + 60)
    rule = page.locator(".rule-line").bounding_box()
    assert rule is not None
    assert abs(rule["x"] - (plot["x"] + plot["width"] / 4)) <= 1
    last = page.locator("#bars .names > div").last.bounding_box()
    assert last is not None
    assert rule["y"] + rule["height"] >= last["y"] + last["height"] - 6
    label = page.locator(".rule-at").bounding_box()
    assert label is not None
    assert label["x"] <= rule["x"] <= label["x"] + label["width"]
    assert plot["y"] <= label["y"]
    assert label["y"] + label["height"] <= plot["y"] + 26  # the band of addresses
    _label_is_that_of(page, 0.25)
    page.locator("#bars").focus()
    page.keyboard.press("ArrowRight")
    until(page, f"{RANGE}[0] > 0x80000")
    _label_is_that_of(page, 0.25)
    for x, share in ((1, 1 / plot["width"]), (plot["width"] - 2, 1 - 2 / plot["width"])):
        page.mouse.move(plot["x"] + x, plot["y"] + 60)
        label = page.locator(".rule-at").bounding_box()
        assert label is not None
        assert plot["x"] <= label["x"]
        assert label["x"] + label["width"] <= plot["x"] + plot["width"] + 1
        _label_is_that_of(page, share)
    page.mouse.move(5, 5)
    expect(page.locator(".rule-line")).to_be_hidden()


def _label_is_that_of(page: Page, share: float) -> None:
    """The rule's label names the frame at this part of a view to scale, to a pixel, and that frame's address."""
    (low, high), words = _range(page), page.locator(".rule-at").inner_text()
    named = re.fullmatch(r"pfn 0x(?P<pfn>[0-9a-f]+) · 0x(?P=pfn)000", words)
    assert named, words
    assert abs(int(named["pfn"], 16) - (low + share * (high - low))) <= (high - low) / 1000


def test_a_click_gives_the_bars_the_focus_so_that_the_wheel_zooms(address: str, open_page: Open) -> None:
    """Before it the page scrolls; after it the view narrows around the pointer and the page stays."""
    page = open_page(1366)
    page.goto(f"{address}/samples/seed-1g-4g")
    wait_live(page)
    plot = page.locator("#plot").bounding_box()
    assert plot is not None
    width = "(() => { const [a, b] = document.querySelector('.live').layout.xaxis.range; return b - a })()"
    page.mouse.click(plot["x"] + 300, plot["y"] + 60)
    expect(page.locator("#bars")).to_be_focused()
    before = page.evaluate(width)
    page.mouse.wheel(0, -400)
    until(page, f"(before) => {width} < 0.8 * before", before)
    assert page.evaluate("scrollY") == 0
    readout, lanes = page.locator("#detail").bounding_box(), plot
    tools = page.locator(".tools").bounding_box()
    assert readout is not None
    assert tools is not None
    assert tools["y"] + tools["height"] <= readout["y"]
    assert readout["y"] + readout["height"] <= lanes["y"]
