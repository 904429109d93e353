"""Which memmap= arguments keep the kernel from frames that are bad, tried in the simulator."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.analysis.eras import version_of
from pfnscope.analysis.holes import Surroundings
from pfnscope.analysis.machine import reproduces
from pfnscope.analysis.places.bad_addresses import Given, bad_addresses
from pfnscope.analysis.places.bad_regions import Limits, joined, region_argument, regions
from pfnscope.analysis.places.bad_words import Plan, notes, other_forms, sentence, without_memmap
from pfnscope.analysis.releases import dangerous_frames
from pfnscope.analysis.whatif import what_if
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import MOST_CHARACTERS, arguments
from pfnscope.kernel.kaslr import AVOIDED_REGIONS, Avoidance, avoidance, kaslr_on
from pfnscope.kernel.map_arguments import Action, MapOperation
from pfnscope.kernel.region_kinds import RAM
from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import describe_releases, rules_on
from pfnscope.kernel.thresholds import MEMMAP_LIST, STUB_PLACES_IMAGE, STUB_SPARES_REGIONS
from pfnscope.model.answers import AddedHole, BadAddress, Obstacle, Outcome, Placement, Placements
from pfnscope.model.log import BootLog, MemoryType
from pfnscope.model.ranges import Address, ByteRange, FrameRange, FrameSet, Painted, Pairs, paint, value_at
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.simulation.firmware import FIRST_ENTRIES, first_map, kernel_image
from pfnscope.units import KIB, MIB
from pfnscope.words import counted

IMAGE = "kernel image"
MOST_BOOTS = 12
"""Simulated boots until an answer is given; each widens regions that the one before shows to be a danger."""

_TRAMPOLINE = 64 * KIB
"""More than the start-up code of processors takes below 1 MiB: reserve_real_mode(), arch/x86/realmode/init.c, 6.1."""


def bad_ram(analysis: Analysis, addresses: tuple[str, ...]) -> Placements:
    """The shortest arguments that keep the kernel from all addresses and make no dangerous hole on this release.

    Whole pages are given up, and whole sections where less would be a danger. Raises NotSimulated where nothing can be
    simulated, and ValueError for an address that cannot be read.
    """
    layout = analysis.layout
    given = bad_addresses(addresses, layout.page_size)
    if not layout.memory:
        raise NotSimulated("the text has no node ranges, so which addresses are RAM is not known")
    if layout.arch not in X86:
        plan = Plan.of(analysis, given, _frames(given, layout.page_size) & layout.memory_frames)
        return _answer(analysis, plan, _Where(analysis, plan, ()), None)
    own = analysis.machine.as_analysed().own
    if not reproduces(analysis.machine, layout):
        raise NotSimulated("the simulator does not reproduce the memory of this boot")
    search = _Search(analysis, given)
    plan, after = search.plan()
    return _answer(analysis, plan, _Where(analysis, plan, own.operations), after)


def _frames(given: Given, page: int) -> FrameSet:
    return FrameSet.of(ByteRange(start, end).frames_outward(page) for start, end in given.ranges)


class _Search:
    """Tries arguments until one is no danger."""

    def __init__(self, analysis: Analysis, given: Given) -> None:
        self.analysis, self.page = analysis, analysis.layout.page_size
        self.given, self.log = given, analysis.booted_from
        self.line, self.extra, self.doubt = own_command_line(self.log), "", ""
        self.version: Version | None = self.log.stable_of(analysis.release)
        self.ram = analysis.layout.memory_frames.clip(1, 1 << 52)  # no kernel uses frame 0
        self.bad = _frames(given, self.page) & self.ram
        self.kept: tuple[Obstacle, ...] = ()
        self.block = analysis.layout.memmap.block

    def plan(self) -> tuple[Plan, Analysis | None]:
        """What is given up, and the boot without it; None where no argument is safe, or none is needed."""
        self._keep_what_cannot_go()
        widened = danger = FrameSet()
        for _ in range(MOST_BOOTS):
            runs = self._regions(widened) if self.bad else FrameSet()
            if not runs:
                return self._planned(too_many=runs is None), None
            argument = region_argument(runs, self.page, listed=self.limits.listed) + self.extra
            after = self._booted(argument)
            if after is None:
                break
            back = after.layout.memory_frames & runs
            if back and not self.may_move:
                self._keep(back, IMAGE)
                continue
            danger = self._danger(after)
            if not danger:
                retyped = self._retyped(runs, after)
                return self._planned(runs=runs, argument=argument, widened=bool(widened), retyped=retyped), after
            wider = widened | (self._around(runs, danger) or self._around(runs, runs))
            if wider == widened:
                break
            widened = wider
        return self._planned(danger=danger), None

    def _planned(self, **more: Any) -> Plan:
        return Plan.of(self.analysis, self.given, self.bad, kept=self.kept, extra=self.extra, doubt=self.doubt, **more)

    def _regions(self, widened: FrameSet) -> FrameSet | None:
        """What to give up. KASLR keeps out of a few regions only; else the image stays where it is, on bad frames.

        Then neighbours are joined at the cost of no more than a section, or those frames cannot be excluded.
        """
        frames = self.bad | widened
        runs, avoided = regions(frames, self.ram, self.limits, self.page), self.limits.avoided
        if not runs or avoided is None or len(runs) <= avoided or self.image is None or not self.image & self.bad:
            return runs
        close = joined(frames, self.ram, avoided)
        if len(close) <= avoided and close.pages - frames.pages <= self.block:
            return close
        self._keep(self.image, IMAGE)
        if len(self.bad) <= avoided:
            self.extra = " nokaslr"
            self.doubt = f"KASLR keeps out of {avoided} more regions at most, which are too few: nokaslr is added."
        return regions(self.bad | (widened - self.image), self.ram, self.limits, self.page) if self.bad else FrameSet()

    def _booted(self, argument: str) -> Analysis | None:
        try:
            return what_if(self.analysis, f"{self.line} {argument}".strip())[0]
        except NotSimulated:
            return None

    def _danger(self, after: Analysis) -> FrameSet:
        """Struct pages that are a danger now and were none before."""
        before, now = (
            FrameSet.of(hole.frames for hole in item.holes if hole.severity == "danger")
            for item in (self.analysis, after)
        )
        return now - before

    def _around(self, runs: FrameSet, near: FrameSet) -> FrameSet:
        """RAM of those sections with regions that hold some frames or lie next to them; what has to stay, stays.

        An initrd need not: reserve_initrd() in arch/x86/kernel/setup.c, 4.17 and 6.1, copies one that is not all RAM.
        """
        blocks = near.rounded_out(self.block)
        beside = FrameSet.of(FrameRange(max(0, item.start - 1), item.end + 1) for item in blocks)
        stays = FrameSet.of([FrameRange(0, MIB // self.page)]) | (self.image or FrameSet())
        return ((runs.rounded_out(self.block) & beside.rounded_out(self.block)) & self.ram) - (stays - runs)

    def _retyped(self, runs: FrameSet, after: Analysis) -> str:
        """The same without a “$”, where it does the same."""
        text = region_argument(runs, self.page, listed=self.limits.listed, retyped=True)
        if len(self.line) + 1 + len(text) > MOST_CHARACTERS or (self.image and self.image & runs):
            return ""
        other = self._booted(text)
        same = other is not None and other.layout.memory_frames == after.layout.memory_frames
        return text if same else ""

    @cached_property
    def avoidance(self) -> Avoidance:
        """What KASLR keeps out of already."""
        return avoidance(arguments(self.line))

    @cached_property
    def image(self) -> FrameSet | None:
        """Where the kernel's image lies if it is not moved, as far as that is known."""
        image = kernel_image(self.log, f"{self.line} nokaslr".strip(), self.version)
        return None if image is None else FrameSet.of([ByteRange(image.start, image.end).frames_outward(self.page)])

    @property
    def may_move(self) -> bool:
        """Whether KASLR may put the image elsewhere, and keeps out of regions."""
        return kaslr_on(arguments(self.line + self.extra), self.version) and not self.avoidance.stays

    @property
    def limits(self) -> Limits:
        """How many regions there can be."""
        entries = len(first_map(self.log))
        return Limits(
            avoided=AVOIDED_REGIONS - self.avoidance.regions if self.may_move else None,
            regions=max(AVOIDED_REGIONS, (FIRST_ENTRIES - entries) // 2),
            characters=MOST_CHARACTERS - len(f"{self.line} ".lstrip()) - len(self.extra),
            listed=MEMMAP_LIST.reached(self.version, unknown=True),
        )

    def _keep_what_cannot_go(self) -> None:
        """Take out of the bad frames what no argument excludes."""
        low = self.ram.clip(0, MIB // self.page)
        longest = max((item.pages * self.page for item in low - self.bad), default=0)
        if self.bad & low and longest < _TRAMPOLINE:
            self._keep(low, "start-up code of processors, which needs some of the first MiB")
        self.doubt = self._doubt()
        if self.image is not None and not self.may_move:
            self._keep(self.image, IMAGE)

    def _doubt(self) -> str:
        """What KASLR does not keep out of, and what the command line has to say about it besides."""
        if not self.may_move or not self.bad:
            return ""
        spares = STUB_SPARES_REGIONS.reached(self.version, unknown=True)
        if self.avoidance.regions >= AVOIDED_REGIONS:
            self.extra = " nokaslr"
            return "The command line has 4 regions already, and KASLR keeps out of no more: nokaslr is added."
        if STUB_PLACES_IMAGE.reached(self.version) and not spares:
            if _by_efi(self.log):
                self.extra = " nokaslr"
                return "The EFI stub of this release moves the kernel without a look at memmap=: nokaslr is added."
            return "Started by EFI, this release may move the kernel into a region: add nokaslr then."
        if spares and self.image is not None and self.bad & self.image:
            return (
                "Started by EFI, a kernel with memmap= is not moved: it lies at 16 MiB, on some of these addresses."
                " Started by a BIOS, KASLR keeps out of them."
            )
        return ""

    def _keep(self, frames: FrameSet, name: str) -> None:
        self.kept += tuple(Obstacle(*item.in_bytes(self.page), name) for item in self.bad & frames)
        self.bad -= frames


def _by_efi(log: BootLog) -> bool:
    return bool(log.efi_map) or any(item.kind == "efi" for item in log.reserved_regions)


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
            if item.action in (Action.REMOVE, Action.UPDATE) or (item.action is Action.ADD and item.new != RAM)
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
        for start, end in self.plan.given.ranges:
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
        kind="$" if analysis.layout.arch in X86 else None,
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
    return "may-fail" if plan.doubt and not plan.extra else "fits"


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
