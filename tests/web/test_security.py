"""What browsers are told, on every kind of answer."""

import httpx
import pytest

from pfnscope import zstd
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.server import Serve


@pytest.fixture
def layout(client: httpx.Client) -> str:
    name: str = client.post("/api/v1/layouts", content=EXAMPLE_LOG).json()["id"]
    return name


@pytest.mark.parametrize(
    "path",
    ["/", "/rules", "/l/{}", "/l/{}.json", "/l/{}.txt", "/api/v1/rules", "/nowhere", "/static/page.css", "/healthz"],
)
def test_every_answer_has_the_strict_policy(client: httpx.Client, layout: str, path: str) -> None:
    headers = client.get(path.format(layout)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_picture_may_be_embedded_and_may_run_nothing(client: httpx.Client, layout: str) -> None:
    headers = client.get(f"/l/{layout}.svg").headers
    assert "frame-ancestors *" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_stored_layouts_stay_out_of_search_engines(client: httpx.Client, layout: str) -> None:
    for path in (f"/l/{layout}", f"/l/{layout}.txt", f"/api/v1/layouts/{layout}"):
        assert client.get(path).headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in client.get("/rules").headers


def test_a_page_names_no_other_host_and_has_no_inline_script(client: httpx.Client, layout: str) -> None:
    for path in ("/", f"/l/{layout}", "/rules"):
        page = client.get(path).text
        assert "<script>" not in page
        assert "javascript:" not in page
        assert " onclick=" not in page
        assert 'src="http' not in page


def test_head_answers_like_get_without_a_body(client: httpx.Client, layout: str) -> None:
    for path in ("/", f"/l/{layout}.json", "/static/page.css"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


_ZSTD = b"\x28\xb5\x2f\xfd"


@pytest.mark.parametrize("path", ["/l/{}", "/l/{}.json", "/api/v1/rules", "/openapi.json", "/static/page.css"])
def test_large_answers_are_compressed_for_those_who_can(client: httpx.Client, layout: str, path: str) -> None:
    where = path.format(layout)
    plain = client.get(where, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for accepted, coding in [("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd"), ("zstd;q=0, *", "gzip")]:
        answer = client.get(where, headers={"Accept-Encoding": accepted})
        assert answer.headers["content-encoding"] == coding
        assert "Accept-Encoding" in answer.headers["vary"]
        # httpx undoes what this Python can undo without another package, which zstd is of late
        content = zstd.decompress(answer.content) if answer.content.startswith(_ZSTD) else answer.content
        assert content == plain.content


def test_comparisons_of_layouts_stay_out_of_search_engines(client: httpx.Client) -> None:
    one, other = (client.post("/api/v1/layouts", content=EXAMPLE_LOG).json()["id"] for _ in range(2))
    for path in ("/compare", "/compare.json", "/api/v1/compare"):
        answer = client.get(path, params={"a": one, "b": other})
        assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex")


@pytest.mark.parametrize("origin", ["http://[", "https://evil.example", "\xff", "x"])
def test_an_origin_that_is_no_address_is_a_strange_one(client: httpx.Client, origin: str) -> None:
    answer = client.post("/api/v1/layouts", content=EXAMPLE_LOG, headers={b"Origin": origin.encode("latin-1")})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "pfn.example.evil", "[::1", "evil.example:80"),
        *("[::1]evil.example", "evil.example@127.0.0.1", "localhost/evil", "localhost?evil", "localhost:evil"),
    ],
)
def test_a_request_under_a_strange_name_is_refused(serve: Serve, host: str) -> None:
    """A page of another site may give its own name the address of this server (DNS rebinding)."""
    client = serve(base_url="https://pfn.example")
    for path in ("/", "/api/v1/limits", "/l/aaaaaaaaaaaaaaaa", "/static/page.css"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert "PFNSCOPE_ALLOWED_HOSTS" in answer.json()["detail"]
        assert "evil" not in answer.text


@pytest.mark.parametrize(
    "host", ["pfn.example", "PFN.example.", "pfn.example:8443", "localhost:8000", "127.0.0.1", "[::1]:80", "intranet"]
)
def test_a_server_goes_by_its_names_and_by_addresses(serve: Serve, host: str) -> None:
    client = serve(base_url="https://pfn.example", allowed_hosts="intranet")
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_page_that_names_the_server_is_asked_for_each_time(client: httpx.Client) -> None:
    for path in ("/", "/api", "/samples"):
        assert client.get(path).headers["cache-control"] == "no-cache"


def test_numbers_are_shown_to_addresses_of_the_settings_alone(serve: Serve) -> None:
    assert serve().get("/metrics").status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"):
        assert serve().get("/metrics", headers={header: "127.0.0.1"}).status_code == 403
    assert serve(metrics_networks="192.0.2.0/24").get("/metrics").status_code == 403
    behind = serve(trusted_proxies="127.0.0.1", metrics_networks="192.0.2.0/24")
    assert behind.get("/metrics", headers={"X-Forwarded-For": "::ffff:192.0.2.7"}).status_code == 200
    assert behind.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 200
    assert behind.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 403
