"""What-if questions over HTTP: simulate, place and compare give what the command line gives."""

from typing import Any

import httpx
import pytest

from pfnscope import service
from pfnscope.model.document import Document
from pfnscope.report.compared import compared
from pfnscope.service.analyzing import Options, documents
from pfnscope.service.places import Reservation, place
from pfnscope.service.whatif import Change, simulate
from tests.support.samples import text

SEED, OTHER = text("seed-no-memmap"), text("seed-1g-4g")


def stored(client: httpx.Client, raw: bytes) -> str:
    answer = client.post("/api/v1/layouts", content=raw)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def expected(change: Change) -> bytes:
    return service.encode(simulate(SEED, change))


def test_a_change_may_stand_in_the_query_the_json_or_the_form(client: httpx.Client) -> None:
    document = expected(Change(append="memmap=1G!4G"))
    url = "/api/v1/simulate"
    answers = [
        client.post(url, content=SEED, params={"append": "memmap=1G!4G"}),
        client.post(url, json={"log": SEED.decode(), "append": "memmap=1G!4G"}),
        client.post(url, files={"log": SEED}, data={"append": "memmap=1G!4G"}),
    ]
    assert [answer.content for answer in answers] == [document] * 3
    assert b'"origin":"simulated"' in document


def test_arguments_can_be_taken_away_and_all_of_the_line_be_set(client: httpx.Client) -> None:
    url = "/api/v1/simulate"
    removed = client.post(url, content=OTHER, params={"remove": ["memmap", "console"]}).json()
    assert removed["kernel"]["command_line"] == "BOOT_IMAGE=/vmlinuz-4.17.0-rc6-mm1 root=/dev/vda1 ro"
    assert client.post(url, json={"log": OTHER.decode(), "remove": "memmap"}).json()["user_map"] == []
    assert client.post(url, content=OTHER, params={"set": ""}).json()["kernel"]["command_line"] == ""


def test_a_stored_layout_is_asked_by_its_link_and_stays_as_it_is(client: httpx.Client) -> None:
    name = stored(client, SEED)
    before = client.get(f"/api/v1/layouts/{name}").content
    answer = client.get(f"/api/v1/layouts/{name}/simulate", params={"append": "memmap=1G!4G"})
    assert answer.content == expected(Change(append="memmap=1G!4G"))
    assert answer.headers["etag"]
    assert client.get(f"/api/v1/layouts/{name}").content == before


def test_a_place_is_found_for_a_sent_and_for_a_stored_log(client: httpx.Client) -> None:
    places = service.encode(place(SEED, Reservation("1G", "!", "128M")))
    name = stored(client, SEED)
    query = {"size": "1G", "align": "128M"}
    assert client.post("/api/v1/place", content=SEED, params=query).content == places
    assert client.post("/api/v1/place", json={"log": SEED.decode(), **query}).content == places
    assert client.get(f"/api/v1/layouts/{name}/place", params=query).content == places
    assert b'"safe":false' in places


def test_a_region_of_a_sent_and_of_a_stored_log_is_moved(client: httpx.Client) -> None:
    places = service.encode(place(OTHER, Reservation(move="memmap=1G!4G")))
    name, query = stored(client, OTHER), {"move": "memmap=1G!4G"}
    assert client.post("/api/v1/place", content=OTHER, params=query).content == places
    assert client.post("/api/v1/place", json={"log": OTHER.decode(), **query}).content == places
    assert client.get(f"/api/v1/layouts/{name}/place", params=query).content == places
    assert b'"command_line":"memmap=1G!5G"' in places


