"""What stands on the first screen: the headline and all lanes on a laptop, a drawing on a phone."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.page.driving import Open, wait_live

GIB = 1 << 30
SHORT = 0x200000
"""Bytes that each node of :func:`eight_nodes` lacks at its end, so that its last section is not full."""

MAIL = """\
Hello,

the guest panics when page-types runs. Its map:

> [    0.000000] user-defined physical RAM map:
> [    0.000000] user: [mem 0x0000000000000000-0x000000000009fbff] usable
> [    0.000000] user: [mem 0x000000000009fc00-0x000000000009ffff] reserved
> [    0.000000] user: [mem 0x00000000000f0000-0x00000000000fffff] reserved
> [    0.000000] user: [mem 0x0000000000100000-0x00000000bffd6fff] usable
> [    0.000000] user: [mem 0x00000000bffd7000-0x00000000bfffffff] reserved
> [    0.000000] user: [mem 0x00000000feffc000-0x00000000feffffff] reserved
> [    0.000000] user: [mem 0x00000000fffc0000-0x00000000ffffffff] reserved
> [    0.000000] user: [mem 0x0000000100000000-0x000000013fffffff] persistent (type 12)
> [    0.000000] user: [mem 0x0000000140000000-0x000000023fffffff] usable

I looked at what the kernel says about its nodes while it boots. There the two differ, and I do
not know which of both is meant. This is what it prints where the option is not given, with two
nodes of four gigabytes each, as I asked for:

> [    0.000000] Early memory node ranges
> [    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]
> [    0.000000]   node   0: [mem 0x0000000000100000-0x00000000bffd6fff]
> [    0.000000]   node   0: [mem 0x0000000100000000-0x000000013fffffff]
> [    0.000000]   node   1: [mem 0x0000000140000000-0x000000023fffffff]

And this is what it prints where it is given, that is with the map from above. The first node
now ends much earlier than before, and nothing tells why; a page in between is the one that
page-types dies on, with memmap=1G!4G:

> [    0.000000] Early memory node ranges
> [    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]
> [    0.000000]   node   0: [mem 0x0000000000100000-0x00000000bffd6fff]
> [    0.000000]   node   1: [mem 0x0000000140000000-0x000000023fffffff]

I also tried another place for it, far from the end of the first node, and nothing happens
there: page-types reads all of it, as it does without the option. So with memmap=1G!7G it
is fine:

