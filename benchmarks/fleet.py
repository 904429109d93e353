"""Prints how fast and how surely ``pfnscope scan`` goes over a fleet: ``make bench-fleet``.

Processor seconds of whole commands, workers included, so that figures are per core and other work on the machine
counts little; the memory is that of the command's own process.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

import psutil  # type: ignore[import-untyped]
import pyarrow.parquet as pq

from benchmarks.texts import FAMILIES
from tests.support import samples
from tests.support.fleet import by_name, here, make_logs

COMMAND = Path(sys.executable).with_name("pfnscope")


def main() -> None:
    """Make the fleets and print a line a figure."""
    with TemporaryDirectory() as name:
        home = Path(name)
        few, many = home / "few", home / "many"
        make_logs(few, 1_000, samples.SLUGS)
        make_logs(many, 20_000, samples.SLUGS)
        size = sum(path.stat().st_size for path in many.rglob("*.log*")) // 10**6
        ours, peak = cost(str(COMMAND), "scan", str(many), "--out", str(home / "many.parquet"))
        grep, _ = cost("sh", "-c", f"grep -racE '{FAMILIES}' {many} | cat")
        ours_few, peak_few = cost(str(COMMAND), "scan", str(few), "--out", str(home / "few.parquet"))
        grep_few, _ = cost("sh", "-c", f"grep -racE '{FAMILIES}' {few} | cat")
        again, _ = cost(str(COMMAND), "scan", str(many), "--out", str(home / "many.parquet"))
        print(f"{ours / grep:8.2f}  (goal 25)  scan of 20,000 logs, {size} MB / grep -acE: {ours:.0f} s / {grep:.1f} s")
        print(f"{ours_few / grep_few:8.2f}  (goal 25)  the same of 1,000 logs: {ours_few:.1f} s / {grep_few:.2f} s")
        print(f"{ours / ours_few:8.2f}  (goal 20)  20,000 logs / 1,000 logs")
        print(f"{20_000 / ours:8.0f}  logs a second and core")
        print(
            f"{peak / peak_few:8.2f}  (goal 2)  most memory of the command, 20,000 / 1,000: {peak} MB / {peak_few} MB"
        )
        print(f"{again:8.2f}  seconds for a scan of 20,000 logs that are all done")
        killed(home)


def cost(*command: str) -> tuple[float, int]:
    """Processor seconds of a command with all its children, and the most MB that its own process had."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        peak = 0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.05)
        assert process.wait() == 0, command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak >> 20


def killed(home: Path) -> None:
    """5,000 small logs; a worker is killed, then the whole command; the next run completes the table."""
    logs, out = home / "small", home / "small.parquet"
    make_logs(logs, 5_000)
    command = [str(COMMAND), "scan", str(logs), "--out", str(out), "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not list(home.glob("small.parquet.parts/0*.parquet")):
            assert process.poll() is None, "the table was whole before anything could be killed"
            time.sleep(0.01)
        workers = [
            child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())
        ]
        os.kill(workers[0].pid, signal.SIGKILL)
        time.sleep(2)
        assert process.poll() is None, "the command ended with its worker, or too soon"
        process.kill()
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
    same = by_name(pq.read_table(out).to_pylist()) == here(str(logs))
    print(f"{'same' if same else 'OTHER':>8}  5,000 logs, a worker and then the scan killed, as in one process")
    print("".join(f"          {line}\n" for line in done.stderr.splitlines()), end="")


if __name__ == "__main__":
    main()
