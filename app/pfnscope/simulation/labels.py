"""E820 type numbers and the words in which a kernel prints them."""

from collections.abc import Mapping

from pfnscope.kernel.map_arguments import (
    ACPI,
    NVS,
    PMEM,
    PRAM,
    RAM,
    RESERVED,
    SOFT_RESERVED,
    UNUSABLE,
)
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import PRAM_ARGUMENT
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from pfnscope.simulation.e820 import RESERVED_KERN, Entry

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
_ALWAYS = {ACPI: "ACPI data", NVS: "ACPI NVS", UNUSABLE: "unusable", SOFT_RESERVED: "soft reserved"}


def type_number(kind: MemoryType, label: str) -> int:
    """The number behind a printed type; that of a type without a name is printed."""
    digits = "".join(c for c in label if c.isdigit())
    return _NUMBERS.get(kind) or int(digits or 0)


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


def printed(entries: list[Entry], like: tuple[MapEntry, ...], version: Version | None) -> tuple[MapEntry, ...]:
    """A table as the kernel that printed ``like`` would print it (e820_print_type(), 2.6.39 to 7.1)."""
    new = any(item.label == "System RAM" for item in like)
    words = _ALWAYS | (_NEW if new else _OLD)
    if new:
        words[PRAM] = "persistent RAM (type 12)"
    elif PRAM_ARGUMENT.reached(version, unknown=True):
        words[PRAM] = "persistent (type 12)"
    return tuple(
        MapEntry(
            *ByteRange(entry.start, entry.end),
            _TYPES.get(entry.type, MemoryType.OTHER),
            words.get(entry.type, f"type {entry.type}"),
            entry.lines,
        )
        for entry in entries
    )
