"""What a browser shows of texts without node ranges: a crash alone, and a memory map alone."""

from playwright.sync_api import expect

from tests.page.driving import Open
from tests.support.samples import text

CRASH = """\
[  100.000000] BUG: unable to handle page fault for address: fffffffffffffffe
[  100.000001] RIP: 0010:stable_page_flags+0x25/0x2f0
[  100.000002] RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 0000000000000000
[  100.000003] CR2: fffffffffffffffe CR3: 0000000000000000 CR4: 00000000000006b0
"""


def test_a_crash_alone_is_answered_and_stays_in_the_field(address: str, open_page: Open) -> None:
    """The lines that lack can be put in front of it, on a laptop and on a phone."""
    for width in (1366, 390):
        page = open_page(width)
        page.goto(address)
        page.fill("#log", CRASH)
        page.click("details.options summary")
        page.fill("input[name=title]", "a title")
        page.click("text=Show the layout")
        answer = page.locator("#answer")
        expect(answer).to_contain_text("died in stable_page_flags() while reading /proc/kpageflags")
        expect(answer).to_contain_text("Now paste the boot part as well: journalctl -k -b -1")
        expect(answer).to_be_in_viewport()
        assert page.input_value("#log") == CRASH
        assert page.input_value("input[name=title]") == "a title"
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_what_is_no_log_stays_in_the_field_too(address: str, open_page: Open) -> None:
    page = open_page(status=422)
    page.goto(address)
    page.fill("#log", "hello\n</textarea>world\n")
    page.click("text=Show the layout")
    expect(page.locator("#problem")).to_contain_text("Your text is still in the field")
    assert page.input_value("#log") == "hello\n</textarea>world\n"


def test_a_memory_map_alone_gives_a_layout_that_says_it_is_computed(address: str, open_page: Open) -> None:
    map_ = "".join(line for line in text("seed-1g-4g").decode().splitlines(keepends=True) if "BIOS-e820" in line)
    for width in (1366, 390):
        page = open_page(width)
        page.goto(address)
        page.fill("#log", map_)
        page.click("text=Show the layout")
        expect(page.locator("ul.facts")).to_contain_text("layout computed from the memory map, not printed")
        expect(page.locator("#bars .names")).to_contain_text("computed")
        expect(page.locator("#holes")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
