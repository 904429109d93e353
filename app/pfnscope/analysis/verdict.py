"""The answer in one sentence, and the sentences that follow from it."""

from collections.abc import Iterable, Iterator, Sequence

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.choice import possible_releases
from pfnscope.analysis.contradictions import against_rule, astray, doubts, lead
from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.analysis.evidence import Evident
from pfnscope.analysis.trouble import without_layout
from pfnscope.kernel.readers import WRONG_LINKS
from pfnscope.kernel.release import EVERY_RELEASE, Version
from pfnscope.model.analysis import ALARMS, SEVERITIES, Hole, NomapMemory, Severity, Verdict, foremost, worst_first
from pfnscope.units import format_size
from pfnscope.words import counted

_NAMED_HOLES = 2
"""Holes named one by one; a reader finds the others in the table."""


def verdict(analysis: Analysis) -> Verdict:
    """Sum up an analysis: what its reports prove, what the worst holes mean, or why there is no verdict."""
    if not analysis.layout.memory:
        return without_layout(analysis)
    if not analysis.layout.knows_struct_pages:
        return _without_holes(analysis, f"No verdict: {analysis.choice.why}.")
    answers = worst_first(_answers(analysis), lambda answer: answer[0])
    severity, summary, details = answers[0]
    further = (text for _, other, more in answers[1:] for text in (other, *more))
    doubt = (f"Not certain: {analysis.choice.doubt}.",) if analysis.choice.doubt else ()
    said = tuple(dict.fromkeys((*details, *further, *doubt)))
    return Verdict(severity, summary, said, analysis.layout.outside_zone_spans.pages)


def _of_nomap(items: Sequence[NomapMemory], on: str) -> str:
    """One sentence on memory that is kept out of the map: how much of it is never written, and who dies on it."""
    pages = sum(item.frames.pages for item in items if item.severity == items[0].severity)
    names = list(dict.fromkeys(name for item in items for name in item.reachable_by))
    readers = " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "no reader"
    state = "never written" if items[0].state == "uninitialised" else "all zero"
    return (
        f"{_count(pages)} of memory that is kept out of the map (NOMAP) {_are(pages)} {state}{on}; they are reached by"
        f" {readers}."
    )


def _without_holes(analysis: Analysis, why: str) -> Verdict:
    """Of a layout whose holes are not known only what reports prove by themselves."""
    for severity, summary, _ in _of_astray(analysis):
        return Verdict(severity, summary, (why,), 0)
    return Verdict(SEVERITIES[-1], why, (), 0)


def verdict_severity(analysis: Analysis) -> Severity:
    """That of the verdict, without its sentences, for which causes would have to be found."""
    if not analysis.layout.memory:
        return without_layout(analysis).severity
    if not analysis.layout.knows_struct_pages:
        return next((severity for severity, _, _ in _of_astray(analysis)), SEVERITIES[-1])
    return worst_first(_answers(analysis), lambda answer: answer[0])[0][0]


_Answer = tuple[Severity, str, Iterable[str]]
"""How bad something is, in one sentence, and what follows from it, which is worked out when it is read."""


def _answers(analysis: Analysis) -> Iterator[_Answer]:
    """Everything that a verdict is made of; the gravest is its summary, of equally grave ones the first."""
    holes = sorted(analysis.holes, key=foremost)
    severity = holes[0].severity if holes else SEVERITIES[-1]
    on = f" on {_short(analysis.release.version)}" if analysis.release else ""
    evident = sorted(analysis.evident, key=lambda item: foremost(item.hole))
    leading = [item for item in evident if item.hole.severity == severity != SEVERITIES[-1]]
    for item in leading:
        yield severity, lead(item), _of_evident(analysis, item)
    yield from _of_astray(analysis)
    lost = _lost(analysis)
    if lost:
        lacking = f"Lines about memory are missing from the text, so a danger{on} may not be seen."
        yield SEVERITIES[-1] if severity == "danger" else "caution", lacking, lost
    doubt = tuple(doubts(analysis.checks))
    for text in doubt:
        yield SEVERITIES[-1] if severity in ALARMS else "caution", text, ()
    worst = holes[len(leading) : sum(hole.severity == severity for hole in holes)]
    if severity != SEVERITIES[-1] and worst:
        yield severity, _summary(worst, on, _by_lines(analysis)), _details(analysis, worst)
    kept_out = [item for item in worst_first(analysis.nomap) if item.severity != SEVERITIES[-1]]
    if kept_out:
        yield kept_out[0].severity, _of_nomap(kept_out, on), ()
    if severity == SEVERITIES[-1] and not (doubt or lost or analysis.astray or kept_out):
        nothing = (_NOTHING_TO_JUDGE,) if analysis.layout.flat and not holes else ()
        yield severity, _no_danger(analysis.layout.outside_zone_spans.pages, on), nothing
    others = [hole for hole in holes if hole.outside and hole.severity != severity]
    if others:
        harm = "harmless" if all(hole.severity == SEVERITIES[-1] for hole in others) else "less of a concern"
        more = _count(_pages(others), "more ")
        yield SEVERITIES[-1], f"{more} outside every zone span {_are(_pages(others))} {harm}.", ()
    for item in evident:
        if item not in leading:
            yield SEVERITIES[-1], lead(item), _against(analysis, item)
    if analysis.reports_of_another and any(event.hole for event in analysis.events):
        yield SEVERITIES[-1], f"The reports of this log are of {analysis.log.release}: they prove nothing{on}.", ()


