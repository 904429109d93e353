"""What could happen: struct pages without memory, what they hold on this release, and who reaches them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby

from pfnscope.analysis import Analysis
from pfnscope.analysis.choice import possible_releases
from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.findings.codes import WHOLE
from pfnscope.findings.contradictions import doubts
from pfnscope.findings.drafts import Draft, no_cause, no_remedy
from pfnscope.findings.remedies import of_dangers, of_unknown
from pfnscope.kernel.readers import WRONG_LINKS
from pfnscope.kernel.release import EVERY_RELEASE
from pfnscope.model.analysis import Hole, NomapMemory, worst_first
from pfnscope.model.findings import Remedy
from pfnscope.units import format_size
from pfnscope.words import counted, plural

_NAMED_HOLES = 2
"""Holes named one by one; a reader finds the others in the table."""


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings about struct pages without memory, about NOMAP memory, and why there may be none."""
    if not analysis.layout.memory:
        if not analysis.log.events and not analysis.log.failures:
            yield no_verdict(analysis)
        return
    if not analysis.layout.knows_struct_pages:
        remedy = no_remedy if analysis.layout.arch else partial(Remedy, f"Name the architecture (--arch). {WHOLE}")
        yield Draft("no-verdict", f"No verdict: {analysis.choice.why}.", remedy=remedy)
        return
    evident = {item.hole.frames for item in analysis.evident}
    by_severity = worst_first(hole for hole in analysis.holes if hole.frames not in evident and hole.severity != "none")
    for _, holes in groupby(by_severity, key=lambda hole: hole.severity):
        yield _of_holes(analysis, list(holes))
    kept_out = worst_first(item for item in analysis.nomap if item.severity != "none")
    for _, items in groupby(kept_out, key=lambda item: item.severity):
        yield _of_nomap(analysis, list(items))
    yield from _lines_missing(analysis)
    for text, lines in doubts(analysis.checks):
        yield Draft("counts-differ", text, lines)


def no_verdict(analysis: Analysis) -> Draft:
    """That the text has no node ranges, and what it has in their place."""
    text = f"No verdict: the text has no node ranges{_instead(analysis)}."
    return Draft("no-verdict", text, remedy=partial(Remedy, WHOLE))


def calm(analysis: Analysis, *, first: bool) -> str:
    """That there is nothing to do; behind what happened, ``first`` is False, only that struct pages are safe."""
    no_page = f"o struct page of this machine can crash a reader{on_release(analysis)}."
    if not first:
        return f"N{no_page}"
    flat = " Struct pages are one array for each node (FLATMEM), without a hole." if analysis.layout.flat else ""
    return f"Nothing to do: n{no_page}{'' if analysis.holes else flat}"


def on_release(analysis: Analysis) -> str:
    """Empty, or `` on 4.17``."""
    version = _version(analysis)
    return f" on {version}" if version else ""


def _version(analysis: Analysis) -> str:
    """``4.17`` or ``6.12.107``: a vendor's whole release name is too long for a sentence. Empty where not known."""
    if analysis.release is None:
        return ""
    version = analysis.release.version
    return ".".join(map(str, version if version[2] else version[:2]))


def _instead(analysis: Analysis) -> str:
    """What a text without node ranges has in their place, and why no layout follows from it."""
    log = analysis.log
    maps = ", only memory maps" if log.map_in_force or log.efi_map else ""
    because = f": {analysis.why_not}" if analysis.why_not else ""
    return (", only zone spans" if analysis.layout.zone_spans else maps) + because


def _of_holes(analysis: Analysis, holes: list[Hole]) -> Draft:
    """Holes of one severity that no report speaks of."""
    size, code = analysis.layout.page_size, _code(analysis, holes[0])
    return Draft(
        code,
        _summary(analysis, holes),
        tuple(sorted({line for hole in holes for line in hole.lines})),
        tuple(hole.frames.in_bytes(size) for hole in holes),
        details=partial(_details, analysis, holes),
        remedy=_remedy(analysis, holes),
        cause=no_cause if code == "struct-pages-uncertain" else partial(cause_of, analysis, holes),
    )


def _remedy(analysis: Analysis, holes: list[Hole]) -> Callable[[], Remedy | None]:
    if holes[0].severity == "danger":
        return partial(of_dangers, analysis)
    return partial(of_unknown, analysis, holes) if _code(analysis, holes[0]) == "struct-pages-unknown" else no_remedy


_INFO = {"unknown": "struct-pages-undecided", "zeroed": "struct-pages-zeroed", "uninitialised": "struct-pages-unread"}


def _code(analysis: Analysis, hole: Hole) -> str:
    if hole.severity == "danger":
        return "struct-pages-unwritten"
    if hole.severity == "caution":
        if hole.state == "unknown":
            return "struct-pages-uncertain" if _rule_known(analysis) else "struct-pages-unknown"
        return "struct-pages-unwritten-far"
    return _INFO.get(hole.state, "struct-pages-linked")


