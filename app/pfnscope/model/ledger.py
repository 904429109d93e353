"""Where the RAM of a machine went: from what firmware tells of to what the page allocator has (MemTotal)."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from pfnscope.model.analysis import Basis
from pfnscope.model.findings import Span
from pfnscope.model.ranges import Lines
from pfnscope.units import MIB

Taker = Literal["firmware", "argument", "limit", "node", "reservation", "kernel", "returned"]
"""Who took the memory of a row.

"limit" is what this kernel cannot use, "node" what it gives no node, "reservation" what somebody set aside (crash
kernel, device tree), "kernel" its own bookkeeping. "returned" is given back to the page allocator.
"""


NOT_IN_MAP = "not in the memory map"
NOT_CACHED = "not covered by MTRRs"
GIVEN_UP = "changed by the kernel"
SOFT_RESERVED = "soft-reserved memory"
NO_PAE = "above 4 GiB, without PAE"
TOO_HIGH = "beyond the kernel's limits"
NO_NODE = "without a node"
GRAPHICS = "graphics memory"
APERTURE = "GART aperture"
STRUCT_PAGES = "struct pages"
SHADOW = "KASAN shadow"
BOOT_SERVICES = "EFI boot services"
UNNAMED = "early allocations that no line names"
DEVICE_TREE = "reserved by the device tree"
"""``what`` of the rows that findings are about."""

_OWN_PERCENT = 6
"""Struct pages take 1.6 % of RAM, page tables of debug kernels up to 3 %: a row beyond this stands out."""


class LedgerRow(Struct, frozen=True):
    """One cause. ``bytes`` taken are positive, given back negative.

    ``basis``: the log shows the size, or it follows from how the release counts, or it is an estimate. ``ranges`` are
    where the memory lies, in bytes: the largest :data:`MOST_RANGES` by address, empty where no line tells. They can
    hold more than ``bytes``, which leaves out parts that another row has.
    """

    what: str
    bytes: int
    lines: Lines
    basis: Basis
    text: str
    taker: Taker
    ranges: tuple[Span, ...] = ()


MOST_RANGES = 64
"""Ranges of a row: more are neither read nor drawn."""


def largest(ranges: Iterable[Span]) -> tuple[Span, ...]:
    """The largest of some ranges, in the order of addresses."""
    kept = sorted(set(ranges), key=lambda item: (item.start - item.end, item.start))[:MOST_RANGES]
    return tuple(sorted(kept, key=lambda item: item.start))


class Ledger(Struct, frozen=True):
    """``rows`` and ``mem_total`` add up to ``total``, all in bytes.

    ``total`` is what ``begins`` says: installed memory where the text tells it, or else what the firmware tells of.
    ``mem_total`` is MemTotal of /proc/meminfo once the kernel is up, without memory that is plugged in later;
    ``mem_total_basis`` is assumed where lines are missing that count it, and ``mem_total_text`` says which.
    ``mem_total_printed`` is what /proc/meminfo beside the log says.
    """

    total: int
    begins: str
    begins_lines: Lines
    rows: tuple[LedgerRow, ...]
    mem_total: int
    mem_total_basis: Basis
    mem_total_text: str
    mem_total_printed: int | None
    lines: Lines

    @property
    def out_of_ordinary(self) -> bool:
        """Whether anything but the kernel's own bookkeeping takes more than 3 % of the memory and 64 MiB."""
        return any(self.stands_out(row) for row in self.rows)

    def stands_out(self, row: LedgerRow) -> bool:
        """Whether a row is worth a look: of the kernel's own bookkeeping only what takes much more than usual."""
        percent = _OWN_PERCENT if row.taker == "kernel" else 3
        kept = self.kept(row)
        return kept > 64 * MIB and kept * 100 > percent * self.total

    def kept(self, row: LedgerRow) -> int:
        """Bytes that a row takes and no later one gives back; those are named after it."""
        back = sum(item.bytes for item in self.rows if item.bytes < 0 and item.what.startswith(f"{row.what}, "))
        return max(row.bytes + back, 0)
