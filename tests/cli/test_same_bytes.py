"""The command, the page's forms and the API give the same bytes, with every option."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from pfnscope.cli import main
from pfnscope.formats.registry import FORMATS
from tests.cli.test_command import run
from tests.support.samples import text

FORMS = {item.name: item.suffix for item in FORMATS}
BOTH = text("seed-no-memmap") + text("seed-1g-4g")
ASKED: list[dict[str, Any]] = [
    {},
    {"boot": "1"},
    {"kernel": "5.14", "arch": "x86_64"},
    {"boot": "1", "append": "memmap=1G!4G", "kernel": "4.15"},
    {"remove": ["memmap"]},
    {"set": "quiet memmap=64M@1G,foo"},
]
CHANGES = ("append", "remove", "set")


class Command:
    """The command in this process: it is as a process of its own in the tests of places and of curl."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, query: dict[str, Any], file: Path, form: str) -> bytes:
        """What it prints when it is asked the same."""
        self._capture.readouterr()
        assert main.run(words(query, file, form)) == 0
        sys.stdout.flush()
        return self._capture.readouterr().out


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes]) -> Command:
    return Command(capfdbinary)


def words(query: dict[str, Any], file: Path, form: str) -> list[str]:
    options = [
        word
        for name, value in query.items()
        for one in (value if isinstance(value, list) else [value])
        for word in (f"--{name}", one)
    ]
    name = "simulate" if set(CHANGES) & set(query) else "analyze"
    return [name, str(file), *options, "--format", form]


@pytest.mark.parametrize("query", ASKED, ids=lambda query: " ".join(query) or "nothing")
def test_a_stored_log_and_a_file_give_the_same_in_every_form(
    client: httpx.Client, tmp_path: Path, command: Command, query: dict[str, Any]
) -> None:
    file = tmp_path / "dmesg.txt"
    file.write_bytes(BOTH)
    kept = tmp_path / "kept.txt"  # the HTML has the lines themselves, which are stored without names
    kept.write_bytes(client.post("/api/v1/kept", content=BOTH).content)
    stored = client.post("/api/v1/layouts", content=BOTH).json()["id"]
    differing = [
        form
        for form, ending in FORMS.items()
        if client.get(f"/l/{stored}.{ending}", params=query).content
        != command(query, kept if form == "html" else file, form)
    ]
    assert differing == []
    answer = client.get(f"/l/{stored}", params=query, headers={"Accept": "*/*"})
    assert answer.content == command(query, file, "text")


@pytest.mark.parametrize("query", ASKED, ids=lambda query: " ".join(query) or "nothing")
def test_the_api_computes_what_the_command_prints(
    client: httpx.Client, tmp_path: Path, command: Command, query: dict[str, Any]
) -> None:
    file = tmp_path / "dmesg.txt"
    file.write_bytes(BOTH)
    path = "/api/v1/simulate" if set(CHANGES) & set(query) else "/api/v1/analyze"
    assert client.post(path, params=query, content=BOTH).content == command(query, file, "json")


def test_places_and_comparisons_are_the_same_too(client: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "dmesg.txt"
    file.write_bytes(BOTH)
    stored = client.post("/api/v1/layouts", content=BOTH).json()["id"]
    placed = run("place", str(file), "--size", "1G", "--kind", "$", "--boot", "1", "--format", "json").stdout
    region = {"size": "1G", "kind": "$", "boot": "1"}
    assert client.post("/api/v1/place", params=region, content=BOTH).content == placed
    assert client.get(f"/api/v1/layouts/{stored}/place", params=region).content == placed
    compared = run("compare", str(file), "--boots", "1,2", "--format", "json").stdout
    pair = {"a": stored, "b": stored, "boot_a": "1", "boot_b": "2"}
    assert client.get("/api/v1/compare", params=pair).content == compared
    lookup = run("lookup", str(file), "pfn:0xbffd7", "--format", "json").stdout
    assert client.get(f"/api/v1/layouts/{stored}/lookup", params={"at": "pfn:0xbffd7"}).content == lookup


def test_curl_gets_the_report_of_the_command_and_the_permalink(client: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "dmesg.txt"
    file.write_bytes(BOTH)
    answer = client.post("/", content=BOTH, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 201
    report = run(*words({}, file, "text")).stdout
    assert answer.content.startswith(report)
    token, link = answer.text[len(report) :].strip().splitlines()[-2:]
    assert token.startswith("delete token: ")
    assert client.get(link, headers={"Accept": "*/*"}).content == report
