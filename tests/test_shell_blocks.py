"""Every command that README and docs print is run as printed, by a shell, against a real server and a machine of files.

Where output stands below a command, it is what the command prints. Only make's targets and what CONTRIBUTING.md tells
to do are not run, which would run this: that what they name exists is looked at instead.
"""

import gzip
import importlib.util
import lzma
import os
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from pfnscope import zstd
from pfnscope.storage import open_store
from tests.cli.test_machine import machine
from tests.support import reports, stores
from tests.support.pages import PAGES, ROOT, blocks, commands
from tests.support.postgres import Cluster, program
from tests.support.samples import text
from tests.support.server import Serve
from tests.support.wrappings import tar_of

STAND_INS = {
    # a machine that answers where this one may have no log, no root and no host of that name
    "dmesg": 'exec cat "$BOOT_LOG"',
    "journalctl": 'exec cat "$BOOT_LOG"',
    "ssh": 'shift; exec "$@"',
    "sudo": 'case "$*" in *verify*--live|*capture*) exec "$@" --root "$MACHINE";; *) exec "$@";; esac',
    "less": "exec cat",
    # the library is here for sure, its command may be not
    "sqlite3": "exec python -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])' \"$@\"",
}


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder with the files that the pages name, and an environment in which their commands mean something."""
    for name in ("dmesg.txt", "before.txt", "after.txt"):
        (tmp_path / name).write_bytes(text("seed-1g-4g"))
    (tmp_path / "other.txt").write_bytes(text("seed-1g-7g"))
    (tmp_path / "both.txt").write_bytes(text("seed-no-memmap") + text("seed-1g-4g"))
    for name in ("big.log.zst", "logs.tar.zst"):
        (tmp_path / name).write_bytes(zstd.compress(text("oops-1g-4g")))
    (tmp_path / "crash").mkdir()
    (tmp_path / "crash" / "dmesg.txt").write_bytes(text("seed-1g-4g"))
    kinds = {
        "sosreport": reports.SOSREPORT,
        "supportconfig": reports.SUPPORTCONFIG,
        "abrt": reports.ABRT,
        "vmcores": reports.CRASH,
        "pstore": reports.PSTORE,
    }
    for name, files in kinds.items():
        reports.write(tmp_path / name, files)
    sosreport = tar_of(reports.below(reports.TREE, reports.SOSREPORT))
    (tmp_path / "sosreport.tar.gz").write_bytes(gzip.compress(sosreport, 1))
    (tmp_path / "sosreport.tar.xz").write_bytes(lzma.compress(sosreport, preset=0))
    for name in (".venv", "app", "templates", "static", "sample_logs", "pyproject.toml", "README.md"):
        (tmp_path / name).symlink_to(ROOT / name if name != ".venv" else Path(sys.prefix))
    (tmp_path / "var").mkdir()
    open_store(f"sqlite:///{tmp_path}/var/pfnscope.db").close()
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
    }
    return tmp_path, environment


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, serve: Serve, place: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """What addresses of the pages are here; what a page does not ask for is not started."""
    folder, environment = place
    page = "\n".join(command.line for command in commands(request.node.callspec.params["page"]))
    replacements = {"/var/crash": str(folder / "crash")}
    if "http://127.0.0.1:8000" in page:
        replacements["http://127.0.0.1:8000"] = str(serve().base_url).rstrip("/")
    if "s3://" in page:
        address = request.getfixturevalue("buckets")
        environment |= {"AWS_ENDPOINT_URL": f"{address}/s3", "STORAGE_EMULATOR_HOST": address, "NO_GCE_CHECK": "true"}
        environment |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "nowhere"}
        replacements |= {"s3://bucket": "s3://b", "gs://bucket": "gs://b"}
    if "tcp://" in page:
        with pytest.MonkeyPatch.context() as patch:  # the workers read from the same stores
            for name in environment.keys() - {"PATH", "HOME"}:
                patch.setenv(name, environment[name])
            replacements["tcp://10.0.0.1:8786"] = request.getfixturevalue("scheduler")
    if "pg_dump" in page:
        cluster: Cluster = request.getfixturevalue("own_cluster")
        environment["PATH"] += f":{Path(program('pg_dump')).parent}"
        environment |= {"URL": cluster.url, "PGHOST": cluster.url.partition("host=")[2], "PGUSER": "pfnscope"}
    return replacements


@pytest.fixture
def buckets() -> Iterator[str]:
    with stores.serving({"boots/a.log": text("seed-1g-4g")}) as address:
        yield address


@pytest.fixture
def scheduler() -> Iterator[str]:
    with LocalCluster(
        n_workers=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
        silence_logs=60,
    ) as cluster:
        yield cluster.scheduler_address


ELSEWHERE = {"CONTRIBUTING.md", "docs/ways.md"}
"""Pages whose commands are run in another way: below, and in test_ways.py."""


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page) and page not in ELSEWHERE])
def test_every_command_of_a_page_runs_and_prints_as_printed(
    page: str, place: tuple[Path, dict[str, str]], elsewhere: dict[str, str]
) -> None:
    folder, environment = place
    for command in commands(page):
        line = command.line
        if line.startswith(("make ", "pip ")):
            assert _exists(line), line
            continue
        for original, here in elsewhere.items():
            line = line.replace(original, here)
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        lines = done.stdout.decode(errors="replace").splitlines(keepends=True)
        printed = "".join(text for text in lines if not text.endswith(" a second\n"))  # how far a slow scan is
        # 1 is what --fail-on and verify are for
        expected = (0, 1) if "--fail-on" in line or "verify" in line else (0,)
        assert done.returncode in expected, f"{command.line}\n{printed}"
        assert "Traceback" not in printed
        if command.shown:
            assert command.shows(printed), f"$ {command.line}\n{printed}"


def _exists(line: str) -> bool:
    """Whether a target of make, or an extra that pip is to install, is there."""
    if line.startswith("make "):
        return (
            subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, capture_output=True, check=False).returncode
            == 0
        )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    match = re.fullmatch(r"pip install '(\w+)\[(\w+)\]'", line)
    return match is not None and match[1] == project["name"] and match[2] in project["optional-dependencies"]


def test_what_contributors_are_told_to_run_is_there() -> None:
    steps = [step.strip() for command in commands("CONTRIBUTING.md") for step in command.line.split("&&")]
    assert len(steps) > 8
    for step in steps:
        name, *rest = step.removeprefix(".venv/bin/").split()
        if name == "make":
            assert _exists(step), step
        elif name == "python":
            assert rest[0] == "-m"
            assert importlib.util.find_spec(rest[1]), step
        else:
            assert name in {"git", "pytest"}, step
            assert (ROOT / rest[-1]).exists(), step


def test_the_pages_have_commands_to_run_and_outputs_to_hold() -> None:
    pages = {page for page in PAGES if commands(page)}
    assert {"README.md", "docs/fleet.md", "docs/operating.md", "docs/terminal.md", "docs/tutorial.md"} <= pages
    shown = [command for command in commands("docs/tutorial.md") if command.shown]
    assert len(shown) > 10
    for command in shown:  # each could fail
        assert not command.shows("")
        assert not command.shows("\n".join([*command.shown[1:], "else"]))


def test_the_library_page_runs_as_printed(place: tuple[Path, dict[str, str]]) -> None:
    folder, _ = place
    (block,) = blocks("docs/library.md", "python")
    done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "danger On 4.17, nothing writes the struct pages of [0xbffd7, 0xc0000)" in done.stdout
    assert "No memory layout" in done.stdout
    assert (folder / "bars.html").stat().st_size > 1000
