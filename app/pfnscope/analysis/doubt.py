"""What of the holes an incomplete text leaves open: where lines are missing, and where a printed count differs.

A state that hangs on what the text lacks is unknown, and a basis is evidence only where the printed count agrees.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct, structs

from pfnscope.analysis.choice import printed_counts
from pfnscope.analysis.eras import states
from pfnscope.analysis.replay import PassCount, counts_of, frames_of
from pfnscope.kernel.release import Release
from pfnscope.kernel.rules import CountWording, StructPageRule
from pfnscope.model.analysis import ALARMS, Basis, Check, Choice, Hole
from pfnscope.model.counts import PrintedCounts
from pfnscope.model.layout import Layout, Missing
from pfnscope.model.ranges import FrameRange, FrameSet

_MISSING = "lines of the {} are missing from the text, which decide this"
_DIFFERS = (
    "the kernel counted another number of struct pages without memory than the text gives, so this is not certain"
)
_LISTS = {"node_ranges": "node ranges", "zone_ranges": "zone ranges"}


@cache
def leaves_unwritten(rule: StructPageRule) -> bool:
    """Whether a rule can leave struct pages unwritten in some layout."""
    return any(state.state == "uninitialised" for state in states(rule, reserved=False).values())


class _Differences(Struct, frozen=True):
    """The printed counts of struct pages without memory held against ours, all lines of one zone together.

    ``frames`` are those of lines that differ, by ``pages`` in all, ``agreeing`` those of lines that agree.
    """

    pages: int
    frames: FrameSet
    agreeing: FrameSet


def doubted(
    holes: tuple[Hole, ...],
    layout: Layout,
    choice: Choice,
    release: Release | None,
    counts: PrintedCounts,
    checks: Sequence[Check],
) -> tuple[Hole, ...]:
    """The holes, with those unknown whose state hangs on what the text lacks."""
    rule = choice.rule
    if rule is None or not (layout.missing or any(check.agrees is False for check in checks)):
        return holes
    differences = None
    if rule.wording is counts.count_line:
        differences = _differences(rule, printed_counts(counts), counts_of(layout, rule))
    open_to = [(item, _gaps(layout, item.frames)) for item in layout.missing if item.frames.pages]
    return tuple(_judged(hole, layout, choice, release, differences, open_to) for hole in holes)


def _judged(
    hole: Hole,
    layout: Layout,
    choice: Choice,
    release: Release | None,
    differences: _Differences | None,
    open_to: Sequence[tuple[Missing, FrameSet]],
) -> Hole:
    own = hole.frames
    for item, frames in open_to:
        if frames.touches(own):
            return _unknown(hole, choice, _MISSING.format(_LISTS[item.subject]))
    if differences is None:
        return structs.replace(hole, basis="assumed") if layout.missing else hole
    if 0 < hole.pages <= differences.pages:
        counted = choice.rule is not None and leaves_unwritten(choice.rule) and differences.frames.touches(own)
        if counted or hole.state == "uninitialised":
            return _unknown(hole, choice, _DIFFERS)
    if differences.pages and not differences.agreeing.touches(own):
        return structs.replace(hole, basis=_weaker(choice, release, layout.arch))
    return hole


def _weaker(choice: Choice, release: Release | None, arch: str | None) -> Basis:
    """The basis of a rule whose count line is there, but with another number."""
    if choice.basis != "evidence":
        return choice.basis
    return "release" if release and choice.rule and choice.rule.covers(release.acts_like, arch) else "assumed"


def _unknown(hole: Hole, choice: Choice, why: str) -> Hole:
    risky = hole.severity in ALARMS or (choice.rule is not None and leaves_unwritten(choice.rule))
    return structs.replace(
        hole,
        state="unknown",
        linked_node=None,
        linked_zone=None,
        basis="assumed",
        severity="caution" if risky else hole.severity,
        why=why,
    )


def _gaps(layout: Layout, frames: FrameSet) -> FrameSet:
    """The gaps between known memory in which some of the frames lie: what is in them hangs on each other."""
    edges = [0, *(edge for item in layout.memory_frames for edge in (item.start, item.end)), frames.end]
    gaps = (FrameRange(start, max(start, end)) for start, end in zip(edges[::2], edges[1::2], strict=True))
    touched = [gap for gap in gaps if frames.clip(gap.start, gap.end).pairs]
    return FrameSet.of(touched) | frames


def _differences(rule: StructPageRule, printed: Sequence[PassCount], counted: Sequence[PassCount]) -> _Differences:
    nodeless = rule.wording is CountWording.ZONE_UNAVAILABLE

    def totals(items: Iterable[PassCount]) -> Counter[tuple[int | None, str | None]]:
        by_zone: Counter[tuple[int | None, str | None]] = Counter()
        for item in items:
            by_zone[None if nodeless else item.node, item.zone] += item.pages
        return by_zone

    ours, theirs = totals(counted), totals(printed)
    # what is not printed at all contradicts nothing: that line may be the one that is missing
    wrong = {zone: abs(ours[zone] - pages) for zone, pages in theirs.items() if ours[zone] != pages}
    held: dict[bool, list[PassCount]] = {True: [], False: []}
    for item in counted:
        zone = (None if nodeless else item.node, item.zone)
        if zone in theirs:
            held[zone in wrong].append(item)
    return _Differences(sum(wrong.values()), frames_of(held[True]), frames_of(held[False]))
