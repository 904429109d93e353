"""Where a memmap= region can go: every possible start, safe or not, found from boundaries and not by trying each."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.analysis.eras import version_of
from pfnscope.analysis.holes import Surroundings, find_holes
from pfnscope.analysis.releases import dangerous
from pfnscope.analysis.reserving import walk_ends
from pfnscope.kernel.command_line import arguments, movable_arguments
from pfnscope.kernel.region_kinds import TYPE_OF, Kind
from pfnscope.kernel.rules import StructPageRule, describe_releases, rules_on
from pfnscope.layout.region import Vicinity, less_memory
from pfnscope.model.answers import AddedHole, Placement
from pfnscope.model.ranges import Address, ByteRange, FrameRange, FrameSet
from pfnscope.simulation.e820 import owner_of
from pfnscope.simulation.firmware import kernel_image
from pfnscope.units import MIB

MOST_STEPS = 512
"""Starts that are told one by one where safe and unsafe ones take turns; beyond, all of them count as unsafe."""

MOST_RANGES = 20_000
"""Ranges and zone spans that all tries of a start look at; 64 TiB on 16 nodes take 4,000. Beyond, none is tried."""
_OF_A_TRY = 16
"""Ranges that would take as long as what each try costs at least."""


def placements(analysis: Analysis, pages: int, kind: Kind, align: int) -> tuple[Placement, ...]:
    """All starts of a region of ``pages`` that lies in memory whole; ``align`` in frames.

    Cost follows the number of memory ranges, nodes and zones: between two boundaries the outcome is one, and where
    the alignment is finer than a section, one for whole and one for broken sections.
    """
    if pages <= 0 or align <= 0:
        raise ValueError("a region and its alignment have at least one page")
    probe = _Probe(analysis, pages, kind)
    outcomes: list[Placement] = []
    for first, last in _pieces(analysis, pages):
        low = -(-first // align) * align
        for start, end in _intervals(probe.points, low, last, align):
            outcomes += probe.outcomes(start, end, align)
    return tuple(_joined(outcomes))


class _Probe:
    """Tries a start: takes the region out of memory and looks at the holes that this adds."""

    def __init__(self, analysis: Analysis, pages: int, kind: Kind) -> None:
        self.analysis, self.pages = analysis, pages
        self.owner = owner_of(TYPE_OF[kind])
        self.version = analysis.release.stable if analysis.release else None
        self.movable = movable_arguments(arguments(analysis.log.command_line or ""), self.version)
        self.points = _boundaries(analysis, pages)
        self.section = analysis.layout.memmap.block
        self.vicinity = Vicinity(analysis.layout)
        self.known = set(_dangerous_rules(Surroundings(analysis.layout)))
        self.steps, self.ranges = MOST_STEPS, MOST_RANGES

    def outcomes(self, start: int, end: int, align: int) -> Iterator[Placement]:
        """The outcomes of the aligned starts in ``[start, end)``, which has no boundary inside."""
        first = self.at(start, end)
        if end - start <= align or align % self.section == 0 or self.pages % self.section:
            yield first
            return
        whole = -(-start // self.section) * self.section
        other = whole if start != whole else start + align
        if other >= end or other % align or self.at(other, end).safe == first.safe:
            yield first
            return
        self.steps -= (end - start) // self.section
        if self.steps < 0:
            yield first if not first.safe else self.at(other, end)
            return
        yield from self._in_turn(start, end, whole, align)

    def _in_turn(self, start: int, end: int, whole: int, align: int) -> Iterator[Placement]:
        at = start
        while whole < end:
            if at < whole:
                yield self.at(at, whole)
            yield self.at(whole, min(whole + align, end))
            at, whole = whole + align, whole + self.section
        if at < end:
            yield self.at(at, end)

    def at(self, start: int, end: int) -> Placement:
        """What a region at ``start`` does; nothing is said of it where too much was looked at before."""
        analysis, region, size = self.analysis, FrameRange(start, start + self.pages), self.analysis.layout.page_size
        if self.ranges <= 0:
            return Placement(Address(start * size), Address(end * size), safe=False, holes=(), dangerous_on=())
        # a start of ZONE_MOVABLE depends on all memory, everything else on what is near
        before = analysis.layout if self.movable else self.vicinity.of(region)
        self.ranges -= len(before.memory) + len(before.zone_spans) + _OF_A_TRY
        layout = less_memory(before, region, *self.owner, movable=self.movable, version=self.version)
        added = layout.without_memory - before.without_memory
        moved = (layout.outside_zone_spans - before.outside_zone_spans) | added
        around = Surroundings(layout)
        holes = find_holes(around, analysis.choice, analysis.release, moved) if moved.pairs else ()
        return Placement(
            Address(start * size),
            Address(end * size),
            not any(hole.severity == "danger" for hole in holes),
            tuple(map(AddedHole.of, holes)),
            self._dangerous(around) if moved & layout.outside_zone_spans else (),
        )

    def _dangerous(self, around: Surroundings) -> tuple[str, ...]:
        rules = (rule for rule in _dangerous_rules(around) if rule not in self.known)
        return tuple(describe_releases(rule, around.layout.arch) for rule in rules)


def _dangerous_rules(around: Surroundings) -> Iterator[StructPageRule]:
    """The rules under which a hole outside zone spans is a danger, each as of a typical release."""
    layout = around.layout
    for rule in rules_on(layout.arch):
        if leaves_unwritten(rule) and dangerous(around, rule, version_of(layout, rule), layout.outside_zone_spans):
            yield rule


def _pieces(analysis: Analysis, pages: int) -> Iterator[tuple[int, int]]:
    """First and last start in each run of memory that holds the region; what has to stay where it is, is left out."""
    for run in analysis.layout.memory_frames - taken(analysis):
        if run.end - pages >= run.start:
            yield run.start, run.end - pages


def taken(analysis: Analysis) -> FrameSet:
    """What no region may take: the first MiB, the kernel's image where it is known, and the initrd."""
    size, log = analysis.layout.page_size, analysis.log
    version = analysis.release.stable if analysis.release else None
    out = [FrameRange(0, MIB // size)]
    out += [item.range.frames_outward(size) for item in log.reserved_regions if item.kind == "initrd"]
    image = kernel_image(log, log.command_line or "", version)
    if image is not None:
        out.append(ByteRange(image.start, image.end).frames_outward(size))
    return FrameSet.of(out)


def _boundaries(analysis: Analysis, pages: int) -> list[int]:
    """Starts at which the outcome can change: the region's start or end meets a boundary, or its section does."""
    layout = analysis.layout
    edges = {edge for item in layout.memory for edge in (item.frames.start, item.frames.end)}
    edges |= {edge for span in layout.zone_spans for edge in (span.frames.start, span.frames.end)}
    if layout.deferred and analysis.release:
        for memory_only in (False, True):  # a region below where a walk stops makes it stop higher up
            ends = walk_ends(layout, analysis.release.stable, memory_only=memory_only).values()
            edges |= {moved for end in ends for moved in (end, end + pages)}
    block = layout.memmap.block
    edges |= {rounded for edge in edges for rounded in (edge // block * block, -(-edge // block) * block)}
    points = edges | {edge - pages for edge in edges}
    return sorted(points | {point + 1 for point in points})


def _intervals(points: list[int], low: int, last: int, align: int) -> Iterator[tuple[int, int]]:
    """The aligned starts from ``low`` to ``last``, cut at the points; ends are exclusive and aligned."""
    end = last // align * align + align
    at = low
    for point in points[bisect_right(points, low - align) : bisect_left(points, end)]:
        cut = -(-point // align) * align
        if at < cut < end:
            yield at, cut
            at = cut
    if at < end:
        yield at, end


def _joined(outcomes: list[Placement]) -> Iterator[Placement]:
    """Neighbours of one outcome as one: both safe, or both unsafe on the same releases with as many holes."""
    current: Placement | None = None
    for item in outcomes:
        if current is not None and current.end == item.start and _alike(current, item):
            current = Placement(current.start, item.end, current.safe, current.holes, current.dangerous_on)
            continue
        if current is not None:
            yield current
        current = item
    if current is not None:
        yield current


def _alike(one: Placement, other: Placement) -> bool:
    kinds = [[(hole.placement, hole.state, hole.severity) for hole in item.holes] for item in (one, other)]
    return one.safe == other.safe and one.dangerous_on == other.dangerous_on and kinds[0] == kinds[1]
