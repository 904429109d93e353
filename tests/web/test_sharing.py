"""Sharing that can be trusted: what is kept is shown before, told once, forgotten for good, and created once."""

import re
import sqlite3
import uuid
from pathlib import Path

import httpx
import pytest

from pfnscope.service.layouts import open_layouts
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.samples import text as sample
from tests.support.server import Serve

LOG = EXAMPLE_LOG
NOISE = "eth0: link up, MAC 52:54:00:12:34:56\n"
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


def create(client: httpx.Client, text: str = LOG, **query: str) -> dict[str, str]:
    answer = client.post("/api/v1/layouts", content=text, params=query)
    assert answer.status_code == 201, answer.text
    created: dict[str, str] = answer.json()
    return created


def rows(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "layouts.db") as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return count


def test_what_would_be_kept_is_shown_and_nothing_is_stored(client: httpx.Client, tmp_path: Path) -> None:
    page = client.post("/preview", data={"log": NOISE + LOG, "title": "<b>x</b>", "note": "a note"}, headers=BROWSER)
    assert page.status_code == 200
    assert "52:54:00" not in page.text
    assert "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable" in page.text
    assert "&lt;b&gt;x" in page.text
    plain = client.post("/api/v1/kept", content=NOISE + LOG)
    assert plain.text.split("\n")[1:] == LOG.replace("build@example", "build@host-1").split("\n")
    assert rows(tmp_path, "layouts") == 0


@pytest.mark.parametrize("slug", ["seed-1g-4g", "oops-1g-4g"])
def test_what_is_kept_gives_the_same_document(client: httpx.Client, slug: str) -> None:
    log = sample(slug)
    kept = client.post("/api/v1/kept", content=log)
    assert client.post("/api/v1/kept", content=kept.content).content == kept.content
    whole, part = (client.post("/api/v1/analyze", content=body).json() for body in (log, kept.content))
    assert part == whole


def test_opening_pages_stores_nothing(client: httpx.Client, tmp_path: Path) -> None:
    for path in ("/", "/samples", "/samples/seed-1g-4g", "/compare", "/rules", "/preview", "/l/AAAAAAAAAAAAAAAA"):
        client.get(path, headers=BROWSER)
    assert rows(tmp_path, "layouts") == 0


def test_title_and_note_are_plain_text(client: httpx.Client) -> None:
    name = create(client, title="<i>{{7*7}}\u202e", note="one <script>alert(1)</script>\n\x1b[31mtwo\u2066")["id"]
    page = client.get(f"/l/{name}", headers=BROWSER).text
    assert "&lt;i&gt;{{7*7}}" in page
    assert "one &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not set("\u202e\u2066\x1b") & set(page)


def test_names_have_96_bits_and_are_listed_nowhere(client: httpx.Client) -> None:
    names = [create(client)["id"] for _ in range(5)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", name) for name in names)
    assert len({name[:4] for name in names}) == 5
    for path in ("/", "/samples", "/rules", "/compare", "/openapi.json", "/metrics", "/api/v1/limits"):
        text = client.get(path).text
        assert not [name for name in names if name in text]
    assert client.get("/api/v1/layouts").status_code == 405


def test_only_a_hash_of_the_token_is_kept(client: httpx.Client, tmp_path: Path) -> None:
    token = create(client)["delete_token"]
    assert len(token) >= 32
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("layouts.db*"))


def test_what_has_expired_is_gone_and_looking_deletes_nothing(client: httpx.Client, tmp_path: Path) -> None:
    name = create(client, note="the-note-of-it")["id"]
    paths = [f"/l/{name}", f"/l/{name}.json", f"/api/v1/layouts/{name}", f"/api/v1/layouts/{name}/lookup?at=4G"]
    assert {client.get(path).status_code for path in paths} == {200}
    with sqlite3.connect(tmp_path / "layouts.db") as connection:
        connection.execute("UPDATE layouts SET expires_at = 1")
    connection.close()
    assert {client.get(path).status_code for path in paths} == {410}
    assert rows(tmp_path, "layouts") + rows(tmp_path, "tombstones") == 1  # the server's own purge may have come
    layouts = open_layouts(f"sqlite:///{tmp_path}/layouts.db")
    layouts.purge()
    layouts.close()
    assert (rows(tmp_path, "layouts"), rows(tmp_path, "tombstones")) == (0, 1)
    assert b"the-note-of-it" not in b"".join(path.read_bytes() for path in tmp_path.glob("layouts.db*"))
    assert {client.get(path).status_code for path in paths} == {410}


