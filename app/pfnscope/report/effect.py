"""What became of struct pages from one document to another, in one clause: which are no danger any more, which now."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pfnscope.model.analysis import Hole, foremost
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameSet
from pfnscope.report.words import STATE_WORDS, place_words
from pfnscope.words import counted, plural


class Before(NamedTuple):
    """How a clause calls the first document: ``as today``, ``today's``. ``again``: what was taken away is back."""

    alike: str
    own: str
    again: bool = False


def effect(first: Document, second: Document, before: Before) -> str:
    """``the 41 pages [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 are inside zone DMA32 again: no danger``."""
    if not second.sections.ranges:
        return "it is not known which page frames have a struct page"
    for grade in ("danger", "caution"):
        if _holes(first, grade) or _holes(second, grade):
            return _of_grade(grade, first, second, before)
    if _layout(first) == _layout(second):
        return "nothing changes in nodes, zones and struct pages: no danger"
    unwritten = any(hole.state == "uninitialised" for hole in second.holes)
    return "no reader gets to what is left unwritten: no danger" if unwritten else "no struct page is left unwritten"


def _of_grade(grade: str, first: Document, second: Document, before: Before) -> str:
    """What happens to holes of one severity. Frames decide: a hole may have other borders after the change."""
    old, now = _holes(first, grade), _holes(second, grade)
    had, have = (FrameSet.of(hole.frames for hole in holes) for holes in (old, now))
    new = [hole for hole in now if not had.touches(hole.frames)]
    gone = [hole for hole in old if not have.touches(hole.frames)]
    if new:
        left = (
            "" if not old else f", and {before.own} is gone" if len(gone) == len(old) else f", and {before.own} stays"
        )
        return f"{_state(new, second)}: {'another ' if old else ''}{grade}{left}"
    if not gone:
        return f"{_state(now, second)}, {before.alike}: the {grade} stays"
    if now:
        return f"the {grade} is gone in {len(gone)} of {counted(len(old), 'hole')}, but {_state(now, second)}"
    left = next((grave for grave in ("danger", "caution") if _holes(second, grave)), "")
    return f"{_fate(gone, first, second, before)}: {f'{left} in place of {grade}' if left else 'no danger'}"


def _holes(document: Document, severity: str) -> list[Hole]:
    return sorted((hole for hole in document.holes if hole.severity == severity), key=foremost)


def _state(holes: Sequence[Hole], document: Document) -> str:
    """``nothing writes the struct pages of [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000``, and of how many others."""
    first = holes[0]
    of = f"the struct {plural(first.pages, 'page')} of {place_words(first.frames, document.kernel.page_size)}"
    of += f" and of {counted(len(holes) - 1, 'more hole')}" if len(holes) > 1 else ""
    if first.state == "uninitialised":
        return f"nothing writes {of}"
    if first.state == "unknown":
        return f"what {of} hold is not known"
    return f"{of} are {STATE_WORDS[first.state]}"


def _fate(gone: Sequence[Hole], first: Document, second: Document, before: Before) -> str:
    """What became of holes: one fate where all have the same, else that no reader meets what is unwritten."""
    pages = sum(hole.pages for hole in gone)
    fates = set(_fates(gone, second, again=before.again))
    where = place_words(gone[0].frames, first.kernel.page_size)
    if len(gone) > 1:
        where = f"in {counted(len(gone), 'hole')}, the first {where},"
    if len(fates) > 1:
        return f"no reader meets an unwritten struct page in the {counted(pages, 'page')} {where}".rstrip(",")
    fate = next(iter(fates))
    noun = "page" if fate.startswith(("inside", "memory")) else "struct page"
    verb = "have no struct page" if fate == "gone" else f"{'is' if pages == 1 else 'are'} {fate}"
    return f"the {counted(pages, 'page') if fate == 'gone' else counted(pages, noun)} {where} {verb}"


def _fates(gone: Sequence[Hole], second: Document, *, again: bool) -> Iterator[str]:
    """What is at the first frame of each: inside a zone, memory, gone, or what the struct pages hold."""
    holes = sorted(second.holes, key=lambda hole: hole.start_pfn)
    starts = [hole.start_pfn for hole in holes]
    have = FrameSet.of(second.sections.ranges)
    back = " again" if again else ""
    for hole in gone:
        at = bisect_right(starts, hole.start_pfn) - 1
        now = holes[at] if at >= 0 and hole.start_pfn < holes[at].end_pfn else None
        if now is None:
            yield f"memory{back}" if hole.start_pfn in have else "gone"
        elif hole.outside and not now.outside:
            yield f"inside zone {now.zone}{back}"
        else:
            yield STATE_WORDS[now.state]


def _layout(document: Document) -> object:
    zones = [(item.node, item.zone, item.start_pfn, item.end_pfn) for item in document.zone_spans]
    holes = [(item.start_pfn, item.end_pfn, item.state, item.placement) for item in document.holes]
    return zones, [(item.node, item.start, item.end) for item in document.node_ranges], holes, document.sections.ranges
