"""The machine of a log, booted with other command lines: what-if questions, and the arguments that make a hole."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import combinations

from msgspec import Struct, structs

from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.release import Release
from pfnscope.layout import build_layout
from pfnscope.layout.evidence import ModelEvidence
from pfnscope.model.analysis import Cause, Hole
from pfnscope.model.layout import Layout, MemoryRange
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import FrameRange, FrameSet, Painted, paint
from pfnscope.simulation import USUAL_ARCH, NotSimulated, SimulatedBoot, own_command_line, simulate, with_inferred
from pfnscope.units import address_words, format_size


class Machine(Struct, frozen=True, dict=True):
    """A machine and the release that it boots. ``log`` has its firmware map, its nodes and its own command line.

    ``arch`` is the architecture that it is analysed as, which may override the log's; ``model`` is the memory model of
    its kernel with what shows it, where None is the usual one.
    """

    log: BootLog
    release: Release | None
    arch: str | None
    model: ModelEvidence | None

    @property
    def own(self) -> SimulatedBoot:
        """The boot with its own command line, simulated once. Raises NotSimulated."""
        if isinstance(self._outcome, SimulatedBoot):
            return self._outcome
        raise NotSimulated(self._outcome)

    @cached_property
    def _outcome(self) -> SimulatedBoot | str:
        """That boot, or why there is none."""
        try:
            return self._simulated(own_command_line(self.log))
        except NotSimulated as error:
            return str(error)

    def booted(self, own: SimulatedBoot) -> None:
        """Take a boot with its own command line for the one of :attr:`own`, which is then not simulated again."""
        self.__dict__["_outcome"] = own

    def boot(self, command_line: str) -> SimulatedBoot:
        """The boot with that command line. Raises NotSimulated."""
        return self.own if command_line == own_command_line(self.log) else self._simulated(command_line)

    def layout(self, boot: SimulatedBoot) -> Layout:
        """The layout of such a boot."""
        return build_layout(boot.log, self.release, self.arch, self.model)

    def as_analysed(self) -> "Machine":
        """The machine of what-if questions, which keeps an architecture that overrides the log's."""
        if self.arch == (self.log.arch or USUAL_ARCH):
            return self
        return structs.replace(self, log=structs.replace(self.log, arch=self.arch))

    def _simulated(self, command_line: str) -> SimulatedBoot:
        return simulate(self.log, command_line, self.log.stable_of(self.release))


MOST_ARGUMENTS = 3
"""Arguments left out at once; more than that together make a hole in no log that was seen."""

MOST_BOOTS = 64
MOST_RANGES = 10_000
"""Simulated boots for one log, and ranges and arguments in all of them: a server's log has a hundred."""


