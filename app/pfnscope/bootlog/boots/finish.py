"""From a draft to the frozen BootLog: frames become bytes, doubled counts become single ones."""

from bisect import bisect
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from pfnscope.bootlog.boots.command_lines import command_line_in_force
from pfnscope.bootlog.boots.diagnostics import diagnostics, without_cut_lines
from pfnscope.bootlog.boots.draft import IN_FRAMES, LAYOUT, LEAST, LISTS, Draft
from pfnscope.bootlog.effects import Tally
from pfnscope.bootlog.records import merged
from pfnscope.kernel.architectures import ARCHITECTURES, X86, architecture_named
from pfnscope.kernel.release import EVERY_RELEASE, Bounds
from pfnscope.kernel.spellings import Spelling
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.log import BootLog, E820Change, MemblockRegion, NodeRange, PrintedBy, ReservedRegion, StructPages
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.patterns import compiled
from pfnscope.units import PAGE_SIZE

T = TypeVar("T")
_LISTED_COUNTS = tuple(field.name for field in msgspec.structs.fields(PrintedCounts) if field.default == ())
_OF_MEMORY = ("memory_generic", "absent_kib", "reserved_kib", "cma_kib")
_TITLES = frozenset({*LAYOUT, *LEAST})
_MOST_FRAMES = {limit: row.name for row in ARCHITECTURES for limit in row.max_pfns}
"""The architecture by the limit that x86 prints behind ``last_pfn``."""

Step = tuple[int, MemblockRegion, bool]
"""A line number, a region, and whether that line puts it into the list."""

Piece = tuple[int, int, MemblockRegion]


def finish(draft: Draft, index: int, count: int) -> BootLog:
    """Freeze one boot, number ``index`` of ``count``."""
    arch, arch_lines = architecture(draft)
    size, size_lines = base_page_size(draft, arch)
    assumed = list(draft.assumed)
    if arch is None and draft.x86_lines:
        arch, arch_lines = "x86_64", draft.x86_lines
        assumed.append("arch")
    if size is None and draft.holds(*(in_frames for in_frames, _ in IN_FRAMES.values())):
        assumed.append("page_size")
    command_line, command_lines = command_line_in_force(draft)
    banner = draft.banner
    release, release_lines = (banner[0].release, banner[1]) if banner else (None, ())
    if banner is None and len(draft.running) == 1:
        ((release, release_lines),) = draft.running.items()
        assumed.append("release")
    elif banner is None and not draft.running and (image := _image_release(command_line)):
        release, release_lines = image, command_lines
        assumed.append("release")
    facts = _facts(draft, size or PAGE_SIZE)
    if not facts["node_ranges"] and (from_memblock := memblock_memory(draft)):
        facts["node_ranges"] = from_memblock
        assumed.append("node_ranges")
        message = "The text prints no node ranges; memory is what the steps of memblock in it leave."
        draft.complain("info", "node-ranges-from-memblock", message, from_memblock[0].lines, None)
    return BootLog(
        index=index,
        count=count,
        title=_title(draft),
        host=None if draft.host == "localhost" else draft.host,
        hardware=draft.hardware,
        capture_kernel=_is_capture_kernel(draft, command_line, facts["reserved_regions"]),
        release=release,
        release_lines=release_lines,
        banner=banner[0].text if banner else None,
        command_line=command_line,
        command_line_lines=command_lines,
        arch=arch,
        arch_lines=arch_lines,
        page_size=size,
        page_size_lines=size_lines,
        memblock_freed=memblock_freed(draft),
        page_counts=_counts(draft),
        printed_by=printed_by(draft.spellings) if release is None else None,
        diagnostics=(*without_cut_lines(draft), *diagnostics(draft)),
        assumed=tuple(assumed),
        recognised=tuple(sorted(draft.recognised)),
        **facts,
    )


def _facts(draft: Draft, page_size: int) -> dict[str, Any]:
    """The lists of facts, those in page frames behind those in bytes."""
    facts: dict[str, Any] = dict.fromkeys(LISTS, ())
    facts |= {name: draft.values(name) for name in draft.facts if name in facts}
    for in_frames, name in IN_FRAMES.values():
        if in_frames in draft.facts:
            facts[name] += tuple(fact.in_bytes(page_size, lines) for fact, lines in draft.values(in_frames))
    facts["node_ranges"] = facts["node_ranges"] or draft.values("node_memory")
    facts["reserved_regions"] = tuple(_named(region, draft.region_names) for region in facts["reserved_regions"])
    facts["reserved_regions"] += tuple(struct_page_memory(draft))
    facts["e820_changes"] = _undoubled(draft, facts["e820_changes"], _change)
    facts["sizes"] = _undoubled(draft, facts["sizes"], lambda item: (item.kind, item.name, item.size))
    facts["events"] = tuple(draft.faults.events)
    if draft.faults.kasan:
        facts["struct_pages"] += (StructPages("kasan", None, None, draft.faults.kasan),)
    return facts