@pytest.mark.parametrize(
    ("query", "reservation"),
    [
        ({"crashkernel": "512M,high"}, Reservation(crashkernel="512M,high")),
        ({"cma": "64M"}, Reservation(cma="64M")),
        ({"reserve_mem": "20M:4096:trace"}, Reservation(reserve_mem="20M:4096:trace")),
        ({"hugetlb_cma": "1G"}, Reservation(hugetlb_cma="1G")),
        ({"gigantic": True, "node": 1}, Reservation(gigantic=True, node=1)),
        (
            {"bad": ["0x12345678", "0x140004000 0x140005000"]},
            Reservation(bad=("0x12345678", "0x140004000 0x140005000")),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_reservation_may_stand_in_the_query_the_json_or_the_form(
    client: httpx.Client, query: dict[str, Any], reservation: Reservation
) -> None:
    places = service.encode(place(SEED, reservation, Options(kernel="6.12.9")))
    name, url = stored(client, SEED), "/api/v1/place"
    texts = {key: " ".join(value) if isinstance(value, list) else str(value).lower() for key, value in query.items()}
    given = {**query, "kernel": "6.12.9"}
    assert client.post(url, content=SEED, params=given).content == places
    assert client.post(url, json={"log": SEED.decode(), **given}).content == places
    assert client.get(f"/api/v1/layouts/{name}/place", params=given).content == places
    assert (
        client.post(url, files={"log": SEED}, data={**texts, "kernel": "6.12.9"}).json()["what"] == reservation.kinds[0]
    )


def test_bad_addresses_have_a_limit_in_all(client: httpx.Client) -> None:
    long = ["0x12345678 " * 3000, "0x12345678 " * 3000]
    answer = client.post("/api/v1/place", json={"log": SEED.decode(), "bad": long})
    assert (answer.status_code, "65,536 characters in all" in answer.json()["detail"]) == (400, True)
    assert client.post("/api/v1/place", json={"log": SEED.decode(), "bad": long[0] * 2}).status_code == 400


def test_an_empty_field_of_a_form_says_nothing(client: httpx.Client) -> None:
    query = {"size": "1G", "node": "", "crashkernel": "", "bad": ""}
    assert client.post("/api/v1/place", content=SEED, params=query).content == service.encode(
        place(SEED, Reservation("1G"))
    )


def test_two_stored_layouts_are_compared(client: httpx.Client) -> None:
    a, b = stored(client, SEED), stored(client, OTHER)
    answer = client.get("/api/v1/compare", params={"a": a, "b": b})
    assert answer.content == service.encode(compared(*documents(SEED, OTHER)))
    assert {change["what"] for change in answer.json()["changes"]} >= {"command_line", "node_ranges", "holes"}


def test_two_boots_of_one_layout_are_compared(client: httpx.Client) -> None:
    name = stored(client, SEED + OTHER)
    answer = client.get("/api/v1/compare", params={"a": name, "b": name})
    assert (
        answer.json()["changes"]
        == client.get("/api/v1/compare", params={"a": name, "b": name, "boot_a": 1, "boot_b": 2}).json()["changes"]
    )
    assert answer.json()["changes"]


@pytest.mark.parametrize(
    ("path", "query", "status", "word"),
    [
        ("simulate", {"set": "memmap=exactmap memmap=1G@1M"}, 422, "Invalid user supplied memory map"),
        ("simulate", {"kernel": "new"}, 400, "Not a kernel release"),
        ("simulate", {"append": "a" * 5000}, 400, "append"),
        ("place", {}, 400, "no size"),
        ("place", {"size": "1G", "align": "0"}, 400, "no size"),
        ("place", {"size": "1x"}, 400, "no size"),
        ("place", {"size": "1G", "kind": "@"}, 400, "kind"),
        ("place", {"move": "memmap=1G!4G"}, 400, "no memmap= region that could be moved"),
        ("place", {"size": "1G", "move": "memmap=1G!4G"}, 400, "keeps its size"),
        ("place", {"cma": "1G", "gigantic": "1"}, 400, "One thing is placed at a time; here are cma and gigantic."),
        ("place", {"gigantic": "1", "node": "1024"}, 400, "node"),
        ("place", {"gigantic": "1", "node": "x"}, 400, "node"),
        ("place", {"crashkernel": "1" * 201}, 400, "crashkernel"),
        ("place", {"crashkernel": "much"}, 400, "does not understand 'much'"),
    ],
)
def test_what_cannot_be_answered_says_why(
    client: httpx.Client, path: str, query: dict[str, str], status: int, word: str
) -> None:
    answer = client.post(f"/api/v1/{path}", content=SEED, params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]


def test_a_simulated_document_is_one_that_its_schema_describes(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(described["Document"]["properties"]) == set(Document.__struct_fields__)
    assert {"Placements", "Comparison", "Simulation"} <= set(described)
