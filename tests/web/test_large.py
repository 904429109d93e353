"""Large layouts: drawn once, by a process beside the server, and the same however they were drawn."""

import httpx
import pytest

from benchmarks.texts import memblock_dump
from pfnscope.service import Options, jobs
from pfnscope.web.workers import SMALL
from tests.support.server import Serve

LOG = memblock_dump(3_000)
PAGE = {"Accept": "text/html"}


def stored(client: httpx.Client) -> str:
    return str(client.post("/api/v1/layouts", content=LOG).raise_for_status().json()["id"])


def pasted(client: httpx.Client) -> str:
    answer = client.post("/", data={"log": LOG.decode()}, follow_redirects=False)
    return str(answer.headers["location"]).removeprefix("/l/")


def test_the_log_of_these_tests_is_a_large_one() -> None:
    assert len(jobs.kept(LOG, Options(), "memory-lines", 10**6)) > SMALL


def test_what_a_form_sent_is_drawn_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = serve()
    name = pasted(client)
    monkeypatch.setattr(jobs, "drawn", no_second_time)
    assert client.get(f"/l/{name}", headers=PAGE).status_code == 200
    assert client.get(f"/l/{name}/figure.json").status_code == 200


def test_a_layout_stored_by_another_process_is_drawn_the_same_and_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = serve()
    name = stored(first)
    page = first.get(f"/l/{name}", headers=PAGE).raise_for_status().text
    other = serve()  # on the same database, with nothing in its memory
    again = other.get(f"/l/{name}", headers=PAGE).raise_for_status().text
    assert again.replace(str(other.base_url), "") == page.replace(str(first.base_url), "")
    monkeypatch.setattr(jobs, "drawn", no_second_time)
    assert other.get(f"/l/{name}/figure.json").content == first.get(f"/l/{name}/figure.json").content


@pytest.mark.parametrize("query", ["boot=2", "arch=vax", "kernel=none"])
def test_what_cannot_be_drawn_is_refused_in_the_same_words_as_a_small_one(serve: Serve, query: str) -> None:
    client = serve()
    small = client.post("/api/v1/layouts", content=memblock_dump(20)).json()["id"]
    answers = [client.get(f"/l/{name}?{query}", headers=PAGE) for name in (stored(client), small)]
    assert answers[0].status_code == answers[1].status_code >= 400
    assert answers[0].headers["content-type"] == answers[1].headers["content-type"]


def no_second_time(*_: object) -> None:
    raise AssertionError("drawn a second time")
