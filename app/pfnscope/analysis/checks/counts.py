"""Counts that the kernel prints of single zones while it sizes them, and of all memory, held against the layout.

Sources of zones: free_area_init_core() and zone_pcp_init() in mm/page_alloc.c, 2.6.34, 3.4, 4.4, 4.17, 5.14, 6.1, and
mm/mm_init.c, 6.6; gone from mm/mm_init.c in 6.12. calc_memmap_size() is not in 3.4; in 4.4 to 6.6.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import ALL_PRESENT, ESTIMATED, HIGHMEM_WHOLE, MEMMAP_COUNTS, NOT_TAKEN_OFF, ROUNDED_UP
from pfnscope.model.analysis import Check
from pfnscope.model.counts import Count
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import BootLog
from pfnscope.units import KIB, MIB

STRUCT_PAGE_SIZES = (64, 56, 32, 40, 36, 44, 48, 72, 80, 88, 96)
"""What sizeof(struct page) can be in bytes, the usual first: include/linux/mm.h asserts 56 to 96 on 64 bits."""


class ZoneCount(Struct, frozen=True):
    """A printed count with the zone that it is of."""

    count: Count
    span: ZoneSpan


class ZoneCounts(Struct, frozen=True):
    """The printed counts of single zones. ``size`` is sizeof(struct page) in bytes, None where no line tells.

    ``formula`` is a release that counts as these lines do: the log's own, or else one that fits them.
    """

    memmap: tuple[ZoneCount, ...]
    exceeding: tuple[ZoneCount, ...]
    reserved: tuple[ZoneCount, ...]
    pages: tuple[ZoneCount, ...]
    size: int | None
    formula: Version


def zone_counts(log: BootLog, layout: Layout, version: Version | None) -> ZoneCounts:
    """The printed counts with their zones; those whose node or zone is not known are left out."""
    counts = log.page_counts
    memmap, exceeding = _placed(log, layout, counts.zone_memmap), _placed(log, layout, counts.zone_exceeding)
    both = (*memmap, *exceeding)
    formula = version or max(
        MEMMAP_COUNTS, key=lambda release: _fits(both, struct_page_size(both, layout, release), layout, release)
    )
    return ZoneCounts(
        memmap,
        exceeding,
        _placed(log, layout, counts.zone_reserved),
        _placed(log, layout, counts.zone_pages),
        struct_page_size(both, layout, formula),
        formula,
    )


def zone_count_checks(counts: ZoneCounts, layout: Layout, version: Version | None) -> Iterator[Check]:
    """The struct pages, the reserved and the present pages that are printed for single zones."""
    for item in (*counts.memmap, *counts.exceeding):
        size = counts.size or STRUCT_PAGE_SIZES[0]
        words = f"{size} bytes each, which these lines tell" if counts.size else f"the usual {size} bytes each"
        ours = memmap_pages(item.span, size, layout, counts.formula)
        yield _check(item, "struct pages", ours, f"{_basis(item.span, layout, counts.formula)} of {words}")
    for item in counts.reserved:
        yield _reserved(item, layout)
    taken = {item.span: item.count.value for item in counts.memmap}
    kept = {item.span: item.count.value for item in counts.reserved}
    for item in counts.pages:
        less = taken.get(item.span, 0) + kept.get(item.span, 0)
        full, rest = item.span.present_pages, item.span.present_pages - less
        unsure = ESTIMATED.reached(version, unknown=True) and not ALL_PRESENT.reached(version)
        old = item.count.value == rest if unsure else not ESTIMATED.reached(version, unknown=True)
        note = f"{full} present less {less} for struct pages and reserved" if old else "all that are present"
        yield _check(item, "pages", rest if old else full, note)


def struct_page_size(memmap: Sequence[ZoneCount], layout: Layout, version: Version) -> int | None:
    """sizeof(struct page) in bytes that most of the printed lines follow from; None where no line tells."""
    fits = {size: _fits(memmap, size, layout, version) for size in STRUCT_PAGE_SIZES}
    best = max(STRUCT_PAGE_SIZES, key=lambda size: fits[size])
    return best if fits[best] else None


def _fits(memmap: Sequence[ZoneCount], size: int | None, layout: Layout, version: Version) -> int:
    """How many of the lines a struct page of ``size`` bytes explains."""
    if size is None:
        return 0
    return sum(memmap_pages(item.span, size, layout, version) == item.count.value for item in memmap)


def memmap_pages(span: ZoneSpan, size: int, layout: Layout, version: Version) -> int:
    """Pages that the struct pages of a zone take, as the kernel estimates them; ``size`` of one in bytes."""
    pages = span.frames.pages
    if _by_present(span, layout, version):
        pages = span.present_pages
    if not ROUNDED_UP.reached(version):
        return pages * size // layout.page_size
    return -(-pages * size // layout.page_size)


def _by_present(span: ZoneSpan, layout: Layout, version: Version) -> bool:
    wide = span.frames.pages > span.present_pages + (span.present_pages >> 4)
    return wide and not layout.flat and ESTIMATED.reached(version)


def _basis(span: ZoneSpan, layout: Layout, version: Version) -> str:
    if _by_present(span, layout, version):
        return f"{span.present_pages} present pages"
    return f"{span.frames.pages} spanned pages"


def _placed(log: BootLog, layout: Layout, counts: Iterable[Count]) -> tuple[ZoneCount, ...]:
    """Counts with their zones: the lines name no node, and follow one that does."""
    marks = [(item.lines[0], item.node or 0) for item in log.page_counts.node_total_pages]
    marks += [(item.lines[0], item.node) for item in log.initmem if item.lines]  # a simulated boot has no line
    marks.sort()
    spans = {(span.node, span.zone): span for span in layout.zone_spans}
    nodes = {span.node for span in layout.zone_spans}
    placed: list[ZoneCount] = []
    for count in counts:
        before = bisect_right(marks, count.lines[0], key=lambda mark: mark[0])
        node = marks[before - 1][1] if before else min(nodes) if len(nodes) == 1 else None
        span = spans.get((node, count.zone or "")) if node is not None else None
        if span is not None:
            placed.append(ZoneCount(count, span))
    return tuple(placed)


_OF_THE_SPAN = ("struct pages", "pages")
"""Counts that follow from span and memory of a zone alone."""


def _check(item: ZoneCount, what: str, ours: int, note: str) -> Check:
    span, count = item.span, item.count
    return Check(
        f"node {span.node}, zone {span.zone}: {what}",
        f"{count.value} pages",
        f"{ours} pages",
        ours == count.value,
        count.lines,
        note=note,
        decisive=what in _OF_THE_SPAN,
    )


def _reserved(item: ZoneCount, layout: Layout) -> Check:
    """Only x86-64 sets dma_reserve: what memblock.reserved has below 16 MiB (arch/x86/mm/init.c, 4.4 to 6.6)."""
    what = "reserved pages of the first zone"
    if layout.arch != "x86_64":
        return _check(item, what, 0, "only x86-64 counts any")
    least, most = first_zone_reserved(layout)
    if least == most:
        return _check(item, what, most, "what memblock.reserved has below 16 MiB")
    value = item.count.value
    return Check(
        f"node {item.span.node}, zone {item.span.zone}: {what}",
        f"{value} pages",
        f"{least} to {most} pages",
        least <= value <= most,
        item.count.lines,
        note="what memblock.reserved has below 16 MiB, which the log does not tell whole",
    )


def first_zone_reserved(layout: Layout) -> tuple[int, int]:
    """The least and the most that memblock.reserved can have of the memory below 16 MiB, in pages."""
    below = layout.memory_frames.clip(0, 16 * MIB // layout.page_size)
    least = (below & layout.reserved).pages
    return least, least if layout.reserved_complete else below.pages


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
    least, most = _first_zone_reserved(layout, counts)
    fitting = _fitting(printed, layout, counts)
    size = fitting[0] if fitting else counts.size or STRUCT_PAGE_SIZES[0]
    rest = _without_struct_pages(layout, counts, size)
    low, high = rest - most, rest - least
    words = f"struct pages of {size} bytes" + (", which this number tells" if fitting and not known else "")
    kept = f"{least}" if least == most else f"{least} to {most}"
    note = f"{present} present less {words} and {kept} reserved in the first zone"
    ours = f"{high} pages" if low == high else f"{low} to {high} pages"
    return Check(what, f"{printed} pages", ours, low <= printed <= high, line.lines, note=note)


def _fitting(printed: int, layout: Layout, counts: ZoneCounts) -> list[int]:
    """Sizes of struct page, the usual first, by which the total of all zonelists is what is printed."""
    least, most = _first_zone_reserved(layout, counts)
    sizes = (counts.size,) if counts.size is not None else STRUCT_PAGE_SIZES
    rests = ((size, _without_struct_pages(layout, counts, size)) for size in sizes)
    return [size for size, rest in rests if rest - most <= printed <= rest - least]


def told_struct_page_size(log: BootLog, layout: Layout, counts: ZoneCounts, version: Version | None) -> int | None:
    """sizeof(struct page) in bytes by the lines of single zones, or else by the total of all; None where none tells."""
    total = log.page_counts.zonelists[0].pages if log.page_counts.zonelists else None
    if counts.size is not None or total is None or version is None or NOT_TAKEN_OFF.reached(version):
        return counts.size
    fitting = _fitting(total, layout, counts)
    return fitting[0] if fitting else None


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


def _first_zone_reserved(layout: Layout, counts: ZoneCounts) -> tuple[int, int]:
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
