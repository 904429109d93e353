"""What is at a place: an address, a page frame or a struct page, looked up in a document."""

from bisect import bisect_right

from pfnscope.kernel import vmemmap
from pfnscope.model.analysis import Hole
from pfnscope.model.document import Document
from pfnscope.model.log import MapEntry
from pfnscope.model.lookup import Lookup
from pfnscope.model.ranges import Address, ByteRange
from pfnscope.patterns import compiled
from pfnscope.service.errors import BadOption
from pfnscope.units import parse_size

_PLACE = r"(?i)(?:(pfn|page):)?([0-9a-fx]{1,20}[kmgtpe]?)"


def lookup(document: Document, where: str) -> Lookup:
    """Look up ``0xbffd7000``, ``4G``, ``pfn:0xbffd7``, ``pfn:786391`` or ``page:0xffffea0002fff5c0``.

    Raises BadOption where the text is none of these.
    """
    size = document.kernel.page_size
    base, assumed = _vmemmap(document)
    kind, number = _parse(where)
    if kind == "page":
        if not vmemmap.is_struct_page(number) or number < base:
            raise BadOption(f"{where} is not a struct page address of x86-64 (they start at {base:#x} here).")
        pfn = (number - base) // vmemmap.STRUCT_PAGE_SIZE
    else:
        pfn = number if kind == "pfn" else number // size
        assumed = []
    memory = next((n for n in document.node_ranges if _holds(n.range, pfn, size)), None)
    hole = _hole(document, pfn)
    has_struct_page = _in_sections(document, pfn)
    entry = _map_entry(document, pfn)
    reserved = next((r for r in document.reserved_regions if _holds(r.range, pfn, size)), None)
    dumped = next((r for r in document.memblock.reserved if _holds(r.range, pfn, size)), None)
    span = next((s for s in document.zone_spans if s.start_pfn <= pfn < s.end_pfn and _fits(s.node, memory)), None)
    lines = {line for item in (memory, entry, reserved, dumped) if item for line in item.lines}
    return Lookup(
        pfn=pfn,
        address=Address(pfn * size),
        struct_page=Address(base + pfn * vmemmap.STRUCT_PAGE_SIZE) if has_struct_page and _x86_64(document) else None,
        section=pfn * size // document.sections.size if document.sections.size else None,
        has_struct_page=has_struct_page,
        in_memory=memory is not None,
        node=memory.node if memory else (span.node if span else None),
        zone=span.zone if span else None,
        map_entry=entry,
        hole=hole,
        reserved_by=reserved.name if reserved else "memblock.reserved" if dumped or (hole and hole.reserved) else None,
        assumed=tuple(assumed),
        lines=tuple(sorted(lines | set(hole.lines if hole else ()))),
    )


def _parse(where: str) -> tuple[str, int]:
    match = compiled(_PLACE).fullmatch(where.strip().encode()) if where.isascii() else None
    kind, size = match.groups() if match else (None, None)
    number = parse_size(size or "")
    if number is None or number >= 1 << 64:
        raise BadOption(
            f"{where!r} is no place. Give an address (0xbffd7000, 4G), pfn:0xbffd7, pfn:786391 "
            "or page:0xffffea0002fff5c0."
        )
    return (kind or "").lower(), number


def _vmemmap(document: Document) -> tuple[int, list[str]]:
    version = document.kernel.version
    proven = vmemmap.proven_base(
        document.kernel.arch,
        (version[0], version[1], version[2]) if version else None,
        document.kernel.command_line,
    )
    return (proven, []) if proven is not None else (vmemmap.BASE, ["vmemmap_base"])


def _x86_64(document: Document) -> bool:
    return document.kernel.arch == "x86_64" and not _vmemmap(document)[1]


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
