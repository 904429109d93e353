"""Files that may be anything: what is opened, what is refused and in which words."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pfnscope.files import FileRefused, open_file, read_file


def test_a_regular_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"1234")
    assert read_file(file, 4) == b"1234"
    with pytest.raises(FileRefused, match="larger than 0 MiB"):
        read_file(file, 3)


def test_a_file_of_proc_is_read_though_its_size_says_nothing() -> None:
    assert os.stat("/proc/self/status").st_size == 0  # noqa: PTH116 - the very call of the code
    assert read_file("/proc/self/status", 1 << 20).startswith(b"Name:")
    with pytest.raises(FileRefused, match="larger than 0 MiB"):
        read_file("/proc/self/status", 10)


def test_special_files_are_refused_by_kind_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name, kind in (("fifo", "a FIFO"), ("zero", "a character device"), ("socket", "a socket")):
            with pytest.raises(FileRefused, match=f"{kind}, not a regular file"):
                open_file(tmp_path / name)
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


def test_a_sparse_giant_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    with (tmp_path / "giant").open("wb") as file:
        file.truncate(6 << 30)
    code = f"""
import resource
from pfnscope.files import FileRefused, read_file
resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
try:
    read_file({str(tmp_path / "giant")!r}, 5 << 30)
except FileRefused as error:
    print(error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "larger than 5120 MiB\n"


def test_a_pipe_that_the_user_named_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    writer = subprocess.Popen(["/bin/sh", "-c", 'printf log > "$0"', tmp_path / "fifo"])
    with writer, open_file(tmp_path / "fifo", pipes=True) as file:
        assert file.read() == b"log"
    with open_file(os.devnull, pipes=True) as file:
        assert file.read() == b""
    with pytest.raises(FileRefused, match="a character device"):
        open_file("/dev/zero", pipes=True)
