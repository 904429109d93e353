"""A memblock of painted pages: one byte a page, and the first place that fits is found by trying each.

As simple as can be, and slow: what ranges give is held against it. Written after mm/memblock.c of 6.1 alone.
"""

FREE, TAKEN, NONE = 0, 1, 2


class PaintedMemblock:
    """Pages [0, pages): memory is added, then parts are reserved."""

    def __init__(self, pages: int) -> None:
        self.paint = bytearray([NONE]) * pages

    def add(self, start: int, end: int) -> None:
        """memblock_add() of pages."""
        for page in range(start, end):
            self.paint[page] = FREE

    def reserve(self, start: int, end: int) -> None:
        """memblock_reserve() of pages; where there is no memory it does nothing that matters."""
        for page in range(start, min(end, len(self.paint))):
            if self.paint[page] == FREE:
                self.paint[page] = TAKEN

    def is_free(self, start: int, size: int) -> bool:
        """Whether all pages from ``start`` on are memory that nobody has."""
        return all(page < len(self.paint) and self.paint[page] == FREE for page in range(start, start + size))

    def find(self, size: int, align: int, low: int, high: int, *, bottom_up: bool = False) -> int | None:
        """memblock_find_in_range(): the last start that fits, or the first; never page 0."""
        starts = range(max(low, 1), high - size + 1)
        for start in starts if bottom_up else reversed(starts):
            if start % align == 0 and self.is_free(start, size):
                return start
        return None

    def alloc(self, size: int, align: int, low: int, high: int) -> int | None:
        """memblock_phys_alloc_range()."""
        start = self.find(size, align, low, high)
        if start is not None:
            self.reserve(start, start + size)
        return start
