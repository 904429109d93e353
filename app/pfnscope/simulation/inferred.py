"""An excerpt that shows only the user-defined map: what it was made from, as far as it tells."""

import msgspec

from pfnscope.model.log import BootLog, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from pfnscope.units import KIB


def with_inferred(log: BootLog) -> tuple[BootLog, str | None]:
    """The log with a firmware map and a command line put where it has none, and what they were taken from.

    Persistent memory of type 12 in a user-defined map comes from ``memmap=nn!ss``, unless the firmware's map has it;
    what such a region covers is taken for RAM. Nothing else of a user's map tells what was there before, so a log
    without such entries comes back as it is.
    """
    if log.command_line is not None:
        return log, None
    regions = _joined(log.user_map)
    if log.firmware_map or not regions:
        return log, None
    arguments = " ".join(f"memmap={_size(item.end - item.start)}!{_size(item.start)}" for item in regions)
    ram = next((entry.label for entry in log.user_map if entry.type is MemoryType.RAM), "usable")
    before = tuple(
        msgspec.structs.replace(entry, type=MemoryType.RAM, label=ram) if entry.type is MemoryType.PRAM else entry
        for entry in log.user_map
    )
    lines = tuple(line for entry in log.user_map if entry.type is MemoryType.PRAM for line in entry.lines)
    return (
        msgspec.structs.replace(log, firmware_map=before, command_line=arguments, command_line_lines=lines),
        "the persistent memory in the user-defined map, which takes the place of RAM",
    )


def own_command_line(log: BootLog) -> str:
    """The command line that the log's machine was booted with, as far as the log shows or implies one."""
    return with_inferred(log)[0].command_line or ""


def _joined(entries: tuple[MapEntry, ...]) -> list[ByteRange]:
    """Regions of type 12; the kernel breaks them where an entry of its map ended."""
    out: list[ByteRange] = []
    for entry in sorted(entries, key=lambda entry: entry.range):
        if entry.type is not MemoryType.PRAM:
            continue
        if out and out[-1].end == entry.start:
            out[-1] = ByteRange(out[-1].start, entry.end)
        else:
            out.append(entry.range)
    return out


def _size(value: int) -> str:
    for suffix, shift in (("G", 30), ("M", 20), ("K", 10)):
        if value and value % (1 << shift) == 0:
            return f"{value >> shift}{suffix}"
    return hex(value) if value >= KIB else str(value)
