"""Which mechanism this kernel used: the printed count line first, the release second, a guess never."""

from msgspec import structs

from pfnscope.analysis.replay import Counted, PassCount
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import EVERY_RELEASE, Bounds, Release
from pfnscope.kernel.rules import RULES, X86_PASSES, CountWording, StructPageRule, rules_for, rules_on, unchecked
from pfnscope.model.analysis import Basis, Choice
from pfnscope.model.counts import PrintedCounts
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog


def possible_releases(log: BootLog, release: Release | None) -> Bounds:
    """Those that a kernel of unknown release can be of, by its lines; where one is known they do not matter."""
    return log.printed_by.releases if release is None and log.printed_by else EVERY_RELEASE


def choose(log: BootLog, layout: Layout, counted: Counted, release: Release | None, *, overridden: bool) -> Choice:
    """Choose the rule of a layout, on which ``counted`` gives what a rule counts; none where struct pages are unknown.

    A release that the text names elsewhere than in the boot itself is only assumed.
    """
    if layout.memory and not layout.knows_struct_pages:
        where = layout.arch or "an unknown architecture"
        return Choice(None, "assumed", f"which page frames of {where} have a struct page is not known")
    if release is None:
        return _by_lines(log, counted, layout.arch)
    choice = _chosen(log.page_counts, counted, release, layout.arch, overridden=overridden)
    if choice.basis == "release" and "release" in log.assumed:
        return structs.replace(choice, basis="assumed", why=f"{choice.why}, which the text names elsewhere")
    return choice


def _by_lines(log: BootLog, counted: Counted, arch: str | None) -> Choice:
    """The rule of a kernel whose release is not known: that of its count line, or the only one that its lines allow."""
    within = possible_releases(log, None)
    possible = rules_on(arch, within)
    wording = log.page_counts.count_line
    if wording:
        by_wording = _by_wording(wording, arch)
        by_wording = [rule for rule in by_wording if rule in possible] or by_wording
        return _by_line(wording, by_wording, (), log.page_counts, counted)
    if len(possible) == 1:
        return Choice(possible[0], "evidence", f"the lines of the log are as {within} print them")
    bounds = "" if within == EVERY_RELEASE else f"; by its lines it is of {within}"
    return Choice(None, "assumed", f"the text names no kernel release and prints no count{bounds}")


def _chosen(counts: PrintedCounts, counted: Counted, release: Release, arch: str | None, *, overridden: bool) -> Choice:
    """The wording of the count line narrows the rows; then its number, then the release decides.

    An overriding release beats the count line, because the caller asks what that release would do.
    """
    by_release = rules_for(release, arch)
    if overridden and by_release:
        why = f"the rule of {release.text}, the release that was asked for"
        return Choice(by_release[0], "assumed", why, _doubt(by_release[0], release, arch))
    wording = counts.count_line
    if wording:
        return _by_line(wording, _by_wording(wording, arch), by_release, counts, counted)
    rule = by_release[0]
    if release.stable_known and not release.backports:
        basis: Basis = "assumed" if unchecked(release.acts_like) else "release"
        return Choice(rule, basis, f"the rule of {release.text}", _doubt(rule, release, arch))
    return Choice(rule, "assumed", _vendors_word(release), _doubt(rule, release, arch))


def _by_wording(wording: CountWording, arch: str | None) -> list[StructPageRule]:
    """The rows that print such a count line on an architecture."""
    passes = frozenset() if arch is None or arch in X86 else X86_PASSES
    return [rule for rule in RULES if rule.wording is wording and not passes & {*rule.passes}]


def _vendors_word(release: Release) -> str:
    """What is known of a release that a distribution named: its own deviation, or that it may have one."""
    known, version = release.deviation, ".".join(map(str, release.acts_like))
    if known:
        return f"the rule of {known.name}, whose {release.text} does as {version} does ({known.source})"
    name = release.vendor or "the vendor"
    if release.stable_known:
        return f"the rule of {release.text} by its number; {name} may have backported"
    return (
        f"the newest rule of the branch of {release.text}, whose stable level is not told; {name} may have backported"
    )


def _doubt(rule: StructPageRule, release: Release, arch: str | None) -> str:
    """What of the rule, the release and the vendor's build has not been read."""
    vendors = release.deviation.doubt if release.deviation else ""
    return "; ".join(filter(None, (rule.doubt_on(arch), unchecked(release.acts_like), vendors)))


def _by_line(
    wording: CountWording,
    by_wording: list[StructPageRule],
    by_release: tuple[StructPageRule, ...],
    counts: PrintedCounts,
    counted: Counted,
) -> Choice:
    why = f"the log prints “{wording.value}”"
    ordered = _nearest_first(by_wording, by_release)
    printed = printed_counts(counts)
    fitting = [rule for rule in ordered if same_counts(rule.wording, counted(rule), printed)]
    rule = fitting[0] if fitting else ordered[0]
    if rule in by_release or len(fitting or by_wording) == 1:
        return Choice(rule, "evidence", why)
    if by_release:
        return Choice(rule, "evidence", f"{why}, and no mechanism nearer to the release explains the number")
    return Choice(rule, "assumed", f"{why}, which {len(fitting or by_wording)} mechanisms do; no release decides")


def _nearest_first(rules: list[StructPageRule], by_release: tuple[StructPageRule, ...]) -> list[StructPageRule]:
    """Rules of the release, then the others, nearest in history first, of two as near the later one."""
    ours = [rule for rule in by_release if rule in rules]
    at = RULES.index(by_release[0]) if by_release else 0
    return ours + sorted(
        (rule for rule in rules if rule not in ours), key=lambda rule: abs(RULES.index(rule) - at - 0.1)
    )


def printed_counts(counts: PrintedCounts) -> tuple[PassCount, ...]:
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
