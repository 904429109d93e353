"""The pages as answers: status, form and what a terminal gets."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from pfnscope import resources
from pfnscope.pages import presenting
from pfnscope.service import analyze

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A client of a running server."""
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        yield client


def test_a_terminal_gets_the_report_and_the_permalink_as_last_line(client: httpx.Client, seed_text: str) -> None:
    """As `curl --data-binary @dmesg.txt` sends it; the link works."""
    answer = client.post("/", content=seed_text, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 201
    link = answer.text.rstrip("\n").rsplit("\n", 1)[1]
    assert link == answer.headers["Location"]
    assert "0xbffd7" in answer.text
    assert client.get(link, headers=HTML).status_code == 200


def test_a_form_leads_to_the_page(client: httpx.Client, seed_text: str) -> None:
    """303 to the bare address, which programs take apart."""
    answer = client.post("/", data={"log": seed_text}, headers=HTML)
    assert answer.status_code == 303
    assert re.fullmatch(r"/l/[\w-]{16}", answer.headers["Location"])


def test_our_own_form_gets_the_token_in_the_fragment(client: httpx.Client, seed_text: str) -> None:
    """303, nothing of it in a cookie or a cache."""
    answer = client.post("/", data={"log": seed_text, "tell_token": "1"}, headers=HTML)
    path, _, token = answer.headers["Location"].partition("#delete=")
    assert answer.status_code == 303
    assert path.startswith("/l/")
    assert len(token) >= 16
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/l/nothing-like-it000", "/samples/nothing", "/l/x/figure.json", "/nowhere"])
def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(client: httpx.Client, path: str) -> None:
    """404 either way."""
    page, problem = client.get(path, headers=HTML), client.get(path)
    assert page.status_code == problem.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert problem.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["axis=%00", "axis=scale&v=9&hole=-1&from=zz", "log=all", "boot=1"])
def test_a_view_that_cannot_be_read_still_shows_the_layout(client: httpx.Client, query: str) -> None:
    """Old and broken links lose their view, not their page."""
    assert client.get(f"/samples/seed-1g-4g?{query}", headers=HTML).status_code == 200


def test_every_example_has_a_page_and_every_form(client: httpx.Client) -> None:
    """All links of the examples page and of its menus work."""
    for sample in client.get("/samples.json").json():
        path = f"/samples/{sample['slug']}"
        assert client.get(path, headers=HTML).status_code == 200
        for form in ("txt", "md", "csv", "json", "svg", "figure.json"):
            suffix = f"/{form}" if form == "figure.json" else f".{form}"
            assert client.get(path + suffix).status_code == 200, path + suffix


def test_every_rule_is_linked_to_by_its_name(client: httpx.Client) -> None:
    """The page has an anchor for each row of its JSON twin."""
    page = client.get("/rules", headers=HTML).text
    for rule in client.get("/rules.json").json():
        assert f'id="{rule["id"]}"' in page


def test_lines_that_are_no_memory_lines_are_not_kept(client: httpx.Client, seed_text: str) -> None:
    """A host name in the pasted text is not in the stored page, not even among all lines."""
    answer = client.post("/", data={"log": seed_text + "\n[    1.0] systemd[1]: Set hostname to <secret-host>.\n"})
    page = client.get(answer.headers["Location"].partition("#")[0] + "?log=all", headers=HTML)
    assert page.status_code == 200
    assert "secret-host" not in page.text


def test_a_reader_that_trips_over_each_page_is_told_once() -> None:
    """The recorded panic: 32 oopses of one text are one row."""
    document = analyze((resources.folder("sample_logs") / "oops-1g-4g" / "dmesg.txt").read_bytes()).document
    rows = presenting.event_rows(document)
    assert sum(row.count for row in rows) == len(document.events) > 30
    assert len(rows) <= 3
    assert json.dumps([row.place for row in rows]).count("0xbffe0 to 0xbffff") == 1


def test_addresses_in_a_sentence_are_set_apart() -> None:
    """Ranges, files and arguments, without the punctuation behind them."""
    pieces = presenting.coded("[0xbffd7, 0xc0000), 164 KiB: memmap=1G!4G, see /proc/kpageflags.")
    marked = [piece.text for piece in pieces if piece.marked]
    assert marked == ["[0xbffd7,", "0xc0000)", "memmap=1G!4G", "/proc/kpageflags"]
    assert "".join(piece.text for piece in pieces).strip() == (
        "[0xbffd7, 0xc0000), 164 KiB: memmap=1G!4G, see /proc/kpageflags."
    )


