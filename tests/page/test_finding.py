"""Finding, picking and coming back: what an address of any version shows, with scripts and without."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pfnscope.drawing import scene, view
from pfnscope.model.ranges import FrameRange
from pfnscope.service import analyze
from pfnscope.service.errors import BadOption
from pfnscope.service.lookup import find
from tests.page.driving import Open, until, wait_live
from tests.support.samples import text

SEED = analyze(text("seed-1g-4g")).document
PAGE = "/samples/seed-1g-4g"
HOLE = FrameRange(0xBFFD7, 0xC0000)
WANTED = view.View("scale", 0xBFF00, 0xC0100, HOLE)
LINKS = sorted(Path(__file__).with_name("links").glob("v*.txt"))


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("0xbffd7000", 0xBFFD7, 0xBFFD8),
        ("pfn:0xbffd7", 0xBFFD7, 0xBFFD8),
        ("page:0xffffea0002fff5c0", 0xBFFD7, 0xBFFD8),
        ("4G..5G", 0x100000, 0x140000),
        ("0xa0000-0xfffff", 0xA0, 0x100),
        ("[mem 0x00000000bffd7000-0x00000000bfffffff]", 0xBFFD7, 0xC0000),
        ("pfn:0xbffd7..0xc0000", 0xBFFD7, 0xC0000),
        ("node 1", 0x140000, 0x240000),
        ("dma32", 0x1000, 0xBFFD7),
        ("Normal · node 1", 0x140000, 0x240000),
    ],
)
def test_what_can_be_found(words: str, start: int, end: int) -> None:
    """In the words of logs, oopses and of the bars themselves; a printed end is inclusive, one behind dots is not."""
    place = find(SEED, words)
    assert (place.start_pfn, place.end_pfn) == (start, end)


@pytest.mark.parametrize("words", ["", "node 7", "DMA · node 1", "nothing", "5G..4G", "0x1-", "node x", "page:0x1"])
def test_what_cannot_be_found_is_told(words: str) -> None:
    """Never an empty answer, never a traceback."""
    with pytest.raises(BadOption, match=r"\w"):
        find(SEED, words)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.stem)
def test_links_of_every_version_show_what_they_showed(link: Path) -> None:
    """One file for each version that addresses have had; none may go."""
    parameters = dict(pair.split("=", 1) for pair in link.read_text().strip().split("&"))
    assert view.resolved(view.read(parameters), scene.of(SEED)) == WANTED


def test_each_version_has_its_link() -> None:
    """A new version comes with a file of its own."""
    assert [link.stem for link in LINKS] == [f"v{n}" for n in range(1, view.VERSION + 1)]


def test_what_an_address_says_wrongly_is_ignored_with_a_note() -> None:
    """Frames that are none, a range without an end, a later version: the rest of the view stands."""
    address_view = view.read({"v": "9", "axis": "scale", "from": "12", "to": "0x10", "sel": "0x5"})
    assert (address_view.axis, address_view.start, address_view.picked) == ("scale", None, None)
    assert len(address_view.notes) == 3


def test_finding_needs_no_script(address: str, open_page: Open) -> None:
    """The form is answered by a page whose drawing shows the place, framed through all lanes, and says what it is."""
    page = open_page(scripts=False)
    page.goto(f"{address}{PAGE}?bogus=1")
    expect(page.get_by_text("Not known here and ignored: bogus.")).to_be_visible()
    page.get_by_label(re.compile("^Find an address")).fill("pfn:0xbffd7")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("svg.drawing .pick")).to_have_count(1)
    expect(page.locator("#detail")).to_contain_text("in no zone")
    page.get_by_label(re.compile("^Find an address")).fill("nothing")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("alert").filter(has_text="nothing that can be found")).to_be_visible()


def test_finding_is_a_jump_that_the_back_button_undoes(address: str, open_page: Open) -> None:
    """By keyboard alone: / to the box, Enter, and back; the place is framed and told, moves are no entries."""
    page = open_page()
    page.goto(f"{address}{PAGE}")
    wait_live(page)
    for words in ("0xbffd7000", "page:0xffffea0002fff5c0"):
        page.keyboard.press("/")
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        expect(page.locator("#detail")).to_contain_text("never written")
        expect(page).to_have_url(re.compile("sel=0xbffd7-0xbffd8"))
        expect(page.locator(".labels .pick")).to_have_count(1)
        expect(page.locator(".holes .sel")).to_contain_text("[0xbffd7, 0xc0000)")
    page.keyboard.press("+")
    page.go_back()
    page.go_back()
    until(page, "document.querySelector('.live')?.layout.xaxis.range[1] === 1")
    expect(page.locator(".labels .pick")).to_have_count(0)
    assert "sel=" not in page.url
    page.go_forward()
    expect(page.locator(".labels .pick")).to_have_count(1)


RESTS = """(() => {
    if (window.seen?.address !== location.href) window.seen = {address: location.href, since: performance.now()};
    return performance.now() - window.seen.since > 1000;
})()"""


def test_a_view_comes_back_to_the_pixel(address: str, open_page: Open) -> None:
    """After odd zooms on both axes the address alone restores the range; the server's drawing has it before."""
    page = open_page()
    for axis in ("schematic", "scale"):
        page.goto(f"{address}{PAGE}?v=2&axis={axis}&from=0xbf000.8&to=0xc1234.1")
        wait_live(page)
        page.locator("#bars").focus()
        for key in ("+", "+", "ArrowRight", "+", "+", "ArrowLeft"):
            page.keyboard.press(key)
        # the address follows when the keys rest, which on a busy machine they seem to do more than once
        until(page, "!['0xbf000.8', null].includes(new URL(location.href).searchParams.get('from'))")
        until(page, RESTS)
        before = page.evaluate("document.querySelector('.live').layout.xaxis.range")
        page.reload()
        wait_live(page)
        after = page.evaluate("document.querySelector('.live').layout.xaxis.range")
        pixel = (before[1] - before[0]) / 1000
        assert all(abs(one - other) < pixel / 2 for one, other in zip(before, after, strict=True))


