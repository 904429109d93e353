"""Prints what all others get while one client abuses the server: who is refused, how long it takes, and the memory.

Each attack meets a server of its own with default settings, and one without a rate limit. Others, each at an address of
its own, have small texts analysed and look at stored pages, at views that are new and at some that are kept. Measured
is from two seconds after the attack began, since a thousand requests that come in one moment wait for each other.

All attacks at once have no goal for how long it takes: they are eighty threads that never rest.

``python benchmarks/abuse.py NAME`` measures the attacks whose name holds the word.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Self

import msgspec

from pfnscope import zstd

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import attackers
from benchmarks.goals import Goals
from benchmarks.machines import ordinary
from benchmarks.others import KINDS, Others, Watched
from benchmarks.serve import COMMAND, _until, send
from benchmarks.shapes import SHAPES
from benchmarks.texts import SAMPLES

MOST_REFUSED, MOST_SLOWED, MOST_MEMORY = 2, 10, 1000
"""Percent of others; a 99th percentile over the median alone; MB of the server."""

_SECONDS, _FIRST_SECONDS = 8, 2
_TOGETHER = "all at once"
_ATTACKERS = Path(attackers.__file__)
_SLOW_BYTES, _GIANT_BYTES = 256_000, 60 << 20
# Of all shapes the one that takes longest, with a question, and the one that makes the largest drawing.
_SLOW_SHAPES = ("gaps behind nodes and arguments", "node ranges alone")
ROUNDS = {"default settings": {}, "no rate limit": {"PFNSCOPE_RATE_LIMIT": "off"}}


class Attack(msgspec.Struct, frozen=True):
    """One client's: what it is called, the kind of ``attackers``, and the files that this is given.

    ``stored``: they are texts that have been stored before, whose names it is given.
    """

    name: str
    kind: str
    files: tuple[Path, ...] = ()
    stored: bool = False


class Server(msgspec.Struct, frozen=True):
    """A server that runs, with what its clients use."""

    port: int
    pid: int
    page: str
    others: Others


def attacks(folder: Path) -> list[Attack]:
    """All of them; their files are in the folder."""

    def file(name: str, data: bytes) -> Path:
        path = folder / name.replace(" ", "-")
        path.write_bytes(data)
        return path

    slow = tuple(file(name, SHAPES[name](_SLOW_BYTES)) for name in _SLOW_SHAPES)
    giant = file("giant", ordinary(_GIANT_BYTES))
    huge = file("huge", os.urandom(attackers.LIMIT + 1))
    bombs = file("gzip", gzip.compress(b"\0" * (1 << 30), 1)), file("zstd", zstd.compress(b"\0" * (1 << 30)))
    return [
        Attack("heads of 60,000 blanks", "heads"),
        Attack("heads of 16,000 blanks, 20 in one go", "pipelined"),
        Attack("new views of slow stored texts", "views", slow, stored=True),
        Attack("new views of a giant stored text", "giants", (giant,), stored=True),
        Attack("bodies that stop before their last byte", "silent"),
        Attack("slow texts from 18 threads", "texts", slow),
        Attack("slow texts for which nobody waits", "leaving", slow),
        Attack("1,000 slow connections", "slow"),
        Attack("huge bodies", "bodies", (huge,)),
        Attack("bombs", "bodies", bombs),
    ]


def main() -> None:
    """Measure each attack and print one line a figure."""
    goals = Goals()
    with TemporaryDirectory() as name:
        known = attacks(Path(name))
        words = sys.argv[1:]
        chosen = [attack for attack in known if not words or any(word in attack.name for word in words)]
        for title, settings in ROUNDS.items():
            print(f"\n{title}", flush=True)
            with served(settings) as server:
                alone = server.others.watched(_SECONDS)
                memory = held(server.pid) >> 20
            typical = ", ".join(
                f"{kind} {alone.typical(kind) * 1e3:.1f} ms (p99 {alone.worst(kind) * 1e3:.1f} ms)" for kind in KINDS
            )
            print(f"          alone: {typical}; {alone.refused:.1f} % refused; {memory} MB of the server", flush=True)
            for attack in chosen:
                measure(goals, settings, alone, attack.name, [attack])
            if not words or _TOGETHER in words:
                measure(goals, settings, alone, _TOGETHER, known, most_slowed=None)
    for line in goals.missed:
        print(line)
    sys.exit(bool(goals.missed))


def measure(
    goals: Goals,
    settings: dict[str, str],
    alone: Watched,
    name: str,
    attacks: Sequence[Attack],
    most_slowed: int | None = MOST_SLOWED,
) -> None:
    """What others get beside these attacks."""
    with served(settings) as server, ExitStack() as stack:
        processes = [stack.enter_context(started(attack, server)) for attack in attacks]
        workers = stack.enter_context(Workers(server.pid))
        sleep(_FIRST_SECONDS)
        seen = server.others.watched(_SECONDS)
        reports = [process.communicate()[0].strip() for process in processes]
        memory = held(server.pid) >> 20
    goals.show(seen.refused, MOST_REFUSED, f"{name}: % of others refused; they saw {dict(seen.statuses)}")
    for kind in KINDS:
        worst, typical = seen.worst(kind), alone.typical(kind)
        what = f"p99 of {kind} / their median alone: {worst * 1e3:.1f} ms / {typical * 1e3:.1f} ms"
        goals.show(worst / typical, most_slowed, f"{name}: {what}")
    goals.show(memory, MOST_MEMORY, f"{name}: MB of the server; its processes at most {workers.most >> 20} MB together")
    print(f"          {name}: the client saw {'; '.join(reports)}", flush=True)


@contextmanager
def started(attack: Attack, server: Server) -> Iterator[subprocess.Popen[str]]:
    """A client at work, until the end of its standard input."""
    inputs = [stored(server.port, file.read_bytes()) if attack.stored else str(file) for file in attack.files]
    command = [sys.executable, str(_ATTACKERS), attack.kind, str(server.port), server.page, *inputs]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def served(settings: dict[str, str]) -> Iterator[Server]:
    """Start a server with a page stored."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PFNSCOPE_")}
    with TemporaryDirectory() as storage:
        environment |= {"PFNSCOPE_DATABASE_URL": f"sqlite:///{storage}/abuse.db", "PYTHONFAULTHANDLER": "1", **settings}
        command = [str(COMMAND), "serve", "--port", str(port)]
        log = Path(storage, "log")
        with log.open("wb") as errors:
            process = subprocess.Popen(command, env=environment, stderr=errors)
        try:
            _until(lambda: socket.create_connection(("127.0.0.1", port)).close())
            page = f"/l/{stored(port, (SAMPLES / 'oops-1g-4g' / 'dmesg.txt').read_bytes()[:60_000])}"
            others = Others(port, (SAMPLES / "seed-1g-4g" / "dmesg.txt").read_bytes(), page)
            others.watched(1)  # what is made once has been made
            yield Server(port, process.pid, page, others)
            if process.poll() is not None:
                said = [line for line in log.read_text().splitlines() if '"level":"info"' not in line]
                raise SystemExit("\n".join([f"the server has ended with status {process.returncode}", *said[-200:]]))
        finally:
            process.terminate()
            process.wait()


def stored(port: int, text: bytes) -> str:
    """The name of a text, stored whole."""
    name: str = json.loads(send(port, "POST", "/api/v1/layouts?keep=everything", text)[1])["id"]
    return name


class Workers:
    """Watches the processes of a server; the memory that they held at most, together."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most = 0

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            total = 0
            with suppress(OSError, ValueError):
                for pid in Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split():
                    total += held(int(pid))
            self.most = max(self.most, total)


def held(pid: int) -> int:
    """Bytes of memory that one process has held at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
