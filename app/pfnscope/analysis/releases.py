"""The releases on which one layout is a danger, by their rules and readers, and the same boot judged as another one."""

from collections.abc import Iterator
from itertools import pairwise

from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.analysis.holes import Surroundings
from pfnscope.analysis.replay import unwritten
from pfnscope.kernel.readers import READERS, readers_for
from pfnscope.kernel.release import OLDEST, Bounds, Version
from pfnscope.kernel.rules import StructPageRule, rules_on
from pfnscope.model.ranges import FrameSet, canonical


def dangerous_releases(surroundings: Surroundings) -> Bounds:
    """Those whose rule leaves struct pages of the layout unwritten where one of their own readers gets to them."""
    layout = surroundings.layout
    if not layout.memory or not layout.knows_struct_pages:
        return Bounds(())
    return Bounds.joining(
        (low, high)
        for rule in rules_on(layout.arch)
        if leaves_unwritten(rule)
        for low, high in _stretches(rule, layout.arch)
        if dangerous(surroundings, rule, max(low, OLDEST), layout.without_memory)
    )


_TURNS = sorted({point for row in READERS if row.ordinary for pair in row.releases.intervals for point in pair})
"""The releases at which an ordinary reader comes, goes, or reaches further."""


def _stretches(rule: StructPageRule, arch: str | None) -> Iterator[tuple[Version, Version]]:
    """The intervals of a rule, cut where a reader changes."""
    for low, high in rule.releases_on(arch).intervals:
        yield from pairwise([low, *(point for point in _TURNS if low < point < high), high])


def dangerous(surroundings: Surroundings, rule: StructPageRule, version: Version, holes: FrameSet) -> bool:
    """Whether any of some holes is a danger on a release, as :func:`pfnscope.analysis.holes.severity_of` has it."""
    return any(part.pairs for part in _reached(surroundings, rule, version, holes))


def dangerous_frames(surroundings: Surroundings, rule: StructPageRule, version: Version, holes: FrameSet) -> FrameSet:
    """Those frames of some holes that are a danger on a release."""
    return FrameSet(canonical(pair for part in _reached(surroundings, rule, version, holes) for pair in part.pairs))


def _reached(surroundings: Surroundings, rule: StructPageRule, version: Version, holes: FrameSet) -> Iterator[FrameSet]:
    """The frames that stay unwritten, as far as each kind of ordinary reader gets to them."""
    left = unwritten(surroundings.layout, rule, version, holes)
    bounds = {reader.bound for reader in readers_for(version, surroundings.layout.arch) if reader.ordinary}
    return (surroundings.pages[bound] & left for bound in bounds if left)
