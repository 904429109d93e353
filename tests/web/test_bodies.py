"""Every way to send a log gives the same text, and no way gets around the limit."""

import bz2
import gzip
import json
import lzma
import sys
import urllib.parse
from collections.abc import Mapping

import lz4.frame
import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from pfnscope import zstd
from pfnscope.web.bodies import Submission, understand

LOG = b"BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\nname=value \xff\n"
LIMIT = 4096
BOUNDARY = "----limit"


def read(
    body: bytes, kind: str | None = "text/plain", query: Mapping[str, str] | None = None, **more: str
) -> Submission:
    headers = {} if kind is None else {"content-type": kind}
    return understand(
        body, headers | {name.replace("_", "-"): value for name, value in more.items()}, query or {}, LIMIT
    )


def multipart(*parts: tuple[str, str | None, bytes]) -> tuple[bytes, str]:
    out = b""
    for name, filename, value in parts:
        file = f'; filename="{filename}"' if filename is not None else ""
        out += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"
    return out + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def refusal(body: bytes, kind: str | None = "text/plain", query: Mapping[str, str] | None = None, **more: str) -> int:
    with pytest.raises(HTTPException) as caught:
        read(body, kind, query, **more)
    return caught.value.status_code


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/plain; charset=utf-8", "application/octet-stream", "application/x-www-form-urlencoded", None],
)
def test_a_plain_body_is_the_log_whatever_curl_calls_it(kind: str | None) -> None:
    assert read(LOG, kind).text == LOG


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_a_packed_body_is_unpacked_with_and_without_its_header(pack: "type[bytes]") -> None:
    packed = pack(LOG)
    name = "gzip" if packed.startswith(b"\x1f") else "zstd"
    assert read(packed, content_encoding=name).text == LOG
    assert read(packed, "application/octet-stream").text == LOG


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/x-xz", "application/x-bzip2"])
def test_xz_and_bzip2_are_told_by_their_content(kind: str) -> None:
    assert [read(pack(LOG), kind).text for pack in (lzma.compress, bz2.compress)] == [LOG, LOG]


def test_a_client_is_not_told_what_to_install_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = lz4.frame.compress(LOG)
    monkeypatch.setitem(sys.modules, "lz4.frame", None)
    with pytest.raises(HTTPException) as caught:
        read(packed)
    why = "This is a text packed with lz4, which is not opened here: unpack it and send the log."
    assert (caught.value.status_code, caught.value.detail) == (400, why)


@pytest.mark.parametrize("field", ["log", "file"])
def test_a_multipart_upload_may_be_packed_too(field: str) -> None:
    for value in (LOG, gzip.compress(LOG), zstd.compress(LOG), lzma.compress(LOG), bz2.compress(LOG)):
        body, kind = multipart((field, "dmesg.txt", value))
        submission = read(body, kind)
        assert submission.text == LOG
        assert submission.form


def test_an_empty_file_beside_a_pasted_log_does_not_hide_it() -> None:
    body, kind = multipart(("file", "", b""), ("log", None, LOG))
    assert read(body, kind).text == LOG


def test_a_text_and_a_file_are_one_text_within_the_limit() -> None:
    """What an answer kept in the field, and the boot log that it asked for."""
    body, kind = multipart(("log", None, b"BUG: unable"), ("file", "dmesg.gz", gzip.compress(LOG)))
    assert read(body, kind).text == LOG + b"\nBUG: unable"
    half = gzip.compress(b"x" * (LIMIT // 2 + 1))
    body, kind = multipart(("log", None, half), ("file", "dmesg.gz", half))
    assert refusal(body, kind) == 413


def test_a_urlencoded_form_is_told_from_a_log() -> None:
    body = urllib.parse.urlencode({"log": LOG, "title": "my box"}).encode()
    submission = read(body, "application/x-www-form-urlencoded")
    assert (submission.text, submission.fields.title, submission.form) == (LOG, "my box", True)


def test_options_come_from_the_query_and_the_form_has_the_last_word() -> None:
    query = {"kernel": "4.17", "boot": "2", "unknown": "x", "arch": ""}
    assert read(LOG, query=query).fields == read(LOG, query={"kernel": "4.17", "boot": "2"}).fields
    body, kind = multipart(("log", None, LOG), ("kernel", None, b"6.1"), ("title", None, b""))
    submission = read(body, kind, query)
    assert (submission.options.kernel, submission.options.boot, submission.options.arch, submission.fields.title) == (
        "6.1",
        2,
        None,
        "",
    )


def test_json_carries_log_and_options() -> None:
    submission = read(json.dumps({"log": "a\nb", "kernel": "4.17", "keep": "everything"}).encode(), "application/json")
    assert (submission.text, submission.options.kernel, submission.fields.keep) == (b"a\nb", "4.17", "everything")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"log": 1}',
        b'{"log": "\xff"}',
        b'{"log": "\\ud800"}',
        b'{"log": "", "boot": 0}',
        b"[" * 4000,
    ],
)
def test_json_of_another_shape_is_malformed(body: bytes) -> None:
    assert refusal(body, "application/json") == 400


