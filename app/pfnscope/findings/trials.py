"""Other command lines booted in the simulator, within a budget: which of them leaves a hole out and adds no alarm."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain

from msgspec import Struct

from pfnscope.analysis import Analysis
from pfnscope.analysis.machine import reproduces
from pfnscope.analysis.moving import (
    Rewritten,
    in_whole_sections,
    is_limit,
    kind_of,
    limits_at_sections,
    region_text,
    rewritten,
    safe_starts,
)
from pfnscope.analysis.places.memmap import placements, taken
from pfnscope.analysis.whatif import what_if
from pfnscope.findings.codes import BY_CODE
from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.command_line import arguments as split
from pfnscope.kernel.kaslr import AVOIDED_REGIONS
from pfnscope.kernel.map_arguments import ArgumentNote, MapOperation
from pfnscope.kernel.region_kinds import Kind
from pfnscope.model.analysis import ALARMS, Hole
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.simulation import NotSimulated, SimulatedBoot, own_command_line
from pfnscope.units import argument_size

MOST_BOOTS = 12
MOST_RANGES = 6_000
"""Simulated boots for the remedies of one boot, and ranges in all of them."""

MOST_PLACED = 256
"""Ranges of a map in which places are searched for a remedy; ``pfnscope place`` searches larger ones."""

MOST_FILLED = AVOIDED_REGIONS
"""Ranges of memory that are given up for the holes beside them: more regions switch KASLR off."""


class Tried(Struct, frozen=True):
    """A command line that helps, and the analysis of its simulated boot. ``instead`` is empty where it is longer."""

    argument: str
    instead: str
    analysis: Analysis


_OF_FRAMES = ("crashes", "holes")
"""Subjects whose findings are about struct pages: where they are is what counts, under whichever code."""


class Alarms(Struct, frozen=True):
    """Where struct pages are that somebody should look at, and the codes of all other findings of that weight."""

    danger: FrameSet
    frames: FrameSet
    codes: frozenset[str]

    @classmethod
    def of(cls, analysis: Analysis) -> "Alarms":
        """Those of a boot, without what costs."""
        from pfnscope.findings import drafts_of

        size, grave = analysis.layout.page_size, [draft for draft in drafts_of(analysis) if draft.severity in ALARMS]
        placed = [draft for draft in grave if draft.ranges and BY_CODE[draft.code].subject in _OF_FRAMES]
        frames = {
            severity: FrameSet.of(
                item.frames_outward(size) for draft in placed if draft.severity == severity for item in draft.ranges
            )
            for severity in ALARMS
        }
        both = frames["danger"] | frames["caution"]
        return cls(frames["danger"], both, frozenset(draft.code for draft in grave if draft not in placed))


def _grave(notes: Iterable[ArgumentNote]) -> int:
    """How many notes on arguments are more than worth knowing."""
    return sum(not note.code or BY_CODE[note.code].severity in ALARMS for note in notes)


def ranges_of(analysis: Analysis) -> int:
    """What a simulated boot and a judged release cost: the ranges of map and memory."""
    return len(analysis.booted_from.firmware_map) + len(analysis.layout.memory)


MOST_TRIED = 6_000
"""Ranges and arguments in all boots for corrections of one command line."""

_TRIED = "ranges_tried"


def allowed(analysis: Analysis, boots: int = 1) -> bool:
    """Whether as much may be worked out as some more boots cost, for corrections; it is counted where it may."""
    kept, given = analysis.__dict__, split(own_command_line(analysis.booted_from))
    tried = kept.get(_TRIED, 0) + boots * (ranges_of(analysis) + len(given))
    if tried > MOST_TRIED:
        return False
    kept[_TRIED] = tried
    return True


class Trials:
    """The machine of a log, booted with other command lines until one leaves out ``holes`` and adds no alarm.

    ``boots`` is how often; by default fewer the more ranges there are, for work that nobody has asked for.
    """

    def __init__(self, analysis: Analysis, holes: Iterable[Hole] = (), boots: int | None = None) -> None:
        self.analysis, self.holes = analysis, tuple(holes)
        self.frames = FrameSet.of(hole.frames for hole in self.holes)
        self.ranges = ranges_of(analysis)
        self.left = min(MOST_BOOTS, MOST_RANGES // (1 + self.ranges)) if boots is None else boots
        self.command_line = own_command_line(analysis.booted_from)
        self.placed = True

    @cached_property
    def own(self) -> SimulatedBoot:
        """The simulated boot of the log's own command line. Raises NotSimulated."""
        return self.analysis.machine.as_analysed().own

    @cached_property
    def why_not(self) -> str:
        """Why no other command line can be tried; empty where it can."""
        try:
            _ = self.own
        except NotSimulated as error:
            return str(error)
        if not reproduces(self.analysis.machine, self.analysis.layout):
            return "the simulator does not reproduce the memory of this boot"
        return ""

    @cached_property
    def alarms(self) -> Alarms:
        """Those of the boot as it was."""
        return Alarms.of(self.analysis)

    def helps(self, command_line: str) -> Analysis | None:
        """The boot with that command line, where the holes are left out and nothing is worse."""
        booted = self._booted(command_line)
        if booted is None:
            return None
        analysis, boot = booted
        if _grave(boot.problems) > _grave(self.own.problems) or boot.image_mended > self.own.image_mended:
            return None
        now, before = Alarms.of(analysis), self.alarms
        worse = (now.danger - before.danger).pairs or (now.frames - before.frames).pairs or now.codes - before.codes
        return None if worse or (now.frames & self.frames).pairs or self._still_there(analysis) else analysis

    def _booted(self, command_line: str) -> tuple[Analysis, SimulatedBoot] | None:
        if self.left <= 0:
            return None
        self.left -= 1
        try:
            return what_if(self.analysis, command_line)
        except NotSimulated:
            return None

    def _still_there(self, analysis: Analysis) -> bool:
        """Whether the log contradicts the rule of a hole, so that only its absence helps, and it is there."""
        for hole in self.holes:
            if hole.by_rule not in (None, "uninitialised", "poisoned"):
                layout = analysis.layout
                left = layout.outside_zone_spans if hole.outside else layout.without_memory
                if left.clip(hole.start_pfn, hole.end_pfn).pairs:
                    return True
        return False

    def reworded(self, arguments: tuple[str, ...]) -> Tried | None:
        """The first other place or form of one of these arguments that helps, on every release where there is one."""
        helping: Tried | None = None
        for operation in self.own.operations if arguments else ():
            for form in self._forms(operation) if operation.argument.text in arguments else ():
                analysis = self.helps(form.command_line)
                if analysis is not None and not analysis.dangerous_on.intervals:
                    return Tried(form.argument, form.instead, analysis)
                if analysis is not None and helping is None:
                    helping = Tried(form.argument, form.instead, analysis)
        return helping

    def left_out(self, arguments: tuple[str, ...]) -> Tried | None:
        """The first argument without which it is good, or all of them."""
        for gone in dict.fromkeys([*((text,) for text in arguments), arguments]):
            kept = [item.text for item in split(self.command_line) if item.text not in gone]
            analysis = self.helps(" ".join(kept))
            if analysis is not None:
                return Tried("", " ".join(gone), analysis)
        return None

    def _forms(self, operation: MapOperation) -> Iterator[Rewritten]:
        kind, section = kind_of(operation), self.analysis.layout.section_size
        texts: Iterable[str] = ()
        if kind is not None:
            wide = in_whole_sections(operation, kind, section) if section else ()
            reserved = kind == "$"  # what is reserved may be needed where it is
            texts = chain(wide if reserved else (), self._elsewhere(operation, kind), () if reserved else wide)
        elif is_limit(operation) and section:
            texts = map(self._limit, limits_at_sections(operation, section))
        for text in texts:
            yield rewritten(self.command_line, operation, text)

    def _limit(self, end: int) -> str:
        """What ``mem=`` says for RAM to end at an address: that, or how much memory there is below."""
        layout = self.analysis.layout
        if not architecture(layout.arch).total_limit:
            return argument_size(end)
        frames, page = layout.memory_frames, layout.page_size
        above = max(0, end // page - frames.end)
        return argument_size((frames.clip(0, end // page).pages + above) * page)

    def _elsewhere(self, operation: MapOperation, kind: Kind) -> Iterator[str]:
        """The region of an operation at the most fitting safe starts, as written."""
        analysis, page = self.analysis, self.analysis.layout.page_size
        self.placed = self.ranges <= MOST_PLACED and "numa=fake" not in self.command_line
        booted = self._booted(rewritten(self.command_line, operation, "").command_line) if self.placed else None
        if booted is None:
            return
        base = booted[0]
        if (Alarms.of(base).frames & self.frames).pairs:
            return  # it is not the place of this region
        step = analysis.layout.section_size or 128 << 20
        places = placements(base, (operation.end - operation.start) // page, kind, step // page)
        for start in safe_starts(places, operation.start, step):
            if start != operation.start:
                yield region_text(operation, kind, start)

    def filled(self) -> Tried | None:
        """The rest of the sections that the holes lie in, reserved: where no memory is, are no struct pages."""
        block, layout, page = self.analysis.layout.section_size, self.analysis.layout, self.analysis.layout.page_size
        if not block or layout.flat or architecture(layout.arch).total_limit:
            return None
        around = self.frames.rounded_out(block // page)
        rest = tuple(around & layout.memory_frames)
        if not 0 < len(rest) <= MOST_FILLED or (FrameSet.of(rest) & taken(self.analysis)).pairs:
            return None
        argument = " ".join(_reserving(item, page) for item in rest)
        analysis = self.helps(f"{self.command_line} {argument}".strip())
        return None if analysis is None else Tried(argument, "", analysis)


def _reserving(frames: FrameRange, page: int) -> str:
    return f"memmap={argument_size(frames.pages * page)}${argument_size(frames.start * page)}"
