"""The commands about logs on a Python that lacks what only POSIX or only Linux has.

No macOS or Windows is at hand: names that their ``os`` does not have are taken away, so this shows imports and calls.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_command import SEED, run
from tests.support.samples import path

_LINUX = ("memfd_create", "sched_getaffinity", "pidfd_open", "MFD_CLOEXEC")
_POSIX = (
    *_LINUX, "makedev", "major", "minor", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK", "set_blocking", "uname", "sysconf",
    "getpriority", "setpriority", "PRIO_PROCESS", "geteuid", "getuid", "getgid", "fork", "pread", "mkfifo",
)  # fmt: skip
_MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
_SYSTEMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {"darwin": (_LINUX, ()), "win32": (_POSIX, _MODULES)}
"""What ``os`` and the standard library lack there, by ``sys.platform``: the library's own list of availability."""


def elsewhere(system: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
    names, modules = _SYSTEMS[system]
    code = f"""
import os, sys
import pathlib, tempfile, subprocess  # of the library itself, which knows where it runs
import importlib.machinery
for name in {names}:
    delattr(os, name)
for name in {modules}:
    sys.modules[name] = None
sys.platform = {system!r}
sys.argv = {["pfnscope", *words]}
from pfnscope.cli.main import main
main()
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)


@pytest.mark.parametrize("system", _SYSTEMS)
@pytest.mark.parametrize(
    "words",
    [
        ["analyze", SEED],
        ["analyze", SEED, "--format", "json"],
        ["analyze", str(path("files-of-proc").parent)],
        ["compare", SEED, str(path("seed-no-memmap"))],
        ["simulate", SEED, "--remove", "memmap"],
        ["place", SEED, "--size", "1G"],
        ["lookup", SEED, "4G"],
        ["rules"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_a_log_is_judged_as_on_linux(system: str, words: list[str]) -> None:
    done = elsewhere(system, *words)
    assert done.stderr.decode() == run(*words).stderr.decode()
    assert done.stdout == run(*words).stdout


@pytest.mark.parametrize("system", _SYSTEMS)
def test_a_machine_without_linux_is_not_recorded(system: str, tmp_path: Path) -> None:
    for words in (["capture", str(tmp_path / "record")], ["verify", "--live"]):
        done = elsewhere(system, *words)
        assert done.stderr == b"pfnscope: This machine runs no Linux: there is nothing to record.\n"
        assert done.returncode == 2
