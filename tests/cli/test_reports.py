"""``pfnscope verify`` and ``analyze`` on reports: statuses, what is missing, and what must not be read."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_machine import run
from tests.support.reports import ABRT, CAPTURE, LOG, OLDER, SOSREPORT, SUPPORTCONFIG, TREE, below, write
from tests.support.wrappings import tar_of

ZONEINFO, IOMEM, BUDDYINFO = "proc/zoneinfo", "proc/iomem", "proc/buddyinfo"
LSMEM = "sos_commands/memory/lsmem_-a"
NOT_THERE = "not in the report"


def verified(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit status, and the comparisons by file and what they are of."""
    done = run("verify", str(path), "--format", "json", *options)
    return done.returncode, {f"{item['file']} {item['what']}": item for item in json.loads(done.stdout)["comparisons"]}


def sosreport(**changed: bytes | None) -> dict[str, bytes]:
    """The report with other files, or without those that are None, by the last part of their names."""
    files = {name: changed.get(name.rpartition("/")[2].partition("_")[0], data) for name, data in SOSREPORT.items()}
    return {name: data for name, data in files.items() if data is not None}


@pytest.mark.parametrize("packed", [False, True])
def test_a_sosreport_agrees_with_its_log_as_a_folder_and_as_an_archive(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "report.tar"
    files = below(TREE, SOSREPORT)
    if packed:
        path.write_bytes(tar_of(files))
    status, comparisons = verified(path if packed else write(path, files))
    assert status == 0
    assert {name: item["agreed"] for name, item in comparisons.items() if item["agreed"] is not None} == {
        f"{ZONEINFO} zone spans and present pages": 4,
        f"{IOMEM} System RAM": 2_095_493,
        f"{BUDDYINFO} free pages of each zone": 3,
        f"{LSMEM} memory blocks": 2_097_152,
    }
    assert all(NOT_THERE in item["left_out"][0]["why"] for item in comparisons.values() if item["agreed"] is None)


@pytest.mark.parametrize(
    ("name", "old", "new", "file"),
    [
        ("zoneinfo", b"present  3757", b"present  3756", ZONEINFO),
        ("iomem", b"100000000-27fffffff : System RAM", b"100000000-27effffff : System RAM", IOMEM),
        ("buddyinfo", b"      3 \n", b"   9999 \n", BUDDYINFO),
        ("lsmem", b"48-79    1", b"48-79    0", LSMEM),
        ("lsmem", b"Memory block size:       128M", b"Memory block size:       256M", LSMEM),
    ],
)
def test_what_differs_is_named_by_file_with_status_1(
    name: str, old: bytes, new: bytes, file: str, tmp_path: Path
) -> None:
    (original,) = (data for own, data in SOSREPORT.items() if own.rpartition("/")[2].startswith(name))
    assert old in original
    status, comparisons = verified(write(tmp_path, sosreport(**{name: original.replace(old, new)})))
    assert status == 1
    wrong = {key.partition(" ")[0] for key, item in comparisons.items() if item["differences"]}
    assert wrong == {file}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    status, comparisons = verified(write(tmp_path / "a", SUPPORTCONFIG))
    assert (status, comparisons["memory.txt zone spans and present pages"]["agreed"]) == (0, 4)
    assert comparisons["/proc/buddyinfo free pages of each zone"]["left_out"][0]["why"] == NOT_THERE
    assert comparisons["lsmem memory blocks"]["left_out"][0]["why"] == NOT_THERE
    hidden = b"00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n"
    status, comparisons = verified(write(tmp_path / "b", sosreport(iomem=hidden)))
    assert comparisons["/proc/iomem System RAM"]["left_out"][0]["why"] == "all its addresses are hidden"
    assert status == 0


def test_nothing_to_compare_no_layout_and_no_such_boot_have_statuses_of_their_own(tmp_path: Path) -> None:
    cases = {
        "nothing": (ABRT, 2, "nothing could be compared"),
        "no layout": ({**SOSREPORT, **dict.fromkeys([n for n in SOSREPORT if "commands/" in n], b"hello\n")}, 3, ""),
        "no log": ({"sos_commands/kernel/dmesg": b""}, 3, ""),
    }
    for name, (files, status, words) in cases.items():
        done = run("verify", str(write(tmp_path / name, files)))
        assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (status, True, False), done.stderr
    assert run("verify", str(write(tmp_path / "x", SOSREPORT)), "--boot", "9").returncode == 2
    status, comparisons = verified(tmp_path / "x", "--boot", "1")
    assert status == 2
    assert all(item["agreed"] is None for item in comparisons.values())


def test_a_capture_in_an_archive_is_held_against_its_log_but_for_page_flags(tmp_path: Path) -> None:
    (tmp_path / "record.tar").write_bytes(tar_of(below("record", CAPTURE)))
    status, comparisons = verified(tmp_path / "record.tar")
    assert (status, comparisons["zoneinfo.txt zone spans and present pages"]["agreed"]) == (0, 4)
    assert comparisons["memory-blocks.txt memory blocks"]["agreed"] == 2_097_152


def test_special_files_and_links_of_a_report_are_not_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "report", SOSREPORT)
    (tmp_path / "secret").write_bytes(
        b"Node 0, zone      DMA\n  pages free 1\n        spanned  1\n        present  1\n"
    )
    (folder / ZONEINFO).unlink()
    (folder / ZONEINFO).symlink_to(tmp_path / "secret")
    (folder / IOMEM).unlink()
    os.mkfifo(folder / IOMEM)
    with (folder / "var").open("wb") as sparse:
        sparse.truncate(8 << 30)
    status, comparisons = verified(folder)
    assert status == 0
    assert comparisons["/proc/zoneinfo zone spans and present pages"]["left_out"][0]["why"] == NOT_THERE
    assert comparisons["/proc/iomem System RAM"]["left_out"][0]["why"] == NOT_THERE
    (folder / "sos_commands/kernel/dmesg").unlink()
    with (folder / "sos_commands/kernel/dmesg").open("wb") as sparse:
        sparse.write(LOG)
        sparse.truncate(8 << 30)
    done = run("analyze", str(folder), "--format", "json")
    unused = {item["name"]: item["reason"] for item in json.loads(done.stdout)["unused_files"]}
    assert (done.returncode, "larger than" in unused["sos_commands/kernel/dmesg"]) == (0, True)


def test_every_command_takes_a_folder(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one", SOSREPORT), write(tmp_path / "other", {"dmesg": OLDER, "analyzer": b"x\n"})
    for call in (
        ("simulate", one, "--append", "mem=4G"),
        ("compare", one, other),
        ("lookup", one, "4G"),
        ("place", one, "--size", "64M"),
    ):
        done = run(*map(str, call), "--format", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
