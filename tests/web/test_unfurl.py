"""What chats and trackers get of a link to a layout."""

import re
from html import unescape

import httpx

from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.samples import text as sample
from tests.support.server import Serve

SLACK = {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Accept": "*/*"}


def tags(page: str) -> dict[str, str]:
    pairs = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    return {name: unescape(value) for name, value in pairs}


def picture(client: httpx.Client, address: str) -> bytes:
    answer = client.get(address, headers=SLACK)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.content[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")
    return answer.content


def test_a_link_shows_the_first_finding_and_is_gone_with_its_layout(serve: Serve) -> None:
    client = serve(base_url="https://pfn.example")
    created = client.post("/api/v1/layouts", content=sample("seed-1g-4g")).json()
    path = f"/l/{created['id']}"
    page = client.get(path, headers=SLACK)
    assert page.headers["x-robots-tag"] == "noindex"
    shown = tags(page.text[:8000])
    assert "[0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000" in shown["og:title"]
    assert shown["og:title"].startswith("Danger: On 4.17, nothing writes")
    assert "What to do: Write memmap=1G!5G" in shown["og:description"]
    assert shown["description"].startswith(shown["og:title"])
    assert (shown["og:url"], shown["og:image"]) == (f"https://pfn.example{path}", f"https://pfn.example{path}/card.png")
    assert "noindex" in shown["robots"]
    # the same address is the report for curl, also after it came from memory
    assert client.get(path, headers={"User-Agent": "curl/8.1"}).text.startswith("DANGER: On 4.17")
    today = picture(client, f"{path}/card.png")
    changed = tags(client.get(path, params={"remove": "memmap"}, headers=SLACK).text)
    assert changed["og:title"].startswith("Nothing to do")
    assert changed["og:image"] == f"https://pfn.example{path}/card.png?remove=memmap"
    assert picture(client, f"{path}/card.png?remove=memmap") != today
    token = {"Authorization": f"Bearer {created['delete_token']}"}
    assert client.delete(f"/api/v1/layouts/{created['id']}", headers=token).status_code == 204
    assert client.get(f"{path}/card.png").status_code == 410
    assert client.get("/l/aaaaaaaaaaaaaaaa/card.png").status_code == 404


def test_what_one_client_calls_the_server_is_not_told_to_others(serve: Serve) -> None:
    """Pages come from memory: the name in one reader's request may not get into the page of the next."""
    client = serve(allowed_hosts="intranet.example pfn.example")
    path = f"/l/{client.post('/api/v1/layouts', content=EXAMPLE_LOG).json()['id']}"
    for host in ("intranet.example", "pfn.example"):
        shown = tags(client.get(path, headers={**SLACK, "Host": host}).text)
        assert shown["og:url"] == f"http://{host}{path}"
    assert tags(client.get("/samples/seed-1g-4g", headers=SLACK).text)["og:image"].endswith(
        "/samples/seed-1g-4g/card.png"
    )
    picture(client, "/samples/seed-1g-4g/card.png")
