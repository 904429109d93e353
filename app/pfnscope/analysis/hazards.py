"""Which frames of a running machine must not be read through /proc/kpageflags, and why.

Reading a struct page that nothing wrote can kill the reader or stop the machine, so everything that is not known to
have been written is left out. Too little read costs a comparison; too much costs the machine.
"""

from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.kernel.release import Version
from pfnscope.kernel.rules import Pass
from pfnscope.kernel.thresholds import ALL_WRITTEN, CUT_AT_END, ONLINE_ONLY
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording.model import Record

Reason = tuple[FrameRange, str]

LONG_GAP = 1 << 20
"""Frames without a struct page that are read one by one only up to this many: 4 GiB of 4 KiB pages."""

_WHOLE = {
    Pass.ZERO_UP_TO_SECTION, Pass.INIT_AS_NODE_0, Pass.HOLES_PER_ZONE, Pass.HOLES_BY_ADDRESS,
    Pass.HOLES_BY_ADDRESS_SPLIT,
}  # fmt: skip
_UNFINISHED_SHARE = 8
_SECTION = 1 << 15


def top_of(analysis: Analysis | None, record: Record, version: Version | None) -> int:
    """One beyond the last frame that may be read. On old releases not above max_pfn, wherever sections end."""
    zones = [(zone.start_pfn or 0) + zone.spanned_pages for zone in record.zones or () if zone.spanned_pages]
    memory = analysis.layout.memory_frames.end if analysis else record.ram.end if record.ram else 0
    if not CUT_AT_END.reached(version):
        return max(zones, default=memory)
    blocks = [block.frames.end for block in record.blocks or ()]
    sections = analysis.layout.struct_pages.end if analysis else 0
    return max([memory, sections, *zones, *blocks])


def left_out(
    analysis: Analysis | None, record: Record, version: Version | None, top: int, *, unfinished: bool
) -> tuple[Reason, ...]:
    """Frames below ``top`` not to read, with reasons; where two hold, the later one is the graver.

    ``analysis`` is that of the running kernel's own log, None where the log has no layout. ``unfinished``: the log
    says that struct pages are left to be initialised when they are needed.
    """
    everything = FrameSet.of([FrameRange(0, top)])
    if analysis is None or not analysis.layout.memory or not analysis.layout.knows_struct_pages:
        known = (analysis.layout.memory_frames if analysis else FrameSet()) | (record.ram or FrameSet())
        why = "nothing tells whether its struct pages were written"
        return (*_each(everything - known, why), *_offline(record), *_deferred(known, record, unfinished=unfinished))
    return (
        *_gaps(analysis.layout, record, version, everything),
        *_offline(record),
        *_deferred(analysis.layout.memory_frames, record, unfinished=unfinished),
        *_unwritten(analysis),
    )


def _each(frames: FrameSet, why: str) -> Iterator[Reason]:
    for item in frames:
        yield item, why


def _gaps(layout: Layout, record: Record, version: Version | None, everything: FrameSet) -> Iterator[Reason]:
    """Frames that should have no struct page. Where it is safe, the first and last of a gap are read all the same."""
    gaps = everything - layout.struct_pages - record.online("online")
    if not ONLINE_ONLY.reached(version):
        yield from _each(gaps, "no memory from boot; a device's struct pages may be unwritten on this release")
        return
    for gap in gaps:
        if gap.pages > LONG_GAP:
            yield FrameRange(gap.start + _SECTION, gap.end - _SECTION), "no memory there"


def _offline(record: Record) -> Iterator[Reason]:
    for block in record.blocks or ():
        if block.state != "online":
            yield block.frames, f"memory block is {block.state or 'in no known state'}"


def _deferred(memory: FrameSet, record: Record, *, unfinished: bool) -> Iterator[Reason]:
    """Zones whose struct pages may be initialised only up to somewhere.

    Deferred initialisation goes upwards from the start of the last zone of a node, and counts as managed what it has
    done (deferred_init_memmap() and deferred_grow_zone() in mm/page_alloc.c, 4.17; mm/mm_init.c, 7.1). What is behind
    the first ``managed`` frames of memory may so be unwritten; in front of it nothing is.
    """
    last = {
        zone.node: zone
        for zone in sorted(record.zones or (), key=lambda zone: zone.start_pfn or 0)
        if zone.spanned_pages
    }
    for zone in last.values():
        if zone.managed_pages is None or zone.start_pfn is None:
            continue
        lacking = zone.present_pages - zone.managed_pages
        if lacking <= 0 or (not unfinished and lacking <= max(_SECTION, zone.present_pages // _UNFINISHED_SHARE)):
            continue
        end = zone.start_pfn + zone.spanned_pages
        start = _after(memory.clip(zone.start_pfn, end), zone.managed_pages) or zone.start_pfn
        why = (
            f"node {zone.node}, zone {zone.zone} manages {zone.managed_pages} of {zone.present_pages} pages, so the"
            " rest may not be initialised yet"
        )
        yield FrameRange(start, end), why


def _after(frames: FrameSet, count: int) -> int | None:
    """The frame behind the first ``count`` of a set."""
    for item in frames:
        if item.pages >= count:
            return item.start + count
        count -= item.pages
    return None


def _unwritten(analysis: Analysis) -> Iterator[Reason]:
    """Holes that nothing is known to have written.

    Where the memmap is allocated raw and no pass goes over all holes, those in the last zone of a node depend on
    whether initialisation was deferred, which a log need not tell (memmap_init_zone() in mm/page_alloc.c, 4.17).
    """
    rule = analysis.choice.rule
    version = analysis.release.stable if analysis.release else None
    assumed = analysis.choice.basis == "assumed" and not ALL_WRITTEN.reached(version)
    doubtful = rule is None or (Pass.ALLOCATE_RAW in rule.passes and not _WHOLE & set(rule.passes))
    last = {span.node: span.zone for span in analysis.layout.zone_spans if span.present_pages}
    for hole in analysis.holes:
        if hole.state == "uninitialised":
            yield hole.frames, "dangerous: nothing wrote its struct pages"
        elif hole.state == "unknown" or assumed:
            yield hole.frames, "not known whether anything wrote its struct pages"
        elif doubtful and hole.state == "initialised" and hole.node is not None and hole.zone == last.get(hole.node):
            yield hole.frames, "its struct pages are unwritten if initialisation was deferred"