def test_lanes_can_be_left_out_and_the_address_says_which(address: str, open_page: Open) -> None:
    """The same lanes in the still drawing, the names and the live bars; without scripts as with them."""
    page = open_page()
    page.goto(f"{address}{PAGE}?lanes=nodes,zones")
    wait_live(page)
    expect(page.locator(".names b")).to_have_text(["Nodes", "Zones"])
    assert page.evaluate("document.querySelector('.live').layout.yaxis.tickvals.length") == 2
    page.get_by_text("Lanes", exact=True).click()
    page.get_by_label("Holes", exact=True).check()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".names b")).to_have_text(["Nodes", "Zones", "Holes"])


def test_bars_are_reached_by_keys(address: str, open_page: Open) -> None:
    """Down and > go through lanes and bars, each told in words and framed; ? lists the keys."""
    page = open_page()
    page.goto(f"{address}{PAGE}")
    wait_live(page)
    page.locator("#bars").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#detail")).to_contain_text("[0x1, 0x9f) · 158 pages · 632 KiB · 0x1000 · node 0")
    page.keyboard.press(">")
    expect(page.locator("#detail")).to_contain_text("[0x100, 0xbffd7) · 786,135 pages · 3 GiB · 0x100000 · node 0")
    expect(page).to_have_url(re.compile("sel=0x100-0xbffd7"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_a_term_explains_itself_on_focus(address: str, open_page: Open) -> None:
    """Its line shows beside it without a pointer, and the link leads to the list of all."""
    page = open_page()
    page.goto(f"{address}{PAGE}")
    wait_live(page)
    term = page.locator(".names").get_by_role("link", name=re.compile("^Zones"))
    page.get_by_role("link", name=re.compile("^Nodes")).focus()
    page.keyboard.press("Tab")
    expect(term).to_be_focused()
    assert "From the first to the last page frame" in term.evaluate("(e) => getComputedStyle(e, '::after').content")
    page.keyboard.press("Enter")
    expect(page.locator("#word-zone-span + dd")).to_contain_text("From the first to the last page frame")


def test_a_step_of_the_ram_ledger_shows_its_memory_on_the_bars(open_page: Open, address: str) -> None:
    """With scripts in place, and without them by the address of the link: the same page frames are picked."""
    page = open_page()
    page.goto(f"{address}/samples/files-of-proc")
    wait_live(page)
    link = page.locator(".fall a", has_text="memmap=1G!4G")
    box = link.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    link.click()
    expect(page).to_have_url(re.compile("sel=0x100000-0x140000"))
    expect(page.locator("#detail")).to_contain_text("[0x100000, 0x140000)")
    expect(page.locator("#bars")).to_be_focused()
    expect(page.locator(".fall a", has_text="log buffer")).to_have_count(0)

    plain = open_page(scripts=False)
    plain.goto(f"{address}/samples/files-of-proc")
    plain.locator(".fall a", has_text="memmap=1G!4G").click()
    expect(plain).to_have_url(re.compile(r"find=0x100000000\.\.0x140000000.*#bars$"))
    expect(plain.locator("#bars .pick")).not_to_have_count(0)
