"""/proc/zoneinfo: the spans of all zones, as the running kernel has them."""

from collections.abc import Iterable

import msgspec

from pfnscope.bootlog.files.lines import ZoneField, ZoneHeader
from pfnscope.bootlog.files.notes import Notes
from pfnscope.bootlog.model import ZoneInfo
from pfnscope.bootlog.records import merged

_MOST_FRAMES = 1 << 52


def zones(lines: Iterable[object], notes: Notes) -> tuple[ZoneInfo, ...]:
    """The zones in the order of the file. Of copies that differ the first counts, and the others are noted."""
    found: dict[tuple[int, str], ZoneInfo] = {}
    header: ZoneHeader | None = None
    fields: dict[str, ZoneField] = {}
    for line in (*lines, None):
        if isinstance(line, ZoneField):
            fields.setdefault(line.name, line)
            continue
        if line is not None and not isinstance(line, ZoneHeader):
            continue
        if header is not None:
            _add(found, header, fields, notes)
        header, fields = line, {}
    return tuple(found.values())


def _add(
    found: dict[tuple[int, str], ZoneInfo], header: ZoneHeader, fields: dict[str, ZoneField], notes: Notes
) -> None:
    spanned, present = fields.get("spanned"), fields.get("present")
    lines = tuple(sorted({*header.lines, *(n for field in fields.values() for n in field.lines)}))
    name = f"Zone {header.zone} of node {header.node}"
    if spanned is None or present is None:
        notes.say("info", "zoneinfo-cut-off", f"{name} of /proc/zoneinfo has no page counts; it is left out.", lines)
        return
    start, managed = fields.get("start_pfn"), fields.get("managed")
    zone = ZoneInfo(
        header.node,
        header.zone,
        start.value if start else None,
        spanned.value,
        present.value,
        managed.value if managed else None,
        lines,
    )
    if zone.present > zone.spanned or (zone.start_pfn or 0) + zone.spanned > _MOST_FRAMES:
        notes.say(
            "warning", "impossible-zone", f"{name} of /proc/zoneinfo has impossible numbers; it is left out.", lines
        )
        return
    before = found.setdefault((zone.node, zone.zone), zone)
    if before is zone:
        return
    if (before.start_pfn, before.spanned, before.present) != (zone.start_pfn, zone.spanned, zone.present):
        message = f"{name} comes twice in /proc/zoneinfo with different numbers; the first ones are used."
        notes.say("warning", "conflicting-zoneinfo", message, lines)
        return
    found[zone.node, zone.zone] = msgspec.structs.replace(before, lines=merged(before.lines, lines))
