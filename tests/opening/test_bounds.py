"""What is made to cost memory, time or recursion is refused with a sentence, whatever it is wrapped in."""

import gzip
import io
import lzma
import os
import random
import subprocess
import sys
import tarfile
import zipfile
import zlib
from base64 import encodebytes
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import py7zr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope import zstd
from pfnscope.errors import ServiceError
from pfnscope.files import FileRefused
from pfnscope.opening import archives, budget
from pfnscope.opening.errors import CannotOpen, Damaged, TooLarge, TooMuch
from pfnscope.opening.texts import opened, opened_path
from tests.support import samples
from tests.support.wrappings import ALONE, BESIDE, docx_of, mail_of, pdf_of, seven_of, tar_of, zip_of

LOG = samples.text("seed-1g-4g")
LIMIT = 1 << 20
HEAD = b"From: a@example.org\nSubject: x\n"
BASE64 = b"Content-Transfer-Encoding: base64\n\nAAAA\n"
BODY = (
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body>%s</w:body></w:document>"
)


def docx_with(xml: bytes) -> bytes:
    whole, out = zipfile.ZipFile(io.BytesIO(docx_of(b"x\n"))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            archive.writestr(name, xml if name == "word/document.xml" else whole.read(name))
    return out.getvalue()


def of_entities() -> bytes:
    levels = b"".join(b'<!ENTITY a%d "%s">' % (at, b"&a%d;" % (at - 1) * 10) for at in range(1, 12))
    start = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha ha ha ha">' + levels + b"]>"
    return docx_with(start + BODY % b"<w:p><w:r><w:t>&a11;</w:t></w:r></w:p>")


def of_archives() -> bytes:
    inner = zip_of({f"{at}": bytes(LIMIT) for at in range(16)})
    for _ in range(2):
        inner = zip_of({f"{at}.zip": inner for at in range(16)})
    return inner


def deep_parts() -> bytes:
    parts = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(10_000))
    return HEAD + b"".join(parts) + BASE64


COSTLY: dict[str, tuple[Callable[[], bytes], type[CannotOpen], str]] = {
    "gzip": (lambda: gzip.compress(gzip.compress(bytes(40 << 20))), TooLarge, "at most 1 MiB, also after"),
    "base64 of gzip": (lambda: encodebytes(gzip.compress(bytes(40 << 20))), TooLarge, "at most 1 MiB"),
    "zip": (lambda: zip_of({"a": bytes(40 << 20)}), TooLarge, "at most 1 MiB"),
    "7z": (lambda: seven_of({"a": bytes(10 << 20)}), TooLarge, "at most 1 MiB"),
    "7z in total": (lambda: seven_of({f"{at}": bytes(8 << 20) for at in range(3)}), TooMuch, "more than 16 MiB"),
    "7z by a method without bounds": (
        lambda: seven_of({"a": bytes(10 << 20)}, filters=[{"id": py7zr.FILTER_ZSTD}]),
        Damaged,
        "packed with 7z",
    ),
    "tar.gz in total": (
        lambda: gzip.compress(tar_of({f"{at}": bytes(LIMIT) for at in range(17)})),
        TooMuch,
        "more than 16 MiB after unpacking",
    ),
    "archives in archives": (of_archives, TooMuch, "MiB after unpacking"),
    "parts in parts of a mail": (deep_parts, TooMuch, "parts of a mail"),
    "parts of a mail": (
        lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + (b"--b\n" + BASE64) * 10_000,
        TooMuch,
        "more than 1,000 parts of a mail",
    ),
    "mails in mails": (
        lambda: HEAD + b"Content-Type: message/rfc822\n\n" * 10_000 + BASE64,
        TooMuch,
        "parts of a mail within each other",
    ),
    "a header": (
        lambda: HEAD + b"Content-Type: text/plain" + b";\n a" * 100_000 + b"\n" + BASE64,
        TooMuch,
        "a header of a mail of more than 4,096 bytes",
    ),
    "headers": (lambda: HEAD + b"a:\n" * 300_000 + BASE64, TooMuch, "more than 300,000 headers of a mail"),
    "fields of apport": (lambda: b"ProblemType: x\n" + b"a: base64\n" * 1001, TooMuch, "more than 1,000 fields"),
    "mails": (lambda: (b"From x\n" + HEAD + b"\nx\n\n") * 5001, TooMuch, "more than 5,000 mails"),
    "Word": (lambda: docx_with(BODY % (b"<w:p/>" * (3 << 20))), TooMuch, "more than 16 MiB"),
    "entities in Word": (of_entities, CannotOpen, ""),
    "elements in Word": (
        lambda: docx_with(BODY % (b"<w:p>" * 20_000 + b"</w:p>" * 20_000)),
        Damaged,
        "This Word document cannot be read",
    ),
    "PDF": (
        lambda: pdf_of(zlib.compress(b"BT (x) Tj ET " * (1 << 20)), more=b"/Filter/FlateDecode"),
        Damaged,
        "This PDF document cannot be read",
    ),
    "pages of a PDF": (lambda: pdf_of(*[b""] * 2001), TooMuch, "more than 2,000 pages"),
}


@pytest.mark.parametrize("kind", COSTLY)
def test_what_is_made_to_cost_much_is_refused(kind: str) -> None:
    make, error, sentence = COSTLY[kind]
    with pytest.raises(error) as raised:
        opened(make(), limit=LIMIT)
    assert sentence in str(raised.value)


