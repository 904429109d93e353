"""Frame numbers and zones that the kernel prints while it sets memory up, held against the layout."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from pfnscope.kernel.architectures import max_order_pages
from pfnscope.kernel.command_line import arguments, movable_arguments
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import GENERIC_INITMEM
from pfnscope.layout.zones import movable_starts
from pfnscope.model.analysis import Check
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, MapEntry, MemoryType
from pfnscope.model.ranges import FrameRange
from pfnscope.units import GIB


def last_pfn_checks(log: BootLog, layout: Layout) -> Iterator[Check]:
    """``last_pfn``: the end of RAM in one of the maps, or of RAM below 4 GiB.

    Source: e820_end_of_ram_pfn() and e820_end_of_low_ram_pfn() in arch/x86/kernel/e820.c, 2.6.32 to 7.1.
    """
    named = (("firmware map", log.firmware_map), ("extended map", log.extended_map), ("user map", log.user_map),
             ("modified map", log.modified_map))  # fmt: skip
    maps = {name: entries for name, entries in named if entries}
    if not maps:
        return
    current = [frames for frames, owner in layout.owners if owner.type is MemoryType.RAM]
    ends: dict[int, str] = {}
    for words, limit in (("end of RAM", None), ("end of RAM below 4 GiB", 4 * GIB // layout.page_size)):
        reach = [
            item.end if limit is None else min(item.end, limit)
            for item in current
            if limit is None or item.start < limit
        ]
        ends.setdefault(max(reach, default=0), words)
        for name, entries in maps.items():
            ends.setdefault(_end_of_ram(entries, layout.page_size, limit), f"{words} in the {name}")
    for name, entries in maps.items():  # end_pfn_map of 2.6.24 and older ends with the map, whatever its last entry is
        whole = max((entry.end // layout.page_size for entry in entries), default=0)
        ends.setdefault(whole, f"end of the {name}")
    usual = next(iter(ends))
    for count in log.page_counts.last_pfn:
        agrees = count.value in ends
        ours = count.value if agrees else usual
        yield Check("last_pfn", f"{count.value:#x}", f"{ours:#x}", agrees, count.lines, note=ends[ours])


def _end_of_ram(entries: Sequence[MapEntry], page_size: int, limit: int | None) -> int:
    ram = [entry.range for entry in entries if entry.type is MemoryType.RAM]
    if limit is None:
        return max((item.end // page_size for item in ram), default=0)
    return max((min(item.end // page_size, limit) for item in ram if item.start // page_size < limit), default=0)


def movable_checks(log: BootLog, layout: Layout, version: Version | None) -> Iterator[Check]:
    """The "Movable zone start for each node", compared with what the arguments give on this memory.

    The printed starts are those of the layout; ours are a check of the arithmetic. A start that the
    arguments give and the log does not print is reported where the zone ranges before it are printed.
    """
    movable = movable_arguments(arguments(log.command_line or ""), version)
    if not log.zone_ranges or not (log.movable_start or movable):
        return
    if log.command_line is None:
        return
    block = max_order_pages(layout.arch, layout.page_size)
    ours = movable_starts(layout.memory, layout.zone_limits, movable, version, layout.page_size, block)
    ends = {item.node: item.frames.end for item in layout.memory}
    note = " ".join(movable.texts)
    for item in log.movable_start:
        start, computed = item.start // layout.page_size, ours.pop(item.node, None)
        empty = computed is None and start >= ends.get(item.node, 0)
        yield Check(
            f"node {item.node}: start of ZONE_MOVABLE",
            f"{start:#x}",
            "behind its memory" if empty else "none" if computed is None else f"{computed:#x}",
            empty or start == computed,
            item.lines,
            note=note,
        )
    for node, start in ours.items():
        yield Check(f"node {node}: start of ZONE_MOVABLE", "not printed", f"{start:#x}", None, (), note=note)


def mminit_checks(log: BootLog, layout: Layout) -> Iterator[Check]:
    """What mminit_loglevel adds: the span of each zone as it is initialised, widths of page flags, zonelists.

    Sources: mminit_verify_zonelist() and mminit_verify_pageflags_layout() in mm/mm_init.c, init_currently_empty_zone()
    in mm/page_alloc.c, 2.6.34 to 6.1, later mm/mm_init.c, 7.1.
    """
    names = _zone_names(log)
    spans = {(span.node, span.zone): span for span in layout.zone_spans}
    for item in log.page_counts.walked:
        zone = names[item.zone] if item.zone < len(names) else f"number {item.zone}"
        span = spans.get((item.node, zone))
        ours = str(span.frames) if span else "not there"
        agrees = span is not None and span.frames == item.frames
        what = f"node {item.node}, zone {zone}: struct pages initialised"
        yield Check(what, str(item.frames), ours, agrees if names else None, item.lines, decisive=True)
    for widths in log.page_counts.flag_widths:
        if names:
            ours_bits = max(1, (len(names) - 1).bit_length())
            what, note = "bits for the zone in page flags", f"{len(names)} zones"
            yield Check(what, f"{widths.zone}", f"{ours_bits}", widths.zone == ours_bits, widths.lines, note=note)
    yield from _zonelists(log, layout, names)


def _zone_names(log: BootLog) -> list[str]:
    """Zones by their numbers: "Zone ranges" lists all but Movable, which comes in front of Device."""
    names = [zone.zone for zone in sorted(log.zone_ranges, key=lambda zone: zone.lines)]
    if names:
        names.insert(names.index("Device") if "Device" in names else len(names), "Movable")
    return names


def _zonelists(log: BootLog, layout: Layout, names: Sequence[str]) -> Iterator[Check]:
    rank = {name: number for number, name in enumerate(names)}
    populated = [(rank.get(span.zone, -1), span.node) for span in layout.zone_spans if span.present_pages]
    populated.sort()
    for item in log.page_counts.zonelist_members:
        if item.zone not in rank or any(zone not in rank for _, zone in item.members):
            continue
        ours = bisect_right(populated, (rank[item.zone], 1 << 62))
        known = {(rank[zone], node) for node, zone in item.members}
        agrees = len(item.members) == ours and known == set(populated[:ours])
        what = f"node {item.node}, zone {item.zone}: zones to fall back to"
        yield Check(what, f"{len(item.members)}", f"{ours}", agrees, item.lines)


def node_checks(log: BootLog, layout: Layout, version: Version | None) -> Iterator[Check]:
    """The lines "On node N totalpages" and "Initmem setup node N" against the memory of that node."""
    yield from _totals(log, layout)
    yield from _spans(log, layout, version)


def _totals(log: BootLog, layout: Layout) -> Iterator[Check]:
    totals: Counter[int | None] = Counter()
    for item in layout.memory:
        totals[item.node] += item.frames.pages
    for count in log.page_counts.node_total_pages:
        ours = totals[count.node]
        what = f"node {count.node}: totalpages"
        yield Check(what, f"{count.value} pages", f"{ours} pages", ours == count.value, count.lines, decisive=True)


def _spans(log: BootLog, layout: Layout, version: Version | None) -> Iterator[Check]:
    spans: dict[int, FrameRange] = {}
    for item in layout.memory:
        known = spans.get(item.node, item.frames)
        spans[item.node] = FrameRange(min(known.start, item.frames.start), max(known.end, item.frames.end))
    # a node without memory is printed with an empty range, or as memoryless
    printed = [
        (init, frames if frames and frames.pages else None)
        for init in log.initmem
        for frames in [init.range.frames_outward(layout.page_size) if init.range else None]
    ]
    agreeing = {init.node for init, frames in printed if spans.get(init.node) == frames}
    by_arch = layout.arch == "x86_64" and not GENERIC_INITMEM.reached(version)
    for init, frames in printed:
        ours = spans.get(init.node)
        agrees, note = _judge(frames, ours, again=init.node in agreeing, by_arch=by_arch)
        what = f"node {init.node}: first and last frame"
        yield Check(what, _words(frames), _words(ours), agrees, init.lines, note=note, decisive=True)


def _judge(
    frames: FrameRange | None, ours: FrameRange | None, *, again: bool, by_arch: bool
) -> tuple[bool | None, str]:
    if frames == ours:
        return True, ""
    if again:
        return None, "printed again, and the other line agrees: the text may hold two boots"
    if ours is None:
        return None, "the text has no memory ranges of this node"
    if by_arch and frames and frames.start <= ours.start and ours.end <= frames.end:
        return True, "in what firmware gives the node, which x86 printed here up to 3.16"
    return False, ""


def _words(frames: FrameRange | None) -> str:
    return str(frames) if frames else "no memory"
