"""Measures what ``pfnscope.web.costs`` calls short, at the largest size that is, over all shapes made to be slow.

Prints the worst shape of each job, in seconds of processor, and misses where one is longer than a tenth of a second.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.goals import Goals, spent
from benchmarks.machines import Shape
from benchmarks.shapes import SHAPES
from pfnscope.errors import ServiceError
from pfnscope.pages.compare import NAMES, Pair
from pfnscope.pages.layout import LayoutAddress
from pfnscope.pages.query import parsed_view
from pfnscope.pages.subjects import Subject
from pfnscope.service import Options, jobs
from pfnscope.service.whatif import NO_QUESTION
from pfnscope.web import rendering
from pfnscope.web.bodies import Fields
from pfnscope.web.costs import SMALL_DRAWING
from pfnscope.web.workers import SMALL

MOST, LIMIT = 10**9, 64 << 20
GOAL = 0.1
FIND = parsed_view((("find", "4G"),))
WHOLE = parsed_view(())

Job = Callable[[], object]


def judging(shape: Shape) -> Iterator[tuple[str, Job]]:
    """The jobs on a small text."""
    raw = shape(SMALL)[:SMALL]
    plain = raw, Options(), MOST
    yield "document", lambda: jobs.analyzed(*plain)
    yield "lookup", lambda: jobs.looked_up(*plain, "4G")
    yield "drawing", lambda: jobs.drawn(*plain, NO_QUESTION)
    yield "kept and drawn", lambda: jobs.kept_and_drawn(raw, Options(), "memory-lines", MOST)
    yield "kept and reported", lambda: jobs.kept_and_reported(raw, Options(), "memory-lines", MOST)
    yield "preview", lambda: rendering.preview(*plain, LIMIT, Fields())
    for suffix in ("txt", "md", "csv", "svg"):
        yield suffix, partial(jobs.exported, *plain, NO_QUESTION, suffix, "scale", 100)


def drawing(shape: Shape) -> Iterator[tuple[str, Job]]:
    """The jobs on the largest drawing of the shape that is small."""
    size, raw, packed = SMALL, b"", b""
    while size < SMALL_DRAWING:
        text = shape(size)
        drawn = jobs.drawn(text, Options(), MOST, NO_QUESTION)
        if len(drawn) > SMALL_DRAWING:
            break
        raw, packed, size = text, drawn, size * 5 // 4
    room = max(0, SMALL_DRAWING - len(packed))
    subject = Subject("a", "/l/a", "", raw[:room], Options())
    two = jobs.drawn_together((raw, Options()), (raw.replace(b"6.1.90", b"4.17.0"), Options()), MOST, NAMES)
    yield "page", lambda: rendering.page(packed, LIMIT, subject, LayoutAddress(log="all"), "")
    yield "figure", lambda: rendering.figure(packed, WHOLE)
    yield "find", lambda: rendering.place(packed, FIND)
    yield "partners", lambda: rendering.partners(packed, LIMIT, Pair("a", ""), "")
    if len(two) <= SMALL_DRAWING:
        yield (
            "comparison",
            lambda: rendering.comparison(two, LIMIT, Pair("a", "b"), (subject.without_text(),) * 2, WHOLE, []),
        )


def main() -> None:
    """Measure all shapes, print the worst of each job."""
    worst: dict[str, tuple[float, str]] = {}
    for name, shape in SHAPES.items():
        for kind in (judging, drawing):
            with suppress(ServiceError):  # a shape that has no layout
                for job, call in kind(shape):
                    seconds = min(cost(call), cost(call))
                    worst[job] = max(worst.get(job, (0.0, "")), (seconds, name))
    goals = Goals()
    for job, (seconds, name) in worst.items():
        goals.show(seconds, GOAL, f"{job}: seconds at most, for {name}")
    sys.exit(bool(goals.missed))


def cost(call: Job) -> float:
    """Seconds of processor; a refusal costs what it takes to find."""

    def refused() -> None:
        with suppress(ServiceError):
            call()

    return spent(refused)


if __name__ == "__main__":
    main()
