"""Sentences on what the release's rule says of struct pages that a report shows, and on counts that do not fit."""

from collections.abc import Iterable, Iterator

from pfnscope.analysis.evidence import Evident
from pfnscope.kernel.regressions import known, mending
from pfnscope.kernel.release import Release, short
from pfnscope.kernel.rules import describe_releases
from pfnscope.model.analysis import Check, Choice, Hole
from pfnscope.model.ranges import Lines
from pfnscope.words import counted


def state_in_full(hole: Hole) -> str:
    """``never written``, ``all zero``, ``initialised and linked to node 1, Normal``."""
    if hole.state == "initialised":
        links = f"node {hole.linked_node}, {hole.linked_zone}" if hole.linked_zone else "a zone that does not span them"
        return f"initialised and linked to {links}"
    return {"uninitialised": "never written", "zeroed": "all zero"}.get(hole.state, hole.state)


def against_rule(evident: Evident, choice: Choice, release: Release | None, arch: str | None) -> str | None:
    """What the rule says of a hole that a report speaks of; None where no rule is known."""
    if choice.rule is None:
        return None
    rule = f"The rule of {short(release.version)}" if release else f"The rule of {describe_releases(choice.rule, arch)}"
    if choice.basis == "evidence":
        rule = f"The rule of {describe_releases(choice.rule, arch)}, whose count line this log prints,"
    says = f"{rule} says that the struct pages of {evident.hole.frames} are {state_in_full(evident.by_rule)}"
    if not evident.shows_state:
        return f"{says}; the report does not show what they hold."
    if not evident.contradicts:
        return f"{rule} says the same: {evident.by_rule.why}."
    rows = known(release.version, evident.hole.state) if release else ()
    why = "a backport, a -next tree or a regression"
    sentence = f"{says}; this log shows that they are not: {why}."
    return " ".join((sentence, *(f"Known of that time: {row.words}." for row in rows)))


def known_fix(hole: Hole, by_rule: Hole, release: Release | None, max_pfn: int) -> str | None:
    """The commit that writes such struct pages and the releases that have it; None where the rule says otherwise."""
    unwritten = {"uninitialised", "poisoned"}
    if hole.state not in unwritten or by_rule.state not in {*unwritten, "unknown"}:
        return None
    commit = mending(release.acts_like if release else None, behind_max_pfn=hole.start_pfn >= max_pfn)
    if commit is None:
        return None
    *others, last = commit.mainline, *commit.stable, *commit.vendors
    first = f"{', '.join(others)} and {last}" if others else last
    return f"Known fix: {commit.id} (“{commit.subject}”), from {first} on."


def doubts(checks: Iterable[Check]) -> Iterator[tuple[str, Lines]]:
    """Counts of nodes, zones and struct pages that the layout does not explain: one sentence, its lines, or none."""
    differing = [check for check in checks if check.decisive and check.agrees is False]
    if not differing:
        return
    what = differing[0].what
    first = [check for check in differing if check.what == what]
    printed = " and ".join(dict.fromkeys(check.printed for check in first))
    ours = " and ".join(dict.fromkeys(check.computed or "none" for check in first))
    meant = ", of struct pages without memory," if "unavailable" in what else ""
    more = len(differing) - len(first)
    others = f"; {counted(more, 'more count')} {'differs' if more == 1 else 'differ'}" if more else ""
    text = f"Not certain: the kernel printed {printed} for “{what}”{meant} and this layout gives {ours}{others}."
    yield text, tuple(sorted({line for check in differing for line in check.lines}))
