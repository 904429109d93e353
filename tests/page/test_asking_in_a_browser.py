"""What if, where to put it and compare in a real browser: with and without scripts, wide and narrow."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.driving import Open, until, wait_live

_LANES = "document.querySelector('.live').layout.yaxis.tickvals.length"


def _panel(page: Page) -> None:
    page.locator("#whatif > summary").click()


def test_arguments_are_picked_and_taken_away_without_scripts(address: str, open_page: Open) -> None:
    """The forms are plain: one argument away, one in, and the address can be opened by somebody else."""
    page = open_page(scripts=False)
    page.goto(f"{address}/samples/seed-1g-4g")
    _panel(page)
    page.get_by_role("checkbox", name="memmap=1G!4G").check()
    page.get_by_label("memmap: size").fill("1G")
    page.get_by_label("memmap: start").fill("7G")
    page.get_by_role("button", name="Show what changes").first.click()
    expect(page).to_have_url(f"{address}/samples/seed-1g-4g?remove=memmap=1G!4G&append=memmap=1G!7G")
    expect(page.locator(".outcome")).to_contain_text("danger")
    expect(page.locator(".verdict")).to_have_class(re.compile("t-none"))
    expect(page.locator(".cmd del")).to_have_text("memmap=1G!4G")
    other = open_page(scripts=False)
    other.goto(page.url)
    assert other.locator("main").inner_text() == page.locator("main").inner_text()
    page.get_by_role("link", name="Back to today's layout").click()
    expect(page).to_have_url(f"{address}/samples/seed-1g-4g")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_one_kind_is_asked_at_a_time(address: str, open_page: Open, scripts: bool) -> None:
    """The form of the chosen kind is the only one in view; keys choose another; the answer stands in front."""
    page = open_page(scripts=scripts)
    page.goto(f"{address}/samples/seed-1g-4g")
    _panel(page)
    expect(page.get_by_role("radio", name="memmap= region")).to_be_checked()
    expect(page.get_by_role("combobox", name="Move")).to_have_value("memmap=1G!4G")
    expect(page.get_by_role("textbox", name="crashkernel=")).to_be_hidden()
    page.get_by_role("radio", name="memmap= region").press("ArrowRight")
    expect(page.get_by_role("radio", name="crash kernel")).to_be_checked()
    expect(page.get_by_role("combobox", name="Move")).to_be_hidden()
    page.get_by_role("textbox", name="crashkernel=").fill("512M,high")
    page.get_by_role("textbox", name="crashkernel=").press("Enter")
    expect(page).to_have_url(re.compile(r"/samples/seed-1g-4g\?crashkernel=512M(,|%2C)high$"))
    expect(page.locator(".lead h1")).to_contain_text("The kernel finds 512 MiB")
    _panel(page)
    expect(page.get_by_role("radio", name="crash kernel")).to_be_checked()
    expect(page.get_by_role("textbox", name="crashkernel=")).to_have_value("512M,high")


def test_bad_addresses_are_pasted_as_they_are_printed(address: str, open_page: Open) -> None:
    """Lines and all; the argument that takes them out is there to copy."""
    page = open_page(clipboard=True)
    page.goto(f"{address}/samples/seed-no-memmap")
    _panel(page)
    page.get_by_text("bad addresses", exact=True).click()
    page.get_by_label("Addresses of bad memory").fill("0x12345678\n0x140004000")
    page.get_by_role("button", name="Show the argument").click()
    expect(page.locator(".verdict")).to_have_class(re.compile("t-none"))
    wait_live(page)
    expect(page.locator(".names div").first).to_contain_text("Taken out")
    page.get_by_role("button", name="Copy memmap=", exact=False).first.click()
    until(page, "navigator.clipboard.readText().then((text) => text.startsWith('memmap='))")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert {"4K$0x12345000", "4K$0x140004000"} == set(
        copied.removeprefix("memmap=").replace(" memmap=", ",").split(",")
    )
    _panel(page)
    expect(page.get_by_label("Addresses of bad memory")).to_have_value("0x12345678\n0x140004000")


def test_the_view_is_kept_when_something_is_asked(address: str, open_page: Open) -> None:
    """Axis and frames in view stay; what was left empty is not in the address; the bars show both layouts."""
    page = open_page()
    page.goto(f"{address}/samples/seed-no-memmap?v=1&axis=scale&from=0xb0000&to=0x150000")
    wait_live(page)
    lanes = page.evaluate(_LANES)
    _panel(page)
    page.get_by_label("Anything else, as it is written").fill("memmap=1G!4G")
    page.get_by_role("button", name="Show what changes").first.click()
    expect(page.locator(".verdict")).to_have_class(re.compile("t-danger"))
    wait_live(page)
    assert page.evaluate(_LANES) > lanes
    low, high = page.evaluate("document.querySelector('.live').layout.xaxis.range")
    assert (round(low), round(high)) == (0xB0000, 0x150000)
    assert "append=memmap" in page.url
    assert "add_" not in page.url
    page.locator("body").press("0")
    expect(page).not_to_have_url(re.compile("from="))
    assert "append=memmap" in page.url


def test_a_safe_start_is_found_copied_and_tried(address: str, open_page: Open) -> None:
    """From the 2018 report to a place without the danger, by one click: the answer first, its lane below, to copy."""
    page = open_page(clipboard=True)
    page.goto(f"{address}/samples/seed-1g-4g")
    page.get_by_role("link", name="Where else can memmap=1G!4G go?").click()
    expect(page.locator(".lead h1")).to_have_text("Use memmap=1G!5G: no danger on any release.")
    wait_live(page)
    expect(page.locator(".names div").first).to_contain_text("Possible starts")
    page.locator(".lead").get_by_role("button", name="Copy").click()
    expect(page.locator(".lead").get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "memmap=1G!5G"
    expect(page.locator(".places .pill")).to_have_text(["safe", "unsafe", "safe"])
    page.locator(".lead").get_by_role("link", name="Try").click()
    expect(page).to_have_url(f"{address}/samples/seed-1g-4g?remove=memmap=1G!4G&append=memmap=1G!5G")
    expect(page.locator(".lead h1")).to_have_text(
        "With memmap=1G!5G instead of memmap=1G!4G the 41 pages [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 "
        "are inside zone DMA32: no danger."
    )
    expect(page.locator(".badge").first).to_have_text("Simulated, not booted")


@pytest.mark.parametrize(
    ("path", "lanes"),
    [
        ("/samples/seed-1g-4g?remove=memmap=1G!4G", ["Holes today", "Holes what if", "Struct pages today"]),
        ("/samples/seed-no-memmap?append=memmap=1G!4G", ["Holes today", "Holes what if", "Struct pages today"]),
        ("/samples/seed-1g-4g?remove=memmap=1G!4G&size=1G", ["Possible starts", "Holes today", "Holes what if"]),
        ("/samples/seed-1g-4g?move=memmap=1G!4G", ["Possible starts", "Firmware map"]),
        ("/samples/seed-1g-4g?crashkernel=512M,high", ["May land at", "In the way", "In the way, too", "Firmware map"]),
        ("/samples/seed-1g-4g?crashkernel=2G@1G", ["Possible starts", "In the way", "Firmware map"]),
        ("/samples/seed-1g-4g?bad=0x12345678", ["Taken out", "Firmware map"]),
        (
            "/compare?a=sample:seed-1g-4g&b=sample:seed-1g-7g",
            ["Holes A", "Holes B", "Struct pages A", "Struct pages B"],
        ),
        ("/compare?a=sample:oops-1g-4g&b=sample:efi-nodes", ["Holes A", "Holes B"]),
    ],
)
def test_the_answer_and_the_lanes_that_differ_stand_on_the_first_screen(
    address: str, open_page: Open, path: str, lanes: list[str]
) -> None:
    """Of a laptop of 1366 by 768; the two sides of a comparison take at most 110 pixels."""
    page = open_page(1366)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(address + path)
    wait_live(page)
    answer = page.locator(".lead h1, .answer").bounding_box()
    names = [box for row in page.locator("#bars .names > div").all() if (box := row.bounding_box())]
    assert answer is not None
    assert answer["y"] < names[0]["y"]
    changed = [box for box in names if box["height"]][:10]
    assert max(box["y"] + box["height"] for box in changed) <= 768
    words = [" ".join(text.split()) for text in page.locator("#bars .names > div").all_inner_texts()]
    assert [text for text, start in zip(words, lanes, strict=False) if text.startswith(start)] == words[: len(lanes)]
    if "/compare" in path:
        sides = page.locator(".sides").bounding_box()
        assert sides is not None
        assert sides["height"] <= 110


def test_lanes_that_are_alike_are_named_and_can_be_shown(address: str, open_page: Open) -> None:
    """Below the bars, and in the menu of lanes, without scripts too."""
    page = open_page(scripts=False)
    page.goto(f"{address}/samples/seed-1g-4g?remove=memmap=1G!4G")
    expect(page.locator(".absent")).to_contain_text("The same in both: Firmware map.")
    page.locator(".lanes-menu summary").click()
    page.locator(".lanes-menu").get_by_label("Firmware map").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".names b")).to_contain_text(["Holes", "Firmware map"])


def test_a_link_to_the_panel_opens_it(address: str, open_page: Open) -> None:
    """The link below a calm table leads to something that can be seen."""
    page = open_page()
    page.goto(f"{address}/samples/seed-no-memmap")
    expect(page.get_by_label("Command line", exact=True)).to_be_hidden()
    page.evaluate("location.hash = 'whatif'")
    expect(page.get_by_label("Command line", exact=True)).to_be_visible()


def test_a_cause_is_marked_explained_and_can_be_taken_away(address: str, open_page: Open) -> None:
    """Words with code set apart, no quote marks around it; one click to the layout without."""
    page = open_page()
    page.goto(f"{address}/samples/seed-1g-4g")
    expect(page.locator(".cmd mark.cause")).to_have_text("memmap=1G!4G")
    because = page.locator("tbody:has(#hole-4) .because")
    expect(because).to_contain_text("Cause memmap=1G!4G takes [4 GiB, 5 GiB) away from memory, so node 0 ends at pfn")
    expect(because.locator("code").first).to_have_text("memmap=1G!4G")
    because.get_by_role("link", name="What if without it?").click()
    expect(page).to_have_url(f"{address}/samples/seed-1g-4g?remove=memmap=1G!4G")
    expect(page.locator(".verdict")).to_have_class(re.compile("t-none"))


def test_two_layouts_live_on_one_axis(address: str, open_page: Open) -> None:
    """Both columns of bars are alive, a danger of either is framed; keys go to the worst of both first."""
    page = open_page()
    page.goto(f"{address}/compare?a=sample:seed-no-memmap&b=sample:seed-1g-4g")
    wait_live(page)
    expect(page.locator(".names i", has_text="A")).to_have_count(4)
    expect(page.locator("svg.drawing .frame")).to_have_count(1)
    tints = [
        page.evaluate(
            f"[...document.querySelectorAll('{where} .apart')].map((e) => e.getBoundingClientRect().toJSON())"
        )
        for where in ("svg.drawing", ".bands")
    ]
    assert [[round(box[side]) for side in ("left", "right", "top")] for box in tints[0]] == [
        [round(box[side]) for side in ("left", "right", "top")] for box in tints[1]
    ]
    # below the bars, not over them, which would change their colours
    assert page.evaluate("document.querySelector('.bands').nextElementSibling.className.startsWith('live')")
    page.locator("body").press("n")
    until(page, "new URL(location.href).searchParams.get('sel') === '0xbffd7-0xc0000'")
    expect(page.locator("#detail")).to_contain_text("41 pages")
    expect(page).to_have_url(re.compile(r"a=sample(:|%3A)seed-no-memmap"))


def test_nothing_is_wider_than_a_narrow_screen(address: str, open_page: Open) -> None:
    """The panel with all its fields, places, both drawings and the lists of changes, at 360 pixels, light and dark."""
    paths = (
        "/samples/seed-1g-4g?remove=memmap=1G!4G&append=memmap=1G!4G%20mem=9G@&size=1G",
        "/samples/seed-1g-4g?move=memmap=1G!4G",
        "/samples/seed-1g-4g?crashkernel=512M@1G",
        "/samples/seed-1g-4g?bad=0x12345678%0A0x140004000",
        "/compare?a=sample:seed-1g-4g&b=sample:movable-nodes",
        "/compare",
    )
    for scheme in ("light", "dark"):
        page = open_page(360, scheme)
        for path in paths:
            page.goto(address + path)
            if "=" in path:
                wait_live(page)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, path


def test_the_first_view_of_a_layout_page_stays_small(address: str, open_page: Open) -> None:
    """All that is sent for it, Plotly and both layouts of a question included: at most 480 kB."""
    page = open_page(first=True)
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(f"{address}/samples/oops-1g-4g?remove=memmap&size=1G")
    wait_live(page)
    assert sum(sizes) <= 480_000
    assert len(sizes) >= 8