@pytest.mark.parametrize("path", ["/l/{}", "/l/{}.json", "/api/v1/layouts/{}", "/l/{}/figure.json"])
def test_deleted_at_one_server_is_gone_at_the_next_request_to_another(serve: Serve, path: str) -> None:
    one, other = serve(), serve()
    created = create(one)
    where = path.format(created["id"])
    tag = other.get(where, headers=BROWSER).headers["etag"]
    again = other.get(where, headers={**BROWSER, "If-None-Match": tag})
    assert again.status_code == 304, "the other server has it in memory, or this test proves nothing"
    authorization = {"Authorization": f"Bearer {created['delete_token']}"}
    assert one.delete(f"/api/v1/layouts/{created['id']}", headers=authorization).status_code == 204
    assert other.get(where, headers=BROWSER).status_code == 410
    assert other.get(where, headers={**BROWSER, "If-None-Match": tag}).status_code == 410


def test_documents_are_immutable_and_pages_are_asked_for(client: httpx.Client) -> None:
    name = create(client)["id"]
    for path in (f"/api/v1/layouts/{name}", f"/l/{name}.json", f"/l/{name}.svg"):
        for _ in range(2):  # made, then from memory
            said = client.get(path).headers["cache-control"]
            assert "private" in said
            assert "immutable" in said
    assert client.get(f"/l/{name}", headers=BROWSER).headers["cache-control"] == "private, no-cache"
    soon = create(client, expires_in="60")["id"]
    said = client.get(f"/l/{soon}.json").headers["cache-control"]
    age = re.search(r"max-age=(\d+)", said)
    assert age
    assert int(age[1]) <= 60


def test_a_page_and_a_report_of_one_address_are_kept_apart(client: httpx.Client) -> None:
    where = f"/l/{create(client)['id']}"
    page, report = (client.get(where, headers={"Accept": kind}) for kind in ("text/html", "*/*"))
    assert page.headers["content-type"].startswith("text/html")
    assert report.headers["content-type"].startswith("text/plain")
    assert "Accept" in page.headers["vary"]
    for kind, first in (("text/html", page), ("*/*", report)):
        assert client.get(where, headers={"Accept": kind}).content == first.content


def test_a_creation_sent_twice_is_one(client: httpx.Client, tmp_path: Path) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = (client.post("/api/v1/layouts", content=LOG, params={"title": "t"}, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert rows(tmp_path, "layouts") == 1
    other = client.post("/api/v1/layouts", content=LOG, params={"title": "another"}, headers=key)
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    deleted = client.delete(
        f"/api/v1/layouts/{first.json()['id']}", headers={"Authorization": f"Bearer {second.json()['delete_token']}"}
    )
    assert deleted.status_code == 204
    assert (rows(tmp_path, "layouts"), rows(tmp_path, "claims")) == (0, 0), "nothing made from the text outlives it"


@pytest.mark.parametrize("key", [b"short", b"x" * 201, b"sixteen \xe4nd more x"])
def test_a_key_that_others_could_think_of_is_refused(client: httpx.Client, key: bytes) -> None:
    answer = client.post("/api/v1/layouts", content=LOG, headers={b"Idempotency-Key": key})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/", "/preview", "/api/v1/layouts", "/api/v1/analyze"])
def test_pages_of_other_sites_cannot_send_logs_through_a_browser(
    client: httpx.Client, tmp_path: Path, path: str
) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        answer = client.post(path, content=LOG, headers=headers)
        assert answer.status_code == 403
    assert rows(tmp_path, "layouts") == 0
    own = str(client.base_url).rstrip("/")
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": own}, {}):
        assert client.post(path, content=LOG, headers=headers, follow_redirects=False).status_code in (200, 201)


def test_no_answer_sets_a_cookie(client: httpx.Client) -> None:
    name = create(client)["id"]
    for path in ("/", f"/l/{name}", "/rules", "/nowhere"):
        assert "set-cookie" not in client.get(path, headers=BROWSER).headers
    assert "set-cookie" not in client.post("/", data={"log": LOG}, headers=BROWSER, follow_redirects=False).headers


def test_what_is_shared_names_no_machine(client: httpx.Client) -> None:
    """In none of its forms: the page that follows a paste is drawn from the text that is stored."""
    disk = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
    lines = EXAMPLE_LOG.replace("Command line: ", f"Command line: root=UUID={disk} ").splitlines()
    log = "\n".join(f"Jun  5 12:00:00 atlas kernel: {line}" for line in lines)
    assert disk in log
    form = client.post("/", data={"log": log})
    assert form.status_code == 303
    report = client.post("/", content=log, headers={"Content-Type": "text/plain"}).text
    created = client.post("/api/v1/layouts", content=log).json()["id"]
    page = {"Accept": "text/html"}
    texts = [report, client.post("/api/v1/kept", content=log).text, client.post("/preview", data={"log": log}).text]
    for name in (form.headers["location"].rpartition("/")[2], created):
        texts += [client.get(f"/l/{name}{form}", headers=page).text for form in ("", ".json", ".txt", ".md", ".html")]
    assert [text for text in texts if "atlas" in text or disk in text] == []
    assert all("memmap" in text for text in texts)
    document = client.post("/api/v1/analyze", content=log).json()
    assert disk in document["kernel"]["command_line"]
