"""Memory for huge pages and devices that the kernel did not find: why, and what would fit."""

from msgspec import structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.areas import fits, largest
from pfnscope.analysis.places.cma import cma, cma_limit, search_of
from pfnscope.analysis.places.free import FreeMemory, MemblockHistory
from pfnscope.analysis.places.gigantic import gigantic, places
from pfnscope.analysis.places.struct_pages import after_struct_pages
from pfnscope.findings.drafts import Draft, of_failure
from pfnscope.findings.places import argument_size, below, place
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.crashkernel import SWIOTLB_SLOT
from pfnscope.kernel.pools import gigantic_pages
from pfnscope.model.answers import Placements
from pfnscope.model.findings import Remedy
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, Pairs, intersection
from pfnscope.simulation import NotSimulated
from pfnscope.units import GIB, KIB, MIB, format_size
from pfnscope.words import counted, plural

_TOP = 1 << 64
_STEP = 16 * MIB


def draft(history: MemblockHistory, failure: Failure) -> Draft:
    """The finding of a sentence about memory in one piece: CMA, bounce buffers, regions of a device tree."""
    analysis, bounces = history.analysis, failure.code in ("swiotlb-failed", "swiotlb-shrunk")

    def free() -> FreeMemory:
        known = history.before(failure.lines[0] if failure.lines else None)
        return after_struct_pages(analysis, known) if bounces else known

    def remedy() -> Remedy | None:
        if failure.code == "cma-failed":
            return _other_cma(analysis, failure)
        return _fewer_slots(analysis, failure, free()) if failure.code == "swiotlb-shrunk" else None

    limit = 4 * GIB if bounces else _limit(analysis) if failure.code == "cma-failed" else _TOP
    return structs.replace(of_failure(failure), cause=lambda: _cause(analysis, failure, free(), limit), remedy=remedy)


def huge_pages(history: MemblockHistory, failure: Failure) -> Draft:
    """The finding of huge pages that were not allocated at boot."""
    line = failure.lines[0] if failure.lines else None
    return structs.replace(
        of_failure(failure),
        cause=lambda: _too_few(history.analysis, failure, history.before(line)),
        remedy=lambda: _fewer(history.analysis, failure, history.before(line)),
    )


def _limit(analysis: Analysis) -> int:
    """The end of where the kernel looks for a CMA area."""
    try:
        return cma_limit(analysis, search_of(analysis), _TOP)
    except NotSimulated:
        return _TOP


def _cause(analysis: Analysis, failure: Failure, free: FreeMemory, limit: int) -> str | None:
    size = failure.size
    best = free.in_this_boot().largest(0, limit, analysis.layout.page_size)
    if size is None or best is None:
        return None
    where = place(ByteRange(*best), analysis.layout.page_size)
    if best[1] - best[0] < size:
        return f"{format_size(size)} in one piece: the largest piece of RAM that can be free{below(limit)} is {where}."
    return f"RAM has a piece that is large enough, {where}, but the kernel's own image or another reservation cuts it."


def _other_cma(analysis: Analysis, failure: Failure) -> Remedy:
    """What the kernel's search finds instead."""
    own = [item.value for item in arguments(analysis.log.command_line or "") if item.name == "cma" and item.value]
    try:
        answer = cma(analysis, own[-1] if own else argument_size(failure.size or 0))
    except (NotSimulated, ValueError):
        return Remedy("Ask for less with cma=, or leave it out.")
    other = next(iter(answer.other_forms), None)
    if other is None:
        return Remedy("Ask for less with cma=, or leave it out.")
    return Remedy(f"Write {other.command_line}: {other.text}.", other.command_line, checked=True)


def _fewer_slots(analysis: Analysis, failure: Failure, free: FreeMemory) -> Remedy:
    """The largest size that fits below 4 GiB wherever the kernel's image lies."""
    most = (failure.size or 4 * GIB) - 1
    size = largest(lambda size: fits(free, size, analysis.layout.page_size, 0, 4 * GIB), most, _STEP)
    if not size:
        return Remedy("Ask for less with swiotlb=, or leave it out.")
    line = f"swiotlb={size // SWIOTLB_SLOT}"
    return Remedy(f"Write {line} at most: {format_size(size)} fit{below(4 * GIB)}.", line, checked=True)


def _gigantic(analysis: Analysis, failure: Failure) -> Placements | None:
    """What can be given of pages that are larger than what the page allocator has; None of others."""
    row = gigantic_pages(analysis.layout.arch, analysis.layout.page_size)
    if row is None or failure.unit != row.size:
        return None
    try:
        return gigantic(analysis, failure.node)
    except (NotSimulated, ValueError):
        return None


def _too_few(analysis: Analysis, failure: Failure, free: FreeMemory) -> str | None:
    unit, pieces = failure.unit, _of_node(free.in_this_boot(), failure.node)
    answer = _gigantic(analysis, failure)
    if answer is not None:
        names = (item.name for one in answer.placements if not one.safe for item in one.blocked_by)
        others = ", ".join(list(dict.fromkeys(names))[:5])
        return f"{answer.text} In the way of more: {others}." if others else answer.text
    if not unit or not pieces:
        return None
    count, who = places(pieces, unit), "This machine" if failure.node is None else f"Node {failure.node}"
    return (
        f"{who} has {count:,} {plural(count, 'place')} of {format_size(unit)} that may be free, in"
        f" {format_size(_bytes(pieces))}."
    )


def _fewer(analysis: Analysis, failure: Failure, free: FreeMemory) -> Remedy:
    """As many as have room whatever lies where; smaller ones where there is no room for gigantic pages."""
    unit, size, node = failure.unit, failure.size, failure.node
    pieces, answer = _of_node(free.in_this_boot(), node), _gigantic(analysis, failure)
    if answer is not None and answer.command_line:
        line = answer.other_forms[0].command_line if answer.other_forms else answer.command_line
        return Remedy(f"Write {line}: that many fit wherever the kernel's image lies.", line, checked=True)
    most = (size or 0) - (1 if unit == 2 * MIB else 0)
    small = max(0, min(most, _bytes(pieces) // 2)) // (2 * MIB) // 32 * 32
    on = "" if node is None else f"{node}:"
    if unit and small and analysis.layout.page_size == 4 * KIB and places(pieces, 2 * MIB) - 64 >= small:
        line = f"hugepagesz=2M hugepages={on}{small}"
        more = f"; pages of {format_size(unit)} need more RAM" if unit > 2 * MIB else ""
        why = f"{counted(small, 'page')} of 2 MiB fit and leave half of RAM{more}"
        return Remedy(f"Write {line}: {why}.", line, checked=True)
    return Remedy("Ask for fewer huge pages, or for smaller ones.")


def _of_node(free: FreeMemory, node: int | None) -> Pairs:
    return free.free if node is None else intersection(free.free, free.of_node(node))


def _bytes(pieces: Pairs) -> int:
    return sum(end - start for start, end in pieces)