def test_files_are_counted_through_all_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST_FILES", 10)
    inner = zip_of({"a": LOG, "b": b"x"})
    text = opened(tar_of({"1": inner, "2": inner, "3": inner, "4": inner}))
    assert text.count(b"Early memory node ranges") == 4
    assert b"==> 4/the rest of the archive <== not used: more than 10 files\n" in text
    monkeypatch.setattr(budget, "MOST_FILES", 3)
    with pytest.raises(TooMuch, match="more than 3 files"):
        opened(tar_of(dict.fromkeys("abcd", b"x")))


def test_a_tar_with_a_huge_header_is_refused() -> None:
    item = tarfile.TarInfo("././@LongLink")
    item.type, item.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with pytest.raises(TooMuch, match="a name or extended header of more than 1 MiB"):
        opened(gzip.compress(item.tobuf(tarfile.GNU_FORMAT) + bytes(4 << 20)))


def test_members_of_a_zip_that_share_their_bytes_are_read_once() -> None:
    """Or never: zipfile of some Pythons, such as Debian's 3.11.2, refuses the first one, too."""
    data = zip_of({"log": LOG})
    end = data.rindex(b"PK\5\6")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    count = 40
    tail = b"PK\5\6" + bytes(4) + count.to_bytes(2, "little") * 2
    entries = data[start:end] * count
    packed = data[:start] + entries + tail + len(entries).to_bytes(4, "little") + data[end + 16 :]
    with suppress(Damaged):
        text = opened(packed)
        assert text.count(b"it overlaps another member of the archive") == count - 1
        assert text.count(b"Early memory node ranges") == 1
        return
    with pytest.raises(Damaged, match="overlap"):
        opened(packed)


def test_texts_beyond_the_limit_are_left_out_and_named() -> None:
    log = LOG + b"[    9.000000] x\n" * 20_000
    text = opened(tar_of({f"{at}": log for at in range(5)}), limit=LIMIT)
    assert text.count(b"==> 3 <== not used: behind the 1 MiB that are") == 1
    assert b"\n==> 1 <==\n" in text


def test_special_files_and_giants_are_refused_without_reading_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "giant").open("wb") as file:
        file.truncate(6 << 30)
    (tmp_path / "log").write_bytes(LOG)
    with pytest.raises(FileRefused, match="a FIFO"):
        opened_path(tmp_path / "fifo")
    with pytest.raises(TooLarge):
        opened_path(tmp_path / "giant")
    text = opened_path(tmp_path, limit=LIMIT)
    assert b"==> giant <== not used: larger than 1 MiB\n" in text
    assert b"==> fifo <== not used: a FIFO\n" in text


@pytest.mark.parametrize("name", ["tar", "packed tar", "zip"])
def test_an_archive_on_the_disk_may_be_larger_than_a_text(name: str, tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(3 << 20)
    files = {"noise": noise[: 1 << 19], "more": noise[1 << 19 : 1 << 20], "log": LOG, "rest": noise[1 << 20 :]}
    archive = zip_of(files) if name == "zip" else tar_of(files)
    (tmp_path / "a").write_bytes(gzip.compress(archive) if name == "packed tar" else archive)
    text = opened_path(tmp_path / "a", LIMIT)
    assert text.startswith(b"==> log <==\n[    0.000000] Linux version")
    assert b"==> rest <== not used: larger than 1 MiB\n" in text
    (tmp_path / "b").write_bytes(noise)
    with pytest.raises(TooLarge):
        opened_path(tmp_path / "b", LIMIT)


def test_a_small_archive_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(zip_of({"a": bytes(80 << 20), "b": gzip.compress(bytes(80 << 20), 1)}), 1))
    code = f"""
import resource
from pfnscope.opening.texts import opened_path
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
try:
    opened_path({str(path)!r}, 64 << 20)
except Exception as error:
    print(type(error).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "TooLarge"


@pytest.mark.parametrize("pack", [lzma.compress, zstd.compress])
def test_a_tar_packed_in_many_streams_is_read_and_endless_ones_are_given_up(pack: Callable[[bytes], bytes]) -> None:
    tar, limit = tar_of({"dmesg.txt": LOG}), 64 << 20
    packed = b"".join(pack(tar[at : at + 4000]) for at in range(0, len(tar), 4000))
    (member,) = archives.members("tar", io.BytesIO(packed), limit, limit)
    assert member.data == LOG
    with pytest.raises(Damaged, match="20,000 streams"):
        list(archives.members("tar", io.BytesIO(pack(b"") * 20_001), limit, limit))


WRAPPED = [wrap(LOG[:2000]) for wrap in (*ALONE.values(), *BESIDE.values())]


@given(st.sampled_from(WRAPPED), st.data())
def test_a_wrapping_that_was_changed_is_opened_or_refused(wrapped: bytes, data: st.DataObject) -> None:
    changed = bytearray(wrapped)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=4))
    cut = data.draw(st.integers(len(changed) // 2, len(changed)))
    with_refusal(bytes(changed[:cut]))


@given(
    st.sampled_from([b"", b"PK\3\4", b"7z\xbc\xaf\x27\x1c\0\4", b"%PDF-1.4\n", HEAD, b"\x04\x22\x4d\x18", b"{"]),
    st.binary(max_size=300),
)
def test_any_bytes_are_opened_or_refused(start: bytes, rest: bytes) -> None:
    with_refusal(start + rest)
    with_refusal(HEAD + BASE64 + start + rest)


def with_refusal(data: bytes) -> None:
    with suppress(ServiceError):
        assert len(opened(data, limit=LIMIT)) < 2 * LIMIT


def test_a_mail_that_is_nothing_but_headers_is_a_text() -> None:
    assert opened(mail_of().as_bytes().partition(b"\n\n")[0]) != b""
