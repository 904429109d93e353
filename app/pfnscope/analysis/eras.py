"""What every other mechanism would make of the holes outside zone spans: where a backporter sees it break."""

from msgspec import structs

from pfnscope.analysis.holes import find_holes
from pfnscope.analysis.model import SEVERITIES, Choice, Era, Hole, PageState, Severity, State
from pfnscope.kernel.release import Release
from pfnscope.kernel.rules import RULES, StructPageRule, describe_releases, typical
from pfnscope.layout import Layout
from pfnscope.ranges import FrameSet


def eras(layout: Layout) -> tuple[Era, ...]:
    """One entry a rule, oldest first, each as of a typical release of the rule."""
    return tuple(_era(layout, rule) for rule in RULES)


def weigh_unknown(layout: Layout, holes: tuple[Hole, ...]) -> tuple[Hole, ...]:
    """Holes of a kernel whose release is not known, each as grave as the worst rule makes it, but never a danger.

    Every rule is tried on all of them at once, so the cost follows the number of holes.
    """
    judged = [(rule, _holes_of(layout, rule, layout.without_memory)) for rule in RULES]
    out = list(holes)
    for rule, found in judged:
        at = 0
        for hole in found:
            while out[at].frames.end <= hole.frames.start:
                at += 1
            out[at] = _graver(out[at], hole, rule)
    return tuple(out)


def _graver(known: Hole, hole: Hole, rule: StructPageRule) -> Hole:
    severity: Severity = "caution" if hole.severity in ("danger", "caution") else hole.severity
    if SEVERITIES.index(severity) >= SEVERITIES.index(known.severity):
        return known
    why = f"the release is not known; {describe_releases(rule)}: {hole.state.why}"
    return structs.replace(known, severity=severity, state=PageState(State.UNKNOWN, why))


def _holes_of(layout: Layout, rule: StructPageRule, within: FrameSet) -> tuple[Hole, ...]:
    """The holes as of a release of the rule: the log's own, or else a typical one."""
    ours = layout.version is not None and rule.covers(layout.version)
    version = layout.version if ours and layout.version else typical(rule)
    release = Release("", version, version, stable_known=True, backports=False)
    return find_holes(layout, Choice(rule, "release", ""), release, within)


def _era(layout: Layout, rule: StructPageRule) -> Era:
    if not layout.outside_zone_spans.pairs:
        return Era(rule, "no hole outside zone spans", "none")
    holes = _holes_of(layout, rule, layout.outside_zone_spans)
    worst = min(holes, key=lambda hole: SEVERITIES.index(hole.severity))
    return Era(rule, in_words(worst), worst.severity)


def in_words(hole: Hole) -> str:
    """The state of a hole in a few words: ``never written``, ``zeroed``, ``linked to node 1, Normal``."""
    if hole.state.state is State.INITIALISED:
        return f"linked to node {hole.state.node}, {hole.state.zone}" if hole.state.zone else "linked to no zone"
    return {
        State.UNINITIALISED: "never written",
        State.ZEROED: "zeroed",
        State.UNKNOWN: "not known",
    }[hole.state.state]
