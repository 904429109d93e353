"""Figures beside their goals: one line each, and which were missed."""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time

SLACK = 1.1
"""A goal is missed by more than a tenth: figures of one machine differ by as much."""
ROUNDS = 5


class Goals:
    """What was measured in this run."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def show(self, figure: float, goal: float | None, what: str) -> None:
        """Print a figure; without a goal it is for people alone."""
        bad = goal is not None and figure > SLACK * goal
        beside = "no goal" if goal is None else f"goal {goal:g}"
        print(f"{figure:8.2f}  ({beside})  {what}{'  <<< missed' if bad else ''}", flush=True)
        if bad:
            self.missed.append(f"{figure:.2f} for {goal:g}: {what}")

    def compare(
        self,
        what: str,
        one: Callable[[], float],
        other: Callable[[], float],
        goal: float | None,
        rounds: int = ROUNDS,
    ) -> float:
        """The ratio of the medians of two measures taken in turn, in seconds; the first of the two medians."""
        one()
        other()
        times = [(one(), other()) for _ in range(rounds)]
        a, b = median(pair[0] for pair in times), median(pair[1] for pair in times)
        self.show(a / b, goal, f"{what}: {a * 1e3:.1f} ms / {b * 1e3:.1f} ms")
        return a


def spent(call: Callable[[], object]) -> float:
    """Seconds of processor of one call, with the collector as in the command, a server's jobs and a scan: off."""
    gc.collect()
    gc.disable()
    start = process_time()
    try:
        call()
    finally:
        gc.enable()
    return process_time() - start


def measure(call: Callable[[], object]) -> Callable[[], float]:
    """A measure of a call, for :meth:`Goals.compare`."""
    return lambda: spent(call)
