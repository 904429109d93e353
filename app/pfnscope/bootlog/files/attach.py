"""Which boot the files of a text belong to, and the boot with their facts."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from pfnscope.bootlog.boots.draft import Draft
from pfnscope.bootlog.files.facts import (
    block_size,
    blocks,
    free_blocks,
    installed,
    memblock_lists,
    memmap_entries,
    note_hidden,
    note_not_needed,
    resources,
    totals,
    zones,
)
from pfnscope.bootlog.files.lines import FileLine, Notes
from pfnscope.model.log import BootLog, DebugfsRegion, Files, NodeRange
from pfnscope.model.ranges import ByteRange
from pfnscope.units import PAGE_SIZE


def adopt(parts: Sequence[Draft], boots: list[Draft]) -> list[Draft]:
    """Move the files of drafts that are no boots to the boot before them, or else to the first.

    A further copy of a boot's log stands for that boot.

    Without any boot the files make one, where they hold a fact. ``boots`` are some of ``parts``.
    """
    if not boots:
        with_files = [part for part in parts if part.files.lines]
        if not _title(_files([line for part in with_files for line in part.files.lines], Notes())):
            return []
        boots = [next((part for part in with_files if part.banner is not None), with_files[0])]
    chosen = {id(boot) for boot in boots}
    owner = boots[0]
    for part in parts:
        whole = part.same_as or part
        if id(whole) in chosen:
            owner = whole
        if part is not owner and part.same_as is None and part.files.lines:
            owner.files.absorb(part.files)
            owner.recognised.update(number for line in part.files.lines for number in line.lines)
    return boots


def with_files(log: BootLog, draft: Draft) -> BootLog:
    """The boot with the facts of its files. They replace only what the log does not say, with a note."""
    lines = sorted(draft.files.lines, key=lambda line: line.lines)
    if not lines:
        return log
    notes = Notes()
    files = _files(lines, notes)
    if draft.files.left_out:
        message = "The files of /proc and /sys are too long; from here on they are left out."
        notes.say("warning", "files-cut-off", message, draft.files.left_out)
    if log.count > 1:
        message = f"These files of /proc and /sys are taken to belong to boot {log.index} of this text."
        notes.say("info", "files-attached", message, lines[0].lines)
    log = msgspec.structs.replace(log, files=files, title=log.title or _title(files))
    log = _with_firmware_map(_with_nodes(log, notes), notes)
    return msgspec.structs.replace(log, diagnostics=(*log.diagnostics, *notes.all))


def _files(lines: Sequence[FileLine], notes: Notes) -> Files:
    note_hidden(lines, notes)
    note_not_needed(lines, notes)
    by_list = memblock_lists(lines, notes)
    size = block_size(lines)
    return Files(
        zoneinfo=zones(lines, notes),
        iomem=resources(lines, notes),
        firmware_memmap=memmap_entries(lines, notes),
        memblock_memory=by_list.get("memory", ()),
        memblock_reserved=by_list.get("reserved", ()),
        memblock_physmem=by_list.get("physmem", ()),
        memory_blocks=blocks(lines, size, notes),
        memory_block_size=size,
        totals=totals(lines),
        installed=installed(lines),
        free=free_blocks(lines),
    )


def _title(files: Files) -> str:
    names = {
        "/proc/zoneinfo": files.zoneinfo,
        "/proc/iomem": files.iomem,
        "/sys/firmware/memmap": files.firmware_memmap,
        "memblock of debugfs": files.memblock_memory or files.memblock_reserved,
        "memory blocks": files.memory_blocks,
    }
    return ", ".join(name for name, facts in names.items() if facts)


def _with_nodes(log: BootLog, notes: Notes) -> BootLog:
    memory = log.files.memblock_memory
    if not memory or log.node_ranges or log.memblock_memory:
        return log
    spans = _spans(log)
    nodes = [_node(region, spans) for region in memory]
    ranges = tuple(NodeRange(node or 0, *r.range, r.lines) for node, r in zip(nodes, memory, strict=True))
    message = "The text prints no node ranges; memory and its nodes are taken from the memblock list of debugfs."
    notes.say("info", "node-ranges-from-debugfs", message, memory[0].lines)
    assumed = log.assumed if None not in nodes else (*log.assumed, "node_ranges")
    if None in nodes:
        message = "The memblock list does not tell the nodes (no kernel before 6.6 does); all is taken for node 0."
        notes.say("info", "nodes-unknown", message, memory[0].lines)
    return msgspec.structs.replace(log, node_ranges=ranges, assumed=assumed)


def _spans(log: BootLog) -> list[tuple[ByteRange, int]]:
    """The zones of /proc/zoneinfo with their nodes, by address; none where they overlap and so tell no node."""
    size = log.page_size or PAGE_SIZE
    spans = sorted(
        (ByteRange(zone.start_pfn * size, (zone.start_pfn + zone.spanned_pages) * size), zone.node)
        for zone in log.files.zoneinfo
        if zone.start_pfn is not None and zone.spanned_pages
    )
    overlap = any(right.start < left.end for (left, _), (right, _) in pairwise(spans))
    return [] if overlap else spans


def _node(region: DebugfsRegion, spans: list[tuple[ByteRange, int]]) -> int | None:
    """The node of a region: as printed, or the only one whose zones it lies in."""
    if region.node is not None:
        return region.node
    nodes: set[int] = set()
    at = bisect_right(spans, region.start, key=lambda span: span[0].end)
    while at < len(spans) and spans[at][0].start < region.end and len(nodes) < 2:
        nodes.add(spans[at][1])
        at += 1
    return nodes.pop() if len(nodes) == 1 else None


def _with_firmware_map(log: BootLog, notes: Notes) -> BootLog:
    entries = log.files.firmware_memmap
    if not entries or log.firmware_map or log.user_map or log.extended_map or log.modified_map:
        return log
    message = "The text prints no memory map; the firmware map is that of /sys/firmware/memmap."
    notes.say("info", "firmware-map-from-sysfs", message, entries[0].lines)
    return msgspec.structs.replace(log, firmware_map=entries)
