"""/sys/firmware/memmap: the map as the firmware gave it, kept for kexec."""

from collections.abc import Iterable

import msgspec

from pfnscope.bootlog.files.lines import MemmapEntry, MemmapPart
from pfnscope.bootlog.files.notes import Notes
from pfnscope.bootlog.forms.files import resource_type
from pfnscope.bootlog.model import MapEntry
from pfnscope.bootlog.records import merged
from pfnscope.ranges import ByteRange
from pfnscope.units import parse_size


def entries(lines: Iterable[object], notes: Notes) -> tuple[MapEntry, ...]:
    """The entries by address; equal ones once. Those of several files count when all three are there."""
    found: dict[MapEntry, MapEntry] = {}
    parts: dict[int, dict[str, MemmapPart]] = {}
    for line in lines:
        if isinstance(line, MemmapEntry):
            _add(found, line.entry, notes)
        elif isinstance(line, MemmapPart):
            whole = parts.setdefault(line.index, {})
            whole[line.part] = line
            if len(whole) == 3:
                _join(found, parts.pop(line.index), notes)
    for index, left in parts.items():
        message = f"Entry {index} of /sys/firmware/memmap is not whole; it is left out."
        notes.say("info", "memmap-cut-off", message, next(iter(left.values())).lines)
    return tuple(sorted(found.values(), key=lambda entry: entry.range))


def _join(found: dict[MapEntry, MapEntry], parts: dict[str, MemmapPart], notes: Notes) -> None:
    start, last = parse_size(parts["start"].value), parse_size(parts["end"].value)
    lines = tuple(sorted(n for part in parts.values() for n in part.lines))
    if start is None or last is None:
        notes.say("warning", "unrecognised-line", "This is no address of a memory map entry.", lines)
        return
    name = parts["type"].value
    _add(found, MapEntry(ByteRange.inclusive(start, last), resource_type(name), name, lines), notes)


def _add(found: dict[MapEntry, MapEntry], entry: MapEntry, notes: Notes) -> None:
    if notes.possible(entry.range, entry.lines):
        key = msgspec.structs.replace(entry, lines=())
        before = found.get(key)
        lines = merged(before.lines, entry.lines) if before else entry.lines
        found[key] = msgspec.structs.replace(entry, lines=lines)
