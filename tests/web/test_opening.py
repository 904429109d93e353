"""What a log is wrapped in is opened for the API and for the page as for the command, within the same bounds."""

import gzip
import random
import re
from typing import Any

import httpx
import pytest

from pfnscope import service
from pfnscope.opening.texts import opened
from pfnscope.web import bodies
from tests.support import samples
from tests.support.wrappings import ALONE, BESIDE, seven_of, tar_of, zip_of

LOG = samples.text("seed-1g-4g")
PLAIN = service.encode(service.analyze(LOG).document)
LARGE = LOG + b"[    9.000000] x\n" * 200_000  # more than a thread of the server unpacks


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("zip", "application/zip"),
        ("7z", "application/octet-stream"),
        ("console of AWS", "application/x-www-form-urlencoded"),
        ("Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_a_body_may_be_a_wrapping(client: httpx.Client, way: str, kind: str) -> None:
    answer = client.post("/api/v1/analyze", content=ALONE[way](LOG), headers={"Content-Type": kind})
    assert (answer.status_code, answer.content) == (200, PLAIN)


def test_a_body_with_more_than_a_log_gives_what_the_command_gives(client: httpx.Client) -> None:
    wrapped = BESIDE["mail, attached and packed"](LOG)
    expected = service.encode(service.analyze(opened(wrapped)).document)
    assert client.post("/api/v1/analyze", content=wrapped).content == expected
    assert client.post("/api/v1/analyze", files={"file": ("a.bin", wrapped)}).content == expected


def test_an_upload_on_the_page_may_be_a_wrapping(client: httpx.Client) -> None:
    answer = client.post("/", files={"file": ("dmesg.zip", ALONE["zip"](LOG))})
    assert answer.status_code == 303, answer.text
    stored = client.get(answer.headers["location"].partition("#")[0] + ".json")
    assert re.search(rb'"severity":"danger"', stored.content)


def test_a_large_log_beside_a_small_one_is_not_left_out_where_a_thread_would_have_no_room(client: httpx.Client) -> None:
    wrapped = zip_of({"a": LOG, "b": LARGE})
    answer = client.post("/api/v1/analyze", content=wrapped)
    assert answer.content == service.encode(service.analyze(opened(wrapped)).document)


CUT = gzip.compress(tar_of({"dmesg.txt": LOG, "rest": random.Random(1).randbytes(1 << 16)}))[:-20_000]
HUGE = gzip.compress(tar_of({"dmesg.txt": LOG, "vmcore": bytes(65 << 20)}), 1)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/gzip", "multipart/form-data"])
@pytest.mark.parametrize("body", [CUT, HUGE], ids=["cut off", "beyond the limit as a whole"])
def test_of_a_packed_archive_that_cannot_be_unpacked_as_a_whole_the_log_is_read(
    client: httpx.Client, body: bytes, kind: str
) -> None:
    plain: dict[str, Any] = {"content": body, "headers": {"Content-Type": kind}}
    answer = client.post("/api/v1/analyze", **({"files": {"log": ("a", body)}} if kind.startswith("multi") else plain))
    assert answer.status_code == 200, answer.text
    assert answer.content == service.encode(service.analyze(opened(body, limit=64 << 20)).document)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (seven_of({"a": LOG}, password="secret"), 400, "is encrypted with a password: unpack it and send the log."),
        (
            zip_of({"a": LOG})[:-20],
            400,
            "damaged or cut off: the list of its files, which stands at its end, is missing",
        ),
        (tar_of({"a": LOG})[:700], 400, "it is damaged or cut off"),
        (gzip.compress(gzip.compress(bytes(65 << 20))), 413, "at most 64 MiB"),
        (zip_of({"a": b"none\n", "b": b"none\n"}), 422, "No boot log is in it, which has 2 files: a (nothing about"),
    ],
    ids=["encrypted", "cut zip", "cut tar", "bomb", "no log"],
)
def test_what_cannot_be_opened_is_a_problem(client: httpx.Client, body: bytes, status: int, sentence: str) -> None:
    answer = client.post("/api/v1/analyze", content=body)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize("way", [*ALONE, *BESIDE])
def test_no_wrapping_is_opened_in_a_thread_but_one_layer_of_packing(way: str) -> None:
    body = (ALONE.get(way) or BESIDE[way])(LOG)
    assert not bodies.is_plain(body, {})
    if way == "lz4":
        assert bodies.understand(body, {}, {}, 1 << 20, short=True).text == LOG
    else:
        with pytest.raises(bodies.NotShort):
            bodies.understand(body, {}, {}, 1 << 20, short=True)


@pytest.mark.parametrize("way", ["base64", "console of AWS", "apport", "mbox", "PDF"])
def test_whether_a_body_is_plain_is_seen_in_its_ends(way: str) -> None:
    """The event loop looks at them for every body, so nothing may depend on what is between."""
    body = (ALONE.get(way) or BESIDE[way])(LOG * 100)
    start, end = body[: 1 << 17], body[-4096:]
    assert not any(bodies.is_plain(start + between * (1 << 18) + end, {}) for between in (b"", b"\n", b"A", b"\0"))


def test_a_text_is_not_searched_for_a_mail_behind_endless_empty_lines() -> None:
    mail = BESIDE["mbox"](LOG)
    assert not bodies.is_plain(b"\n" * 100 + mail, {})
    assert bodies.is_plain(b"\n" * (1 << 17) + mail, {})
