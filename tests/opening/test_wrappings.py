"""A log is the same in whatever it is wrapped; what is beside it is named; one that cannot be opened says why."""

import gzip
import json
import os
import subprocess
import sys
from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from pfnscope.opening import texts
from pfnscope.opening.errors import CannotOpen, Damaged, Encrypted, NeedsLibrary, NoLogInside, TooDeep
from pfnscope.opening.reports import Selection
from pfnscope.opening.texts import opened, opened_path
from pfnscope.service.analyzing import analyze, encode
from tests.support import samples
from tests.support.wrappings import (
    ALONE,
    BESIDE,
    apport_of,
    docx_of,
    mail_of,
    mbox_of,
    pdf_of_log,
    seven_of,
    tar_of,
    zip_of,
)

LOG = samples.text("oops-1g-4g")


def document(text: bytes) -> Any:
    """The document of a text, without what says from which file it is."""
    whole = json.loads(encode(analyze(text).document))
    for row in whole["boots"]:
        row.pop("source", None)
    return {key: value for key, value in whole.items() if key not in ("sources", "unused_files")}


def names(text: bytes) -> list[str]:
    return [line for line in text.decode("utf-8", "replace").split("\n") if line.startswith("==> ")]


@pytest.mark.parametrize("way", ALONE)
def test_a_log_alone_in_its_wrapping_comes_without_any_addition(way: str) -> None:
    text = opened(ALONE[way](LOG))
    if way == "PDF":
        assert document(text) == document(LOG)
    else:
        assert text == LOG


@pytest.mark.parametrize("way", BESIDE)
def test_a_log_beside_other_files_is_the_same_below_its_name(way: str) -> None:
    text = opened(BESIDE[way](LOG))
    first, *others = names(text)
    assert first.endswith(" <==")
    assert text.startswith(first.encode())
    assert others
    assert all(" <== not used: " in line for line in others)
    assert document(text) == document(first.encode() + b"\n" + LOG)


def test_a_thread_names_its_mails_by_subject_and_author() -> None:
    answer = mail_of(attached={"dmesg.txt": LOG}, subject="Re: Zähler", author="=?utf-8?q?J=C3=B6rg?= <j@example.org>")
    assert names(opened(mbox_of(mail_of(LOG.decode()), answer, mail_of("Thanks.\n", subject="Re: No boot")))) == [
        "==> No boot, Ann Example <==",
        "==> Re: Zähler, Jörg/dmesg.txt <==",
        "==> Re: Zähler, Jörg <== not used: nothing about memory in it",
        "==> Re: No boot, Ann Example <== not used: nothing about memory in it",
    ]


@pytest.mark.parametrize("encoding", ["quoted-printable", "7bit"])
def test_a_mail_that_the_reader_reads_as_it_stands_is_left_to_it(encoding: str) -> None:
    mail = mail_of()
    mail.set_content(LOG.decode(), cte=encoding)
    with_picture = mail_of(LOG.decode(), {"logo.png": b"\x89PNG\r\n\x1a\n" + bytes(100)})
    for text in (mail.as_bytes(), with_picture.as_bytes()):
        assert opened(text) == text


def test_an_attachment_that_stands_only_in_the_other_form_of_a_text_is_read() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "No boot", "Ann Example <ann@example.org>"
    mail.set_content(LOG.decode().partition("\n")[0])
    mail.add_alternative("<p>See the log</p>", subtype="html")
    html = mail.get_payload()[1]  # type: ignore[index]
    html.add_attachment(LOG, maintype="application", subtype="octet-stream", filename="dmesg.txt")  # type: ignore[union-attr]
    assert names(opened(mail.as_bytes())) == [
        "==> No boot, Ann Example <==",
        "==> dmesg.txt <==",
        "==> No boot, Ann Example (HTML) <== not used: the same text in another form",
    ]


def test_one_form_of_a_text_that_a_mail_has_twice_is_read() -> None:
    mail = mail_of(LOG.decode(), {"zones": LOG}, html=f"<pre>{LOG.decode()}</pre>")
    assert names(opened(mail.as_bytes())) == [
        "==> No boot, Ann Example <==",
        "==> zones <==",
        "==> No boot, Ann Example (HTML) <== not used: the same text in another form",
    ]


def test_names_are_one_visible_line_and_lose_the_folder_that_all_are_in() -> None:
    text = opened(tar_of({"./top/a\n==> b <== not used: c": LOG, "./top/\x1b[2Jx": b"x", "./top/y/z": b"\0" * 50}))
    assert names(text) == [
        "==> a\N{REPLACEMENT CHARACTER}==> b <-- not used: c <==",
        "==> \N{REPLACEMENT CHARACTER}[2Jx <== not used: nothing about memory in it",
        "==> y/z <== not used: not a text",
    ]


def test_many_files_that_are_not_read_are_a_number() -> None:
    lines = names(opened(zip_of({"log": LOG, **{f"f{at}": b"x" for at in range(150)}})))
    assert len(lines) == 102
    assert lines[-1] == "==> 50 more files <== not used: not named here"


def test_a_file_in_utf16_beside_others_is_read() -> None:
    text = opened(zip_of({"log": LOG.decode().encode("utf-16"), "x": b"x"}))
    assert document(text) == document(names(text)[0].encode() + b"\n" + LOG)