> [    0.000000] Early memory node ranges
> [    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]
> [    0.000000]   node   0: [mem 0x0000000000100000-0x00000000bffd6fff]
> [    0.000000]   node   0: [mem 0x0000000100000000-0x000000013fffffff]
> [    0.000000]   node   1: [mem 0x0000000140000000-0x00000001bfffffff]
> [    0.000000]   node   1: [mem 0x0000000200000000-0x000000023fffffff]
"""


def eight_nodes() -> str:
    """A machine of eight nodes of 32 GiB, with a reserved range at the end of each, on a release that forgets them."""
    ends = [(node + 1) * 32 * GIB for node in range(8)]
    starts = [0x1000, *ends[:-1]]
    islands = (
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable",
        "BIOS-e820: [mem 0x0000000000100000-0x000000006cefefff] usable",
        "BIOS-e820: [mem 0x000000006ceff000-0x000000006fefefff] reserved",
        "BIOS-e820: [mem 0x000000006feff000-0x000000006ff7efff] ACPI NVS",
        "BIOS-e820: [mem 0x000000006ff7f000-0x000000006fffefff] ACPI data",
        "BIOS-e820: [mem 0x000000006ffff000-0x000000006fffffff] usable",
        "BIOS-e820: [mem 0x0000000070000000-0x000000008fffffff] reserved",
        "BIOS-e820: [mem 0x00000000fe000000-0x00000000fe010fff] reserved",
    )
    return "\n".join(
        (
            "Linux version 4.19.60 (builder@example) (gcc 8.3.0) #1 SMP",
            "Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/sda2 ro quiet",
            "BIOS-provided physical RAM map:",
            *islands,
            *(
                f"BIOS-e820: [mem {max(start, 4 * GIB):#018x}-{end - SHORT - 1:#018x}] usable\n"
                f"BIOS-e820: [mem {end - SHORT:#018x}-{end - 1:#018x}] reserved"
                for start, end in zip(starts, ends, strict=True)
            ),
            *(f"SRAT: Node {n} PXM {n} [mem {32 * n * GIB:#x}-{ends[n] - 1:#x}]" for n in range(8)),
            "Zone ranges:",
            "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
            "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
            f"  Normal   [mem 0x0000000100000000-{ends[-1] - SHORT - 1:#018x}]",
            "Early memory node ranges",
            "  node   0: [mem 0x0000000000001000-0x000000000009ffff]",
            "  node   0: [mem 0x0000000000100000-0x000000006cefefff]",
            "  node   0: [mem 0x000000006ffff000-0x000000006fffffff]",
            *(f"  node {n:3d}: [mem {max(starts[n], 4 * GIB):#018x}-{ends[n] - SHORT - 1:#018x}]" for n in range(8)),
            "",
        )
    )


def _pasted(page: Page, address: str, text: str) -> str:
    """The path of the page of a text."""
    answer = page.request.post(f"{address}/", multipart={"log": text}, max_redirects=0)
    return answer.headers["location"].partition("#")[0]


def _below(page: Page, selector: str) -> float:
    """How many pixels the lowest of these elements reaches below the window."""
    bottoms: list[float] = page.evaluate(
        "(selector) => [...document.querySelectorAll(selector)].map((e) => e.getBoundingClientRect().bottom)", selector
    )
    assert bottoms, selector
    height: int = page.evaluate("innerHeight")
    return max(bottoms) - height


def _show(page: Page, address: str, path: str, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.goto(address + path)
    wait_live(page)


SAMPLES = ("seed-1g-4g", "oops-1g-4g", "seed-1g-7g", "efi-nodes", "memoryless-node", "files-of-proc", "movable-nodes")


def test_all_lanes_stand_on_the_first_screen_of_a_laptop(address: str, open_page: Open) -> None:
    """At 1366 by 768, and none is cut at 1366 by 650: names and bars, and the readout above them."""
    page = open_page()
    paths = [f"/samples/{slug}" for slug in SAMPLES]
    paths += [_pasted(page, address, text) for text in (eight_nodes(), MAIL)]
    for path in paths:
        for height in (768, 650):
            _show(page, address, path, {"width": 1366, "height": height})
            for selector in ("#bars .names > div", "#plot", "#detail"):
                assert _below(page, selector) <= 0, (path, height, selector)
        assert page.evaluate("scrollY") == 0


def test_a_phone_shows_struct_pages_and_holes_at_once(address: str, open_page: Open) -> None:
    """At least 60 pixels of them at 390 by 800, and nothing to scroll sideways."""
    page = open_page(390)
    paths = [
        "/samples/seed-1g-4g",
        "/samples/seed-1g-7g",
        *(_pasted(page, address, one) for one in (eight_nodes(), MAIL)),
    ]
    for path in paths:
        _show(page, address, path, {"width": 390, "height": 800})
        mini = page.locator(".verdict .mini").bounding_box()
        assert mini is not None
        assert mini["height"] >= 60, path
        assert mini["y"] + mini["height"] <= 800, path
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path


def test_tools_and_readout_take_no_more_room_than_they_have(address: str, open_page: Open) -> None:
    """One line of tools on a laptop, two on a phone; readout and strip keep their height, whatever they say."""
    page = open_page(1366)
    for width, height, tools in ((1366, 768, 34), (390, 800, 66)):
        _show(page, address, "/samples/seed-1g-4g", {"width": width, "height": height})
        before = page.locator("#plot").bounding_box()
        for _ in range(4):
            page.keyboard.press("n")
            box = page.locator(".tools").bounding_box()
            assert box is not None
            assert box["height"] <= tools, (width, page.locator("#next").inner_text())
            assert page.locator("#plot").bounding_box() == before
        strip = page.locator(".overview").bounding_box()
        assert strip is not None
        assert strip["height"] <= 20
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("#find-words").focus()
    expect(page.get_by_role("button", name="Find")).to_be_visible()


def test_the_mail_of_2018_is_answered_on_the_first_screen(address: str, open_page: Open) -> None:
    """Frames, argument, releases and both remedies, above the fold; the boots with what tells them apart."""
    page = open_page()
    _show(page, address, _pasted(page, address, MAIL), {"width": 1366, "height": 768})
    verdict = page.locator(".verdict")
    for words in ("[0xbffd7, 0xc0000)", "memmap=1G!4G", "4.15 to 4.17.3", "Or boot 4.14, 4.17.4"):
        expect(verdict).to_contain_text(words)
    expect(page.locator("#plot")).to_contain_text("41 pages")
    expect(page.locator(".facts .assumed").first).to_be_visible()
    expect(page.locator(".boots li").first).to_have_text(re.compile(r"^2 caution: memmap=1G!4G$"))
    assert _below(page, ".verdict") < 0
    page.locator(".boots .menu summary").click()
    expect(page.locator(".boots .menu li")).to_have_text(["1 with 2", "2 with 3", "1 with 3"])


def test_a_remedy_is_copied_tried_and_sent(address: str, open_page: Open) -> None:
    """Try is one click: the headline then has no danger. Copy has the argument, Share the sentences and the link."""
    page = open_page(clipboard=True)
    _show(page, address, "/samples/seed-1g-4g", {"width": 1366, "height": 768})
    remedy = page.locator(".remedy")
    remedy.get_by_role("button", name="Copy").click()
    expect(remedy.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "memmap=1G!5G"
    remedy.get_by_role("button", name="Share").click()
    expect(remedy.get_by_role("button", name="Copied").last).to_be_visible()
    shared = page.evaluate("navigator.clipboard.readText()")
    assert shared.startswith("On 4.17, nothing writes the struct pages of [0xbffd7, 0xc0000)")
    assert shared.endswith(f"\n{address}/samples/seed-1g-4g")
    remedy.get_by_role("link", name="Try").click()
    expect(page.locator(".badge").first).to_be_visible()
    expect(page.locator("section.verdict")).not_to_have_class(re.compile("t-danger"))


def test_a_release_of_the_line_shows_the_layout_on_it(address: str, open_page: Open) -> None:
    """The kernel's own part is marked; a click on another is this page with that release; the outcome is its colour."""
    page = open_page()
    _show(page, address, "/samples/seed-1g-4g", {"width": 1366, "height": 768})
    line = page.locator(".releases .line")
    expect(line.locator("li")).to_have_text(
        [
            re.compile(f"^{words}")
            for words in ("up to 4.14", "4.15 to 4.17.3", "4.17.4 to 4.19.8", "4.19.9 to 4.19.102", "4.19.103 to 7.3")
        ]
    )
    expect(line.locator("[aria-current]")).to_have_text("4.15 to 4.17.3: danger")
    expect(line.locator(".near")).to_have_text(["up to 4.14: no danger", "4.17.4 to 4.19.8: no danger"])
    line.get_by_role("link", name="4.17.4 to 4.19.8").click()
    expect(page).to_have_url(re.compile(r"\?kernel=4\.17\.4$"))
    expect(page.locator("section.verdict")).to_have_class(re.compile("t-none"))
    expect(line.locator("[aria-current]")).to_have_text("4.17.4 to 4.19.8: no danger")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_healthy_machine_gets_a_calm_page(address: str, open_page: Open, scheme: str) -> None:
    """Green, two lines, no alarm in the bars, harmless holes folded."""
    page = open_page(1366, scheme)
    page.goto(f"{address}/samples/seed-1g-7g")
    verdict = page.locator("section.verdict")
    expect(verdict).to_have_class(re.compile("t-none"))
    expect(verdict.locator("h1")).to_have_text(re.compile("^Nothing to do"))
    box = verdict.bounding_box()
    assert box is not None
    assert box["height"] < 90
    expect(page.locator(".holes").first).not_to_be_visible()
    expect(page.locator("svg.drawing .frame")).to_have_count(0)
