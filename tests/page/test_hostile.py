"""Logs, titles and notes full of what other languages would run: shown as text everywhere, run nowhere."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import httpx
import pytest
from playwright.sync_api import Page

from tests.page.driving import Open, wait_live

RUN = "window.hit=(window.hit||0)+1"
EVIL = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><svg onload="{RUN}">',
    f"'onmouseover='{RUN}'",
    f"javascript:{RUN}",
    "{{7*7}}${7*7}{% raw %}",
    f"</style></textarea></title><script>{RUN}</script>",
    "'; DROP TABLE layouts; --",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eevil\u2066\u200f",
    "=cmd|' /C calc'!A0",
    f"[x](javascript:{RUN})",
    f"]]><script>{RUN}</script>",
    "&lt;script&gt;",
)


def log(evil: str) -> str:
    label = evil.replace("\n", " ")
    return f"""\
Linux version 4.17.0-{label} (gcc {label}) #1
Command line: root={label} memmap=1G!4G {label}
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-0x000000007ffd9fff] usable
BIOS-e820: [mem 0x000000007ffda000-0x000000007fffffff] {label}
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x000000007ffd9fff]
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x000000007ffd9fff]
BUG: unable to handle kernel paging request at ffffea0001fff680 {label}
{label}
"""


def stored(address: str, evil: str) -> str:
    submission = {"log": log(evil), "title": evil, "note": evil, "keep": "everything"}
    answer = httpx.post(f"{address}/api/v1/layouts", json=submission, trust_env=False)
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["id"]
    return name


def assert_nothing_ran(page: Page) -> None:
    assert page.evaluate("window.hit") is None
    assert page.evaluate("window.violations") == []


def test_pages_run_nothing_of_a_log(address: str, open_page: Open) -> None:
    page = open_page()
    name = ""
    for evil in EVIL:
        name = stored(address, evil)
        page.goto(f"{address}/l/{name}?log=all&kernel=4.17")
        wait_live(page)
        shown = page.locator("body").inner_text()
        words = re.sub("[^ -~]", "", re.split("[\x1b\x07\u202e\u2066]", evil + "\x1b")[0]).strip()
        assert words in shown, "it is shown as text"
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", shown)
        for cell in page.locator("main summary:visible").all()[:3]:
            cell.click()
        assert_nothing_ran(page)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", page.title())
    page.goto(f"{address}/compare?a={name}&b={name}")
    assert_nothing_ran(page)


def test_what_would_be_kept_runs_nothing(address: str, open_page: Open) -> None:
    page = open_page()
    page.goto(address)
    page.get_by_label("Boot log", exact=True).fill("\n".join(map(log, EVIL[:7])))
    page.get_by_role("button", name="Show what would be kept").click()
    page.wait_for_url("**/preview")
    assert "would be kept" in page.locator("h1").inner_text()
    assert_nothing_ran(page)
    # a log as on the page of a layout, with the numbers that its lines have and no others
    assert page.locator("#lines").evaluate("list => getComputedStyle(list).listStyleType") == "none"
    page.get_by_role("button", name="Store this").click()
    page.wait_for_url(re.compile(r"/l/[A-Za-z0-9_-]{16}"))
    assert_nothing_ran(page)


def test_a_picture_is_well_formed_and_runs_nothing(address: str, open_page: Open) -> None:
    page = open_page()
    for evil in EVIL:
        drawing = f"{address}/l/{stored(address, evil)}.svg"
        tree = ET.fromstring(httpx.get(drawing, trust_env=False).content)
        names = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert not names & {"script", "foreignObject", "image", "a"}
        assert not [key for element in tree.iter() for key in element.attrib if key.startswith("on") or "href" in key]
    page.goto(drawing)
    assert page.evaluate("window.hit") is None


@pytest.mark.parametrize("evil", EVIL)
def test_other_forms_and_problems_carry_it_as_text(address: str, evil: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        name = stored(address, evil)
        sheet = list(csv.reader(io.StringIO(client.get(f"/l/{name}.csv").text)))
        assert [
            cell for row in sheet for cell in row if cell[:1] in set("=+-@\t\r") and not re.fullmatch(r"-?\d+", cell)
        ] == []
        markdown = client.get(f"/l/{name}.md").text
        assert not re.search(r"(?<![\\`])<(script|img|svg)", re.sub(r"`[^`]*`", "", markdown))
        assert not re.search(r"(?<!\\)\]\(javascript:", re.sub(r"`[^`]*`", "", markdown))
        for form in ("txt", "md", "csv"):
            text = client.get(f"/l/{name}.{form}").text
            assert not re.search("[\x1b\x07\u202a-\u202e\u2066-\u2069]", text), form
        for answer in (
            client.post("/api/v1/analyze", content=evil),
            client.post("/api/v1/analyze", content=log(evil), params={"kernel": evil}),
            client.get(f"/api/v1/layouts/{name}/lookup", params={"at": evil}),
            client.get("/api/v1/layouts/x", params={"kernel": evil}),
        ):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
            assert answer.status_code in (400, 404, 422)
