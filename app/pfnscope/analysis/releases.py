"""The releases on which one layout is a danger, by their rules and readers, and the same boot judged as another one."""

from collections.abc import Iterator
from itertools import pairwise

from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.analysis.holes import Surroundings, find_holes
from pfnscope.kernel.readers import READERS
from pfnscope.kernel.release import OLDEST, Bounds, Release, Version
from pfnscope.kernel.rules import StructPageRule, rules_on
from pfnscope.model.analysis import Choice


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
        if _dangerous(surroundings, rule, max(low, OLDEST))
    )


_TURNS = sorted({point for row in READERS if row.ordinary for pair in row.releases.intervals for point in pair})
"""The releases at which an ordinary reader comes, goes, or reaches further."""


def _stretches(rule: StructPageRule, arch: str | None) -> Iterator[tuple[Version, Version]]:
    """The intervals of a rule, cut where a reader changes."""
    for low, high in rule.releases_on(arch).intervals:
        yield from pairwise([low, *(point for point in _TURNS if low < point < high), high])


def _dangerous(surroundings: Surroundings, rule: StructPageRule, version: Version) -> bool:
    release = Release("", version, version, stable_known=True, backports=False)
    choice = Choice(rule, "release", "")
    holes = find_holes(surroundings, choice, release, surroundings.layout.without_memory)
    return any(hole.severity == "danger" for hole in holes)
