"""Why a hole is there: the arguments without which it would not be, or the node or map that ends there."""

from collections.abc import Mapping, Sequence

from pfnscope.model.analysis import Cause, Hole
from pfnscope.model.layout import Layout

NO_CAUSE = Cause((), "")


def causes(layout: Layout, holes: Sequence[Hole], blamed: Mapping[int, Cause]) -> tuple[Cause, ...]:
    """The cause of each hole, in their order. ``blamed`` has those that arguments make, by index.

    A hole that no argument makes, and that no zone spans, is explained by where memory ends.
    """
    return tuple(blamed.get(at) or _natural(layout, hole) for at, hole in enumerate(holes))


def _natural(layout: Layout, hole: Hole) -> Cause:
    """What makes a hole outside zone spans that no argument makes: where nodes end inside a section."""
    if not hole.outside or not layout.memory:
        return NO_CAUSE
    unit = f"{'a block of the largest buddy' if layout.flat else 'a section'} that has its struct pages whole"
    below = max((m for m in layout.memory if m.frames.end <= hole.start_pfn), key=lambda m: m.frames.end, default=None)
    above = min(
        (m for m in layout.memory if m.frames.start >= hole.end_pfn), key=lambda m: m.frames.start, default=None
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
