"""Where the areas of cma= and hugetlb_cma= lie, or why they do not fit."""

from collections.abc import Iterator

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import (
    MOST_NODES,
    Area,
    Window,
    area,
    at,
    free_at,
    largest,
    placements_of,
    settled,
    words_of,
)
from pfnscope.analysis.places.free import CRASH_KERNEL, FreeMemory, line_of, printed_line
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.pools import (
    CMA_EXACT,
    CMA_FROM_4G,
    CMA_IN_PARTS,
    CMA_LIMIT_OF_USER,
    CMA_OF_NODES,
    HUGETLB_CMA,
    HUGETLB_CMA_OF_NODES,
    HUGETLB_CMA_WHOLE,
    MOST_PARTS,
    CmaSearch,
    after_crash_kernel,
    cma_alignment,
    cma_search,
    gigantic_pages,
    pool_alignment,
)
from pfnscope.model.answers import Obstacle, OtherForm, Placement, Placements
from pfnscope.model.ranges import Address, Pairs, intersection
from pfnscope.simulation import NotSimulated
from pfnscope.units import GIB, MIB, argument_size, format_size, leading_size, whole_number
from pfnscope.words import counted, shortened

_CMA = frozenset({"cma"})
_STEP = 16 * MIB
"""Sizes that are offered in place of others are multiples of this."""


class CmaRequest(Struct, frozen=True):
    """What stands behind ``cma=``: bytes, the lowest start, and the end of where to look; 0 where not given.

    Source: early_cma() in kernel/dma/contiguous.c, 6.1: without an end the area has to begin at ``base``.
    """

    size: int
    base: int = 0
    limit: int = 0

    @property
    def fixed(self) -> bool:
        """Whether the area is to begin at its base, nowhere else."""
        return bool(self.base) and self.base + self.size == self.limit

    @staticmethod
    def read(value: str) -> "CmaRequest":
        """Read ``SIZE[@START[-END]]``. Raises ValueError."""
        size, rest = leading_size(value)
        base: int | None = 0
        limit: int | None = 0
        if size and rest.startswith("@"):
            base, rest = leading_size(rest[1:])
            limit = None if base is None else base + size
            if rest.startswith("-"):
                limit, rest = leading_size(rest[1:])
        if not size or base is None or limit is None or rest:
            forms = "SIZE, SIZE@START or SIZE@START-END, such as 64M@1G-2G"
            raise ValueError(f"{shortened(value)!r} is no value of cma=; write {forms}.")
        return CmaRequest(size, base, limit)


