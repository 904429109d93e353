"""The way in, measured: paste page, large pastes, texts without a layout, own pastes, two logs, the API."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, Request, expect

from pfnscope.web.settings import Settings
from tests.page.driving import Open, until, wait_live
from tests.support.samples import text as sample
from tests.support.server import serving

IN_VIEW = """(selectors) => selectors.filter((selector) => {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return !box || !box.width || box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth;
})"""
PASTE = """([selector, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.querySelector(selector).dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
SAYS_MORE = "[ 8123.402133] usb 1-1: new high-speed device\n[ 8124.000001] done\n"
LONG = 1_200_000


def _send(page: Page, text: str) -> None:
    page.get_by_label("Boot log", exact=True).fill(text)
    page.get_by_role("button", name="Show the layout").click()


def test_the_first_screen_has_field_button_and_a_picture_of_the_result(address: str, open_page: Open) -> None:
    """At 1366 by 768: all lanes, the hole among them, large enough to be seen."""
    page = open_page(1366)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(address)
    parts = ["h1", "#log", "button.primary", ".picture", ".picture svg", ".picture .k-danger"]
    assert page.evaluate(IN_VIEW, parts) == []
    assert page.locator("button.primary:visible").count() == 1
    box = page.locator(".picture svg").bounding_box()
    assert box
    assert box["width"] > 380
    assert box["height"] > 150
    page.goto(f"{address}/samples")
    assert page.locator(".cards .strip .k-danger:visible").count() >= 2, "the examples are told apart by their bars"


def test_a_large_paste_is_a_file_that_can_be_taken_back(address: str, open_page: Open, seed_text: str) -> None:
    """The field stays short; taking it back brings back what stood there; sent, it is the layout's page."""
    page = open_page()
    page.goto(address)
    field = page.get_by_label("Boot log", exact=True)
    field.fill("before ")
    large = seed_text + "x" * 78 + "\n" + ("y" * 79 + "\n") * (LONG // 80)
    page.evaluate(PASTE, ["#log", large])
    expect(page.locator("#held")).to_contain_text("1.2 MB pasted")
    expect(field).to_have_value("")
    page.get_by_role("button", name="Take it back").click()
    expect(field).to_have_value("before ")
    assert page.evaluate("document.querySelector('#file').files.length") == 0
    field.fill("")
    page.evaluate(PASTE, ["#log", large])
    page.get_by_role("button", name="Show the layout").click()
    page.wait_for_url(re.compile("/l/"))
    expect(page.locator("h1")).to_contain_text("0xbffd7")


def test_what_the_server_does_not_take_is_said_before_it_is_sent(tmp_path: Path, open_page: Open) -> None:
    """In MB, with what to do; in the comparison too. Without scripts the answer of the server says the same."""
    settings = Settings.model_validate({"database_url": f"sqlite:///{tmp_path}/x.db", "max_body_bytes": 1 << 20})
    page = open_page(status=413)
    posted: list[Request] = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    file = {"name": "dmesg.txt", "mimeType": "text/plain", "buffer": b"z" * 2_500_000}
    with serving(settings) as address:
        page.goto(address)
        page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
        page.get_by_role("button", name="Show the layout").click()
        expect(page.locator("#refusal")).to_contain_text("2.5 MB, the server takes 1.0 MB")
        expect(page.locator("#refusal")).to_contain_text("head -c 20M dmesg.txt")
        page.goto(f"{address}/compare")
        page.locator("input[data-side=a]").set_input_files(file)  # type: ignore[arg-type]
        page.locator("input[name=b]").fill("sample:seed-1g-4g")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("#pair-problem")).to_contain_text("the server takes 1.0 MB")
        assert posted == []
        answer = page.request.post(address, multipart={"file": file}, headers={"Accept": "text/html"})  # type: ignore[dict-item]
        assert answer.status == 413
        assert "at most 1 MiB" in answer.text()
        assert "Request Entity" not in answer.text()
        page.goto("about:blank")


def test_a_text_without_a_layout_stays_and_is_judged_with_what_is_added(address: str, open_page: Open) -> None:
    """The answer says what was seen and what to add; the list is closed; with the boot log it is the page."""
    page = open_page(status=422)
    page.goto(address)
    _send(page, SAYS_MORE)
    seen = page.locator("#glance")
    expect(seen).to_contain_text("2 lines, the first “[ 8123.402133] usb 1-1: new high-speed device”")
    expect(seen).to_contain_text("looks like the end of a log")
    expect(page.locator("#problem")).to_contain_text("journalctl -k -b -1 | head -300")
    assert page.locator("#problem details").get_attribute("open") is None
    field = page.get_by_label("Boot log", exact=True)
    expect(field).to_have_value(SAYS_MORE)
    boot, _, crash = sample("oops-1g-4g").decode().partition("BUG: unable")
    page.goto(address)
    _send(page, f"[    2.544247] BUG: unable{crash}")
    expect(page.locator("#answer h1")).to_contain_text("stable_page_flags")
    expect(field).to_have_value(re.compile("BUG: unable"))
    # the file beside what is kept, as the answer says
    page.locator("#file").set_input_files({"name": "boot.txt", "mimeType": "text/plain", "buffer": boot.encode()})
    page.get_by_role("button", name="Show the layout").click()
    page.wait_for_url(re.compile("/l/"))
    expect(page.locator("h1")).to_contain_text("This is your panic")


def test_own_pastes_are_listed_here_alone_and_deleted_for_good(address: str, open_page: Open, seed_text: str) -> None:
    """The token leaves the address and stays in the tab; no request has the list; what is deleted says so."""
    page = open_page(status=410, first=True)
    requests: list[Request] = []

    def keep(request: Request) -> None:
        requests.append(request)

    page.on("request", keep)
    page.goto(address)
    expect(page.locator("#own")).to_be_hidden()
    _send(page, seed_text)
    wait_live(page)
    path = page.url.removeprefix(address)
    assert "#" not in path
    page.reload()
    wait_live(page)
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    other = page.context.new_page()
    other.goto(address + path)
    wait_live(other)
    expect(other.locator("#delete")).to_be_hidden()
    other.close()
    page.locator("#kept summary").click()
    token = page.locator("#delete-token").inner_text()
    assert len(token) >= 32
    expect(page.locator("#delete-copy")).to_have_attribute("data-copy-text", re.compile(f"curl -X DELETE .*{token}"))
    page.goto(address)
    row = page.locator("#own-list a")
    expect(row).to_have_attribute("href", path)
    expect(row).to_contain_text("kept until")
    expect(page.locator("#own-list li.t-danger")).to_have_count(1)
    # expired ones fall out
    page.evaluate(
        "(path) => localStorage.setItem('pfnscope-pastes', JSON.stringify([...JSON.parse("
        "localStorage.getItem('pfnscope-pastes')), {path: '/l/AAAAAAAAAAAAAAAA', title: 'old', severity: '',"
        " day: '2020-01-01', until: '2020-02-01'}]))",
        path,
    )
    page.reload()
    expect(row).to_have_count(1)
    page.goto(f"{address}/compare")
    assert page.locator("#own-picks option").evaluate_all("(all) => all.map((one) => one.value)") == [path]
    page.goto(address + path)
    wait_live(page)
    page.get_by_role("button", name="Delete").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Delete for good?").click()
    expect(page.locator("h1")).to_have_text("This layout is gone")
    page.goto(address)
    expect(page.locator("#own")).to_be_hidden()
    assert not [one.url for one in requests if token in one.url or "pastes?" in one.url]
    assert not [one.url for one in requests if token in (one.post_data or "") or "until" in (one.post_data or "")]


def test_two_files_are_compared_and_what_is_wrong_stays_in_the_form(
    address: str, open_page: Open, seed_text: str
) -> None:
    """Both are stored, each with a page that can be deleted; a wrong field is marked, the other words are kept."""
    page = open_page(status=404)
    page.goto(f"{address}/compare?a=banana&b=sample:seed-1g-4g&kernel=4.17")
    wrong = page.locator("input[name=a]")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[aria-invalid]")).to_have_count(1)
    expect(page.locator("#fault-a")).to_be_visible()
    assert [page.locator(f"input[name={name}]").input_value() for name in ("a", "b", "kernel")] == [
        "banana", "sample:seed-1g-4g", "4.17",
    ]  # fmt: skip
    page.goto(f"{address}/compare")
    other = sample("seed-1g-7g")
    page.locator("input[data-side=a]").set_input_files(
        {"name": "one.txt", "mimeType": "text/plain", "buffer": seed_text.encode()}
    )
    page.locator("textarea[data-side=b]").fill(other.decode())
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile(r"compare\?.*a=[\w-]{16}&.*b=[\w-]{16}"))
    wait_live(page)
    expect(page.locator(".sides section")).to_have_count(2)
    page.goto(address + str(page.locator(".sides section a").first.get_attribute("href")))
    wait_live(page)
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    titles = [one["title"] for one in json.loads(page.evaluate("localStorage.getItem('pfnscope-pastes')"))]
    assert len(titles) >= 2


def test_the_api_has_a_page_and_headers_of_the_rules_stay(address: str, open_page: Open) -> None:
    """Each described request is there once, what to type names this server; a header is seen beside its rows."""
    page = open_page()
    page.goto(address)
    page.get_by_role("link", name="API").click()
    described = page.request.get(f"{address}/openapi.json").json()["paths"]
    rows = page.locator("#requests + .table tbody tr td:first-child").all_inner_texts()
    assert sorted(rows) == sorted(f"{method.upper()} {path}" for path, of in described.items() for method in of)
    assert all(words.strip() for words in page.locator("#requests + .table tbody tr td:last-child").all_inner_texts())
    assert page.locator(".curl", has_text=address).count() >= 3
    expect(page.locator("main a[href='/openapi.json']").first).to_be_visible()
    page.goto(f"{address}/rules#commits")
    page.evaluate(
        "document.querySelector('#commits + .table tbody:last-of-type')."
        "scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    until(page, "document.querySelector('#commits').getBoundingClientRect().bottom < 0")
    top = page.evaluate("document.querySelector('#commits + .table th').getBoundingClientRect().top")
    assert 0 <= top < 20
    hrefs = page.locator("#commits + .table td:first-child a").evaluate_all("(all) => all.map((one) => one.href)")
    assert hrefs
    assert all(re.fullmatch(r"https://git\.kernel\.org/torvalds/c/[0-9a-f]{12,40}", href) for href in hrefs)
