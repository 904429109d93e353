"""An analysis compared with what the machine itself reports: zones, struct pages, flags, memory blocks."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.holes import pages_within
from pfnscope.analysis.verified import Changes, changes
from pfnscope.analysis.verify_files import block_differences, compare_free, compare_ram
from pfnscope.kernel.readers import readers_for
from pfnscope.kernel.release import OLDEST, Version
from pfnscope.kernel.rules import Pass
from pfnscope.kernel.thresholds import NO_FLAG, ONLINE_ONLY
from pfnscope.model.analysis import Hole
from pfnscope.model.answers import Difference, FileComparison, LeftOut, Verification
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import ZoneInfo
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording.model import Kpageflags, Record

_BLOCKS, _BLOCKS_FILE, _FRAMES = "memory blocks", "memory-blocks.txt", "page frames"


def compare_blocks(analysis: Analysis, record: Record, changed: Changes) -> FileComparison:
    """There is a block, online or not, wherever a section has memory (drivers/base/memory.c, 4.17 to 7.1)."""
    layout, file = analysis.layout, record.named(_BLOCKS_FILE)
    if record.blocks is None:
        return FileComparison(
            _BLOCKS, file, _FRAMES, None, left_out=(LeftOut(None, None, record.missing[_BLOCKS_FILE]),)
        )
    theirs = FrameSet.of(block.frames for block in record.blocks)
    ours = layout.memory_frames.rounded_out(record.block_frames)
    differences = [
        *(Difference(item.start, item.end, "no block", "a block") for item in theirs - ours - changed.plugged),
        *(Difference(item.start, item.end, "no block", "a block", "plugged in after boot") for item in changed.plugged),
        *(Difference(item.start, item.end, "a block", "no block") for item in ours - theirs - changed.gone),
        *(Difference(item.start, item.end, "a block", "no block", "taken away after boot") for item in changed.gone),
    ]
    differences += block_differences(analysis, record)
    ordered = tuple(sorted(differences, key=lambda d: d.frames))
    return FileComparison(_BLOCKS, file, _FRAMES, (ours & theirs).pages, ordered)


_ZONES, _ZONEINFO = "zone spans and present pages", "zoneinfo.txt"
_DEVICE = "Device"


def compare_zones(layout: Layout, record: Record, changed: Changes) -> FileComparison:
    """One zone of one node after the other. Zones of both sides that are empty are no zones."""
    file = record.named(_ZONEINFO)
    if record.zones is None:
        return FileComparison(_ZONES, file, "zones", None, left_out=(LeftOut(None, None, record.missing[_ZONEINFO]),))
    if not layout.zone_spans:
        return FileComparison(
            _ZONES, file, "zones", None, left_out=(LeftOut(None, None, "the log gives no zone ranges"),)
        )
    ours = {(span.node, span.zone): span for span in layout.zone_spans if span.frames.pages}
    theirs = {(zone.node, zone.zone): zone for zone in record.zones if zone.spanned_pages}
    agreed = 0
    differences: list[Difference] = []
    for key in sorted(ours.keys() | theirs.keys()):
        span, zone = ours.get(key), theirs.get(key)
        if _same(span, zone):
            agreed += 1
        else:
            differences.append(_difference(layout, span, zone, changed))
    return FileComparison(_ZONES, file, "zones", agreed, tuple(differences))


def _same(span: ZoneSpan | None, zone: ZoneInfo | None) -> bool:
    if span is None or zone is None:
        return False
    start = span.frames.start if zone.start_pfn is None else zone.start_pfn
    return (start, zone.spanned_pages, zone.present_pages) == (span.frames.start, span.frames.pages, span.present_pages)


def _difference(layout: Layout, span: ZoneSpan | None, zone: ZoneInfo | None, changed: Changes) -> Difference:
    theirs = _frames(zone) if zone else None
    where = theirs or (span.frames if span else FrameRange(0, 0))
    name = f"node {span.node if span else zone.node if zone else 0}, {span.zone if span else zone.zone if zone else ''}"
    computed = f"{name} {_words(span.frames, span.present_pages)}" if span else f"no {name}"
    recorded = f"{name} {_words(theirs, zone.present_pages)}" if zone and theirs else f"no {name}"
    return Difference(where.start, where.end, computed, recorded, _explained(layout, span, zone, changed))


def _frames(zone: ZoneInfo) -> FrameRange:
    start = zone.start_pfn or 0
    return FrameRange(start, start + zone.spanned_pages)


def _words(frames: FrameRange, present: int) -> str:
    return f"{frames} with {present} present"


def _explained(layout: Layout, span: ZoneSpan | None, zone: ZoneInfo | None, changed: Changes) -> str | None:
    """Whether what came and went accounts for the difference, frame by frame.

    The span may differ only by frames that changed, and the pages present must be those of boot with what came and
    without what went.
    """
    if zone is not None and zone.zone == _DEVICE and span is None:
        return "a driver gave device memory struct pages after boot"
    ours = span.frames if span else FrameRange(0, 0)
    theirs = _frames(zone) if zone else FrameRange(0, 0)
    came, went = changed.ram - changed.offline, changed.gone | changed.offline
    if not (came | went).pages:
        return None
    booted = FrameSet.of(
        item.frames.clip(ours.start, ours.end) for item in layout.memory if span and item.node == span.node
    )
    expected = (booted - went) | came.clip(theirs.start, theirs.end)
    ends_explained = all(
        edge in (ours.start, ours.end) or _touches(came | went, edge) for edge in (theirs.start, theirs.end)
    )
    if zone is not None and (expected.pages != zone.present_pages or not ends_explained):
        return None
    if zone is None and (booted - went).pages:
        return None
    return "memory came or went after boot"


def _touches(frames: FrameSet, edge: int) -> bool:
    return any(edge in (item.start, item.end) for item in frames)


_FLAGS_FILE = "kpageflags.runs.txt"
_STRUCT_PAGES, _RESERVED, _DEATHS = "struct pages", "Reserved bits of holes", "frames that killed the reader"
_NAME = "/proc/kpageflags"

_GAP_PASSES = {Pass.INIT_AS_NODE_0, Pass.HOLES_PER_ZONE, Pass.HOLES_BY_ADDRESS}


class View(Struct, frozen=True):
    """What /proc/kpageflags shows of struct pages on a release: ``shown`` of them, the others read as no page.

    ``telling``: frames whose run tells whether they have a struct page. ``flagless``: no flag says that there is none.
    """

    shown: FrameSet
    read: FrameSet
    telling: FrameSet
    has_page: FrameSet
    flagless: bool


def compare_pages(analysis: Analysis, record: Record, changed: Changes) -> tuple[FileComparison, ...]:
    """Three comparisons: which frames have a struct page, which of those in holes are Reserved, where readers died."""
    whats = (_STRUCT_PAGES, _RESERVED, _DEATHS)
    why = _why_not(analysis, record)
    if why is not None or record.flags is None:
        return tuple(
            FileComparison(what, record.named(_FLAGS_FILE), _FRAMES, None, left_out=(LeftOut(None, None, why or ""),))
            for what in whats
        )
    view = view_of(analysis, record.flags)
    return (
        _struct_pages(analysis, record, record.flags, view, changed),
        _reserved(analysis, record.flags, view, changed),
        _deaths(analysis, record.flags),
    )


def _why_not(analysis: Analysis, record: Record) -> str | None:
    if record.flags is None:
        return record.missing[_FLAGS_FILE]
    if not record.flags.runs and not record.flags.crashed.pages:
        return "no frame was read"
    if record.page_size is not None and record.page_size != analysis.layout.page_size:
        return f"the record counts pages of {record.page_size} bytes, the analysis of {analysis.layout.page_size}"
    if not analysis.layout.knows_struct_pages:
        return "it is not known which frames of this machine have a struct page"
    if analysis.release is None:
        return "the log does not tell the release, so it is not known what this file shows"
    return None


def view_of(analysis: Analysis, flags: Kpageflags) -> View:
    """What the recorded file shows on the release of the analysis."""
    layout, version = analysis.layout, analysis.release.acts_like if analysis.release else OLDEST
    flagless = NO_FLAG.reached(version) and not flags.having(nopage=True).pages
    read = flags.read if flags.end is None else flags.read.clip(0, flags.end)
    if flagless:  # only a run in which every frame has a flag tells of each that it has a struct page
        telling = FrameSet.of(run.frames for run in flags.runs if run.reserved or run.others == run.frames.pages)
        return View(_shown(layout, version), read, telling, telling, flagless=True)
    return View(_shown(layout, version), read, read, flags.having(nopage=False), flagless=False)


def _shown(layout: Layout, version: Version) -> FrameSet:
    """Those of the struct pages that the reader's bound lets through; of FLATMEM never any above max_pfn."""
    shown = FrameSet()
    pages = pages_within(layout)
    for reader in readers_for(version, layout.arch):
        if reader.name == _NAME:
            shown |= pages[reader.bound]
    return (shown & layout.struct_pages).clip(0, layout.max_pfn if layout.flat else layout.struct_pages.end)


