"""The kernel's own counts held against the computed layout, line by line."""

from collections.abc import Iterable, Iterator

from pfnscope.analysis.checks.counts import memory_checks, zone_count_checks, zone_counts, zonelist_checks
from pfnscope.analysis.checks.setup import last_pfn_checks, mminit_checks, movable_checks, node_checks
from pfnscope.analysis.choice import printed_counts, same_counts
from pfnscope.analysis.replay import Counted, PassCount
from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import CountWording
from pfnscope.model.analysis import Check, Choice
from pfnscope.model.counts import Count
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, Files
from pfnscope.model.ranges import FrameRange


def checks(
    log: BootLog, layout: Layout, choice: Choice, counted: Counted, version: Version | None = None
) -> tuple[Check, ...]:
    """Every printed number that the layout explains or contradicts. ``version`` is the log's own release.

    ``counted`` gives what a rule counts on this layout.
    What was not printed is here only where its reader looks for it: the count of unavailable pages.
    """
    counts: tuple[Check, ...] = ()
    if layout.memory:
        of_zones = zone_counts(log, layout, version)
        counts = (
            *_unavailable(log, choice, counted),
            *node_checks(log, layout, version),
            *movable_checks(log, layout, version),
            *zone_count_checks(of_zones, layout, version),
            *zonelist_checks(log, layout, of_zones, version),
            *memory_checks(log, layout),
            *last_pfn_checks(log, layout, version),
            *mminit_checks(log, layout),
        )
    if log.files == Files():
        return counts
    from pfnscope.analysis.checks.files import file_checks  # few texts have files, and loading takes its time

    return (*counts, *file_checks(log, layout))


MOST_RANGES = 100_000
"""Ranges beside the counts of one boot: where nodes are interleaved, each of their counts has the holes of all."""


class _Ranges:
    """The ranges beside counts, none where there were :data:`MOST_RANGES` before."""

    def __init__(self) -> None:
        self.left = MOST_RANGES

    def of(self, count: PassCount | None) -> tuple[FrameRange, ...]:
        """Those of a count."""
        ranges = tuple(count.frames) if count and self.left > 0 else ()
        self.left -= len(ranges)
        return ranges


def _unavailable(log: BootLog, choice: Choice, counted: Counted) -> Iterator[Check]:
    counts = log.page_counts
    if choice.rule is None:
        return
    expected = counts.count_line is choice.rule.wording
    # a text that ends in front of the place of these lines lacks none of them
    lost = counts.count_line is None and bool(counts.total_kib or counts.zonelists)
    if not expected and not lost:
        return
    ours, printed = counted(choice.rule), printed_counts(counts)
    if lost:
        yield from _not_printed(ours, choice.rule.wording)
        return
    lines = counts.unavailable or tuple(
        item for item in (counts.zeroed_unavailable, counts.reserved_unavailable) if item
    )
    whole = same_counts(choice.rule.wording, ours, printed)
    named: dict[tuple[int | None, str | None], dict[int, PassCount]] = {}
    nodeless = choice.rule.wording is CountWording.ZONE_UNAVAILABLE
    for item in ours:
        named.setdefault((None if nodeless else item.node, item.zone), {}).setdefault(item.pages, item)
    held: list[PassCount] = []
    ranges = _Ranges()
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
            ranges.of(match),
            decisive=True,
        )
    if len(ours) > len(printed):
        yield from _not_printed(_missing(ours, held), choice.rule.wording)


def _missing(ours: Iterable[PassCount], held: Iterable[PassCount]) -> Iterator[PassCount]:
    """Counts that no line was held against: their lines may be lost, so this contradicts nothing."""
    known = {(item.node, item.zone, item.pages) for item in held}
    return (item for item in ours if (item.node, item.zone, item.pages) not in known)


def _not_printed(ours: Iterable[PassCount], wording: CountWording) -> Iterator[Check]:
    ranges = _Ranges()
    for item in ours:
        if item.pages:
            count = Count(item.pages, (), item.node, item.zone)
            yield Check(_name(count, wording), "not printed", _pages(item.pages), None, (), ranges.of(item))


def _counterpart(count: Count, alike: dict[int, PassCount]) -> PassCount | None:
    """Our count for a line where not as many lines are expected: the same one of that node and zone, or the first."""
    return alike.get(count.value) or next(iter(alike.values()), None)


def _name(count: Count, wording: CountWording) -> str:
    if count.node is not None:
        return f"node {count.node}, {count.zone}: unavailable"
    if count.zone is not None:
        return f"{count.zone}: unavailable"
    return wording.value.partition(":")[0]


def _pages(number: int | None) -> str | None:
    return None if number is None else f"{number} pages"