def _summary(analysis: Analysis, holes: Sequence[Hole]) -> str:
    """One sentence on holes of one severity."""
    version, first, pages = _version(analysis), holes[0], sum(hole.pages for hole in holes)
    where = place(first, analysis.layout.page_size)
    of = f"the struct {plural(pages, 'page')} of {where}"
    if len(holes) > 1:
        of = f"{counted(pages, 'struct page')} in {len(holes)} holes, the first {where}"
    they, them = ("it", "it") if pages == 1 else ("they", "them")
    if first.state == "uninitialised":
        nothing = f"{f'On {version}, nothing' if version else 'Nothing'} writes {of},"
        if first.severity == "danger":
            return f"{nothing} and {_readers(holes)} can panic there."
        reach = f"no monitoring tool is sure to reach {them}" if first.reachable_by else f"no reader reaches {them}"
        return f"{nothing} but {reach}."
    if first.state == "unknown":
        return _not_known(analysis, of)
    on = f"On {version}, " if version else ""
    if first.state == "zeroed":
        return _sentence(f"{on}{of} {_are(pages)} all zero, as if {they} were of node 0 and its first zone.")
    links = sorted({f"{hole.linked_zone} of node {hole.linked_node}" for hole in holes if hole.linked_zone})
    name = "names" if pages == 1 else "name"
    zone = " and ".join(links) if links else "no zone"
    which = "a zone that does not span" if len(links) == 1 else "zones that do not span"
    return _sentence(f"{on}{of} {name} {zone}, {which} {them}.")


def _rule_known(analysis: Analysis) -> bool:
    return analysis.release is not None or analysis.choice.rule is not None


def _not_known(analysis: Analysis, of: str) -> str:
    """A sentence on holes whose state hangs on the release, or on what the text lacks."""
    if _rule_known(analysis):
        return f"What {of} hold is not known: lines are missing or contradict each other."
    releases = analysis.dangerous_on & possible_releases(analysis.log, analysis.release)
    if not releases.intervals:
        return f"What {of} hold depends on the release, which is not known{_by_lines(analysis)}."
    return f"On {releases}, nothing writes {of}, and a reader can panic there."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _are(pages: int) -> str:
    return "is" if pages == 1 else "are"


def place(hole: Hole, page_size: int) -> str:
    """``[0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000``: frames, size, address."""
    return f"{hole.frames} · {format_size(hole.pages * page_size)} · {hole.start}"


def _readers(holes: Iterable[Hole]) -> str:
    names = list(dict.fromkeys(name for hole in holes for name in hole.reachable_by if name.startswith("/")))
    names = names or list(dict.fromkeys(name for hole in holes for name in hole.reachable_by))
    return f"reading {names[0]}" if names and names[0].startswith("/") else names[0] if names else "a reader"


def _by_lines(analysis: Analysis) -> str:
    """What the lines tell of a release that is not known: empty or ``: by its lines it is of 3.5 to 4.3``."""
    releases = possible_releases(analysis.log, analysis.release)
    return "" if releases == EVERY_RELEASE else f": by its lines it is of {releases}"


def cause_of(analysis: Analysis, holes: Sequence[Hole]) -> str | None:
    """What made the first of the holes, where that is known: an argument, or where memory ends."""
    first = holes[0].frames
    why = next((cause.why for hole, cause in zip(analysis.holes, analysis.causes, strict=True) if hole.frames == first))
    return f"{why[:1].upper()}{why[1:]}." if why else None


def about(analysis: Analysis, holes: Sequence[Hole]) -> Iterator[str]:
    """Why the first holes hold what they hold, and what else is to be known of them."""
    for hole in holes[:_NAMED_HOLES]:
        owner = "" if hole.label is None else f", {hole.label} in the memory map"
        yield f"{place(hole, analysis.layout.page_size)}{owner}: {hole.why}."
    if len(holes) > _NAMED_HOLES:
        more = len(holes) - _NAMED_HOLES
        yield "1 more hole like these." if more == 1 else f"{more} more holes like these."
    if analysis.choice.doubt:
        yield f"Not certain: {analysis.choice.doubt}."


def _details(analysis: Analysis, holes: Sequence[Hole]) -> Iterator[str]:
    yield from about(analysis, holes)
    if holes[0].state == "initialised" and any(hole.linked_zone for hole in holes):
        yield f"{WRONG_LINKS[:1].upper()}{WRONG_LINKS[1:]}."


def _of_nomap(analysis: Analysis, items: Sequence[NomapMemory]) -> Draft:
    """Memory that is kept out of the map, of one severity: how much of it is never written, and who dies on it."""
    pages, worst = sum(item.frames.pages for item in items), items[0]
    names = list(dict.fromkeys(name for item in items for name in item.reachable_by))
    readers = " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "no reader"
    state = "never written" if worst.state == "uninitialised" else "all zero"
    text = (
        f"{counted(pages, 'struct page')} of memory that firmware keeps out of the map (NOMAP)"
        f" {_are(pages)} {state}{on_release(analysis)}, and {readers} can reach {'it' if pages == 1 else 'them'}."
    )
    codes = {"danger": "nomap-unwritten", "caution": "nomap-unwritten-far"}
    return Draft(
        codes.get(worst.severity, "nomap-kept-out"),
        text,
        tuple(sorted({line for item in items for line in item.lines})),
        tuple(item.frames.in_bytes(analysis.layout.page_size) for item in items),
    )


def _lines_missing(analysis: Analysis) -> Iterator[Draft]:
    """That lines are missing, where a danger may hang on them."""
    rule = analysis.choice.rule
    lost = [item for item in analysis.layout.missing if item.frames.pages]
    if lost and rule is not None and leaves_unwritten(rule):
        text = f"Lines about memory are missing from the text, so a danger{on_release(analysis)} may not be seen."
        lines = tuple(sorted({line for item in lost for line in item.lines}))
        yield Draft("lines-missing", text, lines, details=lambda: tuple(item.why for item in lost))
