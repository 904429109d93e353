"""One range of bytes and one range of page frames: two types, converted by names that say the rounding."""

from typing import NamedTuple, Protocol, Self

import msgspec


class Address(int):
    """A physical address, or a virtual one, in bytes. Text and JSON have it as ``0x`` and lower-case hex digits.

    Arithmetic gives plain integers: an address is made where it becomes a border of something.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return hex(self)


class _Borders(NamedTuple):
    start: Address
    end: Address


class ByteRange(_Borders):
    """Physical addresses ``[start, end)`` in bytes. ``end`` may be 2**64, the end of the address space.

    It is a pair, so that ``MapEntry(*memory, …)`` takes its borders.
    """

    __slots__ = ()

    def __new__(cls, start: int, end: int) -> Self:
        """Any two numbers; they become addresses here."""
        return tuple.__new__(cls, (Address(start), Address(end)))

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"

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


class _HasBorders(Protocol):
    @property
    def start(self) -> Address: ...
    @property
    def end(self) -> Address: ...


class _MayHaveBorders(Protocol):
    @property
    def start(self) -> Address | None: ...
    @property
    def end(self) -> Address | None: ...


def borders(range_: ByteRange | None) -> tuple[Address | None, Address | None]:
    """The borders of a range that there may not be."""
    return (None, None) if range_ is None else range_


class Bordered:
    """What has a ``start`` and an ``end`` in bytes is at a range."""

    __slots__ = ()

    @property
    def range(self: _HasBorders) -> ByteRange:
        """The bytes ``[start, end)``."""
        return tuple.__new__(ByteRange, (self.start, self.end))


class MaybeBordered:
    """What has a ``start`` and an ``end`` in bytes, or neither."""

    __slots__ = ()

    @property
    def range(self: _MayHaveBorders) -> ByteRange | None:
        """The bytes ``[start, end)``, None where there are none."""
        return None if self.start is None or self.end is None else tuple.__new__(ByteRange, (self.start, self.end))


class FrameRange(msgspec.Struct, frozen=True, order=True, gc=False, rename={"start": "start_pfn", "end": "end_pfn"}):
    """Page frames [start_pfn, end_pfn)."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"[{self.start:#x}, {self.end:#x})"

    @property
    def pages(self) -> int:
        """Number of page frames."""
        return self.end - self.start

    def clip(self, start: int, end: int) -> "FrameRange":
        """The part inside ``[start, end)``; empty (start == end) where nothing is left."""
        low = min(max(self.start, start), end)
        return FrameRange(low, max(low, min(self.end, end)))