def _struct_pages(
    analysis: Analysis, record: Record, flags: Kpageflags, view: View, changed: Changes
) -> FileComparison:
    ours, came = analysis.layout.struct_pages, changed.plugged | changed.offline
    version = analysis.release.acts_like if analysis.release else None
    shows_devices = not ONLINE_ONLY.reached(version, unknown=True)
    devices = record.devices.rounded_out(record.block_frames) if shows_devices else FrameSet()
    lacking = (view.shown & view.telling) - view.has_page
    extra = (view.has_page & view.telling) - ours
    unseen = (view.has_page & view.telling & ours) - view.shown
    differences = [
        *_each(lacking - changed.gone - changed.offline, "a struct page", "none"),
        *_each(lacking & changed.gone, "a struct page", "none", "taken away after boot"),
        *_each(lacking & changed.offline, "a struct page", "none", "its memory block is not online"),
        *_each(extra - came - devices, "no struct page", "one"),
        *_each(extra & came, "no struct page", "one", "plugged in after boot"),
        *_each((extra & devices) - came, "no struct page", "one", "a driver's, for device memory"),
        *_each(unseen, "a struct page that this file does not show", "one"),
    ]
    wrong = FrameSet.of(item.frames for item in differences)
    hidden = (ours & view.read) - view.shown
    notes = [f"{hidden.pages} frames have a struct page that this file does not show on this release"] * bool(
        hidden.pages
    )
    if view.flagless:
        notes.append(
            "this release has no flag for a frame without a struct page; frames with no flag at all tell nothing"
        )
    left = view.read - view.telling - hidden
    return FileComparison(
        _STRUCT_PAGES,
        _FLAGS_FILE,
        _FRAMES,
        ((view.telling - hidden) - wrong).pages,
        tuple(sorted(differences, key=lambda item: item.frames)),
        (
            *_unread(flags, ours),
            *(LeftOut(item.start, item.end, "no flag is set on some of these frames, or on none") for item in left),
        ),
        tuple(notes),
    )


