"""What is at a place: an address, a range, a page frame, a struct page, a node or a zone, looked up in a document."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import structs

from pfnscope.analysis.pointers import UNPLACED, Placed, Pointers, end_of_ram
from pfnscope.drawing.lanes import frames
from pfnscope.kernel import vmemmap
from pfnscope.model.analysis import Hole
from pfnscope.model.answers import Lookup
from pfnscope.model.document import Document
from pfnscope.model.log import MapEntry, MemblockRegion, NodeRange
from pfnscope.model.ranges import Address, ByteRange, FrameRange, FrameSet, Lines
from pfnscope.patterns import compiled
from pfnscope.report.words import candidates_words, pages_words, state_words
from pfnscope.service.errors import BadOption
from pfnscope.units import format_size, parse_size, whole_number
from pfnscope.words import plural

_PLACE = r"(?i)(?:(pfn|page):)?([0-9a-fx]{1,20}[kmgtpe]?)"


def lookup(document: Document, where: str) -> Lookup:
    """Look up ``0xbffd7000``, ``4G``, ``pfn:0xbffd7``, ``pfn:786391`` or ``page:0xffffea0002fff5c0``.

    A number that no physical address can have is taken for a struct page pointer, without ``page:`` too. Raises
    BadOption where the text is none of these, or a pointer where the architecture has no struct pages.
    """
    kind, number = _parse(where)
    if kind != "page":
        return _at(document, number if kind == "pfn" else number // document.kernel.page_size, None)
    if not vmemmap.can_be_struct_page(document.kernel.arch, number):
        raise BadOption(f"{where} is not a struct page address of {document.kernel.arch}.")
    placed = _placed(document, number)
    return _at(document, placed.pfn, placed.how) if placed.pfn is not None else _unknown(placed)


def _placed(document: Document, address: int) -> Placed:
    """The frame of a pointer to a struct page, or into one; where its place is known, of a frame that has none too."""
    pointers = _pointers(document)
    anywhere = structs.replace(pointers.machine, pages=None, end=_MOST_MEMORY // document.kernel.page_size)
    known = [pointers, Pointers(anywhere, FrameSet())] if anywhere.proven or anywhere.unmoved else [pointers]
    for within in known:
        for inside in (False, True):
            placed = within.place(address, inside=inside)
            if placed is not UNPLACED:
                return placed
    return UNPLACED


_MOST_MEMORY = 1 << 46
"""The highest physical address of x86-64 with 4 levels of page tables."""


def _pointers(document: Document) -> Pointers:
    """What a document knows of where its struct pages lie."""
    kernel, place, size = document.kernel, document.vmemmap, document.kernel.page_size
    version = (kernel.version[0], kernel.version[1], kernel.version[2]) if kernel.version else None
    memory = [item.range.frames_inward(size) for item in _memory(document)]
    pages = FrameSet.of(document.sections.ranges) if _knows_struct_pages(document) else None
    machine = vmemmap.Machine(
        arch=kernel.arch,
        version=version,
        page_size=size,
        unmoved=vmemmap.why_unmoved(kernel.arch, version, kernel.command_line),
        first=min((item.start for item in memory), default=None),
        pages=pages,
        end=pages.end if pages else end_of_ram(document.map_in_force, size),
        proven=vmemmap.Anchor(place.base, place.struct_page_size, place.why) if place else None,
    )
    return Pointers(machine, FrameSet.of(hole.frames for hole in document.holes))


def _memory(document: Document) -> Sequence[NodeRange | MemblockRegion]:
    return document.node_ranges or document.memblock.memory


def _knows_struct_pages(document: Document) -> bool:
    return bool(document.sections.ranges) and document.kernel.memory_model is not None


def _unknown(placed: Placed) -> Lookup:
    """The answer about a struct page whose frame is not known."""
    return Lookup(
        pfn=None,
        address=None,
        candidates=placed.candidates,
        how=placed.how,
        struct_page=None,
        section=None,
        has_struct_page=None,
        in_memory=None,
        node=None,
        zone=None,
        map_entry=None,
        hole=None,
        reserved_by=None,
        assumed=(),
        lines=(),
    )


def _at(document: Document, pfn: int, how: str | None) -> Lookup:
    """What is at a frame; ``how`` says what tells it."""
    size, place = document.kernel.page_size, document.vmemmap
    ranges = _memory(document)
    memory = next((n for n in ranges if _holds(n.range, pfn, size)), None)
    hole = _hole(document, pfn)
    has_struct_page = _in_sections(document, pfn) if _knows_struct_pages(document) else memory is not None or None
    entry = _map_entry(document, pfn)
    reserved = next((r for r in document.reserved_regions if _holds(r.range, pfn, size)), None)
    dumped = next((r for r in document.memblock.reserved if _holds(r.range, pfn, size)), None)
    span = next((s for s in document.zone_spans if s.start_pfn <= pfn < s.end_pfn and _fits(s.node, memory)), None)
    lines = {line for item in (memory, entry, reserved, dumped) if item for line in item.lines}
    own = Address(place.base + pfn * place.struct_page_size) if place and has_struct_page else None
    return Lookup(
        pfn=pfn,
        address=Address(pfn * size),
        candidates=(),
        how=how,
        struct_page=own,
        section=pfn * size // document.sections.size if document.sections.size else None,
        has_struct_page=has_struct_page,
        in_memory=memory is not None if ranges else None,
        node=memory.node if memory else (span.node if span else None),
        zone=span.zone if span else None,
        map_entry=entry,
        hole=hole,
        reserved_by=reserved.name if reserved else "memblock.reserved" if dumped or (hole and hole.reserved) else None,
        assumed=("node_ranges",) if document.origin == "computed" else (),
        lines=tuple(sorted(lines | set(hole.lines if hole else ()))),
    )


_PHYSICAL = 1 << 52
"""Physical addresses end here on every 64-bit machine: 52 bits of arm64, x86-64 and others."""


def _parse(where: str) -> tuple[str, int]:
    match = compiled(_PLACE).fullmatch(where.strip().encode()) if where.isascii() else None
    kind, size = match.groups() if match else (None, None)
    number = parse_size(size or "")
    if number is None or number >= 1 << 64:
        raise BadOption(
            f"{where!r} is no place. Give an address (0xbffd7000, 4G), pfn:0xbffd7, pfn:786391 "
            "or page:0xffffea0002fff5c0."
        )
    return (kind or ("page" if number >= _PHYSICAL else "")).lower(), number


def _holds(memory: ByteRange, pfn: int, size: int) -> bool:
    return memory.start < (pfn + 1) * size and pfn * size < memory.end


def _fits(node: int, memory: object) -> bool:
    return getattr(memory, "node", node) == node


def _hole(document: Document, pfn: int) -> Hole | None:
    at = bisect_right(document.holes, pfn, key=lambda hole: hole.start_pfn) - 1
    return document.holes[at] if at >= 0 and pfn < document.holes[at].end_pfn else None


def _in_sections(document: Document, pfn: int) -> bool:
    ranges = document.sections.ranges
    at = bisect_right(ranges, pfn, key=lambda item: item.start) - 1
    return at >= 0 and pfn < ranges[at].end


def _map_entry(document: Document, pfn: int) -> MapEntry | None:
    """The entry of the last map that the kernel printed; what is not RAM wins on a shared frame."""
    held = [entry for entry in document.map_in_force if _holds(entry.range, pfn, document.kernel.page_size)]
    return min(held, key=lambda entry: entry.type == "ram", default=None)


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
    """Find one of :data:`HELP`. Raises BadOption, which lists them, where it is none or is not in the layout."""
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
    pfn = place.pfn if place.pfn is not None else next(iter(place.candidates), None)
    if pfn is None:
        raise BadOption(f"The text does not tell the frame of the struct page at {query}.")
    near = (place.hole.start_pfn, place.hole.end_pfn) if place.hole else (pfn, pfn + 1)
    return Match(pfn, pfn + 1, query, _place_words(place), place.lines, near)


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
        what = f"{len(ranges)} {plural(len(ranges), 'range')} of memory"
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
    what = f"spanned by {len(zones)} {plural(len(zones), 'zone')}, {pages_words(present)} present"
    return _spanning([(zone.start_pfn, zone.end_pfn) for zone in zones], label, what, [])


def _spanning(spans: list[tuple[int, int]], label: str, what: str, lines: Iterable[int]) -> Match:
    start, end = min(start for start, _ in spans), max(end for _, end in spans)
    return Match(start, end, label, f"pfn {FrameRange(start, end)} · {what}", tuple(lines), (start, end))


def _place_words(place: Lookup) -> str:
    if place.pfn is None:
        return f"pfn {candidates_words(place.candidates)} · {place.how}"
    words = [f"pfn {place.pfn:#x}", f"address {place.address}"]
    if place.struct_page:
        words.append(f"struct page {place.struct_page}")
    elif not place.has_struct_page:
        words.append("struct page not known" if place.has_struct_page is None else "no struct page at boot")
    if place.in_memory is None:
        words.append("memory not known")
    else:
        words.append(f"memory of node {place.node}" if place.in_memory else "no memory")
    if place.zone or place.in_memory is not None:
        words.append(f"zone {place.zone} of node {place.node}" if place.zone else "in no zone")
    if place.map_entry:
        words.append(f"{place.map_entry.label} in the memory map")
    if place.hole:
        hole = place.hole
        words.append(f"in hole {hole.frames}, {state_words(hole)}")
    return " · ".join(words)
