"""``pfnscope verify`` over recorded machines, and ``pfnscope capture`` of a machine made of files."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tests.support.process import COMMAND
from tests.support.samples import path

RECORDED = Path(__file__).parent.parent / "recorded"
SLUGS = sorted(item.parent.name for item in RECORDED.glob("*/kpageflags.runs.txt"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def record(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    slug = getattr(request, "param", "oops-1g-4g")
    folder = tmp_path / "record"
    shutil.copytree(RECORDED / slug, folder)
    if not (folder / "dmesg.txt").exists():
        shutil.copy(path(slug), folder / "dmesg.txt")
    return folder


@pytest.mark.parametrize("record", SLUGS, indirect=True)
def test_recorded_machines_agree_with_their_logs(record: Path) -> None:
    done = run("verify", str(record), "--format", "json")
    verification = json.loads(done.stdout)
    assert (done.returncode, done.stderr, verification["agrees"]) == (0, "", True)
    kinds = {item["what"]: item["agreed"] for item in verification["comparisons"]}
    assert kinds["zone spans and present pages"] > 1
    assert kinds["struct pages"] > 500_000


def test_the_frames_that_killed_their_reader_are_those_that_were_foretold(record: Path) -> None:
    done = run("verify", str(record))
    assert "frames that killed the reader (kpageflags.runs.txt): 32 page frames agree" in done.stdout


def test_a_mismatch_is_listed_by_range_and_gives_status_1(record: Path) -> None:
    zoneinfo = record / "zoneinfo.txt"
    zoneinfo.write_text(zoneinfo.read_text().replace("present  782304", "present  782303"))
    done = run("verify", str(record))
    assert done.returncode == 1
    assert "DIFFERS pfn [0x1000, 0xbffe0)" in done.stdout


def test_files_that_are_not_there_or_damaged_are_told_and_the_rest_is_compared(record: Path) -> None:
    (record / "zoneinfo.txt").unlink()
    (record / "kpageflags.runs.txt").write_text("0 10 0 0 0\nnonsense\n")
    done = run("verify", str(record))
    assert done.returncode == 0
    assert "not compared: not in the record" in done.stdout
    assert "not compared: line 2 is no run of page flags" in done.stdout
    assert "memory blocks (memory-blocks.txt): 1,835,008 page frames agree" in done.stdout


def test_a_record_without_anything_to_compare_is_no_agreement(record: Path) -> None:
    for item in record.iterdir():
        if item.name != "dmesg.txt":
            item.unlink()
    done = run("verify", str(record))
    assert done.returncode == 2
    assert done.stdout.splitlines()[2].startswith("NOT COMPARED")


def test_status_of_what_cannot_be_verified(tmp_path: Path, record: Path) -> None:
    (tmp_path / "empty").mkdir()
    (record / "dmesg.txt").write_text("good morning\n")
    calls = (
        ["verify", str(tmp_path / "none")],
        ["verify", str(tmp_path / "empty")],
        ["verify"],
        ["verify", str(record)],
    )
    done = [run(*call) for call in calls]
    assert [item.returncode for item in done] == [2, 3, 2, 3]
    assert all("Traceback" not in item.stderr for item in done)


def machine(root: Path) -> Path:
    """A machine of files: the dangerous one, with page flags that show whether a frame was asked for."""
    source = RECORDED / "oops-1g-4g"
    log = "".join(
        f"6,{number},{number},-;{line.partition('] ')[2]}\n"
        for number, line in enumerate(path("oops-1g-4g").read_text().splitlines())
    )
    for name, content in (
        ("dev/kmsg", log),
        ("proc/zoneinfo", (source / "zoneinfo.txt").read_text()),
        ("proc/iomem", (source / "iomem.txt").read_text()),
        ("proc/cmdline", "memmap=1G!4G\n"),
        ("proc/sys/kernel/osrelease", "4.17.0\n"),
        ("sys/devices/system/memory/block_size_bytes", "8000000\n"),
        ("sys/devices/system/memory/memory0/phys_index", "00000000\n"),
        ("sys/devices/system/memory/memory0/state", "online\n"),
        ("sys/devices/system/memory/memory0/valid_zones", "none\n"),
        ("sys/firmware/memmap/0/start", "0x0\n"),
        ("sys/firmware/memmap/0/end", "0x9fbff\n"),
        ("sys/firmware/memmap/0/type", "System RAM\n"),
    ):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    with (root / "proc/kpageflags").open("wb") as flags:
        flags.truncate(0x240000 * 8)
        flags.seek(0xBFFDF * 8)
        flags.write(struct.pack("=3Q", 1 << 10, 1 << 22, 1 << 22))  # the last good frame, then two dangerous ones
    return root


def test_capture_records_what_is_there_and_never_reads_a_dangerous_frame(tmp_path: Path) -> None:
    out = tmp_path / "new" / "record"
    done = run("capture", str(out), "--root", str(machine(tmp_path / "root")))
    assert done.returncode == 0
    assert (out / "dmesg.txt").read_text().startswith("[    0.000000] Linux version 4.17.0")
    assert (out / "firmware-memmap.txt").read_text() == "0 0x0 0x9fbff System RAM\n"
    blocks = (out / "memory-blocks.txt").read_text()
    assert 'memory0 phys_index="00000000" state="online" online=""' in blocks
    assert "valid_zones" not in blocks  # on 4.17 the kernel would walk struct pages to tell them
    runs = (out / "kpageflags.runs.txt").read_text()
    assert "# SKIP bffe0 c0000 dangerous" in runs
    assert "400" in runs
    assert f"{1 << 22:x}" not in runs
    assert "# end 240000" in runs
    summary = json.loads((out / "capture.json").read_text())
    assert summary["release"] == "4.17.0"
    assert set(summary["not_recorded"]) == {"meminfo.txt", "nodes.txt", "memblock.txt"}
    assert "meminfo.txt" in done.stderr


def test_capture_of_another_kernels_log_trusts_memory_alone(tmp_path: Path) -> None:
    root = machine(tmp_path / "root")
    (root / "proc/sys/kernel/osrelease").write_text("4.17.1\n")
    run("capture", str(tmp_path / "out"), "--root", str(root))
    runs = (tmp_path / "out/kpageflags.runs.txt").read_text()
    assert "# SKIP 9f 100 nothing tells" in runs
    assert "# SKIP bffe0 140000 nothing tells" in runs


def test_capture_goes_on_where_a_file_is_refused(tmp_path: Path) -> None:
    root = machine(tmp_path / "root")
    (root / "proc/kpageflags").unlink()
    (root / "proc/zoneinfo").unlink()
    (root / "proc/iomem").write_text("00000000-00000000 : System RAM\n00000000-00000000 : Reserved\n")
    done = run("capture", str(tmp_path / "out"), "--root", str(root))
    assert done.returncode == 0
    assert not (tmp_path / "out/iomem.txt").exists()
    assert not (tmp_path / "out/kpageflags.runs.txt").exists()
    for reason in ("CONFIG_PROC_PAGE_MONITOR", "shown to root only"):
        assert reason in done.stderr
    report = run("verify", str(tmp_path / "out")).stdout
    assert "CONFIG_PROC_PAGE_MONITOR" in " ".join(report.split())


def test_capture_refuses_to_mix_records_and_to_record_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/dmesg.txt").write_text("of another boot\n")
    (tmp_path / "nothing").mkdir()
    mixed = run("capture", str(tmp_path / "old"), "--root", str(tmp_path / "nothing"))
    nothing = run("capture", str(tmp_path / "new"), "--root", str(tmp_path / "nothing"))
    assert (mixed.returncode, nothing.returncode) == (2, 2)
    assert "not empty" in mixed.stderr
    assert "Nothing could be read" in nothing.stderr


def test_verify_live_captures_and_compares_and_leaves_nothing_behind(tmp_path: Path) -> None:
    root = machine(tmp_path / "root")
    done = run("verify", "--live", "--root", str(root), "--format", "json")
    verification = json.loads(done.stdout)
    reserved = next(item for item in verification["comparisons"] if item["what"] == "struct pages")
    assert done.returncode == 1  # the files of this machine show a struct page where there is none
    assert {"start_pfn": 0xBFFE0, "end_pfn": 0xC0000, "why": "dangerous: nothing wrote its struct pages"} in reserved[
        "left_out"
    ]
