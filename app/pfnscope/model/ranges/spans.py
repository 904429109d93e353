"""One range of bytes and one range of page frames: two types, converted by names that say the rounding."""

from typing import Self

import msgspec


class ByteRange(msgspec.Struct, frozen=True, order=True, gc=False):
    """Physical addresses ``[start, end)`` in bytes. ``end`` may be 2**64, the end of the address space."""

    start: int
    end: int

    @classmethod
    def inclusive(cls, first: int, last: int) -> Self:
        """From a printed ``[mem first-last]``, whose last byte belongs to the range."""
        return cls(first, last + 1)

    @classmethod
    def base_size(cls, base: int, size: int) -> Self:
        """From a printed base and size, as memblock and ``size @ start`` maps give them."""
        return cls(base, base + size)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.end - self.start

    def frames_inward(self, page_size: int) -> "FrameRange":
        """The page frames wholly inside, as the kernel counts usable memory (PFN_UP to PFN_DOWN)."""
        start = -(-self.start // page_size)
        return FrameRange(start, max(start, self.end // page_size))

    def frames_outward(self, page_size: int) -> "FrameRange":
        """The page frames touched, as the kernel counts reservations (PFN_DOWN to PFN_UP)."""
        return FrameRange(self.start // page_size, -(-self.end // page_size))


class FrameRange(msgspec.Struct, frozen=True, order=True, gc=False):
    """Page frame numbers ``[start, end)``."""

    start: int
    end: int

    @property
    def pages(self) -> int:
        """Number of page frames."""
        return self.end - self.start

    def clip(self, start: int, end: int) -> "FrameRange":
        """The part inside ``[start, end)``; empty (start == end) where nothing is left."""
        low = min(max(self.start, start), end)
        return FrameRange(low, max(low, min(self.end, end)))
