"""From a draft to the frozen BootLog: frames become bytes, doubled counts become single ones."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from pfnscope.bootlog.boots.diagnostics import oddities
from pfnscope.bootlog.boots.draft import LAYOUT, LEAST, Draft
from pfnscope.bootlog.effects import CountField, Tally
from pfnscope.bootlog.records import merged
from pfnscope.kernel.architectures import ARCHITECTURES, X86
from pfnscope.model.log import (
    BootLog,
    Count,
    E820Change,
    Initmem,
    Lines,
    MemblockRegion,
    MovableStart,
    NodeRange,
    PrintedCounts,
    ReservedRegion,
    ZoneRange,
)
from pfnscope.model.ranges import Address, ByteRange, borders
from pfnscope.patterns import compiled

T = TypeVar("T")
_USUAL_PAGE = 4096
_AS_PRINTED: tuple[CountField, ...] = (
    "zone_pages", "zone_memmap", "zone_reserved", "zone_exceeding", "zonelists", "zonelist_members", "walked",
    "deferred", "flag_widths",
)  # fmt: skip
_OF_MEMORY = ("memory_generic", "absent_kib", "reserved_kib", "cma_kib")
_MOST_FRAMES = {limit: row.name for row in ARCHITECTURES for limit in row.max_pfns}
"""The architecture by the limit that x86 prints behind ``last_pfn``."""

Step = tuple[int, MemblockRegion, bool]
"""A line number, a region, and whether that line puts it into the list."""


def finish(draft: Draft, index: int, count: int) -> BootLog:
    """Freeze one boot, number ``index`` of ``count``."""
    arch, arch_lines = architecture(draft)
    size, size_lines = base_page_size(draft, arch)
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
        NodeRange(node.node, *_frames(node.start, node.end, scale), lines) for node, lines in draft.values("pfn_nodes")
    )
    node_ranges = node_ranges or draft.values("node_memory")
    if not node_ranges and (node_ranges := memblock_memory(draft)):
        assumed.append("node_ranges")
        message = "The text prints no node ranges; memory is what the steps of memblock in it leave."
        draft.complain("info", "node-ranges-from-memblock", message, node_ranges[0].lines, None)
    zone_ranges = draft.values("zone_ranges") + tuple(
        ZoneRange(zone.zone, *borders(_frames(zone.start, zone.end, scale) if zone.start < zone.end else None), lines)
        for zone, lines in draft.values("pfn_zones")
    )
    movable = draft.values("movable_start") + tuple(
        MovableStart(start.node, Address(start.pfn * scale), lines) for start, lines in draft.values("pfn_movable")
    )
    initmem = draft.values("initmem") + tuple(
        Initmem(node.node, *_frames(node.start, node.end, scale), lines) for node, lines in draft.values("pfn_initmem")
    )
    reserved = draft.values("reserved_regions") + tuple(
        ReservedRegion(*_frames(taken.start, taken.end, scale), taken.name, taken.kind, lines)
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
        memblock_freed=memblock_freed(draft),
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
    lines = [line for name in (*LAYOUT, *LEAST) for fact in draft.values(name) for line in _lines_of(fact)]
    return f"lines {min(lines)}-{max(lines)}" if lines else ""


def _lines_of(fact: object) -> Lines:
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


def _counts(draft: Draft) -> PrintedCounts:
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
    return PrintedCounts(
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
    return change.action, change.range, change.from_, change.to


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


def architecture(draft: Draft) -> tuple[str | None, Lines]:
    """The architecture and the lines that prove it."""
    zones = {zone.zone: zone.lines for zone in draft.values("zone_ranges")}
    zones |= {zone.zone: lines for zone, lines in draft.values("pfn_zones")}
    for last, lines in draft.last_pfns.items():
        if last.limit in _MOST_FRAMES:
            return _MOST_FRAMES[last.limit], lines
    if draft.x86_lines:  # before 2.6.24 no limits of zones are printed, only what is in them
        counted = ((tally.count.zone, tally.count.lines) for tally in draft.tallies if isinstance(tally.count, Count))
        zones |= {zone: lines for zone, lines in counted if zone is not None}
    if draft.x86_lines and "HighMem" in zones:
        return "i386", zones["HighMem"]
    if draft.x86_lines and "DMA32" in zones:
        return "x86_64", zones["DMA32"]
    if draft.banner is not None:
        banner, lines = draft.banner
        # the release and the words around it come first; the compiler's name may be that of a cross compiler
        for words in (banner.release, banner.text):
            for row in ARCHITECTURES:
                if row.banner and compiled(row.banner).search(words.encode("utf-8", "replace")):
                    return row.name, lines
    if draft.arch_hint is not None:
        return draft.arch_hint
    return None, ()


def base_page_size(draft: Draft, arch: str | None) -> tuple[int | None, Lines]:
    """Base page size in bytes and the lines that prove it; x86 has only one."""
    if draft.page_size is not None:
        return draft.page_size
    if arch in X86:
        return 4096, architecture(draft)[1]
    return (4096, draft.x86_lines) if draft.x86_lines else (None, ())


def memblock_freed(draft: Draft) -> tuple[ByteRange, ...]:
    """What was printed as reserved and given back before struct pages were initialised."""
    frees = draft.values("memblock_frees")
    if not frees:
        return ()
    end = draft.memory_line[1][0] if draft.memory_line else None
    taken = (*draft.values("memblock_reserved"), *draft.values("memblock_reserve_events"))
    steps = [*_steps(taken, end, puts=True), *_steps(frees, end, puts=False)]
    return tuple(ByteRange(start, stop) for start, stop, (_, _, puts) in _last(steps) if not puts)


def memblock_memory(draft: Draft) -> tuple[NodeRange, ...]:
    """memblock.memory from its last dump and the steps after it; nothing where no step follows the dump."""
    dump, adds = draft.values("memblock_memory"), draft.values("memblock_adds")
    end = draft.memory_line[1][0] if draft.memory_line else None
    steps = [*_steps(adds, end, puts=True), *_steps(draft.values("memblock_removes"), end, puts=False)]
    if dump:
        printed = max(item.lines[-1] for item in dump)
        steps = [step for step in steps if step[0] > printed]
        if not steps:
            return ()
        steps += _steps(dump, None, puts=True)
    found: list[NodeRange] = []
    for start, stop, (_, region, puts) in _last(steps):
        if not puts:
            continue
        before = found[-1] if found else None
        if before is not None and before.end == start and before.node == (region.node or 0):
            whole = ByteRange(before.start, stop)
            found[-1] = NodeRange(before.node, *whole, merged(before.lines, region.lines))
        else:
            found.append(NodeRange(region.node or 0, *ByteRange(start, stop), region.lines))
    return tuple(found)


def _steps(regions: Iterable[MemblockRegion], before: int | None, *, puts: bool) -> Iterator[Step]:
    """The last time that each region comes before a line."""
    for region in regions:
        lines = region.lines if before is None else [line for line in region.lines if line < before]
        if lines:
            yield lines[-1], region, puts


def _last(steps: list[Step]) -> Iterator[tuple[int, int, Step]]:
    """Which step each range was touched by last: a sweep with a heap, O(n log n) in the number of steps."""
    order = sorted(steps, key=lambda step: step[1].start)
    points = sorted({point for _, region, _ in steps for point in (region.start, region.end)})
    heap: list[tuple[int, int]] = []
    at = 0
    for point, after in pairwise(points):
        while at < len(order) and order[at][1].range.start <= point:
            heappush(heap, (-order[at][0], at))
            at += 1
        while heap and order[heap[0][1]][1].range.end <= point:
            heappop(heap)
        if heap:
            yield point, after, order[heap[0][1]]
