"""Measures what texts cost that are made to be slow, against the lines of an ordinary boot.

``make bench`` runs it for all of them. By hand: ``python benchmarks/hostile.py`` measures all shapes, ``… forms`` each
sample of each line form repeated with other numbers, ``… NAME`` those whose name holds the word, and
``… profile NAME [BYTES]`` shows where one spends its time.

Each shape is measured in a process of its own, which measures the ordinary lines too: other work on the machine slows
both, and the memory is that of this text.
"""

import cProfile
import json
import os
import pstats
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.goals import Goals, spent
from benchmarks.machines import Shape, ordinary
from benchmarks.shapes import SHAPES, of_forms
from pfnscope.errors import ServiceError
from pfnscope.service import analyze, encode
from pfnscope.service.places import Reservation, place
from pfnscope.service.whatif import Change, simulate
from tests.support.process import peak

Work = Callable[[bytes], bytes]

MB, KB = 10**6, 10**3
SMALL = 30 * KB
RATIO, GROWTH, MOST_MEMORY = 25, 2.4, 300
LONG = 3.0
"""Seconds from which a text is not measured again: it is far beyond its goal."""
SHORTEST = 0.05
"""Seconds below which a growth says nothing."""
# A region that is moved over all of memory in small steps, and another command line with all that shapes memory.
QUESTIONS: dict[str, Work] = {
    "simulated": lambda raw: encode(simulate(raw, Change(append="mem=100G numa=fake=4 movablecore=1G memmap=64M!2G"))),
    "placed": lambda raw: encode(place(raw, Reservation(size="4K", align="4K"))),
}


def document(raw: bytes) -> bytes:
    """From text to encoded document, as a server does it."""
    return encode(analyze(raw).document)


def cost(work: Work, raw: bytes, rounds: int = 3) -> float:
    """Seconds of processor, the median of some rounds; a refusal costs what it takes to find."""

    def call() -> None:
        with suppress(ServiceError):
            work(raw)

    first = spent(call)
    return first if first > LONG else median([first, *(spent(call) for _ in range(rounds - 1))])


def measured(shape: Shape) -> dict[str, float]:
    """All figures of a shape, in this process."""
    usual, little = ordinary(MB), ordinary(SMALL)
    document(usual)
    half, whole = shape(MB // 2), shape(MB)
    yardstick = [cost(document, usual)]
    seconds = cost(document, half), cost(document, whole)
    yardstick.append(cost(document, usual))
    figures = {
        "half": seconds[0],
        "whole": seconds[1],
        "usual": sum(yardstick) / 2,
        "memory": peak(os.getpid()) / MB,
    }
    small = shape(SMALL)
    for name, work in QUESTIONS.items():
        work(little)
        figures[name] = cost(work, small)
        figures[f"usual {name}"] = cost(work, little)
    return figures


def show(goals: Goals, name: str) -> None:
    """Measure a shape in a process of its own, and show its figures."""
    command = [sys.executable, __file__, "measure", name]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, float] = json.loads(out)
    whole, half, usual = figures["whole"], figures["half"], figures["usual"]
    goals.show(whole / usual, RATIO, f"{name}: 1 MB / 1 MB of ordinary lines: {whole:.2f} s / {usual * 1e3:.0f} ms")
    if half > SHORTEST:
        goals.show(whole / half, GROWTH, f"{name}: 1 MB / half of it")
    goals.show(figures["memory"], MOST_MEMORY, f"{name}: MB of memory")
    for question in QUESTIONS:
        one, other = figures[question], figures[f"usual {question}"]
        what = f"{name}, {question}: 30 kB / 30 kB of an ordinary boot: {one * 1e3:.0f} ms / {other * 1e3:.0f} ms"
        goals.show(one / other, RATIO, what)


def profile(shape: Shape, size: int) -> None:
    """Where a text spends its time."""
    raw, profiler = shape(size), cProfile.Profile()
    document(ordinary(MB // 10))
    profiler.runcall(document, raw)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)


def main() -> None:
    """Do what the arguments name."""
    which = sys.argv[1:]
    if which[:1] == ["measure"]:
        print(json.dumps(measured((SHAPES | of_forms())[which[1]])))
        return
    if which[:1] == ["profile"]:
        profile((SHAPES | of_forms())[which[1]], int(which[2]) if which[2:] else MB)
        return
    goals = Goals()
    for name in of_forms() if which == ["forms"] else SHAPES:
        if which in ([], ["forms"]) or any(word in name for word in which):
            show(goals, name)
    sys.exit(bool(goals.missed))


if __name__ == "__main__":
    main()
