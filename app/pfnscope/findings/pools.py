"""Memory for huge pages and devices that the kernel did not find: why, and what would fit."""

from msgspec import structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.room import Room, Rooms
from pfnscope.findings.drafts import Draft, of_failure
from pfnscope.findings.places import argument_size, below, place
from pfnscope.kernel.crashkernel import crash_search
from pfnscope.model.findings import Remedy
from pfnscope.model.log import Failure
from pfnscope.model.ranges import Pairs, canonical, intersection
from pfnscope.units import GIB, KIB, MIB, format_size
from pfnscope.words import counted, plural

_TOP = 1 << 64
_STEP = 16 * MIB
_SLOT = 2 * KIB
"""The unit of swiotlb=: IO_TLB_SIZE of include/linux/swiotlb.h, 4.17 to 7.1."""


def draft(rooms: Rooms, failure: Failure) -> Draft:
    """The finding of a sentence about memory in one piece: CMA, bounce buffers, regions of a device tree."""
    line, limit = failure.lines[0] if failure.lines else None, _limit(rooms.analysis, failure)
    return structs.replace(
        of_failure(failure),
        cause=lambda: _cause(rooms.analysis, failure, rooms.before(line), limit),
        remedy=lambda: _less(failure, rooms.before(line), limit),
    )


def huge_pages(rooms: Rooms, failure: Failure) -> Draft:
    """The finding of huge pages that were not allocated at boot."""
    line = failure.lines[0] if failure.lines else None
    return structs.replace(
        of_failure(failure),
        cause=lambda: _too_few(rooms.analysis, failure, rooms.before(line)),
        remedy=lambda: _fewer(rooms.analysis, failure, rooms.before(line)),
    )


def _limit(analysis: Analysis, failure: Failure) -> int:
    """The end of where the kernel looks: that of the zone for DMA, as for crash kernels there, or for swiotlb 4 GiB."""
    layout = analysis.layout
    zones = layout.zone_limits
    dma = zones[0].frames.end * layout.page_size if zones and zones[0].frames else None
    if failure.code in ("swiotlb-failed", "swiotlb-shrunk"):
        return 4 * GIB
    search = crash_search(layout.arch, layout.version)
    in_dma = search is not None and search.below == "dma"
    return search.limit(dma) if search and in_dma and failure.code == "cma-failed" else _TOP


def _cause(analysis: Analysis, failure: Failure, room: Room, limit: int) -> str | None:
    size, best = failure.size, room.largest(0, limit, analysis.layout.page_size)
    if size is None or best is None:
        return None
    where = place(best, analysis.layout.page_size)
    if best.size < size:
        return f"{format_size(size)} in one piece: the largest piece of RAM that can be free{below(limit)} is {where}."
    return f"RAM has a piece that is large enough, {where}, but the kernel's own image or another reservation cuts it."


def _less(failure: Failure, room: Room, limit: int) -> Remedy | None:
    """A smaller size; None where the code itself says what to do."""
    if failure.code not in ("cma-failed", "swiotlb-shrunk"):
        return None
    sure = room.sure(0, limit, _STEP)
    most = min(sure, (failure.size or sure) - 1) // _STEP * _STEP
    name = "cma" if failure.code == "cma-failed" else "swiotlb"
    if most < _STEP:
        return Remedy(f"Ask for less with {name}=, or leave it out.")
    line = f"cma={argument_size(most)}" if name == "cma" else f"swiotlb={most // _SLOT}"
    return Remedy(f"Write {line} at most: {format_size(most)} fit{below(limit)}.", line, checked=True)


def _too_few(analysis: Analysis, failure: Failure, room: Room) -> str | None:
    unit, size = failure.unit, failure.size
    pieces = _of_node(analysis, room, failure.node)
    if not unit or not size or not pieces:
        return None
    places, who = _places(pieces, unit), "This machine" if failure.node is None else f"Node {failure.node}"
    if places >= size // unit:
        return (
            f"{who} has {places:,} places of {format_size(unit)} that are all RAM; the kernel's own image and other"
            " reservations lie in some of them."
        )
    has = f"at most {places:,} {plural(places, 'place')}" if places else "no place"
    return (
        f"{who} has {has} of {format_size(unit)} that {'begins' if places < 2 else 'begin'} at a multiple of"
        f" {format_size(unit)} and {'is' if places < 2 else 'are'} all RAM, of {format_size(_bytes(pieces))}."
    )


def _fewer(analysis: Analysis, failure: Failure, room: Room) -> Remedy | None:
    """As many as have room wherever the kernel's image lies: it is in two places at most."""
    unit, size, node = failure.unit, failure.size, failure.node
    pieces = _of_node(analysis, room, node)
    if not unit or not size or not pieces:
        return Remedy("Ask for fewer huge pages, or for smaller ones.")
    sure = min(_places(pieces, unit) - 2, size // unit - 1, _bytes(pieces) * 3 // 4 // unit)
    on = "" if node is None else f"{node}:"
    if sure > 0:
        line = f"hugepagesz={argument_size(unit)} hugepages={on}{sure}"
        return Remedy(f"Write {line}: so many have room wherever the kernel's image lies.", line, checked=True)
    small = min(size, _bytes(pieces) // 2) // (2 * MIB) // 32 * 32
    if unit > 2 * MIB and small and analysis.layout.page_size == 4096 and _places(pieces, 2 * MIB) - 64 >= small:
        line = f"hugepagesz=2M hugepages={on}{small}"
        return Remedy(
            f"Write {line}: {counted(small, 'page')} of 2 MiB fit and leave half of RAM; pages of {format_size(unit)}"
            " need more RAM.",
            line,
            checked=True,
        )
    return Remedy("Ask for fewer huge pages, or for smaller ones.")


def _of_node(analysis: Analysis, room: Room, node: int | None) -> Pairs:
    if node is None:
        return room.pieces
    size = analysis.layout.page_size
    own = canonical(
        (item.frames.start * size, item.frames.end * size) for item in analysis.layout.by_node.get(node, ())
    )
    return intersection(room.pieces, own)


def _places(pieces: Pairs, unit: int) -> int:
    return sum(max(0, end // unit - -(-start // unit)) for start, end in pieces)


def _bytes(pieces: Pairs) -> int:
    return sum(end - start for start, end in pieces)
