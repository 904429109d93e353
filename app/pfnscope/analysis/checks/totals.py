"""Totals that the kernel prints of all memory: of its zonelists, and in the "Memory:" line."""

from collections.abc import Iterator

from pfnscope.analysis.checks.zones import STRUCT_PAGE_SIZES, ZoneCounts, first_zone_reserved, memmap_pages
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import HIGHMEM_WHOLE, NOT_TAKEN_OFF
from pfnscope.model.analysis import Check
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, Count
from pfnscope.units import KIB


def zonelist_checks(log: BootLog, layout: Layout, counts: ZoneCounts, version: Version | None) -> Iterator[Check]:
    """What "Built N zonelists" says, and its "Total pages": the first such line, others come with memory hotplug.

    Source: nr_free_pagecache_pages() and build_all_zonelists() in mm/page_alloc.c, 2.6.34, 4.4, 4.17, 6.6, 7.1: at
    that time a zone has no watermark yet, so all of its pages count but those that it was made without.
    """
    if not log.page_counts.zonelists:
        return
    first = log.page_counts.zonelists[0]
    nodes = len({span.node for span in layout.zone_spans if span.present_pages})
    memoryless = f"{first.value - nodes} of them without memory" if first.value > nodes else ""
    known = len({item.node for item in log.initmem} | {item.node for item in layout.memory})
    yield Check(
        "nodes with zonelists",
        f"{first.value}",
        f"{nodes} with memory",
        None if first.value > max(nodes, known) else first.value >= nodes,
        first.lines,
        note=memoryless,
    )
    if first.pages is not None:
        yield _total(first, first.pages, layout, counts, version)


def _total(line: Count, printed: int, layout: Layout, counts: ZoneCounts, version: Version | None) -> Check:
    what = "total pages of all zonelists"
    present = sum(span.present_pages for span in layout.zone_spans)
    if (version is None and printed == present) or NOT_TAKEN_OFF.reached(version):
        return Check(what, f"{printed} pages", f"{present} pages", printed == present, line.lines, note="all present")
    known = counts.size is not None
    sizes = (counts.size,) if counts.size is not None else STRUCT_PAGE_SIZES
    least, most = _reserved(layout, counts)
    rests = {size: _without_struct_pages(layout, counts, size) for size in sizes}
    fitting = [size for size, rest in rests.items() if rest - most <= printed <= rest - least]
    size = fitting[0] if fitting else sizes[0]
    low, high = rests[size] - most, rests[size] - least
    words = f"struct pages of {size} bytes" + (", which this number tells" if fitting and not known else "")
    kept = f"{least}" if least == most else f"{least} to {most}"
    note = f"{present} present less {words} and {kept} reserved in the first zone"
    ours = f"{high} pages" if low == high else f"{low} to {high} pages"
    return Check(what, f"{printed} pages", ours, low <= printed <= high, line.lines, note=note)


def _without_struct_pages(layout: Layout, counts: ZoneCounts, size: int) -> int:
    taken = {item.span: item.count.value for item in counts.memmap}
    whole = _high_zones(layout) if HIGHMEM_WHOLE.reached(counts.formula) else frozenset()
    total = 0
    for span in layout.zone_spans:
        total += span.present_pages
        if span.zone in whole and span not in taken:
            continue
        pages = taken.get(span, memmap_pages(span, size, layout, counts.formula))
        total -= pages if pages <= span.present_pages else 0
    return total


def _high_zones(layout: Layout) -> frozenset[str]:
    """Zones that is_highmem_idx() calls high: Movable too, where HighMem is what it takes from."""
    high = any(limit.zone == "HighMem" and limit.frames for limit in layout.zone_limits)
    return frozenset({"HighMem", "Movable"}) if high else frozenset()


def _reserved(layout: Layout, counts: ZoneCounts) -> tuple[int, int]:
    """The least and the most that is taken off for what is reserved in the first zone: dma_reserve, x86-64 only."""
    if counts.reserved:
        total = sum(item.count.value for item in counts.reserved)
        return total, total
    if layout.arch != "x86_64":
        return 0, 0
    return first_zone_reserved(layout)


def memory_checks(log: BootLog, layout: Layout) -> Iterator[Check]:
    """The "Memory:" line: what is present, and that what is free leaves room for what is reserved.

    Sources: mem_init_print_info() in mm/page_alloc.c, 4.4, 4.17, later mm/mm_init.c and mm/show_mem.c, 7.1: all that
    is present, free, and the rest reserved. mem_init() in arch/x86/mm/init_64.c, 2.6.34: all frames up to max_pfn,
    and how many of them are absent.
    """
    counts = log.page_counts
    total, free = counts.total_kib, counts.available_kib
    if total is None or free is None:
        return
    per_page = layout.page_size // KIB
    present = sum(item.frames.pages for item in layout.memory) * per_page
    end = max(layout.max_pfn, layout.memory_frames.end) * per_page
    if counts.memory_generic:
        yield _kib("Memory: total", total, present, total.lines, "all that is present")
    elif counts.absent_kib is not None:
        yield _kib("Memory: total", total, end, total.lines, "all frames up to max_pfn")
        absent = Count(counts.absent_kib, total.lines)
        yield _kib("Memory: absent", absent, end - present, total.lines, "holes up to max_pfn")
    if counts.reserved_kib is None:
        return
    room = total.value - counts.reserved_kib - (counts.cma_kib or 0) - (counts.absent_kib or 0)
    yield Check(
        "Memory: available",
        f"{free.value} KiB",
        f"at most {room} KiB",
        free.value <= room,
        free.lines,
        note="total less reserved; less still where struct pages are initialised late",
    )


def _kib(what: str, printed: Count, ours: int, lines: tuple[int, ...], note: str) -> Check:
    return Check(what, f"{printed.value} KiB", f"{ours} KiB", printed.value == ours, lines, note=note)
