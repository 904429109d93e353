"""Memory that the kernel does not map (MEMBLOCK_NOMAP), where the printed count of unavailable pages gives it away.

No line tells which ranges are NOMAP. But ranges of a node that touch each other are not merged, so their marks differ,
and on arm64 that mark is NOMAP; and up to 5.11 the count of struct pages without memory has them in it.
"""

from collections.abc import Iterator
from itertools import islice, product

from msgspec import structs

from pfnscope.analysis.choice import printed_counts
from pfnscope.analysis.replay import replay
from pfnscope.kernel.architectures import asks_memblock
from pfnscope.kernel.rules import RULES, CountWording
from pfnscope.model.layout import Layout, MemoryRange
from pfnscope.model.log import PrintedCounts
from pfnscope.model.ranges import FrameSet

_MOST_TRIES = 64


def with_nomap(layout: Layout, counts: PrintedCounts) -> Layout:
    """The layout with the NOMAP memory that explains the printed count, or as it was where none is needed or does.

    Of touching ranges every other one is NOMAP, in each run the second first: firmware keeps pieces of RAM for itself.
    Source: should_skip_region() in mm/memblock.c, 5.4 and 5.11; an arm64 boot of 5.1 that counts 416 pages.
    """
    if counts.count_line is not CountWording.ZEROED or layout.version is None:
        return layout
    if not asks_memblock(layout.arch, layout.version) or _explained(layout, counts):
        return layout
    for nomap in islice(_candidates(layout), _MOST_TRIES):
        tried = structs.replace(layout, nomap=nomap)
        if _explained(tried, counts):
            return tried
    return layout


def _explained(layout: Layout, counts: PrintedCounts) -> bool:
    """Whether a rule that prints such a line, of this release, gives the printed number."""
    printed = sum(count.pages for count in printed_counts(counts))
    rules = (rule for rule in RULES if rule.wording is CountWording.ZEROED and layout.version is not None)
    return any(sum(count.pages for count in replay(layout, rule)[1]) == printed for rule in rules)


def _candidates(layout: Layout) -> Iterator[FrameSet]:
    runs = list(_touching(layout.memory))
    for first in product((1, 0), repeat=len(runs)):
        yield FrameSet.of(item.frames for run, start in zip(runs, first, strict=True) for item in run[start::2])


def _touching(memory: tuple[MemoryRange, ...]) -> Iterator[list[MemoryRange]]:
    """Runs of two ranges or more of a node that follow each other without a gap."""
    run: list[MemoryRange] = []
    for item in memory:
        if run and (run[-1].frames.end, run[-1].node) != (item.frames.start, item.node):
            if len(run) > 1:
                yield run
            run = []
        run.append(item)
    if len(run) > 1:
        yield run