def blame(machine: Machine, layout: Layout, holes: Sequence[Hole]) -> dict[int, Cause]:
    """By index of a hole: the fewest arguments without which it is inside a zone span or gone, and why.

    ``layout`` is that of the machine's own command line. Nothing is blamed where simulating it does not give this
    layout. Where the text has no command line, its arguments may follow from the user-defined map.
    """
    log, inferred = with_inferred(machine.log)
    given = arguments(log.command_line or "")
    shaping = tuple(argument for argument in given if argument.shapes_layout)
    if not shaping or not reproduces(machine, layout):
        return {}
    allowed = min(MOST_BOOTS, max(1, MOST_RANGES // (1 + len(log.firmware_map) + len(layout.memory) + len(given))))
    causes = _blamed(machine, layout, holes, shaping, allowed)
    if inferred is None:
        return causes
    note = " (inferred from the user-defined map)"
    return {at: Cause(cause.arguments, cause.why + note) for at, cause in causes.items()}


def reproduces(machine: Machine, layout: Layout) -> bool:
    """Whether the machine, booted with its own command line in the simulator, has the memory of this layout."""
    again = _without(machine, ())
    return again is not None and _by_node(again) == _by_node(layout)


def _by_node(layout: Layout) -> dict[int, FrameSet]:
    """Memory of each node; where memblock keeps pieces of it apart is of no account."""
    return {node: FrameSet.of(item.frames for item in own) for node, own in layout.by_node.items()}


def _without(machine: Machine, left_out: Iterable[Argument]) -> Layout | None:
    """The layout without some arguments, or None where such a kernel would not boot."""
    text = own_command_line(machine.log)
    for argument in sorted(left_out, key=lambda item: -item.column):
        text = text[: argument.column] + text[argument.column + len(argument.text) :]
    try:
        return machine.layout(machine.boot(text))
    except NotSimulated:
        return None


def _blamed(
    machine: Machine, layout: Layout, holes: Sequence[Hole], shaping: tuple[Argument, ...], allowed: int
) -> dict[int, Cause]:
    causes: dict[int, Cause] = {}
    boots = 0
    for size in range(1, min(len(shaping), MOST_ARGUMENTS) + 1):
        # a hole inside a zone span that takes two arguments is nobody's question
        open_ = [at for at, hole in enumerate(holes) if at not in causes and (size == 1 or hole.outside)]
        for chosen in combinations(shaping, size):
            open_ = [at for at in open_ if at not in causes]
            if not open_ or boots == allowed:
                break
            boots += 1
            other = _without(machine, chosen)
            if other is None:
                continue
            change = _Change(layout, other)
            for at in open_:
                why = change.relieves(holes[at])
                if why is not None:
                    texts = tuple(argument.text for argument in chosen)
                    causes[at] = Cause(texts, " and ".join(f"“{text}”" for text in texts) + " " + why)
    return causes


class _Change(Struct, frozen=True, dict=True):
    """A layout beside another one of the same machine, in which an argument is left out."""

    layout: Layout
    other: Layout

    @cached_property
    def _removed(self) -> str:
        taken = self.other.memory_frames - self.layout.memory_frames
        return f"takes {_said(taken, self.layout.page_size)} away from memory" if taken else "changes the nodes"

    @cached_property
    def _moved(self) -> Painted[tuple[int, FrameRange, FrameRange]]:
        """Nodes that have another extent, with both, by the frames of the other one; of several the lowest."""
        nodes = sorted(self.layout.by_node.keys() & self.other.by_node.keys(), reverse=True)
        both = ((node, _extent(self.other, node), _extent(self.layout, node)) for node in nodes)
        return paint((item[1], item) for item in both if item[1] != item[2])

    def relieves(self, hole: Hole) -> str | None:
        """How the hole came about, where it is gone or inside a span in the other layout."""
        frames, other = (hole.start_pfn, hole.end_pfn), self.other
        left = other.without_memory.clip(*frames)
        if left and (not hole.outside or other.outside_zone_spans.clip(*frames)):
            return None
        if not left and not other.struct_pages.clip(*frames):
            return f"{self._removed}; without it the section has no memory and no struct pages"
        if not left:
            return f"{self._removed}; without it these frames are memory"
        at = bisect_right(self._moved, hole.start_pfn, key=lambda item: item[0].end)
        if at < len(self._moved) and self._moved[at][0].start <= hole.start_pfn:
            node, before, after = self._moved[at][1]
            if after.end <= hole.start_pfn:
                return f"{self._removed}, so node {node} ends at pfn {after.end:#x} instead of {before.end:#x}"
            return f"{self._removed}, so node {node} begins at pfn {after.start:#x} instead of {before.start:#x}"
        return f"{self._removed}; without it a zone spans the hole"


def _extent(layout: Layout, node: int) -> FrameRange:
    own = layout.by_node[node]
    return FrameRange(own[0].frames.start, max(item.frames.end for item in own))


def _said(frames: FrameSet, page_size: int) -> str:
    named = [f"[{address_words(item.start * page_size)}, {address_words(item.end * page_size)})" for item in frames]
    return " and ".join(named[:2]) + (f" and {len(named) - 2} more ranges" if len(named) > 2 else "")


NO_CAUSE = Cause((), "")


def causes(layout: Layout, holes: Sequence[Hole], blamed: Mapping[int, Cause]) -> tuple[Cause, ...]:
    """The cause of each hole, in their order. ``blamed`` has those that arguments make, by index.

    A hole that no argument makes, and that no zone spans, is explained by where memory ends.
    """
    edges = _Edges(layout)
    return tuple(blamed.get(at) or _natural(edges, hole) for at, hole in enumerate(holes))


class _Edges(Struct, frozen=True, dict=True):
    """The ranges of memory of a layout, to find those beside a hole."""

    layout: Layout

    @cached_property
    def _by_end(self) -> list[MemoryRange]:
        return sorted(self.layout.memory, key=lambda item: item.frames.end)

    @cached_property
    def _by_start(self) -> list[MemoryRange]:
        return sorted(self.layout.memory, key=lambda item: item.frames.start)

    def below(self, pfn: int) -> MemoryRange | None:
        """The highest that ends at a frame or below it."""
        at = bisect_right(self._by_end, pfn, key=lambda item: item.frames.end)
        return self._by_end[at - 1] if at else None

    def above(self, pfn: int) -> MemoryRange | None:
        """The lowest that begins at a frame or above it."""
        at = bisect_left(self._by_start, pfn, key=lambda item: item.frames.start)
        return self._by_start[at] if at < len(self._by_start) else None


def _natural(edges: _Edges, hole: Hole) -> Cause:
    """What makes a hole outside zone spans that no argument makes: where nodes end inside a section."""
    layout = edges.layout
    if not hole.outside or not layout.memory:
        return NO_CAUSE
    block = format_size(layout.memmap.block * layout.page_size)
    unit = f"a block of {block}, and the rest of the block has struct pages too"
    below, above = edges.below(hole.start_pfn), edges.above(hole.end_pfn)
    if below is None and above is not None:
        return Cause((), f"memory begins at pfn {above.frames.start:#x}, inside {unit}")
    if above is None and below is not None:
        return Cause((), f"memory ends at pfn {below.frames.end:#x}, inside {unit}")
    if below is None or above is None:
        return NO_CAUSE
    return Cause(
        (),
        f"node {below.node} ends at pfn {below.frames.end:#x} and node {above.node} goes on at pfn"
        f" {above.frames.start:#x}, inside {unit}",
    )
