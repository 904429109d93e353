"""From a draft to the frozen BootLog: frames become bytes, doubled counts become single ones."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import msgspec

from pfnscope.bootlog.boots import memblock
from pfnscope.bootlog.boots.draft import LAYOUT, LEAST, Draft
from pfnscope.bootlog.boots.identity import architecture, page_size
from pfnscope.bootlog.boots.oddities import oddities
from pfnscope.bootlog.effects import CountField, Tally
from pfnscope.bootlog.model import (
    BootLog,
    Count,
    E820Change,
    Initmem,
    Lines,
    MovableStart,
    NodeRange,
    PageCounts,
    ReservedRegion,
    ZoneRange,
)
from pfnscope.bootlog.records import merged
from pfnscope.ranges import ByteRange

T = TypeVar("T")
_USUAL_PAGE = 4096
_AS_PRINTED: tuple[CountField, ...] = (
    "zone_pages", "zone_memmap", "zone_reserved", "zone_exceeding", "zonelists", "zonelist_members", "walked",
    "deferred", "flag_widths",
)  # fmt: skip
_OF_MEMORY = ("memory_generic", "absent_kib", "reserved_kib", "cma_kib")


def finish(draft: Draft, index: int, count: int) -> BootLog:
    """Freeze one boot, number ``index`` of ``count``."""
    arch, arch_lines = architecture(draft)
    size, size_lines = page_size(draft, arch)
    scale = size or _USUAL_PAGE
    assumed = list(draft.assumed)
    if size is None and draft.holds("pfn_nodes", "pfn_zones", "pfn_movable", "pfn_initmem", "pfn_reserved"):
        assumed.append("page_size")
    command_line, command_lines = _command_line(draft)
    banner = draft.banner
    release, release_lines = (banner[0].release, banner[1]) if banner else (None, ())
    if banner is None and len(draft.running) == 1:
        ((release, release_lines),) = draft.running.items()
        assumed.append("release")
    node_ranges = draft.values("node_ranges") + tuple(
        NodeRange(node.node, _frames(node.start, node.end, scale), lines) for node, lines in draft.values("pfn_nodes")
    )
    node_ranges = node_ranges or draft.values("node_memory")
    if not node_ranges and (node_ranges := memblock.memory(draft)):
        assumed.append("node_ranges")
        message = "The text prints no node ranges; memory is what the steps of memblock in it leave."
        draft.complain("info", "node-ranges-from-memblock", message, node_ranges[0].lines, None)
    zone_ranges = draft.values("zone_ranges") + tuple(
        ZoneRange(zone.zone, _frames(zone.start, zone.end, scale) if zone.start < zone.end else None, lines)
        for zone, lines in draft.values("pfn_zones")
    )
    movable = draft.values("movable_start") + tuple(
        MovableStart(start.node, start.pfn * scale, lines) for start, lines in draft.values("pfn_movable")
    )
    initmem = draft.values("initmem") + tuple(
        Initmem(node.node, _frames(node.start, node.end, scale), lines) for node, lines in draft.values("pfn_initmem")
    )
    reserved = draft.values("reserved_regions") + tuple(
        ReservedRegion(_frames(taken.start, taken.end, scale), taken.name, taken.kind, lines)
        for taken, lines in draft.values("pfn_reserved")
    )
    return BootLog(
        index=index,
        count=count,
        title=_title(draft),
        release=release,
        release_lines=release_lines,
        banner=banner[0].text if banner else None,
        command_line=command_line,
        command_line_lines=command_lines,
        arch=arch,
        arch_lines=arch_lines,
        page_size=size,
        page_size_lines=size_lines,
        firmware_map=draft.values("firmware_map"),
        user_map=draft.values("user_map"),
        extended_map=draft.values("extended_map"),
        modified_map=draft.values("modified_map"),
        e820_changes=_undoubled(draft, draft.values("e820_changes"), _change),
        efi_map=draft.values("efi_map"),
        srat=draft.values("srat"),
        memblock_memory=draft.values("memblock_memory"),
        memblock_reserved=draft.values("memblock_reserved"),
        memblock_reserve_events=draft.values("memblock_reserve_events"),
        memblock_freed=memblock.freed(draft),
        reserved_regions=reserved,
        node_ranges=node_ranges,
        zone_ranges=zone_ranges,
        movable_start=movable,
        initmem=initmem,
        page_counts=_counts(draft),
        struct_pages=draft.values("struct_pages"),
        events=tuple(draft.faults.events),
        diagnostics=(*draft.diagnostics, *oddities(draft, node_ranges)),
        assumed=tuple(assumed),
        recognised=tuple(sorted(draft.recognised)),
    )


def _frames(start: int, end: int, scale: int) -> ByteRange:
    return ByteRange(start * scale, max(start, end) * scale)


def _title(draft: Draft) -> str:
    if draft.banner is not None:
        return f"Linux {draft.banner[0].release}"
    lines = [line for name in (*LAYOUT, *LEAST) for fact in draft.values(name) for line in _lines(fact)]
    return f"lines {min(lines)}-{max(lines)}" if lines else ""


def _lines(fact: object) -> Lines:
    return fact[1] if isinstance(fact, tuple) else getattr(fact, "lines", ())


def _command_line(draft: Draft) -> tuple[str | None, Lines]:
    if not draft.command_lines:
        return None, ()
    first = draft.command_lines[0][0].text
    lines: Lines = ()
    for command, where in draft.command_lines:
        if command.text == first:
            lines = merged(lines, where)
    return first, lines


def _counts(draft: Draft) -> PageCounts:
    tallies = _undoubled(draft, draft.tallies, _tally)
    by_field: dict[str, list[Any]] = {}
    for tally in tallies:
        by_field.setdefault(tally.field, []).append(tally.count)
    totals: dict[int | None, Count] = {}
    for count in by_field.get("node_total_pages", ()):
        totals.setdefault(count.node, count)
    memory = draft.memory_line
    others: dict[str, Any] = {name: tuple(by_field.get(name, ())) for name in _AS_PRINTED}
    if memory:
        others |= {name: getattr(memory[0], name) for name in _OF_MEMORY}
    return PageCounts(
        node_total_pages=tuple(totals.values()),
        unavailable=tuple(by_field.get("unavailable", ())),
        zeroed_unavailable=by_field["zeroed_unavailable"][0] if "zeroed_unavailable" in by_field else None,
        reserved_unavailable=by_field["reserved_unavailable"][0] if "reserved_unavailable" in by_field else None,
        available_kib=Count(memory[0].available_kib, memory[1]) if memory else None,
        total_kib=Count(memory[0].total_kib, memory[1]) if memory and memory[0].total_kib is not None else None,
        last_pfn=tuple(Count(last.pfn, lines) for last, lines in draft.last_pfns.items()),
        **others,
    )


def _tally(tally: Tally) -> Hashable:
    return tally.field, msgspec.structs.replace(tally.count, lines=())


def _change(change: E820Change) -> Hashable:
    return change.action, change.range, change.from_label, change.to_label


def _undoubled(draft: Draft, items: Sequence[T], key: Callable[[T], Hashable]) -> tuple[T, ...]:
    """On a doubled console every second of equal items, where all are there an even number of times.

    Equal items are no repeats by themselves: two holes of one zone may have the same size.
    """
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    if not draft.doubled or any(len(group) % 2 for group in groups.values()):
        return tuple(items)
    kept = {id(item) for group in groups.values() for item in group[: len(group) // 2]}
    return tuple(item for item in items if id(item) in kept)
