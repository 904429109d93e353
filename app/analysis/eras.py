"""What every other mechanism would make of the holes outside zone spans: where a backporter sees it break."""

from app.analysis.holes import find_holes
from app.analysis.model import SEVERITIES, Choice, Era, Hole, State
from app.kernel.release import Release
from app.kernel.rules import RULES, StructPageRule
from app.layout import Layout


def eras(layout: Layout) -> tuple[Era, ...]:
    """One entry a rule, oldest first, each as of the first release of the rule."""
    return tuple(_era(layout, rule) for rule in RULES)


def _era(layout: Layout, rule: StructPageRule) -> Era:
    if not layout.outside_zone_spans.pairs:
        return Era(rule, "no hole outside zone spans", "none")
    first = rule.releases[0][0]
    release = Release("", first, first, stable_known=True, backports=False)
    holes = find_holes(layout, Choice(rule, "release", ""), release, layout.outside_zone_spans)
    worst = min(holes, key=lambda hole: SEVERITIES.index(hole.severity))
    return Era(rule, in_words(worst), worst.severity)


def in_words(hole: Hole) -> str:
    """The state of a hole in a few words: ``never written``, ``zeroed``, ``linked to node 1, Normal``."""
    if hole.state.state is State.INITIALISED:
        return f"linked to node {hole.state.node}, {hole.state.zone}"
    return {
        State.UNINITIALISED: "never written",
        State.ZEROED: "zeroed",
        State.UNKNOWN: "not known",
    }[hole.state.state]
