"""What every other mechanism would make of the holes outside zone spans: where a backporter sees it break."""

from msgspec import structs

from pfnscope.analysis.holes import Surroundings, find_holes
from pfnscope.kernel.release import Release
from pfnscope.kernel.rules import RULES, StructPageRule, describe_releases, typical
from pfnscope.model.analysis import ALARMS, SEVERITIES, Choice, Era, Hole, Severity, worse, worst_first
from pfnscope.model.ranges import FrameSet


def eras(
    surroundings: Surroundings, own: StructPageRule | None = None, holes: tuple[Hole, ...] = ()
) -> tuple[Era, ...]:
    """One entry a rule, oldest first, each as of a typical release of the rule.

    ``holes`` are all those of the layout by the rule ``own``, where they have been found already.
    """
    layout = surroundings.layout
    if not layout.outside_zone_spans.pairs:
        return tuple(_era(rule, (), current=rule is own) for rule in RULES)
    same = own is not None and layout.version is not None and own.covers(layout.version)
    outside = tuple(hole for hole in holes if hole.outside)
    return tuple(
        _era(
            rule,
            outside if same and rule is own else _holes_of(surroundings, rule, layout.outside_zone_spans),
            current=rule is own,
        )
        for rule in RULES
    )


def weigh_unknown(surroundings: Surroundings, holes: tuple[Hole, ...]) -> tuple[Hole, ...]:
    """Holes of a kernel whose release is not known, each as grave as the worst rule makes it, but never a danger.

    Every rule is tried on all of them at once, so the cost follows the number of holes.
    """
    out = list(holes)
    for rule in RULES:
        at = 0
        for hole in _holes_of(surroundings, rule, surroundings.layout.without_memory):
            while out[at].frames.end <= hole.frames.start:
                at += 1
            out[at] = _graver(out[at], hole, rule)
    return tuple(out)


def _graver(known: Hole, hole: Hole, rule: StructPageRule) -> Hole:
    severity: Severity = "caution" if hole.severity in ALARMS else hole.severity
    if not worse(severity, known.severity):
        return known
    why = f"the release is not known; {describe_releases(rule)}: {hole.why}"
    return structs.replace(known, severity=severity, state="unknown", linked_node=None, linked_zone=None, why=why)


def _holes_of(surroundings: Surroundings, rule: StructPageRule, within: FrameSet) -> tuple[Hole, ...]:
    """The holes as of a release of the rule: the log's own, or else a typical one."""
    layout = surroundings.layout
    ours = layout.version is not None and rule.covers(layout.version)
    version = layout.version if ours and layout.version else typical(rule)
    release = Release("", version, version, stable_known=True, backports=False)
    return find_holes(surroundings, Choice(rule, "release", ""), release, within)


def _era(rule: StructPageRule, holes: tuple[Hole, ...], *, current: bool) -> Era:
    state, severity = "no hole outside zone spans", SEVERITIES[-1]
    if holes:
        worst = worst_first(holes)[0]
        state, severity = in_words(worst), worst.severity
    return Era(rule.id, describe_releases(rule), rule.title, state, severity, current)


def in_words(hole: Hole) -> str:
    """The state of a hole in a few words: ``never written``, ``zeroed``, ``linked to node 1, Normal``."""
    if hole.state == "initialised":
        return f"linked to node {hole.linked_node}, {hole.linked_zone}" if hole.linked_zone else "linked to no zone"
    return {"uninitialised": "never written", "zeroed": "zeroed", "unknown": "not known"}[hole.state]
