"""Every command that README and docs print is run as printed, by a shell, against a real server and a machine of files.

Only make's targets are not run, which would run this: that each exists is looked at instead.
"""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from tests.cli.test_machine import machine
from tests.support.samples import text
from tests.support.server import Serve

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ELSEWHERE = {"docs/fleet.md", "docs/operating.md"}  # buckets, clusters and databases: their own tests set them up
STAND_INS = {
    # a machine that answers where this one may have no log, no root and no host of that name
    "dmesg": 'exec cat "$BOOT_LOG"',
    "journalctl": 'exec cat "$BOOT_LOG"',
    "ssh": 'shift; exec "$@"',
    "sudo": 'case "$*" in *verify*--live|*capture*) exec "$@" --root "$MACHINE";; *) exec "$@";; esac',
    "less": "exec cat",
}


def blocks(page: str, kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall((ROOT / page).read_text()) if found == kind]


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in blocks(page, "console"):
            found += [(page, line[2:].split("   # ")[0]) for line in block.splitlines() if line.startswith("$ ")]
    return found


@pytest.fixture
def place(tmp_path: Path, serve: Serve) -> tuple[Path, dict[str, str]]:
    """A folder with the files that the pages name, and an environment in which their commands mean something."""
    (tmp_path / "dmesg.txt").write_bytes(text("seed-1g-4g"))
    (tmp_path / "other.txt").write_bytes(text("seed-1g-7g"))
    (tmp_path / "both.txt").write_bytes(text("seed-no-memmap") + text("seed-1g-4g"))
    for name in ("before.txt", "after.txt", "a.txt", "b.txt", "record"):
        target = tmp_path / name
        if name != "record":
            target.write_bytes(text("seed-1g-4g"))
    (tmp_path / "big.log.zst").write_bytes(zstandard.compress(text("oops-1g-4g")))
    for name in (".venv", "tests", "app", "templates", "static", "sample_logs", "pyproject.toml", "README.md"):
        (tmp_path / name).symlink_to(ROOT / name if name != ".venv" else Path(sys.prefix))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in STAND_INS.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755 | stat.S_IXUSR)
    environment = {
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "BOOT_LOG": str(tmp_path / "dmesg.txt"),
        "MACHINE": str(machine(tmp_path / "machine")),
        "SERVER": str(serve().base_url),
    }
    return tmp_path, environment


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ELSEWHERE])
def test_every_command_of_a_page_runs_as_printed(page: str, place: tuple[Path, dict[str, str]]) -> None:
    folder, environment = place
    wanted = [line for name, line in commands() if name == page]
    for line in wanted:
        if " scan " in line:
            continue  # as in docs/fleet.md
        if line.startswith("make "):
            known = subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, capture_output=True, check=False)
            assert known.returncode == 0, line
            continue
        told = line.replace("http://127.0.0.1:8000", environment["SERVER"])
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", told], cwd=folder, env=environment, capture_output=True, check=False
        )
        # 1 is what --fail-on and verify are for
        expected = (0, 1) if "--fail-on" in line or "verify" in line else (0,)
        assert done.returncode in expected, f"{line}\n{done.stderr.decode()}"
        assert b"Traceback" not in done.stderr


def test_the_pages_have_commands_to_run() -> None:
    pages = {name for name, _ in commands()}
    assert {"README.md", "docs/terminal.md", "docs/what-if.md", "docs/verify.md"} <= pages


def test_the_library_page_runs_as_printed(place: tuple[Path, dict[str, str]]) -> None:
    folder, _ = place
    (block,) = blocks("docs/library.md", "python")
    done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "danger 41 struct pages lie outside every zone span" in done.stdout
    assert "No memory layout" in done.stdout
    assert (folder / "bars.html").stat().st_size > 1000
