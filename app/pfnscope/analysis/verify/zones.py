"""Zone spans and present pages against /proc/zoneinfo."""

from pfnscope.analysis.verify.blocks import Changes
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.log import ZoneInfo
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.model.verification import Comparison, Difference, LeftOut
from pfnscope.recording.model import Record

_WHAT, _FILE, _UNIT = "zone spans and present pages", "zoneinfo.txt", "zones"
_DEVICE = "Device"


def compare_zones(layout: Layout, record: Record, changed: Changes) -> Comparison:
    """One zone of one node after the other. Zones of both sides that are empty are no zones."""
    if record.zones is None:
        return Comparison(_WHAT, _FILE, _UNIT, None, left_out=(LeftOut(None, None, record.missing[_FILE]),))
    if not layout.zone_spans:
        return Comparison(_WHAT, _FILE, _UNIT, None, left_out=(LeftOut(None, None, "the log gives no zone ranges"),))
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
    return Comparison(_WHAT, _FILE, _UNIT, agreed, tuple(differences))


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
