"""What somebody looks for on the bars: a place, a range, a node or a zone, as page frames and in words."""

from collections.abc import Iterable

import msgspec

from pfnscope.drawing.lanes import frames
from pfnscope.model.document import Document
from pfnscope.model.log import Lines
from pfnscope.model.lookup import Lookup
from pfnscope.model.ranges import ByteRange, FrameRange
from pfnscope.patterns import compiled
from pfnscope.report.words import pages_words, state_words
from pfnscope.service.errors import BadOption
from pfnscope.service.lookup import lookup
from pfnscope.units import format_size, parse_size, whole_number

HELP = "0xbffd7000, 4G, 4G..5G, 0xa0000-0xfffff, pfn:0xbffd7, page:0xffffea0002fff5c0, node 1 or DMA32"

_RANGE = r"(?i)\[?(?:mem )?(pfn:)?([0-9a-fx]{1,20}[kmgtpe]?)(\.\.|-)([0-9a-fx]{1,20}[kmgtpe]?)[\])]?"
_LONGEST = 200


class Match(msgspec.Struct, frozen=True):
    """Page frames [start_pfn, end_pfn), and in ``what`` what is there. ``lines`` are those of the log.

    ``near`` is what to look at: the hole around a place, else the frames themselves.
    """

    start_pfn: int
    end_pfn: int
    label: str
    what: str
    lines: Lines
    near: tuple[int, int]


def find(document: Document, words: str) -> Match:
    """Find one of :data:`HELP`. Raises BadOption, with what can be asked, where it is none or is not in the layout."""
    query = " ".join(words.replace("·", " ").split())[:_LONGEST]
    span = compiled(_RANGE).fullmatch(query.encode()) if query.isascii() else None
    if span is not None:
        kind, first, sign, last = (group or "" for group in span.groups())
        return _range(document, query, bool(kind), first, sign, last)
    named = _named(document, query)
    if named is not None:
        return named
    try:
        place = lookup(document, query)
    except BadOption as error:
        if query[:5].lower() == "page:" and parse_size(query[5:]) is not None:
            raise
        raise BadOption(f"“{query}” is nothing that can be found here. Try {HELP}.") from error
    near = (place.hole.start_pfn, place.hole.end_pfn) if place.hole else (place.pfn, place.pfn + 1)
    return Match(place.pfn, place.pfn + 1, query, _place_words(place), place.lines, near)


def _range(document: Document, query: str, is_pfn: bool, first: str, sign: str, last: str) -> Match:
    size = document.kernel.page_size
    start, end = parse_size(first), parse_size(last)
    if start is None or end is None or max(start, end) > 1 << 64:
        raise BadOption(f"“{query}” is no range of addresses. Try {HELP}.")
    if is_pfn:
        start, end = start * size, end * size
    elif sign == "-" and end % size:
        end += 1  # as the kernel prints it: the last byte of the range
    if start >= end:
        raise BadOption(f"“{query}” ends before it begins.")
    at = frames(ByteRange(start, end), size, inward=False)
    what = f"{pages_words(at.pages)}, {format_size(end - start)}, pfn {at}"
    holes = [hole for hole in document.holes if hole.start_pfn < at.end and at.start < hole.end_pfn]
    within = f" · holes in it: {len(holes)}" if holes else " · no hole in it"
    return Match(at.start, at.end, str(ByteRange(start, end)), what + within, (), (at.start, at.end))


def _named(document: Document, query: str) -> Match | None:
    """A node, a zone, or a zone of a node."""
    parts = query.lower().split()
    node: int | None = None
    if "node" in parts[:-1]:
        at = parts.index("node")
        node = whole_number(parts[at + 1])
        if node is None:
            return None
        parts = parts[:at] + parts[at + 2 :]
    if len(parts) > 1 or (not parts and node is None):
        return None
    if not parts:
        ranges = [item for item in document.node_ranges if item.node == node]
        if not ranges:
            raise BadOption(f"Node {node} has no memory in this layout.")
        spans = [frames(item.range, document.kernel.page_size, inward=True) for item in ranges]
        lines = [line for item in ranges for line in item.lines]
        what = f"{len(ranges)} range{'' if len(ranges) == 1 else 's'} of memory"
        return _spanning([(at.start, at.end) for at in spans], f"node {node}", what, lines)
    zones = [span for span in document.zone_spans if span.zone.lower() == parts[0] and node in (None, span.node)]
    if not zones:
        known = {span.zone.lower() for span in document.zone_spans} | {
            zone.zone.lower() for zone in document.zone_ranges
        }
        if parts[0] in known:
            raise BadOption(f"No zone of that name spans anything{'' if node is None else f' on node {node}'}.")
        return None
    label = zones[0].zone + ("" if node is None else f" of node {node}")
    present = sum(zone.present_pages for zone in zones)
    what = f"spanned by {len(zones)} zone{'' if len(zones) == 1 else 's'}, {pages_words(present)} present"
    return _spanning([(zone.start_pfn, zone.end_pfn) for zone in zones], label, what, [])


def _spanning(spans: list[tuple[int, int]], label: str, what: str, lines: Iterable[int]) -> Match:
    start, end = min(start for start, _ in spans), max(end for _, end in spans)
    return Match(start, end, label, f"pfn {FrameRange(start, end)} · {what}", tuple(lines), (start, end))


def _place_words(place: Lookup) -> str:
    words = [f"pfn {place.pfn:#x}", f"address {place.address}"]
    if place.struct_page:
        words.append(f"struct page {place.struct_page}")
    elif not place.has_struct_page:
        words.append("no struct page at boot")
    words.append(f"memory of node {place.node}" if place.in_memory else "no memory")
    words.append(f"zone {place.zone} of node {place.node}" if place.zone else "outside every zone span")
    if place.map_entry:
        words.append(f"{place.map_entry.label} in the memory map")
    if place.hole:
        hole = place.hole
        words.append(f"in hole {hole.frames}, {state_words(hole)}")
    if place.assumed:
        words.append("vmemmap base assumed")
    return " · ".join(words)
