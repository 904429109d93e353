"""Where logs are found: folders, archives and other file systems, each with the row that it becomes."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from pfnscope import zstd
from pfnscope.fleet.listing import check, sources
from pfnscope.fleet.source import CannotScan, members, shown
from pfnscope.fleet.work import unpack, work
from tests.support import samples
from tests.support.fleet import here

LOG = samples.text("seed-1g-4g")
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": zstd.compress,
}


def statuses(*paths: Path | str) -> dict[str, str]:
    return {row["name"]: row["status"] for row in here(*map(str, paths))}


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    return out.getvalue()


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


LOGS = {f"host/dmesg{ending}": pack(LOG) for ending, pack in PACKED.items()}


def test_a_folder_is_read_to_its_depths_and_every_file_becomes_a_row(tmp_path: Path) -> None:
    for name, data in LOGS.items():
        (tmp_path / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a" / name).write_bytes(data)
    (tmp_path / "notes.txt").write_text("nothing of memory\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(LOG)[:-20])
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "linked").symlink_to(tmp_path / "a" / "host" / "dmesg")
    os.mkfifo(tmp_path / "pipe")
    assert statuses(tmp_path) == {
        **{str(tmp_path / "a" / name): "analysed" for name in LOGS},
        str(tmp_path / "notes.txt"): "no-layout",
        str(tmp_path / "empty"): "no-layout",
        str(tmp_path / "cut.gz"): "damaged",
        str(tmp_path / "round"): "no-layout",
        str(tmp_path / "gone"): "unreadable",
        str(tmp_path / "linked"): "analysed",
        str(tmp_path / "pipe"): "unreadable",
    }


def test_the_table_and_its_parts_are_no_logs(tmp_path: Path) -> None:
    (tmp_path / "fleet.parquet.parts").mkdir()
    for name in ("fleet.parquet", "fleet.parquet.parts/lock", "log"):
        (tmp_path / name).write_bytes(LOG)
    left_out = tmp_path / "fleet.parquet", tmp_path / "fleet.parquet.parts"
    assert [Path(source.name).name for source in sources([str(tmp_path)], left_out)] == ["log"]


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(f".tar{ending}", pack) for ending, pack in PACKED.items()] + [(".tgz", gzip.compress), (".zip", None)],
)
def test_an_archive_gives_the_logs_inside_packed_or_not(tmp_path: Path, ending: str, pack: Any) -> None:
    inside = {**LOGS, "readme": b"no log\n", "more.tar": tar_of(LOGS)}
    path = tmp_path / f"all{ending}"
    path.write_bytes(zip_of(inside) if pack is None else pack(tar_of(inside)))
    by_name = statuses(path)
    assert by_name == {
        **{f"{path}!{name}": "analysed" for name in LOGS},
        f"{path}!readme": "no-layout",
        f"{path}!more.tar": "analysed",
    }


def test_an_archive_in_another_or_without_the_name_of_one_is_one_log(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(tar_of(LOGS))
    (tmp_path / "b.gz").write_bytes(gzip.compress(tar_of(LOGS)))
    (tmp_path / "c.log").write_bytes(tar_of({"readme": b"no log\n", "notes": b"none\n"}))
    assert {Path(name).name: status for name, status in statuses(tmp_path).items()} == {
        "a.log": "analysed",
        "b.gz": "analysed",
        "c.log": "no-layout",
    }


@pytest.mark.parametrize("cut", [300, 512, 2600, -1024 * 9])
def test_an_archive_that_breaks_off_says_so_beside_what_it_gave(tmp_path: Path, cut: int) -> None:
    whole = tar_of({"one": LOG, "two": LOG})
    path = tmp_path / "all.tar"
    path.write_bytes(whole[:cut])
    by_name = statuses(path)
    assert by_name.pop(str(path)) == "damaged"
    assert set(by_name.values()) <= {"analysed"}
    assert statuses_of_whole(tmp_path, whole) == {"analysed"}


def statuses_of_whole(folder: Path, data: bytes) -> set[str]:
    path = folder / "whole.tar"
    path.write_bytes(data)
    return set(statuses(path).values())


def test_an_archive_with_a_broken_header_in_the_middle_says_so(tmp_path: Path) -> None:
    data = bytearray(tar_of({"one": LOG, "two": LOG}))
    second = 512 + (len(LOG) + 511) // 512 * 512
    data[second : second + 100] = b"x" * 100
    path = tmp_path / "all.tar"
    path.write_bytes(data)
    assert statuses(path) == {str(path): "damaged", f"{path}!one": "analysed"}


def test_a_damaged_member_of_a_zip_costs_itself_alone(tmp_path: Path) -> None:
    data = bytearray(zip_of({"one": LOG, "two": LOG}))
    data[200] ^= 0xFF
    path = tmp_path / "all.zip"
    path.write_bytes(data)
    assert statuses(path) == {f"{path}!one": "damaged", f"{path}!two": "analysed"}


def test_two_members_of_one_name_are_two_rows() -> None:
    archive = tar_of({"a": LOG, "b": LOG}).replace(b"b" + b"\0" * 99, b"a" + b"\0" * 99)
    # the sum of a header counts its name
    printed, right = checksums(archive)
    archive = archive.replace(b"%06o\0 " % printed, b"%06o\0 " % right)
    assert [source.name for source in members("x.tar", io.BytesIO(archive), len(archive))] == ["x.tar!a", "x.tar!a (2)"]


def checksums(archive: bytes) -> tuple[int, int]:
    second = 512 + (len(LOG) + 511) // 512 * 512
    printed = int(archive[second + 148 : second + 154], 8)
    return printed, printed - 1


def test_a_member_beyond_the_limit_is_not_read() -> None:
    archive = tar_of({"small": b"1234", "large": b"12345"})
    sources = list(members("x.tar", io.BytesIO(archive), len(archive), limit=4))
    assert [(source.name, source.status, source.data) for source in sources] == [
        ("x.tar!small", "unreadable", b"1234"),
        ("x.tar!large", "too-large", None),
    ]


def test_a_file_whose_name_is_not_unicode_has_a_row(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.log", "wb") as file:  # noqa: PTH123 - a Path cannot say it
        file.write(LOG)
    assert statuses(tmp_path) == {f"{tmp_path}/\\udcff.log": "analysed"}


def test_other_file_systems_are_read_by_folder_by_file_and_by_pattern() -> None:
    memory = fsspec.filesystem("memory")
    for name, data in {**LOGS, "all.tar.gz": gzip.compress(tar_of(LOGS))}.items():
        memory.pipe(f"/fleet/{name}", data)
    names = {f"memory://fleet/{name}" for name in LOGS}
    archived = {f"memory://fleet/all.tar.gz!{name}" for name in LOGS}
    assert plain(statuses("memory://fleet")) == dict.fromkeys(names | archived, "analysed")
    assert plain(statuses("memory://fleet/host/dmesg.gz")) == {"memory://fleet/host/dmesg.gz": "analysed"}
    assert len(statuses("memory://fleet/host/*z*")) == 4
    assert list(statuses("memory://nothing").values()) == ["unreadable"]


def plain(by_name: dict[str, str]) -> dict[str, str]:
    """fsspec writes its paths in memory with a slash more."""
    return {name.replace("memory:///", "memory://"): status for name, status in by_name.items()}


def test_a_path_that_there_is_not_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(CannotScan, match="no such file"):
        check([str(tmp_path / "nowhere")])
    with pytest.raises(CannotScan, match="s4"):
        check(["s4://bucket/logs"])


def test_the_table_has_no_password_of_a_url() -> None:
    url = "https://me:secret@host.example/logs/a.log?id=5&X-Amz-Signature=abc"
    assert shown(url) == "https://host.example/logs/a.log?id=5&X-Amz-Signature=..."
    assert shown("https://host.example/a?b=%2F&c") == "https://host.example/a?b=%2F&c"


def test_an_error_of_ours_is_a_row_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("pfnscope.fleet.work.analyze", broken)
    (row,) = unpack(work(tuple(sources([str(samples.path("seed-1g-4g"))]))))
    assert (row["status"], row["error"]) == ("failed", "An error in pfnscope: ZeroDivisionError: by zero")
    assert len(row["hash"]) == 64


def test_control_characters_of_a_name_are_escaped_and_names_stay_apart(tmp_path: Path) -> None:
    """A table is printed to terminals; a file may be called anything."""
    for name in ("x\x1b]0;a\x07", "x\u202e", "x\u200b"):
        (tmp_path / name).write_text("")
    names = [source.name for source in sources([str(tmp_path)])]
    assert len(set(names)) == 3
    assert all(name.isprintable() for name in names)
