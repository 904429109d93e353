"""The real command ``pfnscope serve`` in a process of its own, which can be killed."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import httpx

COMMAND = Path(os.environ.get("TRIED_COMMAND") or Path(sys.executable).with_name("pfnscope"))
"""That of this environment, or of another in which tests/test_core.py has the tests of the command run."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def command(port: int, log: Path, *arguments: str, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
    """Serve on that port until the context is left; what it writes goes to ``log``."""
    with started((COMMAND,), port, log, *arguments, **settings) as process:
        yield process


@contextmanager
def started(
    program: Sequence[str | Path], port: int, log: Path, *arguments: str, **settings: object
) -> Iterator[subprocess.Popen[bytes]]:
    """The same of another program with the arguments of the command."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PFNSCOPE_")}
    environment |= {f"PFNSCOPE_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*program, "serve", "--port", str(port), *arguments], stdout=out, stderr=out, env=environment
        )
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    end = monotonic() + 60
    with httpx.Client(trust_env=False) as client:
        while True:
            try:
                client.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.TransportError:
                assert process.poll() is None, "the server has ended"
                assert monotonic() < end, "the server does not answer"
            else:
                return


def peak(pid: int) -> int:
    """Bytes of memory that a process and its children have held at most, added up."""
    total = 0
    for name in [str(pid), *Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]:
        lines = Path(f"/proc/{name}/status").read_text().splitlines()
        total += int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) << 10
    return total
