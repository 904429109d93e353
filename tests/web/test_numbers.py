"""A number in a request is one of a bounded length, or is refused; no route has a way of its own to read it."""

import httpx
import pytest

from pfnscope.web.schema import EXAMPLE_LOG

NUMBERS = {"long": "9" * 5000, "too large": "2147483649", "negative": "-1", "other digits": "\u0661"}
PAIR = "a=sample:oops-1g-4g&b=sample:seed-1g-4g"


@pytest.fixture
def name(client: httpx.Client) -> str:
    layout_id: str = client.post("/api/v1/layouts", content=EXAMPLE_LOG).json()["id"]
    return layout_id


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(
    "address",
    [
        f"/compare?{PAIR}&boot_a=",
        f"/compare?{PAIR}&boot_b=",
        f"/compare.json?{PAIR}&boot_a=",
        f"/compare/figure.json?{PAIR}&boot_b=",
        f"/compare/find.json?{PAIR}&boot_b=",
        "/api/v1/compare?a={name}&b={name}&boot_a=",
        "/api/v1/layouts/{name}?boot=",
        "/l/{name}?boot=",
        "/l/{name}.txt?width=",
        "/samples/seed-1g-4g?boot=",
    ],
)
def test_a_number_in_a_query_is_refused(client: httpx.Client, name: str, address: str, number: str) -> None:
    answer = client.get(address.format(name=name) + number)
    assert answer.status_code == 400, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("field", ["boot", "expires_in"])
def test_a_number_in_a_body_is_refused(client: httpx.Client, field: str, number: str) -> None:
    if (field, number) == ("expires_in", NUMBERS["too large"]):
        number = str(1 << 41)
    answers = [
        client.post("/api/v1/layouts", data={"log": EXAMPLE_LOG, field: number}),
        client.post("/api/v1/layouts", files={"file": EXAMPLE_LOG}, data={field: number}),
        client.post("/api/v1/layouts", params={field: number}, content=EXAMPLE_LOG),
        client.post("/api/v1/layouts", json={"log": EXAMPLE_LOG, field: number}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_number_that_only_chooses_what_is_seen_is_left_out_or_refused(
    client: httpx.Client, name: str, number: str
) -> None:
    queries = (f"line={number}&log=all", f"v=1&hole={number}", f"from={number}&to={number}", f"find=node {number}")
    for query in queries:
        assert client.get(f"/l/{name}?{query}", headers={"Accept": "text/html"}).status_code in (200, 400)


def test_the_boot_in_a_link_that_is_compared_is_refused_too(client: httpx.Client, name: str) -> None:
    query = {"a": f"/l/{name}?boot={'9' * 1900}", "b": f"/l/{name}"}
    assert client.get("/compare", params=query, follow_redirects=True).status_code == 400
