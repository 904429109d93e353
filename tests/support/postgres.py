"""A real PostgreSQL server for the session: its own data folder, a Unix socket, no network."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _program(name: str) -> str:
    homes = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(homes[-1]) if homes else shutil.which(name)
    assert found, f"PostgreSQL's {name} is needed; make setup-dev installs it"
    return found


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty database."""
    # A short path: a Unix socket's may have no more than 107 bytes, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        home = Path(name)
        user = None
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(home, "postgres", "postgres")
            user = "postgres"

        def run(program: str, *arguments: str) -> None:
            command = [_program(program), *arguments]
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, user=user, group=user)
            assert done.returncode == 0, done.stderr or done.stdout

        data = str(home / "data")
        run("initdb", "--pgdata", data, "--username", "pfnscope", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off"
        run("pg_ctl", "--pgdata", data, "--options", options, "--log", str(home / "log"), "--wait", "start")
        try:
            yield f"postgresql://pfnscope@/postgres?host={home}"
        finally:
            run("pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop")
