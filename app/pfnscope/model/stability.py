"""The firmware's memory map over several boots of one machine: what moved, and who resumes from whose image."""

from typing import Literal

from msgspec import Struct

from pfnscope.model.log import MapEntry
from pfnscope.units import format_size

Became = Literal["moved", "resized", "added", "removed"]


class RegionChange(Struct, frozen=True):
    """What became of an entry of the firmware's map from one boot to another.

    ``moved`` by ``by`` bytes with its size; ``resized`` where one end stayed, or where it moved too. ``follows``:
    usable memory that only gives way to a region beside it.
    """

    change: Became
    before: MapEntry | None
    after: MapEntry | None
    by: int | None = None
    follows: bool = False

    def __str__(self) -> str:
        """``ACPI data, 52 KiB, moved down by 12 KiB to 0x68862000, its size unchanged``."""
        if self.before is None or self.after is None:
            entry = self.before or self.after
            return "" if entry is None else f"{named(entry)} at {entry.start} is {'gone' if self.before else 'new'}"
        by = self.after.start - self.before.start
        moved = f"moved {'up' if by > 0 else 'down'} by {format_size(abs(by))} to {self.after.start}"
        larger = self.after.range.size - self.before.range.size
        if not larger:
            return f"{named(self.before)}, {moved}, its size unchanged"
        size = f"is {format_size(abs(larger))} {'larger' if larger > 0 else 'smaller'}"
        return f"{named(self.before)} at {self.before.start} {size}" + (f" and {moved}" if by else "")


def named(entry: MapEntry) -> str:
    """``ACPI data, 52 KiB``: the entry as printed, and its size."""
    return f"{entry.label or entry.type}, {format_size(entry.range.size)}"


class BootMap(Struct, frozen=True):
    """One boot: its number in the text or among the texts, and its firmware's map in short.

    ``same_as`` is the first of the boots, by position from 1, that has the same map. ``usable`` is in bytes. ``hash``
    is what the kernel puts into the header of an image, as far as the log shows the table; null where the release makes
    none or a type has no number.
    """

    boot: int
    release: str | None
    entries: int
    usable: int
    hash: str | None
    same_as: int


class ResumePair(Struct, frozen=True):
    """Whether the kernel of boot ``b`` resumes from an image that boot ``a`` wrote; both by position, from 1.

    ``resumes`` is null where the text does not tell; ``why`` says so in words. ``ram_only``: whether a check of usable
    memory alone would let it, which no release has. ``same_size``: whether both have as much usable memory.
    """

    a: int
    b: int
    same_map: bool
    resumes: bool | None
    why: str
    ram_only: bool
    same_size: bool


class UnstableRegion(Struct, frozen=True):
    """A region that is not at one place or not of one size in all boots: where it is in each, null where it is not."""

    type: str
    label: str
    places: tuple[MapEntry | None, ...]


class Stability(Struct, frozen=True):
    """The firmware's maps of several boots of one machine.

    ``maps`` counts those that differ, ``changes`` are from the first boot to the second. Each boot has a pair with the
    one before it and with the first. ``report`` is text for the vendor of the firmware, empty where nothing differs.
    """

    boots: tuple[BootMap, ...]
    maps: int
    changes: tuple[RegionChange, ...]
    regions: tuple[UnstableRegion, ...]
    pairs: tuple[ResumePair, ...]
    report: str = ""
