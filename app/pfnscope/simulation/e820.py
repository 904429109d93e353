"""The e820 table while the kernel works on it: adding, retyping, removing, sanitising; type numbers and their names."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from msgspec import Struct

from pfnscope.kernel.map_arguments import Action, MapOperation
from pfnscope.kernel.region_kinds import ACPI, NVS, PMEM, PRAM, RAM, RESERVED, SOFT_RESERVED, UNUSABLE
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import ACPI_IN_MAX_PFN, PRAM_ARGUMENT, SOFT_RESERVED_APART
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, Lines

RESERVED_KERN = 128
"""RAM with setup_data in it, up to 6.18: memory all the same (arch/x86/include/asm/e820/types.h)."""

MEMORY_TYPES = frozenset({RAM, RESERVED_KERN})


class Entry(Struct, frozen=True):
    """Bytes ``[start, end)`` of one e820 type; ``lines`` of the log that say so."""

    start: int
    end: int
    type: int
    lines: Lines = ()


MOST_LINES = 16
"""Lines that what is joined of many entries keeps: enough to look at, and not each region those of all others."""


def joined_lines(one: Lines, other: Lines) -> Lines:
    """Lines of both, each once, up to :data:`MOST_LINES`."""
    if len(one) >= MOST_LINES:
        return one
    return (*one, *(line for line in other if line not in one))[:MOST_LINES]


class Table:
    """A table of entries, in the order in which the kernel keeps them.

    So many of the first as ``_sorted`` counts are in order and apart: those that were there when it was sanitised.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = list(entries)
        self._sorted = 0

    def apply(self, operation: MapOperation, lines: Lines) -> None:
        """Do what an argument asks for."""
        if operation.action is Action.KEEP:
            return
        if operation.action is Action.EMPTY:
            self.entries.clear()
            self._sorted = 0
        elif operation.action is Action.ADD and operation.new is not None:
            self.add(operation.start, operation.end, operation.new, lines)
        elif operation.action is Action.UPDATE and operation.old is not None and operation.new is not None:
            self.update(operation.start, operation.end, operation.old, operation.new, lines)
        else:
            self.remove(operation.start, operation.end, operation.old)

    def add(self, start: int, end: int, kind: int, lines: Lines = ()) -> None:
        """``e820__range_add()``: appended as it is; the sanitiser settles overlaps."""
        if start < end:
            self.entries.append(Entry(start, end, kind, lines))

    def update(self, start: int, end: int, old: int, new: int, lines: Lines = ()) -> None:
        """``e820__range_update()``: those parts of entries of type ``old`` get type ``new``."""
        self._cut(start, end, old, new, lines)

    def remove(self, start: int, end: int, old: int | None) -> None:
        """``e820__range_remove()``: those parts of entries of type ``old``, or of every entry, go."""
        self._cut(start, end, old, None, ())

    def _cut(self, start: int, end: int, old: int | None, new: int | None, lines: Lines) -> None:
        """Retype or remove those parts; of the sorted entries only those in reach are looked at."""
        first = bisect_right(self.entries, start, hi=self._sorted, key=lambda entry: entry.end)
        last = bisect_left(self.entries, end, lo=first, hi=self._sorted, key=lambda entry: entry.start)
        reached = _pieces(self.entries[first:last], start, end, old, new, lines)
        self.entries[self._sorted :] = _pieces(self.entries[self._sorted :], start, end, old, new, lines)
        self.entries[first:last] = reached
        self._sorted += len(reached) - (last - first)

    def sanitise(self, version: Version | None) -> bool:
        """``e820__update_table()``: sorted, without overlaps, the numerically largest type winning; equals merged.

        False where the kernel leaves the table as it is: with fewer than two entries, or one that wraps.
        Persistent memory (and soft-reserved memory later on) is begun anew at every point where any entry begins
        or ends. Source: arch/x86/kernel/e820.c, 4.17 to 7.1.
        """
        if len(self.entries) < 2:
            return False
        self.entries = list(_swept(self.entries, _kept_apart(version)))
        self._sorted = len(self.entries)
        return True

    def covered(self, start: int, end: int, kind: int) -> bool:
        """``e820__mapped_all()``: whether all of ``[start, end)`` has this type. Expects a sanitised table."""
        for entry in self.entries:
            if entry.type == kind and entry.start <= start < entry.end:
                start = entry.end
        return start >= end

    def end_of_ram(self, page_size: int, limit_pfn: int, version: Version | None) -> int:
        """``e820__end_of_ram_pfn()``: the frame behind the last RAM, or ACPI data later on, at most ``limit_pfn``."""
        kinds = {RAM, ACPI} if ACPI_IN_MAX_PFN.reached(version, unknown=True) else {RAM}
        ends = (e.end // page_size for e in self.entries if e.type in kinds and e.start // page_size < limit_pfn)
        return min(max(ends, default=0), limit_pfn)


def _pieces(
    entries: Iterable[Entry], start: int, end: int, old: int | None, new: int | None, lines: Lines
) -> list[Entry]:
    """The entries, with what of them lies in ``[start, end)`` and has type ``old`` or any retyped, or left out."""
    out: list[Entry] = []
    for entry in entries:
        if entry.end <= start or end <= entry.start or (old is not None and entry.type != old):
            out.append(entry)
            continue
        first, last = max(entry.start, start), min(entry.end, end)
        if entry.start < first:
            out.append(Entry(entry.start, first, entry.type, entry.lines))
        if new is not None:
            out.append(Entry(first, last, new, lines or entry.lines))
        if last < entry.end:
            out.append(Entry(last, entry.end, entry.type, entry.lines))
    return out


def _kept_apart(version: Version | None) -> frozenset[int]:
    if SOFT_RESERVED_APART.reached(version, unknown=True):
        return frozenset({PRAM, SOFT_RESERVED})
    return frozenset({PRAM})


def _swept(entries: list[Entry], apart: frozenset[int]) -> Iterable[Entry]:
    """One sweep over the points where entries begin and end; entries that have ended leave the heap when on top."""
    points = sorted({point for entry in entries for point in (entry.start, entry.end)})
    pending = sorted(entries, key=lambda entry: entry.start)
    open_: list[tuple[int, int, int]] = []
    current: Entry | None = None
    at = 0
    for point in points:
        while at < len(pending) and pending[at].start == point:
            heappush(open_, (-pending[at].type, at, pending[at].end))
            at += 1
        while open_ and open_[0][2] <= point:
            heappop(open_)
        top = pending[open_[0][1]] if open_ else None
        if current is not None:
            if top is not None and top.type == current.type and top.type not in apart:
                current = Entry(current.start, current.end, current.type, joined_lines(current.lines, top.lines))
                continue
            yield Entry(current.start, point, current.type, current.lines)
        current = None if top is None else Entry(point, point, top.type, top.lines)


_NUMBERS = {
    MemoryType.RAM: RAM,
    MemoryType.RESERVED: RESERVED,
    MemoryType.ACPI: ACPI,
    MemoryType.NVS: NVS,
    MemoryType.UNUSABLE: UNUSABLE,
    MemoryType.DISABLED: 6,
    MemoryType.PMEM: PMEM,
    MemoryType.PRAM: PRAM,
    MemoryType.SOFT_RESERVED: SOFT_RESERVED,
}
_TYPES = {number: kind for kind, number in _NUMBERS.items()} | {RESERVED_KERN: MemoryType.RAM}
_OLD = {RAM: "usable", RESERVED_KERN: "usable", RESERVED: "reserved", PMEM: "persistent (type 7)"}
_NEW = {RAM: "System RAM", RESERVED_KERN: "System RAM", RESERVED: "device reserved", PMEM: "persistent RAM (type 7)"}
_PERSISTENT = "persistent (type 12)"
_ALWAYS = {ACPI: "ACPI data", NVS: "ACPI NVS", UNUSABLE: "unusable", SOFT_RESERVED: "soft reserved"}


def type_number(kind: MemoryType, label: str) -> int:
    """The number behind a printed type; that of a type without a name is printed."""
    known = _NUMBERS.get(kind)
    return known or int("".join(c for c in label if c.isdigit()) or 0)


def entries_of(map_: tuple[MapEntry, ...]) -> list[Entry]:
    """A printed map as table entries."""
    return [
        Entry(item.start, item.end, type_number(item.type, item.label), item.lines) for item in map_ if item.range.size
    ]


def label_of(number: int, words: Mapping[MemoryType, str]) -> str:
    """The word for a type: the one that a map uses for it, or its number."""
    return (
        words.get(_TYPES.get(number, MemoryType.OTHER)) or _OLD.get(number) or _ALWAYS.get(number) or f"type {number}"
    )


def owner_of(number: int) -> tuple[MemoryType, str]:
    """What owns a region that an argument gives this type: its type, and the word that a map has for it."""
    return _TYPES.get(number, MemoryType.OTHER), label_of(number, {MemoryType.PRAM: _PERSISTENT})


def printed(entries: list[Entry], like: tuple[MapEntry, ...], version: Version | None) -> tuple[MapEntry, ...]:
    """A table as the kernel that printed ``like`` would print it (e820_print_type(), 2.6.39 to 7.1)."""
    new = any(item.label == "System RAM" for item in like)
    words = _ALWAYS | (_NEW if new else _OLD)
    if new:
        words[PRAM] = "persistent RAM (type 12)"
    elif PRAM_ARGUMENT.reached(version, unknown=True):
        words[PRAM] = _PERSISTENT
    return tuple(
        MapEntry(
            *ByteRange(entry.start, entry.end),
            _TYPES.get(entry.type, MemoryType.OTHER),
            words.get(entry.type, f"type {entry.type}"),
            entry.lines,
        )
        for entry in entries
    )
