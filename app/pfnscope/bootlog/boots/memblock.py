"""The lists of memblock after the steps that memblock=debug prints, each dump being a state at its lines.

Struct pages are initialised from free_area_init() to memblock_free_all() (mm/page_alloc.c 4.17, mm/mm_init.c 7.1),
right after which the "Memory:" line comes: what is given back later was reserved when its struct pages were written.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import pairwise

from pfnscope.bootlog.boots.draft import Draft
from pfnscope.bootlog.model import MemblockRegion, NodeRange
from pfnscope.bootlog.records import merged
from pfnscope.ranges import ByteRange

Step = tuple[int, MemblockRegion, bool]
"""A line number, a region, and whether that line puts it into the list."""


def freed(draft: Draft) -> tuple[ByteRange, ...]:
    """What was printed as reserved and given back before struct pages were initialised."""
    frees = draft.values("memblock_frees")
    if not frees:
        return ()
    end = draft.memory_line[1][0] if draft.memory_line else None
    taken = (*draft.values("memblock_reserved"), *draft.values("memblock_reserve_events"))
    steps = [*_steps(taken, end, puts=True), *_steps(frees, end, puts=False)]
    return tuple(ByteRange(start, stop) for start, stop, (_, _, puts) in _last(steps) if not puts)


def memory(draft: Draft) -> tuple[NodeRange, ...]:
    """memblock.memory from its last dump and the steps after it; nothing where no step follows the dump."""
    dump, adds = draft.values("memblock_memory"), draft.values("memblock_adds")
    end = draft.memory_line[1][0] if draft.memory_line else None
    steps = [*_steps(adds, end, puts=True), *_steps(draft.values("memblock_removes"), end, puts=False)]
    if dump:
        printed = max(item.lines[-1] for item in dump)
        steps = [step for step in steps if step[0] > printed]
        if not steps:
            return ()
        steps += _steps(dump, None, puts=True)
    found: list[NodeRange] = []
    for start, stop, (_, region, puts) in _last(steps):
        if not puts:
            continue
        before = found[-1] if found else None
        if before is not None and before.range.end == start and before.node == (region.node or 0):
            whole = ByteRange(before.range.start, stop)
            found[-1] = NodeRange(before.node, whole, merged(before.lines, region.lines))
        else:
            found.append(NodeRange(region.node or 0, ByteRange(start, stop), region.lines))
    return tuple(found)


def _steps(regions: Iterable[MemblockRegion], before: int | None, *, puts: bool) -> Iterator[Step]:
    """The last time that each region comes before a line."""
    for region in regions:
        lines = region.lines if before is None else [line for line in region.lines if line < before]
        if lines:
            yield lines[-1], region, puts


def _last(steps: list[Step]) -> Iterator[tuple[int, int, Step]]:
    """Which step each range was touched by last: a sweep with a heap, O(n log n) in the number of steps."""
    order = sorted(steps, key=lambda step: step[1].range.start)
    points = sorted({point for _, region, _ in steps for point in (region.range.start, region.range.end)})
    heap: list[tuple[int, int]] = []
    at = 0
    for point, after in pairwise(points):
        while at < len(order) and order[at][1].range.start <= point:
            heappush(heap, (-order[at][0], at))
            at += 1
        while heap and order[heap[0][1]][1].range.end <= point:
            heappop(heap)
        if heap:
            yield point, after, order[heap[0][1]]