def _named(region: ReservedRegion, names: Mapping[int, str]) -> ReservedRegion:
    """The region under the name of its node in the device tree, where its own line has none."""
    name = names.get(region.start) if region.kind == "pool" else None
    return msgspec.structs.replace(region, name=name) if name else region


def _title(draft: Draft) -> str:
    if draft.banner is not None:
        return f"Linux {draft.banner[0].release}" + (
            f" on {draft.host}" if draft.host not in (None, "localhost") else ""
        )
    named = [name for name in draft.facts if name in _TITLES]
    lines = [line for name in named for fact in draft.values(name) for line in _lines_of(fact)]
    lines = lines or [*draft.recognised]
    return f"lines {min(lines)}-{max(lines)}" if lines else ""


def _lines_of(fact: object) -> Lines:
    return fact[1] if isinstance(fact, tuple) else getattr(fact, "lines", ())


def _is_capture_kernel(draft: Draft, command_line: str | None, regions: Iterable[ReservedRegion]) -> bool:
    """Whether the boot has the headers of another kernel's memory: by argument, in a device tree, or from firmware."""
    by_argument = compiled(r"(?:^|\s)elfcorehdr=").search((command_line or "").encode("utf-8", "replace")) is not None
    return by_argument or draft.captures or any(region.kind in ("elfcorehdr", "crash-data") for region in regions)


_IMAGE = r"(?:^|\s)BOOT_IMAGE=\S*/(?:vmlinu[xz]|bzImage|Image|kernel)-([0-9]+\.[0-9][\w.+~-]*)(?:\s|$)"


def _image_release(command_line: str | None) -> str | None:
    """The release in the name of the image that the boot loader loaded."""
    match = compiled(_IMAGE).search((command_line or "").encode("utf-8", "replace"))
    return (match.group(1) or b"").decode() if match else None


def _counts(draft: Draft) -> PrintedCounts:
    tallies = _undoubled(draft, draft.tallies, _tally)
    by_field: dict[str, list[Any]] = {}
    for tally in tallies:
        by_field.setdefault(tally.field, []).append(tally.count)
    totals: dict[int | None, Count] = {}
    for count in by_field.get("node_total_pages", ()):
        totals.setdefault(count.node, count)
    memory = draft.memory_line
    counts: dict[str, Any] = {name: tuple(by_field.get(name, ())) for name in _LISTED_COUNTS}
    counts["node_total_pages"] = tuple(totals.values())
    counts["last_pfn"] = tuple(Count(last.pfn, lines) for last, lines in draft.last_pfns.items())
    if memory:
        counts |= {name: getattr(memory[0], name) for name in _OF_MEMORY}
        counts["memory_parts"] = memory[0].parts
    return PrintedCounts(
        zeroed_unavailable=by_field["zeroed_unavailable"][0] if "zeroed_unavailable" in by_field else None,
        reserved_unavailable=by_field["reserved_unavailable"][0] if "reserved_unavailable" in by_field else None,
        available_kib=Count(memory[0].available_kib, memory[1]) if memory else None,
        total_kib=Count(memory[0].total_kib, memory[1]) if memory and memory[0].total_kib is not None else None,
        **counts,
    )


def _tally(tally: Tally) -> Hashable:
    return tally.field, msgspec.structs.replace(tally.count, lines=())


def _change(change: E820Change) -> Hashable:
    return change.action, change.range, change.from_, change.to


