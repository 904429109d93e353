"""Archives made to cost memory or time, and special files among logs: a row with the reason, in bounded memory."""

import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pfnscope.fleet import source
from pfnscope.fleet.source import members
from pfnscope.opening import archives
from pfnscope.opening.errors import TooLarge
from tests.support import samples
from tests.support.fleet import here

LOG = samples.text("seed-1g-4g")
MEMORY = 512 << 20
ROOT = Path(__file__).parents[2]


def rows_in_bounded_memory(path: Path) -> list[dict[str, str]]:
    """The rows of what lies at a path, made by a process that may have little memory; a hang is a failure."""
    code = f"""
import json, resource
from tests.support.fleet import here
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
print(json.dumps([{{name: row[name] for name in ("name", "status", "error")}} for row in here({str(path)!r})]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def header(name: str, kind: bytes, size: int) -> bytes:
    item = tarfile.TarInfo(name)
    item.type, item.size = kind, size
    return item.tobuf(tarfile.GNU_FORMAT)


def sparse(path: Path, begin: bytes, size: int, end: bytes = b"") -> None:
    """A file of zeros between two pieces, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(size)
        file.seek(size)
        file.write(end)


def tar_with_a_long_name(path: Path) -> None:
    sparse(path, header("././@LongLink", tarfile.GNUTYPE_LONGNAME, 3 << 30), 4 << 30)


def tar_with_a_large_pax_header(path: Path) -> None:
    sparse(path, header("pax", tarfile.XHDTYPE, 3 << 30), 4 << 30)


def tar_with_endless_sparse_parts(path: Path) -> None:
    first = bytearray(header("sparse", tarfile.GNUTYPE_SPARSE, 0))
    first[482] = 1  # more parts follow, in blocks of their own
    first[148:156] = b"%06o\0 " % (sum(first) - sum(first[148:156]) + 8 * ord(" "))
    block = (b"%011o\0" % 0) * 42 + b"\1" + bytes(7)
    path.write_bytes(gzip.compress(bytes(first) + block * (1 << 14), 1))


def zip_with_a_large_list(path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0xF0000000, 0x10000000, 0)
    sparse(path, b"", 4 << 30, end)


def xz_with_a_large_dictionary(path: Path) -> None:
    data = bytearray(lzma.compress(bytes(10240)))
    block = slice(12, 12 + 4 * (data[12] + 1) - 4)  # a block's header without its CRC
    data[data.index(b"\x21\x01", block.start) + 2] = 40  # LZMA2, one byte of properties: 4 GiB - 1
    data[block.stop : block.stop + 4] = struct.pack("<I", zlib.crc32(data[block]))
    path.write_bytes(data)


def many_pax_headers(path: Path) -> None:
    """tarfile reads each by calling itself."""
    path.write_bytes(header("pax", tarfile.XHDTYPE, 0) * 1500)


TOO_LONG = "The archive asks for too much: a name or extended header of more than 1 MiB."
HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "name.tar": (tar_with_a_long_name, TOO_LONG),
    "pax.tar": (tar_with_a_large_pax_header, TOO_LONG),
    "sparse.tar.gz": (tar_with_endless_sparse_parts, TOO_LONG),
    "list.zip": (zip_with_a_large_list, "The archive asks for too much: a list of members of more than 32 MiB."),
    "dictionary.tar.xz": (xz_with_a_large_dictionary, "Memory usage limit exceeded"),
    "pax.tar.bz2": (many_pax_headers, "The archive is damaged or cut off: maximum recursion depth exceeded"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_asks_for_too_much_is_one_row(tmp_path: Path, name: str) -> None:
    make, sentence = HOSTILE[name]
    make(tmp_path / name)
    (row,) = rows_in_bounded_memory(tmp_path)
    assert row["name"] == str(tmp_path / name)
    assert row["status"] in {"too-large", "damaged"}
    assert sentence in row["error"]


def test_special_files_are_unreadable_rows_and_a_sparse_giant_is_too_large(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    os.mkfifo(tmp_path / "fifo.tar.gz")
    (tmp_path / "zero").symlink_to("/dev/zero")
    sparse(tmp_path / "giant", b"", 6 << 30)
    assert [(Path(row["name"]).name, row["status"], row["error"]) for row in rows_in_bounded_memory(tmp_path)] == [
        ("fifo", "unreadable", "Cannot be read: a FIFO, not a regular file."),
        ("fifo.tar.gz", "unreadable", "Cannot be read: a FIFO, not a regular file."),
        ("giant", "too-large", str(TooLarge(256 << 20))),
        ("zero", "unreadable", "Cannot be read: a character device, not a regular file."),
    ]


def test_members_of_a_zip_that_share_their_bytes_are_read_once(tmp_path: Path) -> None:
    """Or never: zipfile of some Pythons, such as Debian's 3.11.2, refuses the first one, too."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log", LOG)
    data = out.getvalue()
    end = data.rindex(b"PK\5\6")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    entries = data[start:end] * 500
    path = tmp_path / "overlapping.zip"
    path.write_bytes(
        data[:start] + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 500, 500, len(entries), start, 0)
    )
    rows = here(str(path))
    read = [row["status"] for row in rows].count("analysed")
    assert read <= 1
    damaged = [row["error"] for row in rows if row["status"] == "damaged"]
    assert len(damaged) == 500 - read
    assert damaged.count("It overlaps another member of the archive.") >= 499
    assert all("verlap" in text for text in damaged)


def tar(count: int) -> bytes:
    return b"".join(
        header(f"log{at}", tarfile.REGTYPE, len(LOG)) + LOG + bytes(-len(LOG) % 512) for at in range(count)
    ) + bytes(10240)


@pytest.mark.parametrize("name", ["logs.tar", "logs.tar.gz"])
def test_all_members_together_are_bounded_in_number_and_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tar(20) if name.endswith(".tar") else gzip.compress(tar(20))

    def statuses() -> list[str]:
        return [source.problem or "read" for source in members(name, io.BytesIO(data), len(data))]

    assert statuses() == ["read"] * 20
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    assert statuses() == ["read"] * 3 + ["The archive asks for too much: more than 3 members."]
    monkeypatch.undo()
    monkeypatch.setattr(source, "_RATIO", 0)
    monkeypatch.setattr(source, "_LEAST_TOTAL", 10 * len(LOG))
    *read, last = statuses()
    assert set(read) == {"read"}
    assert len(read) < 11
    assert last == "The archive asks for too much: more than 0 MiB after unpacking."