def test_what_cannot_be_decided_is_not_called_harmless(client: httpx.Client) -> None:
    """A map that leaves no RAM: no verdict, no word on releases, and what to paste instead."""
    text = "BIOS-e820: [mem 0x0000000000000000-0x000000007fffffff] reserved\n"
    answer = client.post("/", data={"log": text}, headers=HTML)
    page = client.get(answer.headers["Location"].partition("#")[0], headers=HTML).text
    assert "not decided" in page
    assert "paste the whole of it" in page
    assert "harmless" not in page
    assert 'id="releases"' not in page
    assert "has memory behind it" not in page
    assert "blank: not in this text" in page


def test_one_array_of_struct_pages_is_decided_too(client: httpx.Client) -> None:
    """FLATMEM has no sections; a verdict on it is none the less one, and not called undecided."""
    text = (
        "Linux version 5.9.9 (b@h) #1 SMP\nMIPS: machine is Example\n"
        "CPU0 revision is: 00019558 (MIPS 34Kc)\nZone ranges:\n  Normal   [mem 0x0000000000020000-0x000000000fffffff]\n"
        "Early memory node ranges\n  node   0: [mem 0x0000000000020000-0x000000000fffffff]\n"
    )
    path = client.post("/", data={"log": text}, headers=HTML).headers["Location"].partition("#")[0]
    page = client.get(path, params={"arch": "mips"}, headers=HTML).text
    assert "FLATMEM" in page
    assert "not decided" not in page
    assert "blank: no memory, no struct page" in page


def test_a_text_without_a_release_can_be_judged_as_one(client: httpx.Client, seed_text: str) -> None:
    """The page asks for the release, and keeps what was told."""
    text = seed_text.partition("\n")[2].replace("vmlinuz-4.17.0-rc6-mm1", "vmlinuz")
    path = client.post("/", data={"log": text}, headers=HTML).headers["Location"].partition("#")[0]
    assert '<input name="kernel"' in client.get(path, headers=HTML).text
    page = client.get(path, params={"kernel": "4.17"}, headers=HTML).text
    assert "On 4.17, nothing writes the struct pages of [0xbffd7, 0xc0000)" in page
    assert 'value="4.17"' in page
    assert "Show on this release" in page
    assert "Show on this release" not in client.get("/samples/seed-1g-4g", headers=HTML).text


def test_a_script_with_all_that_it_imports_is_one_answer(client: httpx.Client) -> None:
    """It is kept for ever under the hash of the whole; without it, it is asked for each time."""
    page = client.get("/samples/seed-1g-4g", headers=HTML).text
    url = re.search(r'src="(/static/viewer.js\?v=[0-9a-f]{12})"', page)
    assert url
    answer = client.get(url[1])
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "class Bars" in answer.text
    assert not re.search("^(im|ex)port ", answer.text, re.MULTILINE)
    again = client.get("/static/viewer.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Cache-Control"] == "no-cache"
    assert client.post("/static/viewer.js").status_code == 405


def test_a_long_log_is_shown_in_parts_that_link_each_other(client: httpx.Client) -> None:
    """The page stays small; a line that stands in another part is linked there."""
    reserved = "".join(
        f"reserved[{i:#x}]\t[{i << 20:#018x}-{(i << 20) + 4095:#018x}], 0x1000 bytes flags: 0x0\n" for i in range(9000)
    )
    log = resources.folder("sample_logs").joinpath("seed-1g-4g", "dmesg.txt").read_text()
    answer = client.post("/api/v1/layouts", content=f"MEMBLOCK configuration:\n{reserved}{log}")
    path = f"/l/{answer.json()['id']}"
    page = client.get(path, headers=HTML).text
    assert len(page) < 700_000
    later = re.search(r'href="\?line=(\d+)#L\1">Later lines', page)
    assert later
    second = client.get(path, params={"line": later[1]}, headers=HTML).text
    assert f'id="L{later[1]}"' in second
    assert "Earlier lines" in second
    hole = re.search(r'href="\?line=(\d+)#L\1" data-line', page)
    assert hole
    assert f'id="L{hole[1]}"' in client.get(path, params={"line": hole[1]}, headers=HTML).text
    assert len(client.get(f"{path}/figure.json").content) < 700_000