def cma(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``cma=``.

    Raises NotSimulated where nothing can be said, and ValueError for a value that cannot be read.
    """
    request = CmaRequest.read(value)
    if ignores_cma(analysis):
        answer = placements_of(analysis, "cma", f"cma={value}", "", request.size, alignment_of(analysis), Area("fails"))
        why = "it has one on its command line, no line tells of an area, and its “Memory:” line counts none"
        return structs.replace(answer, text=f"This kernel does nothing with cma=, most likely by configuration: {why}.")
    search = search_of(analysis)
    free = free_for_cma(analysis, search)
    result = cma_area(analysis, free, search, request)
    forms = () if result.outcome == "fits" else tuple(_cma_forms(analysis, free, search, request))
    align = alignment_of(analysis)
    answer = placements_of(analysis, "cma", f"cma={value}", "The CMA area", request.size, align, result, forms)
    own = () if result.start is None else tuple(_of_nodes(analysis, free, search, request.size, result))
    if not own:
        return answer
    lacking = ", ".join([str(node) for node, one in own if one.outcome == "fails"][:MOST_NODES])
    note = f"Each node gets an area of {format_size(request.size)} beside it on this release"
    return structs.replace(
        answer,
        placements=(*answer.placements, *(item for _, one in own for item in one.placements)),
        notes=(f"{note}{f'; not node {lacking}, which has no room' if lacking else ''}.",),
    )


def ignores_cma(analysis: Analysis) -> bool:
    """Whether the log shows that its kernel does nothing with the cma= that it has: one without CONFIG_DMA_CMA."""
    log = analysis.log
    given = any(item.name == "cma" and leading_size(item.value or "")[0] for item in arguments(log.command_line or ""))
    return given and log.page_counts.cma_kib == 0 and _own_line(analysis) is None


def _of_nodes(
    analysis: Analysis, free: FreeMemory, search: CmaSearch, size: int, first: Area
) -> Iterator[tuple[int, Area]]:
    """The areas that nodes get behind the global one, in the kernel's order."""
    log = analysis.log
    online = max(len(free.nodes), sum(item.kind == "node-data" for item in log.reserved_regions))
    given = {argument.name for argument in arguments(log.command_line or "")}
    if not CMA_OF_NODES.reached(analysis.layout.version) or online < 2 or given & {"numa_cma", "cma_pernuma"}:
        return
    free = _with_area_taken(free, first, size, alignment_of(analysis))
    for number, (node, _) in enumerate(free.nodes):
        yield node, cma_area(analysis, free, search, CmaRequest(size), node, named=number < MOST_NODES)


def _with_area_taken(free: FreeMemory, one: Area, size: int, align: int) -> FreeMemory:
    items = [item for item in one.placements if item.safe]
    if not items:
        return free
    return behind(free, min(item.start for item in items), max(item.end for item in items) - align, size, "CMA")


def behind(free: FreeMemory, low: int, high: int, size: int, name: str) -> FreeMemory:
    """The same with ``size`` bytes taken that begin between ``low`` and ``high``.

    Taken where they lie in any case, and unlogged wherever else they may lie.
    """
    if high < low + size:
        free = free.without(high, low + size, name)
    unlogged = Obstacle(Address(low), Address(high + size), name)
    return free if low == high else structs.replace(free, unlogged=(*free.unlogged, unlogged))


def search_of(analysis: Analysis) -> CmaSearch:
    """Where the kernel of a log looks for its CMA area. Raises NotSimulated where that is not known."""
    layout = analysis.layout
    search = cma_search(layout.arch, layout.version)
    if search is None:
        raise NotSimulated(f"where a CMA area lies is not known of {layout.arch or 'an unknown architecture'}")
    return search


def free_for_cma(analysis: Analysis, search: CmaSearch, line: int | None = None) -> FreeMemory:
    """What is free when the global CMA area is reserved, or in front of a line that says where it was.

    Raises NotSimulated where the text does not tell memory.
    """
    but = _CMA if search.after_crash_kernel else _CMA | CRASH_KERNEL
    if line is not None:
        return free_at(analysis, search.time, line=line)
    lines = [item for item in (_own_line(analysis), line_of(analysis, search.time)) if item is not None]
    return free_at(analysis, search.time, but, min(lines, default=None))


def _own_line(analysis: Analysis) -> int | None:
    """The line in which the log tells of its own CMA area, or that there is no memory for it."""
    return printed_line(analysis.log, _CMA, "cma-failed")


def cma_area(
    analysis: Analysis,
    free: FreeMemory,
    search: CmaSearch,
    request: CmaRequest,
    node: int | None = None,
    *,
    named: bool = True,
) -> Area:
    """Where the kernel puts a CMA area, the global one or that of a node; ``named`` as :func:`area` has it.

    Source: dma_contiguous_reserve() in kernel/dma/contiguous.c, cma_declare_contiguous_nid() in mm/cma.c, 6.1 and 7.1;
    cma_declare_contiguous(), 4.17.
    """
    version, align = analysis.layout.version, alignment_of(analysis)
    size = -(-request.size // align) * align
    if request.fixed:
        base = -(-request.base // align) * align
        exact = CMA_EXACT.reached(version, unknown=True)
        refused = exact and (base + size > _end(analysis, free, search, request, node) or base != request.base)
        return at(free, base, size, align, refused=refused)
    memory = free.memory if node is None else free.of_node(node)
    windows = _windows(analysis, free, search, request, node)
    return area(free, size, align, windows, memory, node, named=named) if memory else Area("fails")


def _end(analysis: Analysis, free: FreeMemory, search: CmaSearch, request: CmaRequest, node: int | None) -> int:
    """The end in bytes of what is looked through."""
    end = free.memory[-1][1]
    limit = end if node is not None else min(cma_limit(analysis, search, end), end)
    if request.limit:
        limit = min(request.limit, end if CMA_LIMIT_OF_USER.reached(analysis.layout.version, unknown=True) else limit)
    return limit


def _windows(
    analysis: Analysis, free: FreeMemory, search: CmaSearch, request: CmaRequest, node: int | None = None
) -> tuple[Window, ...]:
    """High memory first, then from 4 GiB upwards, then from the base on; none where it ends above the limit."""
    align = alignment_of(analysis)
    size, base = -(-request.size // align) * align, -(-request.base // align) * align
    limit = _end(analysis, free, search, request, node) // align * align
    if base + size > limit:
        return ()
    out = []
    high, end = _high_memory(analysis), free.memory[-1][1]
    if high is not None and base < high < limit:
        out.append(Window(high, limit))
        limit = high
    if CMA_FROM_4G.reached(analysis.layout.version, unknown=True) and not search.bottom_up and end >= 4 * GIB + size:
        out.append(Window(4 * GIB, limit, bottom_up=True))
    return (*out, Window(base, limit, search.bottom_up))


def cma_limit(analysis: Analysis, search: CmaSearch, end: int) -> int:
    """The end in bytes of where the architecture wants the area."""
    layout = analysis.layout
    if search.limit == "zone":
        first = layout.zone_limits[0].frames if layout.zone_limits else None
        return first.end * layout.page_size if first else end
    if search.limit == "low":
        return _high_memory(analysis) or end
    return end if search.limit == "memory" else search.limit


def _high_memory(analysis: Analysis) -> int | None:
    """Where high memory begins in bytes; None without any."""
    layout = analysis.layout
    zone = next((item.frames for item in layout.zone_limits if item.zone == "HighMem" and item.frames), None)
    return zone.start * layout.page_size if zone else None


def alignment_of(analysis: Analysis) -> int:
    """Bytes to a multiple of which CMA areas of a log's kernel begin and end."""
    layout = analysis.layout
    return cma_alignment(layout.arch, layout.version, layout.page_size, layout.memmap.page_block)


def _cma_forms(analysis: Analysis, free: FreeMemory, search: CmaSearch, request: CmaRequest) -> Iterator[OtherForm]:
    """What fits in any case where a request does not."""
    size, end, align = request.size, free.memory[-1][1], alignment_of(analysis)

    def found_room(size: int) -> bool:
        return settled(free, size, align, _windows(analysis, free, search, CmaRequest(size)), free.memory)

    tries = (
        (CmaRequest(size), "the kernel finds a place of its own"),
        (CmaRequest(size, 4 * GIB, end), "there is room above 4 GiB"),
        (CmaRequest(largest(found_room, min(size, end) - 1, max(_STEP, align))), "a smaller area fits"),
    )
    for other, text in tries:
        if other != request and other.size and other.base < end:
            where = f"@{argument_size(other.base)}-{argument_size(other.limit)}" if other.base else ""
            result = cma_area(analysis, free, search, other)
            if result.outcome == "fits":
                yield OtherForm(f"cma={argument_size(other.size)}{where}", text, result.start)


def hugetlb_cma(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``hugetlb_cma=``.

    Raises NotSimulated where nothing can be said, and ValueError for a value that cannot be read.

    Source: hugetlb_cma_reserve() in mm/hugetlb.c, 6.1, mm/hugetlb_cma.c, 7.1.
    """
    layout, version = analysis.layout, analysis.layout.version
    row = gigantic_pages(layout.arch, layout.page_size)
    if row is None:
        raise NotSimulated(f"hugetlb_cma= has no effect on {layout.arch or 'an unknown architecture'}")
    total, by_node = _sizes_of_nodes(value)
    align = pool_alignment(version, row.size, layout.memmap.page_block * layout.page_size)
    known = HUGETLB_CMA_OF_NODES if by_node else HUGETLB_CMA
    refused = None
    if not known.reached(version, unknown=True):
        refused = f"This release does not know hugetlb_cma={shortened(value)}: it is understood from {known} on."
    elif HUGETLB_CMA_WHOLE.reached(version, unknown=True) and any(
        size % row.size for size in (total, *by_node.values())
    ):
        refused = (
            f"hugetlb_cma={shortened(value)} reserves nothing: sizes have to be multiples of {format_size(row.size)}."
        )
    elif total < row.size:
        refused = f"hugetlb_cma={shortened(value)} reserves nothing: it has to be {format_size(row.size)} at least."
    later = frozenset[str]() if after_crash_kernel(version) else CRASH_KERNEL
    free = free_at(analysis, "before zones", frozenset({"cma"}) | later)
    areas = [] if refused else list(_pools(analysis, free, total, by_node, row.size, align))
    outcomes = [result.outcome for _, _, result in areas]
    whole = Area(
        "fails" if not areas or "fails" in outcomes else "may-fail" if "may-fail" in outcomes else "fits",
        tuple(item for _, _, result in areas for item in result.placements),
        next((result.start for _, _, result in areas if result.start is not None), None),
    )
    answer = placements_of(analysis, "hugetlb_cma", f"hugetlb_cma={value}", "", total, align, whole)
    each = " ".join(words_of(f"On node {node} the area", size, result) for node, size, result in areas[:MOST_NODES])
    each += (
        f" Of {counted(len(areas) - MOST_NODES, 'more node')} see the placements." if len(areas) > MOST_NODES else ""
    )
    return structs.replace(answer, text=refused or each or f"No node of hugetlb_cma={shortened(value)} has memory.")


def _sizes_of_nodes(value: str) -> tuple[int, dict[int, int]]:
    """All bytes, and those of each node where they are given by node. Raises ValueError."""
    size, rest = leading_size(value)
    if size and not rest:
        return size, {}
    by_node: dict[int, int] = {}
    for part in value.split(","):
        node, _, text = part.partition(":")
        size, rest = leading_size(text)
        number = whole_number(node)
        if number is None or not size or rest:
            raise ValueError(
                f"{shortened(value)!r} is no value of hugetlb_cma=; write SIZE or NODE:SIZE,…, such as 4G or 0:2G,1:2G."
            )
        by_node[number] = size
    return sum(by_node.values()), by_node


def _pools(
    analysis: Analysis, free: FreeMemory, total: int, by_node: dict[int, int], gigantic: int, align: int
) -> Iterator[tuple[int, int, Area]]:
    """The nodes in the order in which the kernel asks them, what it wants there, and where that lies."""
    nodes = [node for node, _ in free.nodes] or [0]
    each = -(-total // len(nodes))
    share, end, reserved = -(-each // gigantic) * gigantic, free.memory[-1][1], 0
    for number, node in enumerate(nodes):
        if by_node and by_node.get(node, 0) < gigantic:
            continue
        size = by_node.get(node) or min(share, total - reserved)
        size = -(-size // gigantic) * gigantic
        memory = free.of_node(node) or free.memory
        windows = [Window(0, end)]
        if CMA_FROM_4G.reached(analysis.layout.version, unknown=True) and end >= 4 * GIB + size:
            windows.insert(0, Window(4 * GIB, end, bottom_up=True))
        result = area(free, size, align, windows, memory, node, named=number < MOST_NODES)
        if result.outcome == "fails" and CMA_IN_PARTS.reached(analysis.layout.version, unknown=True):
            result = _in_parts(free, size, align, memory, node) or result
        yield node, size, result
        reserved += size if result.outcome != "fails" else 0
        if reserved >= total:
            return


def _in_parts(free: FreeMemory, size: int, align: int, memory: Pairs, node: int) -> Area | None:
    """Several ranges above 4 GiB, the largest ones, where no single one is large enough; None where they are not.

    Source: cma_declare_contiguous_multi() in mm/cma.c, 7.1.
    """
    pieces = ((-(-low // align) * align, high // align * align) for low, high in intersection(free.sure, memory))
    largest = sorted(
        (pair for pair in pieces if pair[0] >= 4 * GIB and pair[0] < pair[1]), key=lambda pair: pair[0] - pair[1]
    )
    chosen, left = list[tuple[int, int]](), size
    for low, high in largest[:MOST_PARTS]:
        if left > 0:
            chosen.append((low, high))
            left -= high - low
    if left > 0 or free.moves:
        return None
    out, left = [], size
    for low, high in sorted(chosen):
        part = min(left, high - low)
        out.append(Placement(Address(low), Address(low + align), True, size=part, node=node))
        left -= part
    return Area("fits", tuple(out), out[0].start)
