"""Where work is done: what is proven short for its size in a thread, all else in a process that can be stopped.

The figures are seconds of one processor (``benchmarks/shorts.py`` measures them over all shapes that are made to be
slow): 0.11 s at most for a text of ``SMALL`` bytes, a command line of nothing but memmap=, and 0.03 s for any other.
What is not named here, such as to simulate, to place, to compare and to paint, has no size at which it is short.
"""

from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from pfnscope.pages.subjects import Subject
from pfnscope.service import jobs
from pfnscope.service.whatif import NO_QUESTION, Question
from pfnscope.web import rendering
from pfnscope.web.work import Work
from pfnscope.web.workers import SMALL

P = ParamSpec("P")
T = TypeVar("T")

SMALL_DRAWING = 256 << 10
"""Bytes of a packed drawing, with the text beside it: a page of it takes 0.03 s at most, a figure 0.07 s."""
_SMALL_FIELD = 1 << 18  # bytes of a text that goes back into its field, escaped, in 10 ms

SHORT: Mapping[Callable[..., object], int] = {
    **dict.fromkeys(
        (
            jobs.analyzed,
            jobs.checked,
            jobs.drawn,
            jobs.exported,
            jobs.kept,
            jobs.kept_and_drawn,
            jobs.kept_and_reported,
            jobs.looked_up,
            rendering.preview,
        ),
        SMALL,
    ),
    **dict.fromkeys(
        (rendering.comparison, rendering.figure, rendering.page, rendering.partners, rendering.place), SMALL_DRAWING
    ),
    rendering.paste: _SMALL_FIELD,
}
"""The jobs that may be short, each with the bytes up to which it is."""

_LONG_FORMATS = ("html", "png")
"""They take a tenth of a second however small the layout."""


def is_short(job: Callable[..., object], args: tuple[object, ...]) -> bool:
    """Whether a job is short with these values: it is given few bytes, and no question that has to be simulated."""
    if any(isinstance(arg, Question) and arg != NO_QUESTION for arg in args):
        return False
    if job is jobs.exported and any(arg in _LONG_FORMATS for arg in args):
        return False
    return sum(map(_bytes_of, args)) <= SHORT.get(job, -1)


async def answered(work: Work, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a job, a function of a module with values that can be pickled: from a thread where it is short."""
    if is_short(job, (*args, *kwargs.values())):
        return await work.short(job, *args, **kwargs)
    return await work.apart(job, *args, **kwargs)


def _bytes_of(value: object) -> int:
    match value:
        case bytes():
            return len(value)
        case Subject():
            return len(value.text)
        case tuple():
            return sum(map(_bytes_of, value))
    return 0
