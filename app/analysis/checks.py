"""The kernel's own counts held against the computed layout, line by line."""

from collections import Counter
from collections.abc import Iterable, Iterator

from app.analysis.choice import printed_counts, same_counts
from app.analysis.model import Check, Choice
from app.analysis.replay import PassCount, replay
from app.analysis.setup_checks import last_pfn_checks, mminit_checks, movable_checks
from app.analysis.totals import memory_checks, zonelist_checks
from app.analysis.zone_counts import zone_count_checks, zone_counts
from app.bootlog.model import BootLog, Count, Files
from app.kernel.release import Version
from app.kernel.rules import CountWording
from app.layout import Layout

GENERIC_INITMEM: Version = (3, 17, 0)
"""From here free_area_init_node() prints the line; before, setup_node_data() of arch/x86/mm/numa.c: 3.16, not 4.4."""


def checks(log: BootLog, layout: Layout, choice: Choice, version: Version | None = None) -> tuple[Check, ...]:
    """Every printed number that the layout explains or contradicts. ``version`` is the log's own release.

    What was not printed is here only where its reader looks for it: the count of unavailable pages.
    """
    counts: tuple[Check, ...] = ()
    if layout.memory:
        of_zones = zone_counts(log, layout, version)
        counts = (
            *_unavailable(log, layout, choice),
            *_node_totals(log, layout),
            *_node_spans(log, layout, version),
            *movable_checks(log, layout, version),
            *zone_count_checks(of_zones, layout, version),
            *zonelist_checks(log, layout, of_zones, version),
            *memory_checks(log, layout),
            *last_pfn_checks(log, layout),
            *mminit_checks(log, layout),
        )
    if log.files == Files():
        return counts
    from app.analysis.file_checks import file_checks  # few texts have files, and loading takes its time

    return (*counts, *file_checks(log, layout))


def _unavailable(log: BootLog, layout: Layout, choice: Choice) -> Iterator[Check]:
    counts = log.page_counts
    if choice.rule is None:
        return
    ours, printed = replay(layout, choice.rule)[1], printed_counts(counts)
    if counts.count_line is not choice.rule.wording:
        if counts.count_line is None and (counts.total_kib or counts.zonelists):
            yield from _not_printed(ours, choice.rule.wording)
        return
    lines = counts.unavailable or tuple(
        item for item in (counts.zeroed_unavailable, counts.reserved_unavailable) if item
    )
    whole = same_counts(choice.rule.wording, ours, printed)
    named: dict[tuple[int | None, str | None], dict[int, PassCount]] = {}
    for item in ours:
        named.setdefault((item.node, item.zone), {}).setdefault(item.pages, item)
    held: list[PassCount] = []
    for at, count in enumerate(lines):
        alike = named.get((count.node, count.zone), {})
        match = ours[at] if len(ours) == len(printed) else _counterpart(count, alike)
        held += [match] if match else []
        agrees = whole or (match is not None and match.pages == count.value)
        yield Check(
            _name(count, choice.rule.wording),
            f"{count.value} pages",
            _pages(match.pages) if match else None,
            agrees,
            count.lines,
            tuple(match.frames) if match else (),
        )
    if len(ours) > len(printed):
        yield from _not_printed(_missing(ours, held), choice.rule.wording)


def _missing(ours: Iterable[PassCount], held: Iterable[PassCount]) -> Iterator[PassCount]:
    """Counts that no line was held against: their lines may be lost, so this contradicts nothing."""
    known = {(item.node, item.zone, item.pages) for item in held}
    return (item for item in ours if (item.node, item.zone, item.pages) not in known)


def _not_printed(ours: Iterable[PassCount], wording: CountWording) -> Iterator[Check]:
    for item in ours:
        if item.pages:
            count = Count(item.pages, (), item.node, item.zone)
            yield Check(_name(count, wording), "not printed", _pages(item.pages), None, (), tuple(item.frames))


def _counterpart(count: Count, alike: dict[int, PassCount]) -> PassCount | None:
    """Our count for a line where not as many lines are expected: the same one of that node and zone, or the first."""
    return alike.get(count.value) or next(iter(alike.values()), None)


def _name(count: Count, wording: CountWording) -> str:
    if count.node is not None:
        return f"node {count.node}, zone {count.zone}: pages in unavailable ranges"
    if count.zone is not None:
        return f"zone {count.zone}: pages in unavailable ranges"
    return wording.value.partition(":")[0]


def _pages(number: int | None) -> str | None:
    return None if number is None else f"{number} pages"


def _node_totals(log: BootLog, layout: Layout) -> Iterator[Check]:
    totals: Counter[int] = Counter()
    for item in layout.memory:
        totals[item.node] += item.frames.pages
    for count in log.page_counts.node_total_pages:
        ours = totals[count.node] if count.node is not None else 0
        yield Check(
            f"node {count.node}: totalpages", f"{count.value} pages", _pages(ours), ours == count.value, count.lines
        )


def _node_spans(log: BootLog, layout: Layout, version: Version | None) -> Iterator[Check]:
    spans: dict[int, tuple[int, int]] = {}
    for item in layout.memory:
        low, high = spans.get(item.node, (item.frames.start, item.frames.end))
        spans[item.node] = (min(low, item.frames.start), max(high, item.frames.end))
    printed = [(init, init.range.frames_outward(layout.page_size)) for init in log.initmem if init.range]
    found = {init.node for init, frames in printed if spans.get(init.node) == (frames.start, frames.end)}
    by_arch = layout.arch == "x86_64" and (version is None or version < GENERIC_INITMEM)
    for init, frames in printed:
        ours = spans.get(init.node)
        agrees: bool | None = ours == (frames.start, frames.end)
        note = ""
        if ours is None and frames.pages:
            agrees, note = None, "the text has no memory ranges of this node"
        elif not agrees and init.node in found:
            agrees, note = None, "printed again, and the other line agrees: the text may hold two boots"
        elif not agrees and by_arch and ours and frames.start <= ours[0] and ours[1] <= frames.end:
            agrees, note = True, "in what firmware gives the node, which x86 printed here up to 3.16"
        yield Check(
            f"node {init.node}: first and last frame",
            f"[{frames.start:#x}, {frames.end:#x})",
            f"[{ours[0]:#x}, {ours[1]:#x})" if ours else None if frames.pages else "no memory",
            agrees if ours or frames.pages else True,
            init.lines,
            note=note,
        )
