"""Which memmap= arguments keep the kernel from frames that are bad, tried in the simulator."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.analysis.eras import version_of
from pfnscope.analysis.holes import Surroundings
from pfnscope.analysis.machine import reproduces
from pfnscope.analysis.places.bad_addresses import bad_addresses
from pfnscope.analysis.places.bad_search import Search, frames_of
from pfnscope.analysis.places.bad_words import Plan, notes, other_forms, sentence, without_memmap
from pfnscope.analysis.releases import dangerous_frames
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.map_arguments import MapOperation
from pfnscope.kernel.rules import describe_releases, rules_on
from pfnscope.model.answers import AddedHole, BadAddress, Obstacle, Outcome, Placement, Placements
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import Address, ByteRange, FrameRange, FrameSet, Painted, Pairs, paint, value_at
from pfnscope.simulation import NotSimulated
from pfnscope.simulation.firmware import first_map
from pfnscope.words import counted


def bad_ram(analysis: Analysis, addresses: tuple[str, ...]) -> Placements:
    """The shortest arguments that keep the kernel from all addresses and make no dangerous hole on this release.

    Whole pages are given up, and whole sections where less would be a danger. Raises NotSimulated where nothing can be
    simulated, and ValueError for an address that cannot be read.
    """
    layout = analysis.layout
    bad_ranges = bad_addresses(addresses, layout.page_size)
    if not layout.memory:
        raise NotSimulated("the text has no node ranges, so which addresses are RAM is not known")
    if layout.arch not in X86:
        plan = Plan.of(analysis, bad_ranges, frames_of(bad_ranges, layout.page_size) & layout.memory_frames)
        return _answer(analysis, plan, _Where(analysis, plan, ()), None)
    own = analysis.machine.as_analysed().own
    if not reproduces(analysis.machine, layout):
        raise NotSimulated("the simulator does not reproduce the memory of this boot")
    search = Search(analysis, bad_ranges)
    plan, after = search.plan()
    return _answer(analysis, plan, _Where(analysis, plan, own.operations), after)


class _Where(Struct, frozen=True, dict=True):
    """What is at an address."""

    analysis: Analysis
    plan: Plan
    operations: tuple[MapOperation, ...]

    @cached_property
    def excluded(self) -> Painted[str]:
        """By frame, the argument that takes RAM of firmware's map."""
        size, log = self.analysis.layout.page_size, self.analysis.booted_from
        ram = FrameSet.of(item.range.frames_inward(size) for item in first_map(log) if item.type is MemoryType.RAM)
        takes = [
            (FrameRange(start, end), item.argument.text)
            for item in self.operations
            if item.takes_ram
            for start, end in (ram & FrameSet.of([ByteRange(item.start, item.end).frames_outward(size)])).pairs
        ]
        return paint(takes)

    @cached_property
    def kept(self) -> Painted[str]:
        """By frame, what cannot be excluded."""
        size = self.analysis.layout.page_size
        return paint((item.range.frames_outward(size), item.name) for item in self.plan.kept)

    def addresses(self) -> Iterator[BadAddress]:
        """Of each range that was given: what its first frame of RAM is, and its first of no RAM."""
        size = self.analysis.layout.page_size
        ram = self.analysis.layout.memory_frames.pairs
        for start, end in self.plan.bad_ranges.ranges:
            frames = ByteRange(start, end).frames_outward(size)
            at = bisect_right(ram, (frames.start, 1 << 64)) - 1
            inside = at >= 0 and frames.start < ram[at][1]
            if inside:
                yield self._in_ram(Address(start), frames.start)
                other = ram[at][1] if ram[at][1] < frames.end else None
            else:
                yield self._elsewhere(Address(start), frames.start)
                other = ram[at + 1][0] if at + 1 < len(ram) and ram[at + 1][0] < frames.end else None
            if other is not None:
                yield (self._elsewhere if inside else self._in_ram)(Address(other * size), other)

    def _in_ram(self, address: Address, pfn: int) -> BadAddress:
        kept = value_at(self.kept, pfn)
        if kept is not None:
            return BadAddress(address, kept[1], None)
        runs = self.plan.runs.pairs if self.plan.argument else ()
        at = bisect_right(runs, (pfn, 1 << 64)) - 1
        covered = at >= 0 and pfn < runs[at][1]
        region = Address(runs[at][0] * self.analysis.layout.page_size) if covered else None
        return BadAddress(address, "RAM", region)

    def _elsewhere(self, address: Address, pfn: int) -> BadAddress:
        log = self.analysis.booted_from
        argument = value_at(self.excluded, pfn)
        if argument is not None:
            return BadAddress(address, f"RAM that {argument[1]} excludes", None, log.command_line_lines)
        owner = value_at(self.analysis.layout.owners, pfn)
        if owner is None:
            return BadAddress(address, "no memory", None)
        label = "RAM that the kernel does not use" if owner[1].type is MemoryType.RAM else owner[1].label
        return BadAddress(address, label, None, owner[1].lines)


