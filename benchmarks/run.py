"""Prints how fast pfnscope is, as ratios of figures taken in this one run: medians of alternating measurements.

Ends with status 1 where a goal is missed by more than a tenth.
"""

import gc
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import hostile
from benchmarks.goals import Goals, measure
from benchmarks.machines import ordinary
from benchmarks.shapes import SHAPES, holes, map_entries, memblock_steps
from benchmarks.texts import FAMILIES, SAMPLES, large_machine
from pfnscope.bootlog import read
from pfnscope.service import analyze, encode
from pfnscope.service.analyzing import documented, judged
from pfnscope.service.places import place_in
from pfnscope.simulation import simulate

COMMAND = (str(Path(sys.executable).with_name("pfnscope")),)
MB = 10**6
SAMPLE = "fixed-1g-4g"
# What a small program in Python would do with what memblock=debug prints.
_LINE = re.compile(
    r"^\[ *(\d+\.\d+)\] (?:memblock_reserve: \[0x([0-9a-f]+)-0x([0-9a-f]+)\] (.*)"
    r"|(\w+): (\d+) bytes align=0x([0-9a-f]+) .*)$",
    re.MULTILINE,
)


def main() -> None:
    """Measure everything and print one line a figure."""
    goals = Goals()
    commands(goals)
    growth(goals)
    ranges(goals)
    reservations(goals)
    questions(goals)
    for name in SHAPES:
        hostile.show(goals, name)
    for line in goals.missed:
        print(f"missed: {line}")
    sys.exit(bool(goals.missed))


def commands(goals: Goals) -> None:
    """A console log of 20 MB, and how long the command takes to begin."""
    with TemporaryDirectory() as folder:
        big, small = Path(folder, "console.log"), Path(folder, "boot.log")
        big.write_bytes(ordinary(20 * MB, SAMPLE))
        small.write_bytes(ordinary(100_000, SAMPLE))
        grep = process("sh", "-c", f"grep -acE '{FAMILIES}' {big} | cat")
        goals.compare(
            "analysis of a 20 MB console log, in this process / grep -acE of the same families",
            measure(lambda: encode(analyze(big.read_bytes()).document)),
            grep,
            6,
        )
        goals.compare(
            "pfnscope analyze of the 20 MB log, whole process / the same grep",
            process(*COMMAND, "analyze", str(big), "--format", "json"),
            grep,
            None,
        )
        goals.compare(
            "pfnscope analyze of a 100 kB log, from process start / python -c pass",
            process(*COMMAND, "analyze", str(small)),
            process(sys.executable, "-c", "pass"),
            8,
        )


def growth(goals: Goals) -> None:
    """A text of many lines beside one of few."""
    small_log, large_log = ordinary(2 * MB, SAMPLE), ordinary(64 * MB, SAMPLE)
    goals.compare(
        "analysis of a 64 MB console log / of a 2 MB one",
        measure(lambda: encode(analyze(large_log).document)),
        measure(lambda: encode(analyze(small_log).document)),
        36,
        rounds=3,
    )
    sample = (SAMPLES / "oops-1g-4g" / "dmesg.txt").read_bytes()
    goals.compare(
        "analysis of a 90 kB sample / itself, the noise of this machine",
        measure(lambda: analyze(sample)),
        measure(lambda: analyze(sample)),
        1,
    )


def ranges(goals: Goals) -> None:
    """100,000 node ranges with a hole behind each."""
    many, few = holes(8_600_000), holes(86_000)
    reading = read(many)
    what = f"{len(reading.boots[0].node_ranges):,} ranges with holes"
    goals.compare(
        f"judging and writing {what} / reading their text",
        measure(lambda: encode(documented(reading))),
        measure(lambda: read(many)),
        3,
        rounds=3,
    )
    goals.compare(
        f"text to document of {what} / of a hundredth of them",
        measure(lambda: encode(analyze(many).document)),
        measure(lambda: encode(analyze(few).document)),
        130,
        rounds=3,
    )


def reservations(goals: Goals) -> None:
    """What memblock=debug prints on a large machine."""
    raw = memblock_steps(10 * MB)
    text = raw.decode()
    goals.compare(
        "10 MB of memblock=debug to document / a loop of re.finditer over its lines that makes a tuple of each",
        measure(lambda: encode(analyze(raw).document)),
        measure(lambda: tuples(text)),
        5,
    )
    gc.collect()
    with_collector = resource.getrusage(resource.RUSAGE_SELF)
    encode(analyze(raw).document)
    after = resource.getrusage(resource.RUSAGE_SELF)
    goals.show(after.ru_utime - with_collector.ru_utime, 1.5, "seconds for the same with the collector on")


def tuples(text: str) -> list[tuple[str | int, ...]]:
    """Each line of memblock=debug as a tuple, with its numbers as such."""
    return [
        (stamp, int(start, 16), int(last, 16), by) if start else (stamp, name, int(size), int(align, 16))
        for stamp, start, last, by, name, size, align in (match.groups() for match in _LINE.finditer(text))
    ]


def questions(goals: Goals) -> None:
    """Simulating and placing on large machines."""
    text = map_entries(100_000)
    log = read(text).boots[-1]
    goals.compare(
        f"one simulation of a map of {len(log.firmware_map):,} entries / reading that map's text",
        measure(lambda: simulate(log, "quiet memmap=64M!2G", None)),
        measure(lambda: read(text)),
        20,
    )
    wide, narrow = (judged(read(large_machine(size, 16))) for size in (64, 1))
    seconds = goals.compare(
        "placing 1 GiB in 64 TiB on 16 nodes / in 1 TiB",
        measure(lambda: place_in(wide, "1G")),
        measure(lambda: place_in(narrow, "1G")),
        2,
    )
    goals.show(seconds, 1, "seconds for the first")


def process(*command: str) -> Callable[[], float]:
    """A measure of a program from start to exit: seconds of processor, with all that it starts."""

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


if __name__ == "__main__":
    main()