def _each(frames: FrameSet, computed: str, recorded: str, explained: str | None = None) -> Iterator[Difference]:
    for item in frames:
        yield Difference(item.start, item.end, computed, recorded, explained)


def _unread(flags: Kpageflags, ours: FrameSet) -> Iterator[LeftOut]:
    for frames, why in flags.skipped:
        yield LeftOut(frames.start, frames.end, why)
    if flags.end is None:
        yield LeftOut(flags.read.end, max(ours.end, flags.read.end + 1), "the reading broke off here")


def _reserved(analysis: Analysis, flags: Kpageflags, view: View, changed: Changes) -> FileComparison:
    """Holes whose struct pages an initialising pass marked, or which memblock.reserved is known to have or not."""
    reserved = flags.having(reserved=True)
    regions = (item for item in analysis.log.reserved_regions if item.kind == "initrd")
    initrd = FrameSet.of(item.range.frames_outward(analysis.layout.page_size) for item in regions)
    agreed, differences, left = 0, list[Difference](), list[LeftOut]()
    seen = view.shown & view.read & (flags.having(nopage=False) | (view.shown if view.flagless else FrameSet()))
    for hole in analysis.holes:
        frames = seen.clip(hole.frames.start, hole.frames.end) - changed.offline
        expected = expected_reserved(analysis, hole)
        if expected is None:
            left += [LeftOut(item.start, item.end, "nothing tells whether memblock.reserved has it") for item in frames]
            continue
        wrong = frames - reserved if expected else frames & reserved
        agreed += frames.pages - wrong.pages
        words = ("Reserved", "not Reserved") if expected else ("not Reserved", "Reserved")
        given_back = wrong & initrd if expected else FrameSet()
        differences += _each(given_back, *words, "an initial RAM disk lay there, and its frames were freed")
        differences += _each(wrong - given_back, *words)
    return FileComparison(_RESERVED, _FLAGS_FILE, _FRAMES, agreed, tuple(differences), tuple(left))


