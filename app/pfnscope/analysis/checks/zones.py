"""What the kernel prints of each zone while it sizes it, held against the zone spans.

Sources: free_area_init_core() and zone_pcp_init() in mm/page_alloc.c, 2.6.34, 3.4, 4.4, 4.17, 5.14, 6.1, and
mm/mm_init.c, 6.6; gone from mm/mm_init.c in 6.12. calc_memmap_size() is not in 3.4; in 4.4 to 6.6.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import ALL_PRESENT, ESTIMATED, MEMMAP_COUNTS, ROUNDED_UP
from pfnscope.model.analysis import Check
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import BootLog, Count
from pfnscope.units import MIB

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
    marks += [(item.lines[0], item.node) for item in log.initmem]
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


def _check(item: ZoneCount, what: str, ours: int, note: str) -> Check:
    span, count = item.span, item.count
    return Check(
        f"node {span.node}, zone {span.zone}: {what}",
        f"{count.value} pages",
        f"{ours} pages",
        ours == count.value,
        count.lines,
        note=note,
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