_NOTHING_TO_JUDGE = "There is nothing to judge: struct pages are one array for each node (FLATMEM), without a hole."


def _of_astray(analysis: Analysis) -> Iterator[_Answer]:
    if analysis.astray:
        severity: Severity = "danger" if analysis.astray[0].kind == "death" else "caution"
        yield severity, astray(analysis.astray, analysis.layout), ()


def _lost(analysis: Analysis) -> tuple[str, ...]:
    """What shows that lines are missing, where a danger may hang on them; nothing where none can."""
    rule = analysis.choice.rule
    lost = tuple(item.why for item in analysis.layout.missing if item.frames.pages)
    return lost if lost and rule is not None and leaves_unwritten(rule) else ()


def _no_danger(pages: int, on: str) -> str:
    if pages:
        return f"No danger{on}: {_count(pages)} {_lie(pages)} outside every zone span, written and reserved."
    return f"No danger{on}: no struct page lies outside every zone span."


def _by_lines(analysis: Analysis) -> str:
    """What the lines tell of a release that is not known: empty or ``: by its lines it is of 3.5 to 4.3``."""
    releases = possible_releases(analysis.log, analysis.release)
    return "" if releases == EVERY_RELEASE else f": by its lines it is of {releases}"


def _summary(worst: Sequence[Hole], on: str, by_lines: str) -> str:
    """One sentence on holes of one severity; ``on`` is empty or `` on 4.17``, ``by_lines`` what bounds the release."""
    where = "outside every zone span" if all(hole.outside for hole in worst) else "without memory"
    pages = _pages(worst)
    subject, state = f"{_count(pages)} {_lie(pages)} {where}", worst[0].state
    if state == "uninitialised":
        tail = "but no monitoring tool is sure to reach them" if worst[0].reachable_by else "and no reader reaches them"
        tail = "" if worst[0].severity == "danger" else f", {tail}"
        return f"{subject}, and{on} nothing ever writes them{tail}."
    if state == "unknown":
        why = (
            "is not known, since lines are missing or contradict each other"
            if on
            else f"depends on the release, which is not known{by_lines}"
        )
        return f"{subject}; what they hold {why}."
    safe = f"{_count(pages)} {where} {_are(pages)} safe to read{on}"
    if state == "zeroed":
        return f"{safe}: all zero, as if of node 0 and its first zone."
    links = sorted({f"node {hole.linked_node}, {hole.linked_zone}" for hole in worst if hole.linked_zone})
    zones = "a zone that does not span" if len(links) == 1 else "zones that do not span"
    return f"{safe}, but linked to {zones} {'it' if pages == 1 else 'them'}: {'; '.join(links)}."


def _of_evident(analysis: Analysis, item: Evident) -> Iterator[str]:
    yield from _against(analysis, item)
    yield from _details(analysis, [item.hole])


def _against(analysis: Analysis, item: Evident) -> Iterator[str]:
    sentence = against_rule(item, analysis.choice, analysis.release, analysis.layout.arch)
    if sentence:
        yield sentence


def _details(analysis: Analysis, worst: Sequence[Hole]) -> Iterator[str]:
    for hole in worst[:_NAMED_HOLES]:
        yield f"{_place(hole, analysis.layout.page_size)}: {hole.why}."
    yield from dict.fromkeys(_sentence(why) for why in _causes(analysis, worst[:_NAMED_HOLES]))
    if len(worst) > _NAMED_HOLES:
        yield _more(len(worst) - _NAMED_HOLES)
    if worst[0].state == "initialised" and any(hole.linked_zone for hole in worst):
        yield _sentence(WRONG_LINKS)
    readers = list(dict.fromkeys(name for hole in worst for name in hole.reachable_by if name.startswith("/")))
    if worst[0].severity == "danger" and readers:
        yield f"Reading {' or '.join(filter(None, (', '.join(readers[:-1]), readers[-1])))} reaches them and can panic."
    places = {hole.frames for hole in worst if hole.by_rule is None}
    fallen = [event.lines[0] for event in analysis.events if event.hole in places]
    if fallen:
        reports = "1 report" if len(fallen) == 1 else f"{len(fallen)} reports"
        yield f"{reports} of this log fell in them, from line {fallen[0]} on."


def _more(holes: int) -> str:
    return "1 more hole like these." if holes == 1 else f"{holes} more holes like these."


def _causes(analysis: Analysis, holes: Sequence[Hole]) -> Iterator[str]:
    """What made the holes, where that is known."""
    for hole, cause in zip(analysis.holes, analysis.causes, strict=True):
        if hole in holes and cause.why:
            yield cause.why


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _pages(holes: Sequence[Hole]) -> int:
    return sum(hole.pages for hole in holes)


def _place(hole: Hole, page_size: int) -> str:
    owner = "" if hole.label is None else f", {hole.label} in the memory map"
    return f"{hole.frames}, {format_size(hole.pages * page_size)}{owner}"


def _short(version: Version) -> str:
    """``4.17`` or ``6.12.107``: a vendor's whole release name is too long for a sentence."""
    return ".".join(map(str, version if version[2] else version[:2]))


def _count(pages: int, more: str = "") -> str:
    return counted(pages, f"{more}struct page")


def _are(pages: int) -> str:
    return "is" if pages == 1 else "are"


def _lie(pages: int) -> str:
    return "lies" if pages == 1 else "lie"
