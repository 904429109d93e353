"""Real PostgreSQL servers: their own data folder, a Unix socket, no network."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def program(name: str) -> str:
    """Where that program of PostgreSQL is."""
    homes = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(homes[-1]) if homes else shutil.which(name)
    assert path, f"PostgreSQL's {name} is needed; make setup-dev installs it"
    return path


class Cluster:
    """One server with an empty database at ``url``; its files are in ``home``, or some of them elsewhere."""

    def __init__(self, home: Path, data: Path | None = None, write_ahead_log: Path | None = None) -> None:
        self.url = f"postgresql://pfnscope@/postgres?host={home}"
        self._home = home
        self._user = None
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(home, "postgres", "postgres")
            self._user = "postgres"
        self._data = str((data or home) / "data")
        where = () if write_ahead_log is None else ("--waldir", str(write_ahead_log / "wal"), "--wal-segsize", "1")
        auth = ("--username", "pfnscope", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        self._run("initdb", "--pgdata", self._data, *auth, *where)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._home}' -c fsync=off"
        log = str(self._home / "log")
        self._run("pg_ctl", "--pgdata", self._data, "--options", options, "--log", log, "--wait", "start")

    def stop(self) -> None:
        """Stop it at once, as when its machine goes."""
        self.go_on()
        self._run("pg_ctl", "--pgdata", self._data, "--mode", "immediate", "--wait", "stop")

    def pause(self) -> None:
        """Stop its processes where they are: connections stay, nobody answers. A disk that hangs looks the same."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them run again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.ended:
            return
        main = int(Path(self._data, "postmaster.pid").read_text().split()[0])
        os.kill(main, number)  # first, so that it starts no more
        for child in Path(f"/proc/{main}/task/{main}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), number)

    @property
    def ended(self) -> bool:
        """Whether it is not running, though nobody stopped it."""
        return not Path(self._data, "postmaster.pid").exists()

    def _run(self, name: str, *arguments: str) -> None:
        command = [program(name), *arguments]
        user = self._user
        done = subprocess.run(
            command, cwd=self._home, capture_output=True, text=True, check=False, user=user, group=user
        )
        assert done.returncode == 0, done.stderr or done.stdout


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server until the context is left."""
    # A short path: a Unix socket's may have no more than 107 bytes, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        server = Cluster(Path(name))
        try:
            yield server
        finally:
            server.stop()
