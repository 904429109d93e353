"""memblock's search for free memory, over sorted ranges."""

from collections.abc import Iterator

from pfnscope.model.ranges import Pairs, clip
from pfnscope.units import PAGE_SIZE


def find(
    free: Pairs, size: int, align: int, low: int = 0, high: int = 1 << 64, *, bottom_up: bool = False
) -> int | None:
    """Where memblock takes ``size`` bytes inside ``[low, high)`` of what is free; None where nothing holds them.

    The highest multiple of ``align`` that leaves room in one piece, or the lowest. The first page is never taken.
    Source: memblock_find_in_range_node(), __memblock_find_range_top_down() and …_bottom_up() in mm/memblock.c, 4.17 to
    7.1; before 5.15 memblock_find_in_range(), before 4.20 with the bottom-up one from the kernel's end on.
    """
    pieces = clip(free, max(low, PAGE_SIZE), high)
    for start, end in pieces if bottom_up else reversed(pieces):
        at = -(-start // align) * align if bottom_up else (end - size) // align * align
        if at >= start and at + size <= end:
            return at
    return None


def starts(free: Pairs, size: int, align: int, first: int = 0, last: int = (1 << 64) - 1) -> Iterator[tuple[int, int]]:
    """Runs ``[start, end)`` of multiples of ``align`` from ``first`` to ``last`` at which ``size`` bytes are free."""
    for low, high in clip(free, first, last + size):
        start, top = -(-low // align) * align, (high - size) // align * align
        if start <= top:
            yield start, top + align