PASSWORD = {"password": "secret"}
REFUSED: dict[str, tuple[bytes, type[CannotOpen], str]] = {
    "7z": (seven_of({"a": LOG}, **PASSWORD), Encrypted, "This 7z archive is encrypted with a password"),
    "7z, names too": (seven_of({"a": LOG}, header_encryption=True, **PASSWORD), Encrypted, "This 7z archive is"),
    "7z in a mail": (
        mail_of(attached={"a.7z": seven_of({"a": LOG}, **PASSWORD)}).as_bytes(),
        NoLogInside,
        "a.7z/a (encrypted with a password)",
    ),
    "cut zip": (zip_of({"a": LOG})[:-30], Damaged, "packed with zip, but cannot be unpacked: it is damaged or cut"),
    "cut 7z": (seven_of({"a": LOG})[:-30], Damaged, "packed with 7z, but cannot be unpacked"),
    "cut tar": (tar_of({"a": LOG})[:700], Damaged, "packed with tar, but cannot be unpacked"),
    "cut docx": (docx_of(LOG)[:-30], Damaged, "This Word document cannot be read: it is damaged or cut off"),
    "cut PDF": (pdf_of_log(LOG)[:300], Damaged, "This PDF document cannot be read"),
    "damaged base64": (
        apport_of({"a": LOG}).replace(b"base64\n ", b"base64\n A\n "),
        NoLogInside,
        "a (its base64 is damaged)",
    ),
    "no log": (zip_of({"a": b"x", "b.png": b"\x89PNG\0\0"}), NoLogInside, "2 files: a (nothing about memory in it); b"),
    "nothing": (zip_of({}), NoLogInside, "No boot log is in it, which has no file"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_opened_says_why(kind: str) -> None:
    data, error, sentence = REFUSED[kind]
    with pytest.raises(error) as raised:
        opened(data)
    assert sentence in str(raised.value)


def test_an_encrypted_zip_says_so() -> None:
    data = bytearray(zip_of({"a": LOG}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(Encrypted, match="This zip archive is encrypted with a password: unpack it and send the log"):
        opened(bytes(data))


def test_an_archive_that_is_cut_behind_a_log_gives_it_and_says_so() -> None:
    cut = tar_of({"log": LOG, "more": LOG})[: 512 + len(LOG) + 1500]
    assert names(opened(cut)) == [
        "==> log <==",
        "==> the rest of the archive <== not used: damaged or cut off: unexpected end of data",
    ]


def test_wrappings_in_each_other_end() -> None:
    text = LOG
    for _ in range(6):
        text = zip_of({"a": text})
    assert opened(text) == LOG
    for wrapped in (zip_of({"a": text}), gzip.compress(text)):
        with pytest.raises(TooDeep, match="wrapped more than 6 times"):
            opened(wrapped)


@pytest.mark.parametrize(
    ("module", "way", "what"),
    [("lz4.frame", "lz4", "a text packed with lz4"), ("lz4.frame", "tar.lz4", "lz4"), ("py7zr", "7z", "a 7z archive"),
     ("docx", "Word", "a Word document"), ("pypdf", "PDF", "a PDF document")],
)  # fmt: skip
def test_without_the_extra_the_kind_and_the_command_are_named(
    module: str, way: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NeedsLibrary, match=r"pip install 'pfnscope\[files\]'") as raised:
        opened(ALONE[way](LOG) if module != "docx" else DOCX)
    assert what in str(raised.value)


DOCX = docx_of(LOG)


def test_a_folder_is_read_like_an_archive(tmp_path: Path) -> None:
    (tmp_path / "var/log").mkdir(parents=True)
    (tmp_path / "var/log/dmesg.gz").write_bytes(gzip.compress(LOG))
    (tmp_path / "notes").write_text("none\n")
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo")
    text = opened_path(tmp_path)
    assert names(text) == [
        "==> var/log/dmesg.gz <==",
        "==> notes <== not used: nothing about memory in it",
        "==> fifo <== not used: a FIFO",
        "==> link <== not used: a link",
    ]
    assert document(text) == document(names(text)[0].encode() + b"\n" + LOG)


def test_a_log_as_it_is_loads_nothing_that_opens_wrappings() -> None:
    code = """
import sys
from pfnscope.opening.texts import opened
opened(sys.stdin.buffer.read())
print(*sorted({"email", "tarfile", "zipfile", "lzma", "py7zr", "pypdf", "docx", "lz4"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-S", "-c", code], input=LOG, capture_output=True, check=False)
    if done.returncode:  # without site the package may not be on the path
        done = subprocess.run([sys.executable, "-c", code], input=LOG, capture_output=True, check=True)
    assert done.stdout.strip() == b""


def test_a_report_is_read_by_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = {"r/b": b"x\n", "r/log": LOG, "r/a.gz": gzip.compress(b"one\n"), "r/z": b"", "r/large": b"y" * (17 << 20)}
    chosen = Selection(
        ("r/large", "r/a.gz", "r/b"), root="r/", unused=(("r/log", "a dump"), ("1 other file", "no log"))
    )
    monkeypatch.setattr(texts, "selection", lambda _: chosen)
    for data in (tar_of(inside), gzip.compress(tar_of(inside), 1), zip_of(inside)):
        assert names(opened(data)) == [
            "==> large <==",
            "==> a.gz <==",
            "==> b <==",
            "==> log <== not used: a dump",
            "==> 1 other file <== not used: no log",
        ]


def test_a_library_that_mends_a_document_does_not_quote_it_on_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "log.pdf"
    path.write_bytes(pdf_of_log(LOG).replace(b"/Root", b"/Ro\x1bt"))
    command = [sys.executable, "-m", "pfnscope", "analyze", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_base64_of_something_else_is_no_wrapping() -> None:
    text = b64encode(bytes(range(256)) * 4)
    assert opened(text) == text
