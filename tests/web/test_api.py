"""The HTTP API against a real server: what is stored, answered and refused."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from pfnscope import service
from pfnscope.formats import rulebook
from pfnscope.web import api
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.server import Serve

LOG = EXAMPLE_LOG
NOISE = "eth0: link up, MAC 52:54:00:12:34:56\n"


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def create(client: httpx.Client, text: str = LOG, **query: str) -> dict[str, str]:
    answer = client.post("/api/v1/layouts", content=text, params=query)
    assert answer.status_code == 201, answer.text
    created: dict[str, str] = answer.json()
    return created


def test_analyze_gives_the_document_of_the_command_line(client: httpx.Client) -> None:
    answer = client.post("/api/v1/analyze", content=LOG)
    assert answer.status_code == 200
    assert answer.content == service.encode(service.analyze(LOG.encode()).document)


def test_analyze_takes_every_form_of_a_log(client: httpx.Client) -> None:
    plain = client.post("/api/v1/analyze", content=LOG).content
    packed = client.post("/api/v1/analyze", content=gzip.compress(LOG.encode()), headers={"Content-Encoding": "gzip"})
    upload = client.post("/api/v1/analyze", files={"log": LOG})
    as_json = client.post("/api/v1/analyze", json={"log": LOG})
    assert [answer.content for answer in (packed, upload, as_json)] == [plain] * 3


def test_analyze_obeys_the_release_it_is_told(client: httpx.Client) -> None:
    for answer in (
        client.post("/api/v1/analyze", content=LOG, params={"kernel": "6.1.90"}),
        client.post("/api/v1/analyze", json={"log": LOG, "kernel": "6.1.90"}),
    ):
        assert answer.json()["kernel"]["version"] == [6, 1, 90]


def test_a_stored_layout_comes_back_as_the_document_that_analyze_gives(client: httpx.Client) -> None:
    created = create(client, title="my box")
    assert created["url"] == f"{client.base_url}/l/{created['id']}"
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", created["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created["expires_at"])
    analyzed = client.post("/api/v1/analyze", content=LOG)
    assert client.get(f"/api/v1/layouts/{created['id']}").json() == analyzed.json()


def test_location_names_the_document(client: httpx.Client) -> None:
    answer = client.post("/api/v1/layouts", content=LOG)
    assert client.get(answer.headers["location"]).json()["format"] == 1


def test_only_memory_lines_are_kept_unless_asked(client: httpx.Client, tmp_path: Path) -> None:
    layouts = client.post("/api/v1/layouts", content=NOISE + LOG).json()
    everything = client.post("/api/v1/layouts", content=NOISE + LOG, params={"keep": "everything"}).json()
    one, other = (client.get(f"/api/v1/layouts/{created['id']}").json() for created in (layouts, everything))
    assert one["node_ranges"] == other["node_ranges"], "line numbers stay as they were given"
    from pfnscope.service.layouts import open_layouts

    store = open_layouts(f"sqlite:///{tmp_path}/layouts.db")
    assert b"52:54:00" not in store.get(layouts["id"]).text
    assert store.get(everything["id"]).text.decode() == NOISE + LOG
    store.close()


def test_a_link_survives_a_restart(serve: Serve) -> None:
    created = create(serve())
    assert serve().get(f"/l/{created['id']}.json").status_code == 200


def test_a_layout_is_deleted_by_its_token_only(client: httpx.Client) -> None:
    created, other = create(client), create(client)
    where = f"/api/v1/layouts/{created['id']}"
    for headers in (
        {},
        {"Authorization": f"Bearer {other['delete_token']}"},
        {"Authorization": f"Basic {created['delete_token']}"},
    ):
        problem(client.delete(where, headers=headers), 403)
    assert client.get(where).status_code == 200
    assert client.delete(where, headers={"Authorization": f"Bearer {created['delete_token']}"}).status_code == 204
    problem(client.get(where), 410)
    problem(client.get(f"/l/{created['id']}.txt"), 410)
    problem(client.delete(where, headers={"Authorization": f"Bearer {created['delete_token']}"}), 410)
    assert client.get(f"/api/v1/layouts/{other['id']}").status_code == 200


@pytest.mark.parametrize("name", ["nothing", "A" * 16, "%00", "..%2f..", "\N{SNOWMAN}" * 16, "x" * 5000])
def test_an_unknown_name_is_not_found(client: httpx.Client, name: str) -> None:
    problem(client.get(f"/api/v1/layouts/{name}"), 404)


@pytest.mark.parametrize("seconds", ["0", "59", str(90 * 86400 + 1)])
def test_a_life_time_out_of_bounds_is_refused(client: httpx.Client, seconds: str) -> None:
    problem(client.post("/api/v1/layouts", content=LOG, params={"expires_in": seconds}), 400)


@pytest.mark.parametrize(
    ("form", "media_type", "word"),
    [
        ("json", "application/json", '"format":1'),
        ("txt", "text/plain; charset=utf-8", "4.17.0"),
        ("md", "text/markdown; charset=utf-8", "|"),
        ("csv", "text/csv; charset=utf-8; header=present", "start_pfn"),
        ("svg", "image/svg+xml", "<svg"),
    ],
)
def test_a_layout_has_other_forms(client: httpx.Client, form: str, media_type: str, word: str) -> None:
    answer = client.get(f"/l/{create(client)['id']}.{form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert word in answer.text


def test_another_form_does_not_exist(client: httpx.Client) -> None:
    problem(client.get(f"/l/{create(client)['id']}.exe"), 404)


def test_a_document_is_sent_once_and_then_known(client: httpx.Client) -> None:
    where = f"/api/v1/layouts/{create(client)['id']}"
    tag = client.get(where).headers["etag"]
    again = client.get(where, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(where, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_query_string_overrides_what_a_layout_was_stored_with(client: httpx.Client) -> None:
    where = f"/api/v1/layouts/{create(client, kernel='4.17')['id']}"
    assert client.get(where).json()["kernel"]["version"] == [4, 17, 0]
    assert client.get(where, params={"kernel": "5.10"}).json()["kernel"]["version"][:2] == [5, 10]


def test_lookup_finds_a_place(client: httpx.Client) -> None:
    where = f"/api/v1/layouts/{create(client)['id']}/lookup"
    place = client.get(where, params={"at": "pfn:0x100"}).json()
    assert (place["pfn"], place["address"], place["in_memory"], place["node"]) == (0x100, "0x100000", True, 0)
    problem(client.get(where, params={"at": "nowhere"}), 400)
    problem(client.get(where), 400)


def test_rules_are_told_with_their_sources(client: httpx.Client) -> None:
    assert client.get("/api/v1/rules").content == service.encode(rulebook.rules())


def test_limits_are_those_that_hold(serve: Serve) -> None:
    client = serve(max_body_bytes=5000, rate_limit="2/hour", retention_days=7)
    limits = client.get("/api/v1/limits").json()
    assert (limits["max_body_bytes"], limits["rate_limit"], limits["retention_days"]) == (5000, "2/hour", 7)
    assert limits["expires_in_seconds"] == [60, 7 * 86400]
    problem(client.post("/api/v1/analyze", content=b"x" * 5001), 413)
    assert client.post("/api/v1/analyze", content=LOG).status_code == 200
    refused = client.post("/api/v1/analyze", content=LOG)
    problem(refused, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 3600


def test_a_body_without_a_declared_length_is_cut_at_the_limit(serve: Serve) -> None:
    client = serve(max_body_bytes=5000)
    problem(client.post("/api/v1/analyze", content=(b"x" * 1000 for _ in range(6))), 413)


def test_a_text_without_a_layout_is_told_what_was_looked_for(client: httpx.Client) -> None:
    for where in ("/api/v1/analyze", "/api/v1/layouts", "/"):
        body = problem(client.post(where, content="hello\nworld\n"), 422)
        assert body["looked_for"]


def test_an_unreadable_option_is_malformed(client: httpx.Client) -> None:
    for query in ({"kernel": "new"}, {"arch": "vax"}, {"boot": "0"}, {"boot": "x"}, {"keep": "some"}):
        problem(client.post("/api/v1/layouts", content=LOG, params=query), 400)


def test_a_boot_that_the_text_does_not_have(client: httpx.Client) -> None:
    problem(client.post("/api/v1/analyze", content=LOG, params={"boot": "7"}), 422)


def test_wrong_addresses_methods_and_types_are_problems(client: httpx.Client) -> None:
    problem(client.get("/nowhere"), 404)
    problem(client.get("/static/nothing.css"), 404)
    problem(client.get("/static/..%2fpyproject.toml"), 404)
    assert "POST" in client.get("/api/v1/analyze").headers["allow"]
    problem(client.get("/api/v1/analyze"), 405)
    problem(client.post("/api/v1/analyze", content=LOG, headers={"Content-Type": "image/png"}), 415)


def test_a_person_gets_a_page_instead_of_json(client: httpx.Client) -> None:
    answer = client.get("/l/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    problem(client.get("/api/v1/layouts/nothing", headers={"Accept": "text/html,*/*;q=0.8"}), 404)


def test_a_fault_of_the_server_is_a_problem_without_a_trace(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(api, "rule_book", broken)
    answer = serve().get("/api/v1/rules")
    assert "secret" not in str(problem(answer, 500))
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_readiness_follows_the_storage(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    from pfnscope.service.layouts import Layouts, StoreUnavailable

    client = serve()
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ok\n"

    def away(_: Layouts) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(Layouts, "ping", away)
    problem(client.get("/readyz"), 503)
    assert client.get("/healthz").status_code == 200


def test_the_server_works_on_postgresql(serve: Serve, postgres_url: str) -> None:
    client = serve(database_url=postgres_url)
    created = create(client)
    assert client.get(f"/l/{created['id']}.json").status_code == 200


def test_the_public_address_is_the_one_that_was_set(serve: Serve) -> None:
    created = create(serve(base_url="https://pfn.example/"))
    assert created["url"] == f"https://pfn.example/l/{created['id']}"