def _undoubled(draft: Draft, items: Sequence[T], key: Callable[[T], Hashable]) -> tuple[T, ...]:
    """Where two consoles printed everything twice, every second of equal items.

    That is so where all items are there an even number of times; equal items alone may be two holes of one size.
    """
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    if not draft.doubled or any(len(group) % 2 for group in groups.values()):
        return tuple(items)
    kept = {id(item) for group in groups.values() for item in group[: len(group) // 2]}
    return tuple(item for item in items if id(item) in kept)


def printed_by(spellings: Mapping[Spelling, Lines]) -> PrintedBy | None:
    """The releases that can print all of these words; None where no release can, or nothing bounds it.

    Several boots in one text, or a vendor who took lines from later releases, have words of no single one.
    """
    bounds, telling = _narrowed(tuple(spellings))
    if not bounds.intervals or not telling:
        return None
    return PrintedBy(bounds, tuple(sorted({line for spelling in telling for line in spellings[spelling]})))


@lru_cache(256)
def _narrowed(spellings: tuple[Spelling, ...]) -> tuple[Bounds, list[Spelling]]:
    """The releases that can print all of these words, and the words that it takes to know that."""
    bounds, telling = EVERY_RELEASE, list(spellings)
    for _ in range(2):  # the second time from the end, without those that a later one makes needless
        bounds, before, telling = EVERY_RELEASE, telling, []
        for spelling in before:
            narrower = bounds & spelling.bounds
            if narrower != bounds:
                bounds = narrower
                telling.insert(0, spelling)
    return bounds, telling


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
        name = architecture_named(banner.release, banner.text)
        if name is not None:
            return name, lines
    for release, lines in draft.running.items():
        name = architecture_named(release) if draft.recognised.issuperset(lines) else None
        if name is not None:
            return name, lines
    if draft.arch_hint is not None:
        return draft.arch_hint
    return None, ()


def base_page_size(draft: Draft, arch: str | None) -> tuple[int | None, Lines]:
    """Base page size in bytes and the lines that prove it; x86 has only one."""
    if draft.page_size is not None:
        return draft.page_size
    if arch in X86:
        return PAGE_SIZE, architecture(draft)[1]
    return (PAGE_SIZE, draft.x86_lines) if draft.x86_lines else (None, ())


def memblock_freed(draft: Draft) -> tuple[ByteRange, ...]:
    """What was printed as reserved and freed before struct pages were initialised.

    Struct pages are initialised from free_area_init() to memblock_free_all() (mm/page_alloc.c 4.17, mm/mm_init.c 7.1),
    right after which the "Memory:" line comes: what is freed later was reserved when its struct pages were written.
    """
    frees = draft.values("memblock_frees")
    if not frees:
        return ()
    end = draft.memory_line[1][0] if draft.memory_line else None
    taken = (*draft.values("memblock_reserved"), *draft.values("memblock_reserve_events"))
    steps = [*_steps(taken, end, puts=True), *_steps(frees, end, puts=False)]
    return tuple(ByteRange(start, stop) for start, stop, (_, _, puts) in _last(steps) if not puts)


def _run(lines: Lines, first: int) -> int:
    """How many lines follow each other from ``first`` on: a terminal breaks a long one."""
    return next(count for count in range(1, len(lines) + 1) if first + count not in lines)


def struct_page_memory(draft: Draft) -> Iterator[ReservedRegion]:
    """Where the memory of struct pages lies: what the next step of the boot reserves for each request, if not freed.

    Source: memblock_alloc_range_nid() in mm/memblock.c, 4.17 to 7.1: it prints a request, then its reservation.
    """
    requests = draft.values("struct_page_memory")
    if not requests:
        return
    events = draft.values("memblock_reserve_events")
    at_line = sorted((line, index) for index, item in enumerate(events) for line in item.lines)
    own: list[Step] = []
    for request in requests:
        for line in request.lines:
            at = bisect(at_line, (line, len(events)))
            if at < len(at_line):
                event = events[at_line[at][1]]
                node = event.node if request.node is None else request.node
                first = at_line[at][0]
                region = structs.replace(event, node=node, lines=(line, first))
                if event.range.size == request.size:
                    own += [(first + more, region, True) for more in range(_run(event.lines, first))]
    others = (*_steps(events, None, puts=False), *_steps(draft.values("memblock_frees"), None, puts=False))
    pieces = [
        (start, stop, region)
        for start, stop, (_, region, puts) in _last([*own, *others])  # of steps in one line the first counts
        if puts
    ]
    for run in _touching(pieces):
        node, lines = run[0][2].node, sorted({line for _, _, region in run for line in region.lines})
        name = "struct pages" if node is None else f"struct pages of node {node}"
        yield ReservedRegion(*ByteRange(run[0][0], run[-1][1]), name, "struct-pages", tuple(lines))


def _touching(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Sorted pieces, those of one node that touch together."""
    run: list[Piece] = []
    for piece in pieces:
        if run and (run[-1][1] != piece[0] or run[-1][2].node != piece[2].node):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


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
    ranges: list[NodeRange] = []
    for start, stop, (_, region, puts) in _last(steps):
        if not puts:
            continue
        before = ranges[-1] if ranges else None
        if before is not None and before.end == start and before.node == (region.node or 0):
            whole = ByteRange(before.start, stop)
            ranges[-1] = NodeRange(before.node, *whole, merged(before.lines, region.lines))
        else:
            ranges.append(NodeRange(region.node or 0, *ByteRange(start, stop), region.lines))
    return tuple(ranges)


def _steps(regions: Iterable[MemblockRegion], before: int | None, *, puts: bool) -> Iterator[Step]:
    """Each region at its last line before a given line."""
    for region in regions:
        lines = region.lines if before is None else [line for line in region.lines if line < before]
        if lines:
            yield lines[-1], region, puts


def _last(steps: list[Step]) -> Iterator[tuple[int, int, Step]]:
    """The last step that covers each range: a sweep with a heap, O(n log n) in the number of steps."""
    order = sorted(steps, key=lambda step: step[1].start)
    points = sorted({point for _, region, _ in steps for point in (region.start, region.end)})
    heap: list[tuple[int, int]] = []
    at = 0
    for point, after in pairwise(points):
        while at < len(order) and order[at][1].start <= point:
            heappush(heap, (-order[at][0], at))
            at += 1
        while heap and order[heap[0][1]][1].end <= point:
            heappop(heap)
        if heap:
            yield point, after, order[heap[0][1]]