@pytest.mark.parametrize(
    "query", [{"boot": "0"}, {"boot": "x"}, {"keep": "some"}, {"expires_in": "1d"}, {"kernel": "9" * 201}]
)
def test_an_option_that_cannot_be_read_is_malformed(query: dict[str, str]) -> None:
    assert refusal(LOG, query=query) == 400


@pytest.mark.parametrize("kind", ["image/png", "application/xml", "text/html", "multipart/mixed; boundary=x"])
def test_another_kind_of_body_is_not_taken(kind: str) -> None:
    assert refusal(LOG, kind) == 415


def test_another_encoding_is_not_taken() -> None:
    assert refusal(LOG, content_encoding="br") == 415


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_is_not_packed_as_it_says_is_malformed(encoding: str) -> None:
    assert refusal(LOG, content_encoding=encoding) == 400


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, lzma.compress, bz2.compress])
def test_a_damaged_archive_is_malformed(pack: "type[bytes]") -> None:
    packed = pack(LOG * 40)
    assert refusal(packed[: len(packed) // 2], "application/octet-stream") == 400


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, lzma.compress, bz2.compress])
def test_a_small_archive_of_a_large_text_is_too_large(pack: "type[bytes]") -> None:
    assert refusal(pack(b"\0" * (LIMIT + 1))) == 413
    body, kind = multipart(("log", "bomb", pack(b"\0" * (LIMIT + 1))))
    assert refusal(body, kind) == 413


def test_an_archive_of_exactly_the_limit_is_taken() -> None:
    assert read(gzip.compress(b"x" * LIMIT)).text == b"x" * LIMIT


def test_a_form_without_a_log_is_malformed() -> None:
    body, kind = multipart(("title", None, b"x"))
    assert refusal(body, kind) == 400


def test_a_form_of_very_many_parts_is_malformed() -> None:
    body, kind = multipart(*((f"p{n}", None, b"") for n in range(40)))
    assert refusal(body, kind) == 400
    fields = "&".join("title=" for _ in range(40)).encode()
    assert refusal(fields, "application/x-www-form-urlencoded") == 400


@given(
    st.binary(max_size=300),
    st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}",
         "multipart/form-data", "text/plain", "\xff", ";;;", 'a/b; x="']
    ),
    st.sampled_from(["", "gzip", "zstd", "x"]),
)  # fmt: skip
def test_no_body_whatever_does_more_than_be_refused(body: bytes, kind: str, encoding: str) -> None:
    for start in (b"", f"--{BOUNDARY}\r\n".encode(), b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b'{"log":'):
        try:
            size_or_status = len(read(start + body, kind, content_encoding=encoding).text)
        except HTTPException as refused:
            size_or_status = refused.status_code
        assert size_or_status in {400, 413, 415} or size_or_status <= LIMIT


@pytest.mark.parametrize(
    "head",
    [
        "".join(f"X-{n}: x\r\n" for n in range(9)),
        f"X: {'x' * 5_000}\r\n",
        f"{'X' * 5_000}: x\r\n",
    ],
    ids=["many lines", "long line", "long name"],
)
def test_the_head_of_a_part_of_a_form_is_bounded(head: str) -> None:
    body, kind = multipart(("log", None, LOG))
    assert read(body, kind).text == LOG
    with pytest.raises(HTTPException) as caught:
        understand(body.replace(b"Content-", head.encode() + b"Content-", 1), {"content-type": kind}, {}, 10 * LIMIT)
    assert caught.value.status_code == 400


def test_the_boundary_of_a_form_is_bounded() -> None:
    boundary = "b" * 300
    body = f"--{boundary}\r\nContent-Disposition: form-data; name=log\r\n\r\nx\r\n--{boundary}--\r\n".encode()
    assert refusal(body, f"multipart/form-data; boundary={boundary}") == 400
