"""Where two lanes of one axis say different things."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from msgspec import Struct

from pfnscope.drawing.lanes import Bar
from pfnscope.drawing.palette import PAINTS

_MOST_WORDS = 3

_What = tuple[str, str]


class Difference(Struct, frozen=True):
    """Page frames [start_pfn, end_pfn) that are told differently.

    ``before`` and ``after`` are the bars' labels, empty where there is no bar.
    """

    start_pfn: int
    end_pfn: int
    before: str
    after: str


def differences(before: Iterable[Bar], after: Iterable[Bar]) -> tuple[Difference, ...]:
    """Maximal runs of frames whose bars differ in kind or label; O(n log n), however many bars overlap."""
    out: list[Difference] = []
    for start, end, words in _runs(before, after):
        if out and out[-1].end_pfn == start and (out[-1].before, out[-1].after) == words:
            out[-1] = Difference(out[-1].start_pfn, end, *words)
        else:
            out.append(Difference(start, end, *words))
    return tuple(out)


def _runs(before: Iterable[Bar], after: Iterable[Bar]) -> Iterator[tuple[int, int, tuple[str, str]]]:
    steps: list[tuple[int, int, int, _What]] = []
    for side, bars in enumerate((before, after)):
        for bar in bars:
            steps += [(bar.start_pfn, side, 1, (bar.kind, bar.label)), (bar.end_pfn, side, -1, (bar.kind, bar.label))]
    steps.sort(key=lambda step: step[0])
    active: tuple[dict[_What, int], dict[_What, int]] = ({}, {})
    uneven: dict[_What, int] = {}  # how many more bars of one look the second lane has here
    last = 0
    for pfn, group in groupby(steps, key=lambda step: step[0]):
        if uneven and last < pfn:
            words = _words(active[0]), _words(active[1])
            if words[0] == words[1]:
                words = _words(active[0], kinds=True), _words(active[1], kinds=True)
            yield last, pfn, words
        for _, side, by, what in group:
            _count(active[side], what, by)
            _count(uneven, what, by if side else -by)
        last = pfn


def _count(counts: dict[_What, int], what: _What, by: int) -> None:
    now = counts.get(what, 0) + by
    if now:
        counts[what] = now
    else:
        counts.pop(what, None)


def _words(active: dict[_What, int], *, kinds: bool = False) -> str:
    words = [f"{label}, {PAINTS[kind].name}" if kinds else label for kind, label in islice(active, _MOST_WORDS)]
    return ", ".join(dict.fromkeys(words)) + (", …" if len(active) > _MOST_WORDS else "")