def expected_reserved(analysis: Analysis, hole: Hole) -> bool | None:
    """Whether the struct pages of a hole are Reserved; None where that is not known.

    The passes over holes mark what they initialise. A later walk over a zone span initialises again, which loses the
    mark (memmap_init_zone() in mm/page_alloc.c, 5.6 and 5.7). What memblock.reserved has is marked last of all.
    """
    state, rule = hole.state, analysis.choice.rule
    if state in ("uninitialised", "unknown") or rule is None:
        return None
    if hole.reserved:
        return True
    walked = Pass.WALK_SPANS in rule.passes and not hole.outside
    if state == "initialised" and _GAP_PASSES & set(rule.passes) and not walked:
        return True
    return hole.reserved


def _deaths(analysis: Analysis, flags: Kpageflags) -> FileComparison:
    dangers = FrameSet.of(
        hole.frames for hole in analysis.holes if hole.severity == "danger" and _NAME in hole.reachable_by
    )
    wrong = flags.crashed - dangers
    harmless = (dangers & flags.read).pages
    notes = [f"{harmless} dangerous frames were read without harm: memory happened to hold nothing bad"] * bool(
        harmless
    )
    return FileComparison(
        _DEATHS,
        _FLAGS_FILE,
        _FRAMES,
        (flags.crashed & dangers).pages,
        tuple(_each(wrong, "harmless", "its reader was killed")),
        tuple(
            LeftOut(frames.start, frames.end, why) for frames, why in flags.skipped if FrameSet.of([frames]) & dangers
        ),
        tuple(notes),
    )


def verify(analysis: Analysis, record: Record) -> Verification:
    """Hold zones, struct pages, Reserved bits, deaths of readers and memory blocks against the record.

    The analysis must be that of the log alone: a file is never held against facts that were taken from it.
    """
    layout = analysis.layout
    changed = changes(layout, record)
    comparisons = (
        compare_zones(layout, record, changed),
        compare_ram(layout, record, changed),
        *([compare_free(layout, record, changed)] if record.has_free else []),
        *compare_pages(analysis, record, changed),
        compare_blocks(analysis, record, changed),
    )
    compared = any(item.agreed is not None for item in comparisons)
    return Verification(
        agrees=compared and not any(item.mismatches for item in comparisons),
        compared=compared,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(name for name, _ in analysis.assumed),
        changes=tuple(changed.words()),
        comparisons=comparisons,
    )
