"""Finds the holes of a layout and judges each: placement, owner, state, readers, severity."""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.analysis.bounds import pages_within
from pfnscope.analysis.model import Basis, Choice, Hole, PageState, Severity, State
from pfnscope.analysis.replay import replay
from pfnscope.bootlog.model import Lines
from pfnscope.kernel.readers import Bound, Reader, readers_for
from pfnscope.kernel.release import Release
from pfnscope.kernel.rules import StructPageRule, typical
from pfnscope.layout import Layout, Owner, ZoneSpan
from pfnscope.ranges import FrameRange, FrameSet, Painted, overlay, paint


class Reach(Struct, frozen=True):
    """Who looks at struct pages on a release, and which ones each bound of theirs takes in.

    ``spans`` are the zone spans by node and zone: those of interleaved nodes overlap, and links may be to either.
    """

    readers: tuple[Reader, ...]
    pages: dict[Bound, FrameSet]
    spans: dict[tuple[int | None, str | None], FrameRange]


_UNKNOWN = PageState(State.UNKNOWN, "the release is not known, but no release leaves it dangerous")


def find_holes(layout: Layout, choice: Choice, release: Release | None, within: FrameSet) -> tuple[Hole, ...]:
    """Every maximal run of struct pages without memory with one owner, one placement and one state, by address.

    ``within`` says which of ``layout.without_memory`` to look at.
    """
    spans = paint((span.frames, span) for span in reversed(layout.zone_spans))
    version = release.acts_like if release else None
    states: Painted[PageState] = replay(layout, choice.rule, within, version)[0] if choice.rule else ()
    reach = _reach(layout, choice.rule, release)
    out: list[Hole] = []
    for frames, (owner, span, state) in overlay(within, layout.owners, spans, states):
        out.append(_judge(layout, choice.basis, reach, frames, owner, span, state or _UNKNOWN))
    return tuple(out)


def reserved_of(layout: Layout, frames: FrameRange) -> bool | None:
    """Whether memblock.reserved has the frames: True, False where a full dump shows that it has not, else None."""
    part = layout.reserved.clip(frames.start, frames.end)
    if part.pages == frames.pages:
        return True
    return False if layout.reserved_complete and part.pages == 0 else None


def severity_of(
    state: PageState, *, reserved: bool | None, linked_inside: bool, ordinary: bool, reached: bool
) -> Severity:
    """How bad a hole is. Only garbage that an ordinary reader reaches is a danger; the unknown is weighed by era."""
    if state.state is State.UNINITIALISED:
        return "danger" if ordinary else "caution" if reached else "info"
    if state.state is State.UNKNOWN:
        return "none"
    if reserved or linked_inside:
        return "none"
    return "info"


def _judge(
    layout: Layout,
    basis: Basis,
    reach: Reach,
    frames: FrameRange,
    owner: Owner | None,
    span: ZoneSpan | None,
    state: PageState,
) -> Hole:
    seen = {bound for bound, pages in reach.pages.items() if pages.clip(frames.start, frames.end).pairs}
    readers = [reader for reader in reach.readers if reader.bound in seen]
    reserved = state.reserved or reserved_of(layout, frames)
    linked_inside = span is not None and (
        state.state is State.ZEROED or _inside(frames, reach.spans.get((state.node, state.zone)))
    )
    severity = severity_of(
        state,
        reserved=reserved,
        linked_inside=linked_inside,
        ordinary=any(reader.ordinary for reader in readers),
        reached=bool(readers) or not reach.readers,
    )
    return Hole(
        frames=frames,
        outside=span is None,
        node=span.node if span else None,
        zone=span.zone if span else None,
        owner=owner,
        reserved=reserved,
        state=state,
        basis=basis,
        readers=tuple(reader.name for reader in readers),
        severity=severity,
        lines=_evidence(layout, frames, owner),
    )


def _inside(frames: FrameRange, span: FrameRange | None) -> bool:
    return span is not None and span.start <= frames.start and frames.end <= span.end


def _reach(layout: Layout, rule: StructPageRule | None, release: Release | None) -> Reach:
    """The readers of this release with the struct pages that they visit; none where the release is not known."""
    version = release.acts_like if release else typical(rule) if rule else None
    spans: dict[tuple[int | None, str | None], FrameRange] = {
        (item.node, item.zone): item.frames for item in layout.zone_spans
    }
    if version is None:
        return Reach((), {}, spans)
    readers = readers_for(version, layout.arch)
    pages = pages_within(layout)
    return Reach(readers, {reader.bound: pages[reader.bound] for reader in readers}, spans)


def _evidence(layout: Layout, frames: FrameRange, owner: Owner | None) -> Lines:
    """Lines that bound the hole: its owner's, and those of the memory right below and above."""
    lines: set[int] = set(owner.lines if owner else ())
    for item in _neighbours(layout, frames):
        lines.update(item)
    return tuple(sorted(lines))


def _neighbours(layout: Layout, frames: FrameRange) -> Iterable[Lines]:
    low, high = 0, len(layout.memory)
    while low < high:
        middle = (low + high) // 2
        if layout.memory[middle].frames.start < frames.start:
            low = middle + 1
        else:
            high = middle
    if low:
        yield layout.memory[low - 1].lines
    if low < len(layout.memory):
        yield layout.memory[low].lines
