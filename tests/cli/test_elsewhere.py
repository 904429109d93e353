"""The commands about logs on a Python that lacks what only POSIX or only Linux has.

No macOS or Windows is at hand: names that their ``os`` does not have are taken away, so this shows imports and calls.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_command import SEED
from tests.support.samples import path

_LINUX = ("memfd_create", "sched_getaffinity", "pidfd_open", "MFD_CLOEXEC")
_POSIX = (
    *_LINUX, "makedev", "major", "minor", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK", "set_blocking", "uname", "sysconf",
    "getpriority", "setpriority", "PRIO_PROCESS", "geteuid", "getuid", "getgid", "fork", "pread", "mkfifo",
)  # fmt: skip
_MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
_SYSTEMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "linux": ((), ()),
    "darwin": (_LINUX, ()),
    "win32": (_POSIX, _MODULES),
}
"""What ``os`` and the standard library lack there, by ``sys.platform``: the library's own list of availability."""
_NONE = str(path("seed-no-memmap"))
_COMMANDS = [
    ["analyze", SEED],
    ["analyze", SEED, "--format", "json"],
    ["analyze", str(path("files-of-proc").parent)],
    ["compare", SEED, _NONE],
    ["simulate", SEED, "--remove", "memmap"],
    ["place", SEED, "--size", "1G"],
    ["lookup", SEED, "4G"],
    ["rules"],
    ["completion", "bash"],
]


def printed(system: str, *commands: list[str]) -> bytes:
    """What commands print on a system, and their exit statuses."""
    names, modules = _SYSTEMS[system]
    code = f"""
import os, sys
import importlib.machinery, pathlib, subprocess, tempfile  # of the library itself, which knows where it runs
for name in {names}:
    delattr(os, name)
for name in {modules}:
    sys.modules[name] = None
sys.platform = {system!r}
from pfnscope.cli.main import run
for words in {commands}:
    status = run(words)
    print(words, status, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert b"Traceback" not in done.stdout, done.stdout.decode()
    return done.stdout


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_a_log_is_judged_as_on_linux(system: str) -> None:
    there = printed(system, *_COMMANDS)
    assert there == printed("linux", *_COMMANDS)
    assert there.count(b"] 0\n") == len(_COMMANDS)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_a_machine_without_linux_is_not_recorded(system: str, tmp_path: Path) -> None:
    for words in (["capture", str(tmp_path / "record")], ["verify", "--live"]):
        said = f"pfnscope: This machine runs no Linux: there is nothing to record.\n{words} 2\n"
        assert printed(system, words).decode() == said
