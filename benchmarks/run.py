"""Prints how fast pfnscope is, as ratios of figures taken in this one run: medians of alternating measurements."""

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.texts import (
    FAMILIES,
    SAMPLES,
    console_log,
    firmware_map,
    large_machine,
    many_ranges,
    memblock_debug,
)
from pfnscope.bootlog import read
from pfnscope.service import analyze, encode
from pfnscope.service.analyzing import judged
from pfnscope.service.whatif import place_in
from pfnscope.simulation import simulate

MB = 10**6
ROUNDS = 7
COMMAND = Path(sys.executable).with_name("pfnscope")


def main() -> None:
    """Measure everything and print one line a figure."""
    with TemporaryDirectory() as folder:
        big, small = Path(folder, "console.log"), Path(folder, "boot.log")
        big.write_bytes(console_log(20 * MB))
        small.write_bytes(console_log(100_000))
        grep = f"grep -acE '{FAMILIES}' {big} | cat"
        report(
            "analysis of a 20 MB console log, in this process / grep -acE of the same families",
            lambda: encode(analyze(big.read_bytes()).document),
            lambda: shell(grep),
            "6 now, 3 later",
        )
        report(
            "pfnscope analyze of the 20 MB log, whole process / the same grep",
            lambda: process(str(COMMAND), "analyze", str(big), "--format", "json"),
            lambda: shell(grep),
            "none set",
        )
        report(
            "pfnscope analyze of a 100 kB log, from process start / python -c pass",
            lambda: process(str(COMMAND), "analyze", str(small)),
            lambda: process(sys.executable, "-c", "pass"),
            "8",
        )
    few, many = many_ranges(1_000), many_ranges(100_000)
    report(
        "text to document, 100,000 ranges / 1,000 ranges",
        lambda: encode(analyze(many).document),
        lambda: encode(analyze(few).document),
        "130",
        rounds=3,
    )
    small_log, large_log = console_log(2 * MB), console_log(64 * MB)
    report(
        "analysis of a 64 MB console log / of a 2 MB one",
        lambda: encode(analyze(large_log).document),
        lambda: encode(analyze(small_log).document),
        "36",
        rounds=3,
    )
    reservations = memblock_debug(100_000)
    for collector in ("on", "off, as in the command, a server's jobs and a scan"):
        gc.collect()
        if collector != "on":
            gc.disable()
        start = perf_counter()
        encode(analyze(reservations).document)
        spent = (perf_counter() - start) / len(reservations) * 10 * MB
        print(f"{spent:8.2f}  (goal 1.5)  seconds for 10 MB of a memblock=debug log, collector {collector}")
    gc.enable()
    many_entries = firmware_map(1_000)
    log = read(many_entries).boots[-1]
    report(
        "one simulation of a map of 1,000 entries / reading that map's text",
        lambda: simulate(log, "quiet memmap=64M!2G", None),
        lambda: read(many_entries),
        "20",
    )
    wide, narrow = (judged(read(large_machine(size, 16))) for size in (64, 1))
    report(
        "placing 1 GiB in 64 TiB on 16 nodes / in 1 TiB",
        lambda: place_in(wide, "1G"),
        lambda: place_in(narrow, "1G"),
        "2, and the first below 1000 ms",
    )
    sample = (SAMPLES / "oops-1g-4g" / "dmesg.txt").read_bytes()
    report(
        "analysis of a 90 kB sample / itself, the noise of this machine",
        lambda: analyze(sample),
        lambda: analyze(sample),
        "1",
    )


def report(what: str, one: Callable[[], object], other: Callable[[], object], goal: str, rounds: int = ROUNDS) -> None:
    """Time both in turn and print the ratio of their medians."""
    times: tuple[list[float], list[float]] = ([], [])
    one()
    other()
    for _ in range(rounds):
        for which, call in enumerate((one, other)):
            start = perf_counter()
            call()
            times[which].append(perf_counter() - start)
    a, b = median(times[0]), median(times[1])
    print(f"{a / b:8.2f}  (goal {goal})  {what}: {a * 1e3:.1f} ms / {b * 1e3:.1f} ms")


def shell(command: str) -> None:
    """Run a command line as a user would type it."""
    subprocess.run(["sh", "-c", command], check=True, stdout=subprocess.DEVNULL)


def process(*command: str) -> None:
    """Run a program from start to exit."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
