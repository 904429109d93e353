"""Finds the holes of a layout and judges each: placement, owner, state, readers, severity."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from pfnscope.analysis.replay import replay
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.readers import SUBSECTION_BYTES, Bound, Reader, readers_for
from pfnscope.kernel.release import EVERY_RELEASE, Bounds, Release
from pfnscope.kernel.rules import typical
from pfnscope.model.analysis import Choice, Hole, PageState, Severity
from pfnscope.model.layout import Layout, MemoryRange, Owner, ZoneSpan
from pfnscope.model.ranges import Address, FrameRange, FrameSet, Lines, Painted, overlay, paint


class Surroundings(Struct, frozen=True, dict=True):
    """What the holes of a layout are judged by under every rule, computed on first use and kept.

    ``painted`` is the zone span around each frame, ``spans`` are all of them by node and zone: those of interleaved
    nodes overlap, and links may be to either.
    """

    layout: Layout

    @cached_property
    def painted(self) -> Painted[ZoneSpan]:
        """By frame."""
        return paint((span.frames, span) for span in reversed(self.layout.zone_spans))

    @cached_property
    def spans(self) -> dict[tuple[int | None, str | None], FrameRange]:
        """By node and zone."""
        return {(item.node, item.zone): item.frames for item in self.layout.zone_spans}

    @cached_property
    def pages(self) -> dict[Bound, FrameSet]:
        """The struct pages that readers visit."""
        return pages_within(self.layout)


_UNKNOWN = PageState("unknown", "the release is not known, but no release leaves it dangerous")


def find_holes(
    surroundings: Surroundings,
    choice: Choice,
    release: Release | None,
    within: FrameSet,
    possible: Bounds = EVERY_RELEASE,
) -> tuple[Hole, ...]:
    """Every maximal run of struct pages without memory with one owner, one placement and one state, by address.

    ``within`` says which of ``layout.without_memory`` to look at, ``possible`` of which releases the kernel can be,
    where none is known.
    """
    layout = surroundings.layout
    version = release.acts_like if release else typical(choice.rule, layout.arch, possible) if choice.rule else None
    states: Painted[PageState] = ()
    if choice.rule:
        states = replay(layout, choice.rule, within, version)
    runs = list(overlay(within, layout.owners, surroundings.painted, states))
    readers = readers_of(surroundings, readers_for(version, layout.arch) if version else (), [run[0] for run in runs])
    return tuple(
        _judge(surroundings, choice, reaching, frames, owner, span, state or _UNKNOWN, reached=version is None)
        for (frames, (owner, span, state)), reaching in zip(runs, readers, strict=True)
    )


def readers_of(
    surroundings: Surroundings, readers: Sequence[Reader], ranges: Sequence[FrameRange]
) -> Iterator[tuple[Reader, ...]]:
    """Those of the readers that get to each of some sorted, disjoint ranges."""
    bounds = list(dict.fromkeys(reader.bound for reader in readers))
    met = zip(*(surroundings.pages[bound].meets(ranges) for bound in bounds), strict=True)
    known: dict[tuple[bool, ...], tuple[Reader, ...]] = {}
    for flags in met if bounds else [()] * len(ranges):
        if flags not in known:
            seen = {bound for bound, flag in zip(bounds, flags, strict=True) if flag}
            known[flags] = tuple(reader for reader in readers if reader.bound in seen)
        yield known[flags]


def reserved_of(layout: Layout, frames: FrameRange) -> bool | None:
    """Whether memblock.reserved has the frames: True, False where a full dump shows that it has not, else None."""
    if not layout.reserved.touches(frames):
        return False if layout.reserved_complete else None
    return True if layout.reserved.clip(frames.start, frames.end).pages == frames.pages else None


def severity_of(
    state: PageState, *, reserved: bool | None, linked_inside: bool, ordinary: bool, reached: bool
) -> Severity:
    """How bad a hole is. Only garbage that an ordinary reader reaches is a danger; the unknown is weighed by era."""
    if state.state in ("uninitialised", "poisoned"):
        return "danger" if ordinary else "caution" if reached else "info"
    if state.state == "unknown":
        return "none"
    if (reserved and not state.misnumbered) or linked_inside:
        return "none"
    return "info"


def _judge(
    surroundings: Surroundings,
    choice: Choice,
    readers: tuple[Reader, ...],
    frames: FrameRange,
    owner: Owner | None,
    span: ZoneSpan | None,
    state: PageState,
    *,
    reached: bool,
) -> Hole:
    """``reached``: somebody may get there although no reader is known to, where the release is not known."""
    layout = surroundings.layout
    reserved = state.reserved or reserved_of(layout, frames)
    severity = severity_of(
        state,
        reserved=reserved,
        linked_inside=span is not None and linked_inside(surroundings, frames, state),
        ordinary=any(reader.ordinary for reader in readers),
        reached=bool(readers) or reached,
    )
    return Hole(
        start_pfn=frames.start,
        end_pfn=frames.end,
        pages=frames.pages,
        start=Address(frames.start * layout.page_size),
        end=Address(frames.end * layout.page_size),
        placement="outside-zone-spans" if span is None else "inside-zone-span",
        node=span.node if span else None,
        zone=span.zone if span else None,
        type=owner.type if owner else None,
        label=owner.label if owner else None,
        reserved=reserved,
        state=state.state,
        linked_node=state.node if state.state == "initialised" else None,
        linked_zone=state.zone if state.state == "initialised" else None,
        basis=choice.basis,
        reachable_by=tuple(reader.name for reader in readers),
        severity=severity,
        rule=choice.rule.id if choice.rule else None,
        why=state.why,
        causes=(),
        lines=_evidence(layout, frames, owner),
    )


def linked_inside(surroundings: Surroundings, frames: FrameRange, state: PageState) -> bool:
    """Whether struct pages in a zone span name it, or one that spans them as well; all-zero ones mislead nobody."""
    span = surroundings.spans.get((state.node, state.zone))
    return state.state == "zeroed" or (span is not None and span.start <= frames.start and frames.end <= span.end)


def _evidence(layout: Layout, frames: FrameRange, owner: Owner | None) -> Lines:
    """Lines that bound the hole: its owner's, and those of the memory right below and above."""
    lines: set[int] = set(owner.lines if owner else ())
    above = bisect_left(layout.memory, frames.start, key=_start)
    for item in layout.memory[max(above - 1, 0) : above + 1]:
        lines.update(item.lines)
    return tuple(sorted(lines))


