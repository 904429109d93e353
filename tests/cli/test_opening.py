"""Each command that reads a log reads it out of what it is wrapped in, and out of a folder."""

import gzip
from pathlib import Path

import pytest

from pfnscope.cli.main import run
from tests.support import samples
from tests.support.wrappings import ALONE, seven_of, zip_of

LOG = samples.text("seed-1g-4g")


@pytest.mark.parametrize(
    "words",
    [
        "analyze {} --format json",
        "simulate {} --append mem=4G --format json",
        "place {} --size 256M --format json",
        "lookup {} 1G --format json",
        "compare {} {} --format json",
    ],
)
def test_every_command_opens_a_wrapping_and_a_folder(
    words: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    outputs = []
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "dmesg.gz").write_bytes(gzip.compress(LOG))
    for name, data in {"plain": LOG, "log.zip": ALONE["zip"](LOG), "log.7z": ALONE["7z"](LOG)}.items():
        (tmp_path / name).write_bytes(data)
    for name in ("plain", "log.zip", "log.7z", "case"):
        assert run(words.format(tmp_path / name, tmp_path / name).split()) == 0
        outputs.append(capsysbinary.readouterr().out.replace(name.encode(), b"NAME"))
    assert outputs == outputs[:1] * 4


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (seven_of({"a": LOG}, password="secret"), 2, "This 7z archive is encrypted with a password"),
        (zip_of({"a": LOG})[:-20], 2, "packed with zip, but cannot be unpacked: it is damaged or cut off"),
        (zip_of({"a": b"x", "b": b""}), 3, "2 files: a (nothing about memory in it); b (empty)."),
    ],
    ids=["encrypted", "cut", "no log"],
)
def test_what_cannot_be_opened_is_one_line(
    data: bytes,
    status: int,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    assert run(["analyze", str(path)]) == status
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert sentence in shown.err
    assert run(["analyze", str(path), "--format", "jsonl"]) == status
    assert sentence in capsys.readouterr().out