def _answer(analysis: Analysis, plan: Plan, where: _Where, after: Analysis | None) -> Placements:
    size = analysis.layout.page_size
    addresses = tuple(where.addresses())
    placements = (*_placements(analysis, plan, after), *(_blocked(item, size) for item in plan.kept))
    first = next(iter(plan.runs.pairs), None) if plan.argument else None
    cost = plan.runs.pages * size if plan.argument else 0
    return Placements(
        what="bad",
        size=cost,
        align=size,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(name for name, _ in analysis.assumed),
        placements=tuple(sorted(placements, key=lambda item: item.start)),
        command_line=plan.argument or None,
        start=Address(first[0] * size) if first else None,
        outcome=_outcome(analysis, plan),
        text=sentence(analysis, plan),
        notes=(*notes(analysis, plan, addresses), *_cautions(placements)),
        other_forms=tuple(without_memmap(analysis, plan) if analysis.layout.arch not in X86 else other_forms(plan)),
        addresses=addresses,
        cost=cost,
    )


def _cautions(placements: Sequence[Placement]) -> Iterator[str]:
    pages = sum(hole.pages for item in placements for hole in item.holes if hole.severity == "caution")
    if pages:
        yield f"{counted(pages, 'struct page')} will not be written; no ordinary reader gets to them on this release."


def _outcome(analysis: Analysis, plan: Plan) -> Outcome | None:
    if analysis.layout.arch not in X86:
        return None if plan.bad else "fits"
    if plan.bad and not plan.argument:
        return "fails"
    if plan.kept:
        return "may-fail" if plan.argument else "fails"
    return "may-fail" if plan.doubt else "fits"


def _blocked(obstacle: Obstacle, page: int) -> Placement:
    """A range that cannot be excluded."""
    return Placement(
        obstacle.start,
        Address(obstacle.start + page),
        safe=False,
        blocked_by=(obstacle,),
        size=obstacle.end - obstacle.start,
    )


def _placements(analysis: Analysis, plan: Plan, after: Analysis | None) -> Iterator[Placement]:
    """Each region, with the holes that it adds and the releases on which one of them is a danger."""
    if after is None:
        return
    size, runs = analysis.layout.page_size, plan.runs.pairs
    fresh = after.layout.without_memory - analysis.layout.without_memory
    holes: list[list[AddedHole]] = [[] for _ in runs]
    for hole in after.holes:
        if fresh.touches(hole.frames):
            holes[_region_of(hole.frames, runs)].append(AddedHole.of(hole))
    dangers = tuple(_dangers(analysis, after))
    for (start, end), own in zip(runs, holes, strict=True):
        yield Placement(
            Address(start * size),
            Address((start + 1) * size),
            safe=True,
            holes=tuple(own),
            dangerous_on=tuple(words for words, frames in dangers if any(frames.touches(hole.frames) for hole in own)),
            size=(end - start) * size,
        )


def _region_of(hole: FrameRange, runs: Pairs) -> int:
    """The region that a hole begins in, or else the nearest one."""
    above = bisect_right(runs, (hole.start, 1 << 64))
    if above == len(runs) or (above and runs[above - 1][1] >= hole.start):
        return max(0, above - 1)
    return above if not above or runs[above][0] - hole.end < hole.start - runs[above - 1][1] else above - 1


def _dangers(analysis: Analysis, after: Analysis) -> Iterator[tuple[str, FrameSet]]:
    """Releases with the frames that are a danger there, and were none before."""
    before, now = Surroundings(analysis.layout), Surroundings(after.layout)
    for rule in rules_on(after.layout.arch):
        if leaves_unwritten(rule):
            known, new = (
                dangerous_frames(around, rule, version_of(around.layout, rule), around.layout.outside_zone_spans)
                for around in (before, now)
            )
            yield describe_releases(rule, after.layout.arch), new - known
