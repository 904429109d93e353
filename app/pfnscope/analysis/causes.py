"""Why a hole is there: the arguments without which it would not be, or the node or map that ends there."""

from collections.abc import Sequence

from pfnscope.analysis.model import Cause, Hole
from pfnscope.bootlog.model import BootLog
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.release import Release
from pfnscope.layout import Layout

NO_CAUSE = Cause((), "")


def causes(log: BootLog, layout: Layout, release: Release | None, holes: Sequence[Hole]) -> tuple[Cause, ...]:
    """The cause of each hole, in their order: the smallest set of arguments without which it is inside or gone.

    A hole that no argument makes, and that no zone spans, is explained by where memory ends. No argument is blamed
    where simulating the log's own command line does not give the log's own node ranges.
    """
    found: dict[int, Cause] = {}
    asked = any(argument.shapes_layout for argument in arguments(log.command_line or ""))
    if holes and (asked or log.user_map):
        from pfnscope.analysis.blame import blame  # simulating is for those whose command line asks for it

        found = blame(log, layout, release, holes)
    return tuple(found.get(at) or _natural(layout, hole) for at, hole in enumerate(holes))


def _natural(layout: Layout, hole: Hole) -> Cause:
    """What makes a hole outside zone spans that no argument makes: where nodes end inside a section."""
    if not hole.outside or not layout.memory:
        return NO_CAUSE
    unit = f"{'a block of the largest buddy' if layout.flat else 'a section'} that has its struct pages whole"
    below = max(
        (m for m in layout.memory if m.frames.end <= hole.frames.start), key=lambda m: m.frames.end, default=None
    )
    above = min(
        (m for m in layout.memory if m.frames.start >= hole.frames.end), key=lambda m: m.frames.start, default=None
    )
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
