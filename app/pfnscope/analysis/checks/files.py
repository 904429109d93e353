"""Neighbouring files held against what the log itself says. A file is never held against facts taken from it."""

from collections.abc import Iterable, Iterator

from pfnscope.model.analysis import Check
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import BootLog, DebugfsRegion, MapEntry, MemoryType, ZoneInfo
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, Lines, Pairs, canonical
from pfnscope.units import KIB, format_size
from pfnscope.words import plural

_SYSTEM_RAM = "System RAM"


def file_checks(log: BootLog, layout: Layout) -> tuple[Check, ...]:
    """One check for each zone, node or file that was pasted and that the log has a counterpart for."""
    return (
        *_zones(log, layout),
        *_firmware_map(log),
        *_system_ram(log, layout),
        *_memory(log, layout),
        *_blocks(log, layout),
        *_totals(log, layout),
    )


def _zones(log: BootLog, layout: Layout) -> Iterator[Check]:
    if not (log.zone_ranges and layout.memory):
        return
    spans = {(span.node, span.zone): span for span in layout.zone_spans}
    for zone in log.files.zoneinfo:
        ours = spans.get((zone.node, zone.zone))
        if zone.spanned_pages or ours:
            what = f"node {zone.node}, zone {zone.zone}: span in /proc/zoneinfo"
            yield Check(what, _zone_words(zone), _span_words(ours), _same_zone(zone, ours), zone.lines)


def _same_zone(zone: ZoneInfo, ours: ZoneSpan | None) -> bool:
    if ours is None:
        return zone.spanned_pages == 0
    same_start = zone.start_pfn is None or zone.start_pfn == ours.frames.start
    return same_start and (zone.spanned_pages, zone.present_pages) == (ours.frames.pages, ours.present_pages)


def _zone_words(zone: ZoneInfo) -> str:
    if zone.start_pfn is None or not zone.spanned_pages:
        return f"spanned {zone.spanned_pages}, present {zone.present_pages}"
    return f"{zone.frames}, present {zone.present_pages}"


def _span_words(span: ZoneSpan | None) -> str:
    return f"{span.frames}, present {span.present_pages}" if span else "not there"


def _firmware_map(log: BootLog) -> Iterator[Check]:
    ours, theirs = log.firmware_map, log.files.firmware_memmap
    if ours and theirs and ours != theirs:
        agrees = _by_type(ours) == _by_type(theirs)
        what = "firmware map in /sys/firmware/memmap"
        yield Check(what, _map_words(theirs), _map_words(ours), agrees, _lines(theirs))


def _by_type(entries: Iterable[MapEntry]) -> dict[MemoryType, Pairs]:
    ranges: dict[MemoryType, list[tuple[int, int]]] = {}
    for entry in entries:
        ranges.setdefault(entry.type, []).append((entry.start, entry.end))
    return {kind: canonical(items) for kind, items in ranges.items()}


def _map_words(entries: tuple[MapEntry, ...]) -> str:
    ram = sum(entry.range.size for entry in entries if entry.type is MemoryType.RAM)
    return f"{len(entries)} entries, {format_size(ram)} usable"


def _system_ram(log: BootLog, layout: Layout) -> Iterator[Check]:
    """memblock.memory is System RAM, but for what firmware or a device tree keeps to itself: reserved in iomem."""
    entries = [item for item in log.files.iomem if item.name == _SYSTEM_RAM]
    if not entries or not layout.memory:
        return
    ram = _inward((item.range for item in entries), layout)
    reserved = FrameSet.of(
        item.range.frames_outward(layout.page_size)
        for item in log.files.iomem
        if item.name.lower() == "reserved" and item.depth == 0
    )
    ours = layout.memory_frames
    agrees = ours - reserved == ram - reserved
    yield Check("System RAM in /proc/iomem", _words(ram), _against(ours, ram), agrees, _lines(entries))


def _memory(log: BootLog, layout: Layout) -> Iterator[Check]:
    regions = log.files.memblock_memory
    own = {line for item in layout.memory for line in item.lines}
    if not regions or not layout.memory or own & set(regions[0].lines):
        return
    if any(item.node is None for item in regions):
        theirs = _inward((item.range for item in regions), layout)
        ours = layout.memory_frames
        yield Check("memory in debugfs", _words(theirs), _against(ours, theirs), ours == theirs, _lines(regions))
        return
    listed: dict[int, list[DebugfsRegion]] = {}
    for region in regions:
        listed.setdefault(region.node or 0, []).append(region)
    known: dict[int, list[FrameRange]] = {}
    for item in layout.memory:
        known.setdefault(item.node, []).append(item.frames)
    for node in sorted(listed.keys() | known.keys()):
        mine = listed.get(node, [])
        theirs = _inward((item.range for item in mine), layout)
        ours = FrameSet.of(known.get(node, ()))
        what = f"node {node}: memory in debugfs"
        yield Check(what, _words(theirs), _against(ours, theirs), ours == theirs, _lines(mine or regions))


def _blocks(log: BootLog, layout: Layout) -> Iterator[Check]:
    blocks, size = log.files.memory_blocks, log.files.memory_block_size
    if not blocks or not layout.memory or size is None or size.value < layout.page_size:
        return
    theirs = _inward((item.range for item in blocks), layout)
    ours = layout.memory_frames.rounded_out(size.value // layout.page_size)
    what = f"memory blocks of {format_size(size.value)}"
    yield Check(what, _words(theirs), _against(ours, theirs), ours == theirs, _lines(blocks))


def _totals(log: BootLog, layout: Layout) -> Iterator[Check]:
    """What a kernel hands out is part of the memory that it found at boot, unless more was added since."""
    for total in log.files.totals if layout.memory else ():
        pages = sum(item.frames.pages for item in layout.memory if total.node in (None, item.node))
        present = pages * layout.page_size // KIB
        where = "" if total.node is None else f"node {total.node}: "
        what = f"{where}memory in {total.file}"
        yield Check(what, f"{total.kib} KiB in use", f"{present} KiB present", total.kib <= present, total.lines)


def _inward(ranges: Iterable[ByteRange], layout: Layout) -> FrameSet:
    return FrameSet.of(item.frames_inward(layout.page_size) for item in _touching(ranges))


def _touching(ranges: Iterable[ByteRange]) -> Iterator[ByteRange]:
    """Ranges that touch made one, so that a page cut by their border counts."""
    return (ByteRange(start, end) for start, end in canonical((item.start, item.end) for item in ranges))


def _words(frames: FrameSet) -> str:
    return f"{frames.pages} pages in {len(frames)} {plural(len(frames), 'range')}"


def _against(ours: FrameSet, theirs: FrameSet) -> str:
    odd = (ours - theirs) | (theirs - ours)
    return _words(ours) + (f"; they differ from pfn {odd.start:#x} on" if odd.pages else "")


def _lines(items: Iterable[object]) -> Lines:
    return tuple(sorted({line for item in items for line in getattr(item, "lines", ())}))