def _start(item: MemoryRange) -> int:
    return item.frames.start


def pages_within(layout: Layout) -> dict[Bound, FrameSet]:
    """The frames of each bound. Sets are cheap: cost follows the number of ranges.

    pfn_valid() of FLATMEM ends with max_mapnr, which is max_pfn (arch/x86/mm/init_32.c, 4.17 to 6.1; arm/mm/init.c).
    """
    valid = layout.struct_pages.clip(0, layout.max_pfn) if layout.flat else layout.struct_pages
    online, spans = _online(layout), FrameSet.of(item.frames for item in layout.zone_spans)
    return {
        Bound.MAX_PFN: layout.struct_pages.clip(0, layout.max_pfn),
        Bound.PAST_MAX_PFN: valid.clip(layout.max_pfn + 1, layout.struct_pages.end),
        Bound.SECTION_END: valid,
        Bound.ONLINE_SUBSECTIONS: online,
        Bound.ONLINE_BELOW_MAX_PFN: online.clip(0, layout.max_pfn),
        Bound.ZONE_SPANS: spans,
        Bound.WHOLE_SPANS: spans,
        Bound.ONLINE_IN_SPANS: spans & online,
        Bound.SECTION_HEADS: _section_heads(layout),
        Bound.MEMORY: layout.memory_frames - layout.nomap,
    }


def _section_heads(layout: Layout) -> FrameSet:
    """The first frames of sections that begin with a hole in a node's span; a run of holes has one at most.

    A section without memory has no struct pages, so a run ends in the section after the one that it begins in.
    """
    if not layout.section_size:
        return FrameSet()
    size = layout.section_size // layout.page_size
    heads = ((item, -(-item.start // size) * size) for item in layout.without_memory)
    in_holes = FrameSet.of(FrameRange(head, head + 1) for item, head in heads if head < item.end)
    return in_holes & FrameSet.of(layout.extents.values())


def _online(layout: Layout) -> FrameSet:
    """What pfn_to_online_page() of 5.12 and later says yes to, up to where /proc/kpage* end.

    FLATMEM knows neither sections nor sub-sections and stops at max_pfn; SPARSEMEM without vmemmap knows sections
    only (get_max_dump_pfn() in fs/proc/page.c and pfn_section_valid() in mmzone.h, 5.14; recorded on i386 of 6.1).
    """
    if layout.memmap.model is MemoryModel.FLATMEM:
        return layout.struct_pages.clip(0, layout.max_pfn)
    if not architecture(layout.arch).vmemmap:
        return layout.struct_pages
    return layout.struct_pages & layout.memory_frames.rounded_out(SUBSECTION_BYTES // layout.page_size)
