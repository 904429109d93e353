"""Which mechanism this kernel used: the printed count line first, the release second, a guess never."""

from app.analysis.model import Choice
from app.analysis.replay import PassCount, replay
from app.bootlog.model import PageCounts
from app.kernel.release import Release
from app.kernel.rules import RULES, CountWording, StructPageRule, rules_for
from app.layout import Layout


def choose(counts: PageCounts, layout: Layout, release: Release | None, *, overridden: bool) -> Choice:
    """Choose the rule. The wording of the count line narrows the rows; then its number, then the release decides.

    An overriding release beats the count line, because the caller asks what that release would do.
    """
    by_release = rules_for(release) if release else ()
    if overridden and by_release and release:
        return Choice(by_release[0], "assumed", f"the rule of {release.text}, the release that was asked for")
    wording = counts.count_line
    by_wording = [rule for rule in RULES if rule.wording is wording]
    if by_wording and wording:
        return Choice(_best(by_wording, by_release, counts, layout), "evidence", f"the log prints “{wording.value}”")
    if not by_release or release is None:
        return Choice(None, "assumed", "the text names no kernel release and prints no count")
    rule = by_release[0]
    if release.stable_known and not release.backports:
        return Choice(rule, "release", f"the rule of {release.text}")
    return Choice(rule, "assumed", f"the rule of {release.text} as its branch has it; the vendor may have backported")


def printed_counts(counts: PageCounts) -> tuple[PassCount, ...]:
    """The count lines of the log in the form in which a replay gives them."""
    total = counts.zeroed_unavailable or counts.reserved_unavailable
    if counts.unavailable:
        return tuple(PassCount(item.value, item.node, item.zone) for item in counts.unavailable)
    return (PassCount(total.value),) if total else ()


def same_counts(wording: CountWording | None, ours: tuple[PassCount, ...], printed: tuple[PassCount, ...]) -> bool:
    """Whether a replay explains the printed lines; the wording without a node is compared without it."""
    nodeless = wording is CountWording.ZONE_UNAVAILABLE
    said = [[(nodeless or item.node, item.zone, item.pages) for item in items] for items in (ours, printed)]
    return said[0] == said[1]


def _best(
    by_wording: list[StructPageRule], by_release: tuple[StructPageRule, ...], counts: PageCounts, layout: Layout
) -> StructPageRule:
    """Of the rows with this wording, the one whose count fits; rows of the release come first."""
    ordered = [rule for rule in by_release if rule in by_wording]
    ordered += [rule for rule in by_wording if rule not in ordered]
    printed = printed_counts(counts)
    for rule in ordered:
        if same_counts(rule.wording, replay(layout, rule)[1], printed):
            return rule
    return ordered[0]
