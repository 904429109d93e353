"""Sentences on what reports of a log prove, on what the release's rule says instead, and on counts that do not fit."""

from collections.abc import Iterable, Iterator, Sequence

from pfnscope.analysis.evidence import Evident, Proof, frame_words, frames_of
from pfnscope.kernel.readers import doing_in
from pfnscope.kernel.regressions import known
from pfnscope.kernel.release import Release, short
from pfnscope.kernel.rules import describe_releases
from pfnscope.model.analysis import Check, Choice, Hole
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import Lines
from pfnscope.words import counted, plural

_VERBS = {
    "death": "The kernel died on",
    "complaint": "The kernel complains about",
    "sight": "The log shows",
}


def lead(evident: Evident) -> str:
    """The report that decides, the struct page that it is of, the hole that this lies in, and what that holds."""
    hole, first = evident.hole, evident.proofs[0]
    where = "outside every zone span" if hole.outside else "without memory"
    which = f"one of {hole.pages:,} in the hole {hole.frames} {where}" if hole.pages > 1 else f"a hole {where}"
    page = f"the struct page of {frame_words(first)}"
    doing = doing_in(first.function) if first.function else None
    died = f"{_VERBS[first.kind]} {page}" + (f" while {doing}" if doing else "")
    return f"{died} ({_place(evident.proofs)}), {which}: {_held(hole)}."


def _place(proofs: Sequence[Proof]) -> str:
    """``stable_page_flags(), line 43, and 2 more reports``."""
    first = proofs[0]
    function = f"{first.function}(), " if first.function else ""
    more = f", and {len(proofs) - 1} more {plural(len(proofs) - 1, 'report')}" if len(proofs) > 1 else ""
    return f"{function}line {first.lines[0]}{more}"


def _held(hole: Hole) -> str:
    they, them = ("it is", "it") if hole.pages == 1 else ("they are", "them")
    if hole.state == "uninitialised":
        return f"nothing ever wrote {them}"
    if hole.state == "poisoned":
        return f"{they} still poisoned, as nothing ever wrote {them}"
    if hole.state == "unknown":
        return "their state is not known"
    return f"{they} {state_in_full(hole)}"


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


def astray(proofs: Sequence[Proof], layout: Layout) -> str:
    """Reports of struct pages that nothing wrote, of no hole of the layout."""
    first = proofs[0]
    verb = "died on" if first.kind == "death" else "prints"
    which = f"it is that of {frame_words(first)}"
    if not frames_of(first):
        which = "the text does not tell of which page frame it is"
    elif first.pfn is None:
        which += ", and the text does not tell which"
    elif layout.memory and layout.knows_struct_pages:
        which += ", which by this layout has none"
    return f"The kernel {verb} a struct page that nothing ever wrote ({_place(proofs)}): {which}."


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
