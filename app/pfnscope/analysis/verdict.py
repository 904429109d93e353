"""The answer in one sentence, and the sentences that follow from it."""

from collections.abc import Iterator, Sequence

from pfnscope.analysis.analyze import Analysis
from pfnscope.kernel.readers import WRONG_LINKS
from pfnscope.kernel.release import Version
from pfnscope.model.analysis import SEVERITIES, Hole, NomapMemory, Verdict, worse, worst_first
from pfnscope.units import format_size
from pfnscope.words import counted

_NAMED_HOLES = 2
"""Holes named one by one; a reader finds the others in the table."""


def verdict(analysis: Analysis) -> Verdict:
    """Sum up an analysis: what the worst holes are and mean, or the reason why there is no verdict."""
    if not analysis.layout.memory:
        return Verdict("none", f"No verdict: the text has no node ranges{_instead(analysis)}.", (), 0)
    if not analysis.layout.knows_struct_pages:
        return Verdict("none", f"No verdict: {analysis.choice.why}.", (), 0)
    pages = analysis.layout.outside_zone_spans.pages
    severities = {hole.severity for hole in analysis.holes}
    severity = next((name for name in SEVERITIES if name in severities), SEVERITIES[-1])
    kept_out = [item for item in worst_first(analysis.nomap) if item.severity != "none"]
    on = f" on {_short(analysis.release.version)}" if analysis.release else ""
    doubt = (f"Not certain: {analysis.choice.doubt}.",) if analysis.choice.doubt else ()
    if kept_out and worse(kept_out[0].severity, severity):
        return Verdict(kept_out[0].severity, _of_nomap(kept_out, on), doubt, pages)
    if severity == "none":
        return Verdict(severity, _no_danger(pages, on), doubt, pages)
    worst = [hole for hole in analysis.holes if hole.severity == severity]
    more = (_of_nomap(kept_out, on),) if kept_out else ()
    return Verdict(severity, _summary(worst, on), (*_details(analysis, worst), *more, *doubt), pages)


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


def _instead(analysis: Analysis) -> str:
    """What a text without node ranges has in their place."""
    log = analysis.log
    if analysis.layout.zone_spans:
        return ", only zone spans"
    return ", only memory maps" if log.map_in_force or log.efi_map else ""


def _no_danger(pages: int, on: str) -> str:
    if pages:
        return f"No danger{on}: {_count(pages)} {_lie(pages)} outside every zone span, written and reserved."
    return f"No danger{on}: no struct page lies outside every zone span."


def _summary(worst: Sequence[Hole], on: str) -> str:
    """One sentence on holes of one severity; ``on`` is empty or `` on 4.17``."""
    where = "outside every zone span" if all(hole.outside for hole in worst) else "without memory"
    pages = _pages(worst)
    subject, state = f"{_count(pages)} {_lie(pages)} {where}", worst[0].state
    if state == "uninitialised":
        tail = "but no monitoring tool is sure to reach them" if worst[0].reachable_by else "and no reader reaches them"
        tail = "" if worst[0].severity == "danger" else f", {tail}"
        return f"{subject}, and{on} nothing ever writes them{tail}."
    if state == "unknown":
        return f"{subject}; what they hold depends on the release, which is not known."
    safe = f"{_count(pages)} {where} {_are(pages)} safe to read{on}"
    if state == "zeroed":
        return f"{safe}: all zero, as if of node 0 and its first zone."
    links = sorted({f"node {hole.linked_node}, {hole.linked_zone}" for hole in worst if hole.linked_zone})
    zones = "a zone that does not span" if len(links) == 1 else "zones that do not span"
    return f"{safe}, but linked to {zones} {'it' if pages == 1 else 'them'}: {'; '.join(links)}."


def _details(analysis: Analysis, worst: Sequence[Hole]) -> Iterator[str]:
    for hole in worst[:_NAMED_HOLES]:
        yield f"{_place(hole, analysis.layout.page_size)}: {hole.why}."
    yield from dict.fromkeys(_sentence(why) for why in _causes(analysis, worst[:_NAMED_HOLES]))
    if len(worst) > _NAMED_HOLES:
        yield _more(len(worst) - _NAMED_HOLES)
    if worst[0].state == "initialised" and any(hole.linked_zone for hole in worst):
        yield _sentence(WRONG_LINKS)
    if worst[0].severity == "danger":
        readers = list(dict.fromkeys(name for hole in worst for name in hole.reachable_by if name.startswith("/")))
        yield f"Reading {' or '.join(filter(None, (', '.join(readers[:-1]), readers[-1])))} reaches them and can panic."
    places = {hole.frames for hole in worst}
    fallen = [event.lines[0] for event in analysis.events if event.hole in places]
    if fallen:
        reports = "1 report" if len(fallen) == 1 else f"{len(fallen)} reports"
        yield f"{reports} of this log fell in them, from line {fallen[0]} on."
    others = [hole for hole in analysis.holes if hole.outside and hole.severity != worst[0].severity]
    if others:
        harm = "harmless" if all(hole.severity == "none" for hole in others) else "less of a concern"
        yield f"{_count(_pages(others), 'more ')} outside every zone span {_are(_pages(others))} {harm}."


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
