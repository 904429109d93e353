"""FIFOs, devices and sparse giants where a log or a record should be: one sentence and status 2, in bounded memory."""

import os
import resource
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pfnscope.opening.errors import TooLarge
from pfnscope.recording.model import SUMMARY
from tests.support.process import COMMAND
from tests.support.samples import path

RECORD = Path(__file__).parent.parent / "recorded" / "oops-1g-4g"
LOG = path("seed-1g-4g")
MEMORY = 1 << 30


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command with a bound on its memory; what hangs is a failure."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


def sparse_giant(file: Path) -> None:
    with file.open("wb") as out:
        out.truncate(6 << 30)


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "fifo": (os.mkfifo, "a FIFO, not a regular file"),
    "device": (lambda file: file.symlink_to("/dev/zero"), "a character device, not a regular file"),
    "giant": (sparse_giant, "larger than 64 MiB"),
}


@pytest.mark.parametrize("name", ["dmesg.txt", "zoneinfo.txt", "iomem.txt", "memory-blocks.txt", SUMMARY])
@pytest.mark.parametrize("kind", KINDS)
def test_verify_refuses_a_record_with_a_special_file(tmp_path: Path, kind: str, name: str) -> None:
    folder = tmp_path / "record"
    shutil.copytree(RECORD, folder)
    shutil.copy(path("oops-1g-4g"), folder / "dmesg.txt")
    (folder / name).unlink(missing_ok=True)
    make, why = KINDS[kind]
    make(folder / name)
    done = run("verify", folder)
    expected = f"pfnscope: Cannot read {folder / name}: {why}.\n"
    if (kind, name) == ("giant", "dmesg.txt"):
        expected = f"pfnscope: {TooLarge(256 << 20)}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


def test_capture_notes_special_files_and_records_the_rest(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for folder in ("dev", "proc/sys/kernel"):
        (root / folder).mkdir(parents=True)
    (root / "proc/cmdline").write_text("quiet\n")
    (root / "dev/kmsg").symlink_to("/dev/zero")
    os.mkfifo(root / "proc/zoneinfo")
    os.mkfifo(root / "proc/kpageflags")
    os.mkfifo(root / "proc/sys/kernel/osrelease")
    sparse_giant(root / "proc/iomem")
    done = run("capture", tmp_path / "out", "--root", root)
    assert (done.returncode, done.stdout) == (0, "")
    for line in (
        "not recorded: dmesg.txt: /dev/kmsg: neither the kernel's device nor a regular file",
        "not recorded: zoneinfo.txt: a FIFO, not a regular file",
        "not recorded: iomem.txt: larger than 64 MiB",
    ):
        assert line in done.stderr.splitlines()
    assert {item.name for item in (tmp_path / "out").iterdir()} == {"cmdline.txt", SUMMARY}


@pytest.mark.parametrize("words", [["analyze"], ["simulate"], ["lookup", "4G"], ["place", "--size", "1G"]])
def test_a_device_is_no_log(words: list[str]) -> None:
    done = run(words[0], "/dev/zero", *words[1:])
    message = "Error: cannot read /dev/zero: a character device, not a regular file\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_a_log_that_is_a_sparse_giant_is_refused_without_being_read(tmp_path: Path) -> None:
    sparse_giant(tmp_path / "log")
    done = run("analyze", tmp_path / "log")
    message = f"pfnscope: {TooLarge(256 << 20)}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    "words",
    ["analyze PIPE", "simulate PIPE", "lookup PIPE 4G", "place PIPE --size 1G", "compare LOG PIPE"],
)
def test_the_pipe_that_a_shell_puts_in_place_of_a_command_is_read(words: str) -> None:
    command = shlex.quote(str(COMMAND))
    piped, direct = (
        subprocess.run(
            ["bash", "-c", f"{command} {words.replace('PIPE', log).replace('LOG', shlex.quote(str(LOG)))}"],
            capture_output=True,
            check=False,
            timeout=60,
        )
        for log in ("<(cat LOG)", "LOG")
    )
    assert (piped.returncode, piped.stdout) == (direct.returncode, direct.stdout)
    assert direct.stdout
