"""Which lines of its lists a text lacks, as the rest of it proves, before anything is computed from them.

A kernel prints its zone ranges and node ranges whole, and elsewhere what must agree with them: of each node how many
pages it has (free_area_init_core() in mm/page_alloc.c, 2.6.34 to 5.14, later mm/mm_init.c, up to 6.11) and where it
begins and ends (free_area_init_node(), 3.17 to 7.1), and of all memory how much there is (mem_init_print_info(), 3.11
to 7.1). No memory lies outside every zone: free_area_init_nodes(), 2.6.24 to 7.1.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pfnscope.kernel.architectures import zone_limits
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import GENERIC_INITMEM
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.layout import MemoryRange, Missing, ZoneLimit
from pfnscope.model.log import BootLog, MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, Lines
from pfnscope.units import KIB, MIB
from pfnscope.words import counted

_ALL = FrameRange(0, 1 << 52)


class _Node(Struct, frozen=True):
    """What the text says of one node: the frames of its ranges, and where it is printed elsewhere.

    ``lacking``: pages in its printed total that its ranges have not, None where no total is printed.
    """

    number: int
    known: FrameSet
    lacking: int | None
    span: FrameRange | None
    lines: Lines

    @property
    def disagrees(self) -> bool:
        """Whether the total differs, or, where none is printed, the span."""
        return self._beyond if self.lacking is None else self.lacking != 0

    @property
    def _beyond(self) -> bool:
        known = FrameRange(self.known.start, self.known.end)
        return self.span is not None and self.span.pages > 0 and self.span != known


def missing_memory(
    log: BootLog, memory: Sequence[MemoryRange], arch: str | None, page_size: int, *, counts_pages: bool
) -> tuple[Missing, ...]:
    """What the node ranges lack; empty where nothing contradicts them, or where they were computed from a memory map.

    ``counts_pages``: the page size is proven, so that counts of pages can be compared.
    """
    mapped = {line for entry in log.map_in_force for line in entry.lines}
    mapped |= {line for entry in log.efi_map for line in entry.lines}
    if not memory or (mapped and all(mapped.issuperset(item.lines) for item in memory if item.lines)):
        return ()
    known = FrameSet.of(item.frames for item in memory)
    nodes = (
        [] if "node_ranges" in log.assumed else list(_nodes(log, memory, arch, page_size, counts_pages=counts_pages))
    )
    likely = _likely_memory(log, page_size) - known
    wrong = [node for node in nodes if node.disagrees]
    if wrong:
        return (*(_of_node(node, likely, known, page_size) for node in wrong[:MOST_NODES]), *_others(wrong, known))
    total = log.page_counts.total_kib
    if total is not None and log.page_counts.memory_generic:
        lacking = total.value * KIB // page_size - known.pages
        if lacking <= 0:
            return ()
        why = f"The node ranges have {counted(lacking, 'page')} fewer than the total of the “Memory:” line"
        return (_where(why, total.lines, lacking, likely, None, known, page_size),)
    if nodes and all(node.lacking is not None for node in nodes):
        return ()
    return (*_cut(log, known), *_damaged(log, known, page_size), *_unlisted(log, likely, page_size))


def _nodes(
    log: BootLog, memory: Sequence[MemoryRange], arch: str | None, page_size: int, *, counts_pages: bool
) -> Iterator[_Node]:
    known: dict[int, list[FrameRange]] = {item.node: [] for item in memory}
    for item in memory:
        known[item.node].append(item.frames)
    release = parse_release(log.release, log.banner)
    totals = {count.node: count for count in log.page_counts.node_total_pages} if counts_pages else {}
    spans = {}
    if arch != "x86_64" or GENERIC_INITMEM.reached(release.stable if release else None):
        spans = {item.node: (item.range.frames_outward(page_size), item.lines) for item in log.initmem if item.range}
    for number in sorted(known.keys() | spans.keys() | {node for node in totals if node is not None}):
        own = FrameSet.of(known.get(number, ()))
        total, (span, lines) = totals.get(number), spans.get(number, (None, ()))
        lacking = total.value - own.pages if total else None
        yield _Node(number, own, lacking, span, (total.lines if total else ()) + lines)


def _likely_memory(log: BootLog, page_size: int) -> FrameSet:
    """What a memory map or a memblock dump calls memory: where a lost node range can lie, but no proof of one."""
    ram = FrameSet.of(item.range.frames_inward(page_size) for item in log.map_in_force if item.type is MemoryType.RAM)
    return ram | FrameSet.of(item.range.frames_inward(page_size) for item in log.memblock_memory)


MOST_NODES = 32
"""Nodes of which is told what their ranges lack; each costs a pass over all memory."""


def _others(wrong: Sequence[_Node], known: FrameSet) -> Iterator[Missing]:
    """That more nodes than those have lost lines."""
    others = wrong[MOST_NODES:]
    if others:
        why = f"What is printed of {counted(len(others), 'more node')} differs from their ranges"
        room, lines = FrameSet.of([_ALL]) - known, tuple(line for node in others for line in node.lines)
        yield Missing("node_ranges", f"{why}: lines of the node ranges are missing or damaged.", lines, room)


def _of_node(node: _Node, likely: FrameSet, known: FrameSet, page_size: int) -> Missing:
    if node.lacking:
        pages = counted(abs(node.lacking), "page")
        than = f"{pages} {'fewer' if node.lacking > 0 else 'more'} than its printed total"
        why = f"The ranges of node {node.number} have {than}"
    else:
        why = f"Node {node.number} is printed as {node.span}, and its ranges are not"
    return _where(why, node.lines, node.lacking, likely, node, known, page_size)


def _where(
    why: str, lines: Lines, lacking: int | None, likely: FrameSet, node: _Node | None, known: FrameSet, page_size: int
) -> Missing:
    """The finding, with what the lost line says where map and count agree on it."""
    span = None if node is None else node.span
    whole = span is not None and FrameSet.of([span]) >= node.known if node else False
    room = FrameSet.of([span if whole and span else _ALL]) - known
    inside = likely & room
    exact = next((item for item in inside if item.pages == lacking), None)
    if exact is None and lacking is None and len(inside) == 1 and whole:
        exact = next(iter(inside))
    frames = FrameSet.of([exact]) if exact else inside if lacking is not None and inside.pages >= lacking > 0 else room
    said = f", likely {_line(node, exact, page_size)}" if exact else ""
    why = f"{why}: a line of the node ranges is missing or damaged{said}."
    return Missing("node_ranges", why, lines, frames, ((node.number, span),) if node and whole and span else ())


def _line(node: _Node | None, frames: FrameRange, page_size: int) -> str:
    number = "N" if node is None else node.number
    return f"“node {number}: [mem {frames.start * page_size:#018x}-{frames.end * page_size - 1:#018x}]”"


def _cut(log: BootLog, known: FrameSet) -> Iterator[Missing]:
    """A list that begins or breaks off in the middle, where no count proves it whole."""
    listed = {line for item in log.node_ranges for line in item.lines}
    rooms = {"cut-beginning": FrameRange(0, known.start), "cut-end": FrameRange(known.end, _ALL.end)}
    for note in log.diagnostics:
        if note.severity == "warning" and note.code in rooms and note.line in listed:
            yield Missing("node_ranges", note.message, (note.line,), FrameSet.of([rooms[note.code]]))


def _damaged(log: BootLog, known: FrameSet, page_size: int) -> Iterator[Missing]:
    """Lines inside the list that cannot be read, where no count proves it whole. Its ranges are in order of address."""
    ranges = sorted(log.node_ranges, key=lambda item: item.lines)
    lines = [item.lines[0] for item in ranges if item.lines]
    if len(lines) != len(ranges):
        return
    for note in log.diagnostics:
        at = bisect_right(lines, note.line) if note.code == "unrecognised-line" and note.line else 0
        if note.line and 0 < at < len(lines):
            start, end = (
                ranges[at - 1].range.frames_outward(page_size).end,
                ranges[at].range.frames_outward(page_size).start,
            )
            room = FrameSet.of([FrameRange(start, end) if start < end else _ALL]) - known
            why = f"Line {note.line} inside the list of node ranges cannot be read: a node range may be missing."
            yield Missing("node_ranges", why, (note.line,), room)


def _unlisted(log: BootLog, likely: FrameSet, page_size: int) -> Iterator[Missing]:
    """RAM of the memory map above 1 MiB that no node range has, where no count proves the ranges whole.

    Left out is what the SRAT gives to no node, because the kernel leaves it out: numa_meminfo_cover_memory() and
    numa_register_memblks() in arch/x86/mm/numa.c, 3.14 to 6.8.
    """
    ram = likely.clip(MIB // page_size, _ALL.end)
    if log.srat:
        ram &= FrameSet.of(item.range.frames_outward(page_size) for item in log.srat)
    if not log.map_in_force or not ram.pages:
        return
    first = next(iter(ram))
    why = f"The memory map has RAM from {first.start * page_size:#x} on that no node range has"
    lines = tuple(
        line
        for entry in log.map_in_force
        if entry.type is MemoryType.RAM and entry.range.frames_inward(page_size).clip(first.start, first.end).pages
        for line in entry.lines
    )
    yield Missing("node_ranges", f"{why}: lines of the node ranges may be missing.", lines, ram)


def complete_limits(
    printed: Sequence[ZoneLimit],
    memory: Sequence[MemoryRange],
    arch: str | None,
    version: Version | None,
    page_size: int,
) -> tuple[tuple[ZoneLimit, ...], tuple[Missing, ...]]:
    """The zone ranges with those that the text lacks, from their neighbours and the limits of the architecture.

    A printed zone wins. What no zone of the architecture explains stays without one, and is in the answer; so are lost
    lines, but not where no zone at all is printed.
    Source: free_area_init_nodes() in mm/page_alloc.c, 4.17: zones follow each other from the first frame of memory.
    """
    known = FrameSet.of(item.frames for item in memory)
    lost = known - _frames(printed)
    if not lost.pages:
        return tuple(printed), ()
    limits = _with_lost(printed, zone_limits(arch, version, known.start * page_size), known, page_size)
    rest = known - _frames(limits)
    what = f"No printed zone has the memory from {lost.start * page_size:#x} on"
    lines = tuple(line for item in printed for line in item.lines)
    if rest.pages:
        around = FrameRange(_below(limits, rest.start), _above(limits, rest.end - 1))
        why = f"{what}: a line of the zone ranges is missing, and which zone it was is not known."
        why = why if printed else "The text prints no zone ranges, and the zone limits are not known."
        return limits, (Missing("zone_ranges", why, lines, FrameSet.of([around])),)
    added = [f"{item.zone} {item.frames}" for item in limits if item.frames is not None and not item.lines]
    why = f"{what}: a line of the zone ranges is missing, and {', '.join(added)} is taken for it."
    return limits, (Missing("zone_ranges", why, lines),) if printed else ()


def _frames(limits: Sequence[ZoneLimit]) -> FrameSet:
    return FrameSet.of(item.frames for item in limits if item.frames is not None)


def _with_lost(
    printed: Sequence[ZoneLimit], rows: Sequence[tuple[str, int | None]], known: FrameSet, page_size: int
) -> tuple[ZoneLimit, ...]:
    """Zones follow each other: a lost one lies between its neighbours, several share that by their limits."""
    by_name = {item.zone: item for item in printed}
    starts = [item.frames.start for item in printed if item.frames is not None]
    out: list[ZoneLimit] = []
    at = known.start
    for number, (zone, limit) in enumerate(rows):
        if zone in by_name:
            out.append(by_name[zone])
            at = max(at, (by_name[zone].frames or FrameRange(0, 0)).end)
            continue
        following = min((start for start in starts if start >= at), default=None)
        end = known.end if following is None else following
        last = number + 1 == len(rows) or rows[number + 1][0] in by_name
        if limit is not None and (following is None or not last):
            end = min(end, limit // page_size)
        out.append(ZoneLimit(zone, FrameRange(at, end) if at < end else None, ()))
        at = max(at, end)
    names = {zone for zone, _ in rows}
    return (*out, *(item for item in printed if item.zone not in names))


def _below(limits: Sequence[ZoneLimit], pfn: int) -> int:
    """Where the zone below ends; 0 where there is none."""
    ends = sorted(item.frames.end for item in limits if item.frames is not None)
    at = bisect_right(ends, pfn)
    return ends[at - 1] if at else 0


def _above(limits: Sequence[ZoneLimit], pfn: int) -> int:
    """Where the next zone above begins; the end of everything where there is none."""
    starts = [item.frames.start for item in limits if item.frames is not None and item.frames.start > pfn]
    return min(starts, default=_ALL.end)
