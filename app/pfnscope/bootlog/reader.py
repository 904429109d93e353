"""The door of the room: a text in, its boots out."""

import msgspec

from pfnscope.bootlog.draft import Draft
from pfnscope.bootlog.excerpts import chosen, drafts, joined
from pfnscope.bootlog.finish import finish
from pfnscope.bootlog.model import BootLog, Lines
from pfnscope.bootlog.records import records
from pfnscope.bootlog.text import Text

LOOKED_FOR = (
    "memory maps (BIOS-e820, Xen, user, extended, modified)",
    "EFI memory map",
    "SRAT memory affinity",
    "Early memory node ranges",
    "Zone ranges",
    "MEMBLOCK configuration (memblock=debug)",
    "/proc/zoneinfo and /proc/iomem (read as root)",
    "/sys/firmware/memmap, memblock lists of debugfs, lsmem",
)
"""What a layout can be read from, for people."""


class Reading(msgspec.Struct, frozen=True):
    """The boots of a text that have a layout, in text order.

    ``seen`` names the families of lines that were met at all, for telling somebody whose text has none. ``lines``
    are the numbers of all lines that have a meaning, also of what is no boot with a layout.
    """

    boots: tuple[BootLog, ...]
    line_count: int
    seen: tuple[str, ...]
    lines: Lines = ()


def read(text: bytes | Text) -> Reading:
    """Read a boot log, or a mail or file that holds some; any bytes are accepted, in linear time."""
    searchable = text if isinstance(text, Text) else Text(text)
    parts = drafts(searchable, records(searchable))
    seen = tuple(dict.fromkeys(family for part in parts for family in part.families))
    recognised = {line for part in parts for line in part.recognised}
    parts = joined(parts)
    _name_nameless(parts)
    boots = chosen(parts)
    if any(part.files.lines for part in parts):
        logs = _with_files(parts, boots)
    else:
        logs = tuple(finish(boot, index, len(boots)) for index, boot in enumerate(boots, 1))
    known = {*recognised, *(line for log in logs for line in log.recognised)} if logs else ()
    return Reading(logs, searchable.line_count, seen, searchable.whole(known))


def _name_nameless(parts: list[Draft]) -> None:
    """Where a whole text names one release only, an excerpt that names none is taken for that kernel's, as assumed."""
    named = {part.banner[0].release for part in parts if part.banner} | {name for p in parts for name in p.running}
    if len(named) != 1:
        return
    lines = next(part.banner[1] if part.banner else next(iter(part.running.values())) for part in parts if part.named)
    for part in parts:
        if not part.named:
            part.running = {next(iter(named)): lines}


def _with_files(parts: list[Draft], boots: list[Draft]) -> tuple[BootLog, ...]:
    """The boots with the files of /proc and /sys; few texts have any, so the rest is loaded only here."""
    from pfnscope.bootlog.neighbours.attach import adopt, with_files

    owners = adopt(parts, boots)
    return tuple(with_files(finish(boot, index, len(owners)), boot) for index, boot in enumerate(owners, 1))
