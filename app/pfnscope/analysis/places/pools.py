"""Where areas of CMA, of hugetlb_cma= and of reserve_mem= lie, or why they do not fit."""

from collections.abc import Iterator

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import Area, Attempt, area, assumed, at, fits, free_at, largest
from pfnscope.analysis.places.free import CRASH_KERNEL, Free, line_of
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
    LEAST_ALIGNMENT,
    MOST_PARTS,
    CmaSearch,
    behind_crash_kernel,
    cma_alignment,
    cma_search,
    gigantic_pages,
    pool_alignment,
)
from pfnscope.kernel.thresholds import RESERVE_MEM
from pfnscope.model.answers import Obstacle, OtherForm, PlacedKind, Placement, Placements
from pfnscope.model.ranges import Address, Pairs, intersection
from pfnscope.simulation import NotSimulated
from pfnscope.units import GIB, MIB, argument_size, format_size, leading_size, range_words, whole_number

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
            raise ValueError(f"{value!r} is no value of cma=; write {forms}.")
        return CmaRequest(size, base, limit)


def cma(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``cma=``.

    Raises NotSimulated where nothing can be said, and ValueError for a value that cannot be read.
    """
    request, search = CmaRequest.read(value), search_of(analysis)
    free = free_for_cma(analysis, search)
    result = cma_area(analysis, free, search, request)
    forms = () if result.outcome == "fits" else tuple(_cma_forms(analysis, free, search, request))
    align = _alignment(analysis)
    answer = _answer(analysis, "cma", f"cma={value}", "The CMA area", request.size, align, result, forms)
    own = () if result.start is None else tuple(_of_nodes(analysis, free, search, request.size, result))
    if not own:
        return answer
    lacking = ", ".join(str(node) for node, one in own if one.outcome == "fails")
    note = f"Each node gets an area of {format_size(request.size)} beside it on this release"
    return structs.replace(
        answer,
        placements=(*answer.placements, *(item for _, one in own for item in one.placements)),
        notes=(f"{note}{f'; not node {lacking}, which has no room' if lacking else ''}.",),
    )


def _of_nodes(analysis: Analysis, free: Free, search: CmaSearch, size: int, first: Area) -> Iterator[tuple[int, Area]]:
    """The areas that nodes get behind the global one, in the kernel's order."""
    log = analysis.log
    online = max(len(free.nodes), sum(item.kind == "node-data" for item in log.reserved_regions))
    given = {argument.name for argument in arguments(log.command_line or "")}
    if not CMA_OF_NODES.reached(analysis.layout.version) or online < 2 or given & {"numa_cma", "cma_pernuma"}:
        return
    last = first
    for node, _ in free.nodes:
        free = _behind(free, last, size, _alignment(analysis))
        last = cma_area(analysis, free, search, CmaRequest(size), node)
        yield node, last


def _behind(free: Free, one: Area, size: int, align: int) -> Free:
    """The same with an area taken where it lies in any case, and unseen wherever else it may lie."""
    items = [item for item in one.placements if item.safe]
    if not items:
        return free
    low, high = min(item.start for item in items), max(item.end for item in items) - align
    if high < low + size:
        free = free.without(high, low + size, "CMA")
    unseen = Obstacle(Address(low), Address(high + size), "CMA")
    return free if low == high else structs.replace(free, unseen=(*free.unseen, unseen))


def search_of(analysis: Analysis) -> CmaSearch:
    """Where the kernel of a log looks for its CMA area. Raises NotSimulated where that is not known."""
    layout = analysis.layout
    search = cma_search(layout.arch, layout.version)
    if search is None:
        raise NotSimulated(f"where a CMA area lies is not known of {layout.arch or 'an unknown architecture'}")
    return search


def free_for_cma(analysis: Analysis, search: CmaSearch, line: int | None = None) -> Free:
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
    log = analysis.log
    said = [item.lines for item in log.reserved_regions if item.kind == "cma"]
    said += (item.lines for item in log.failures if item.code == "cma-failed")
    return min((lines[0] for lines in said if lines), default=None)


def cma_area(analysis: Analysis, free: Free, search: CmaSearch, request: CmaRequest, node: int | None = None) -> Area:
    """Where the kernel puts a CMA area, the global one or that of a node.

    Source: dma_contiguous_reserve() in kernel/dma/contiguous.c, cma_declare_contiguous_nid() in mm/cma.c, 6.1 and 7.1;
    cma_declare_contiguous(), 4.17.
    """
    version, align, end = analysis.layout.version, _alignment(analysis), free.memory[-1][1]
    limit = end if node is not None else min(cma_limit(analysis, search, end), end)
    if request.limit:
        limit = min(request.limit, end if CMA_LIMIT_OF_USER.reached(version, unknown=True) else limit)
    size, base = -(-request.size // align) * align, -(-request.base // align) * align
    if request.fixed:
        exact = CMA_EXACT.reached(version, unknown=True)
        return at(free, base, size, align, refused=exact and (base + size > limit or base != request.base))
    memory = free.memory if node is None else free.of_node(node)
    limit = limit // align * align
    if base + size > limit or not memory:
        return Area("fails")
    return area(free, size, align, _attempts(analysis, search, base, size, limit, end), memory, node)


def _attempts(analysis: Analysis, search: CmaSearch, base: int, size: int, limit: int, end: int) -> tuple[Attempt, ...]:
    """High memory first, then from 4 GiB upwards, then from the base on."""
    out = []
    high = _high_memory(analysis)
    if high is not None and base < high < limit:
        out.append(Attempt(high, limit))
        limit = high
    if CMA_FROM_4G.reached(analysis.layout.version, unknown=True) and not search.bottom_up and end >= 4 * GIB + size:
        out.append(Attempt(4 * GIB, limit, bottom_up=True))
    return (*out, Attempt(base, limit, search.bottom_up))


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


def _alignment(analysis: Analysis) -> int:
    layout = analysis.layout
    return cma_alignment(layout.arch, layout.version, layout.page_size, layout.memmap.page_block)


def _cma_forms(analysis: Analysis, free: Free, search: CmaSearch, request: CmaRequest) -> Iterator[OtherForm]:
    """What fits in any case where a request does not."""

    def search_for(other: CmaRequest) -> Area:
        return cma_area(analysis, free, search, other)

    size, end = request.size, free.memory[-1][1]
    less = largest(lambda size: search_for(CmaRequest(size)).outcome == "fits", min(size, end) - 1, _STEP)
    tries = (
        (CmaRequest(size), "the kernel finds a place of its own"),
        (CmaRequest(size, 4 * GIB, end), "there is room above 4 GiB"),
        (CmaRequest(less), "less fits"),
    )
    for other, text in tries:
        if other != request and other.size and other.base < end:
            where = f"@{argument_size(other.base)}-{argument_size(other.limit)}" if other.base else ""
            area = search_for(other)
            if area.outcome == "fits":
                yield OtherForm(f"cma={argument_size(other.size)}{where}", text, area.start)


def _answer(
    analysis: Analysis,
    what: PlacedKind,
    argument: str,
    name: str,
    size: int,
    align: int,
    result: Area,
    forms: tuple[OtherForm, ...] = (),
    notes: tuple[str, ...] = (),
) -> Placements:
    return Placements(
        what=what,
        size=size,
        align=align,
        release=analysis.release.text if analysis.release else None,
        assumed=assumed(analysis),
        placements=result.placements,
        command_line=argument if result.outcome != "fails" else None,
        start=result.start,
        outcome=result.outcome,
        text=_text(name, size, result),
        notes=notes,
        other_forms=forms,
    )


def _text(name: str, size: int, result: Area) -> str:
    """The outcome in a sentence."""
    placed = [item for item in result.placements if item.safe]
    if result.outcome == "fails" or result.start is None or not placed:
        return f"{name} of {format_size(size)} finds no room."
    doubt = ", or finds no room" if result.outcome == "may-fail" else ""
    if len(placed) == 1 and placed[0].certain:
        return f"{name} of {format_size(size)} begins at {result.start}{doubt}."
    if all(item.certain for item in placed):
        starts = " and ".join(str(item.start) for item in placed)
        return f"{name} of {format_size(size)} lies in parts that begin at {starts}{doubt}."
    low, high = min(item.start for item in placed), max(item.end for item in placed)
    where = f"somewhere in {range_words(low, high)}, most likely at {result.start}"
    return f"{name} of {format_size(size)} begins {where}{doubt}."


def hugetlb_cma(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``hugetlb_cma=``. Raises as :func:`cma`.

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
        refused = f"This release does not know hugetlb_cma={value}: it is understood from {known} on."
    elif HUGETLB_CMA_WHOLE.reached(version, unknown=True) and any(
        size % row.size for size in (total, *by_node.values())
    ):
        refused = f"hugetlb_cma={value} reserves nothing: sizes have to be multiples of {format_size(row.size)}."
    elif total < row.size:
        refused = f"hugetlb_cma={value} reserves nothing: it has to be {format_size(row.size)} at least."
    later = frozenset[str]() if behind_crash_kernel(version) else CRASH_KERNEL
    free = free_at(analysis, "before zones", _CMA | later)
    areas = [] if refused else list(_pools(analysis, free, total, by_node, row.size, align))
    outcomes = [result.outcome for _, _, result in areas]
    whole = Area(
        "fails" if not areas or "fails" in outcomes else "may-fail" if "may-fail" in outcomes else "fits",
        tuple(item for _, _, result in areas for item in result.placements),
        next((result.start for _, _, result in areas if result.start is not None), None),
    )
    answer = _answer(analysis, "hugetlb_cma", f"hugetlb_cma={value}", "", total, align, whole)
    each = " ".join(_text(f"On node {node} the area", size, result) for node, size, result in areas)
    return structs.replace(answer, text=refused or each or f"No node of hugetlb_cma={value} has memory.")


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
                f"{value!r} is no value of hugetlb_cma=; write SIZE or NODE:SIZE,…, such as 4G or 0:2G,1:2G."
            )
        by_node[number] = size
    return sum(by_node.values()), by_node


def _pools(
    analysis: Analysis, free: Free, total: int, by_node: dict[int, int], gigantic: int, align: int
) -> Iterator[tuple[int, int, Area]]:
    """The nodes in the order in which the kernel asks them, what it wants there, and where that lies."""
    nodes = [node for node, _ in free.nodes] or [0]
    each = -(-total // len(nodes))
    share, end, reserved = -(-each // gigantic) * gigantic, free.memory[-1][1], 0
    for node in nodes:
        if by_node and by_node.get(node, 0) < gigantic:
            continue
        size = by_node.get(node) or min(share, total - reserved)
        size = -(-size // gigantic) * gigantic
        memory = free.of_node(node) or free.memory
        attempts = [Attempt(0, end)]
        if CMA_FROM_4G.reached(analysis.layout.version, unknown=True) and end >= 4 * GIB + size:
            attempts.insert(0, Attempt(4 * GIB, end, bottom_up=True))
        result = area(free, size, align, attempts, memory, node)
        if result.outcome == "fails" and CMA_IN_PARTS.reached(analysis.layout.version, unknown=True):
            result = _in_parts(free, size, align, memory, node) or result
        yield node, size, result
        reserved += size if result.outcome != "fails" else 0
        if reserved >= total:
            return


def _in_parts(free: Free, size: int, align: int, memory: Pairs, node: int) -> Area | None:
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


def reserve_mem(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``reserve_mem=``. Raises as :func:`cma`.

    Source: reserve_mem() and memblock_phys_alloc() in mm/memblock.c, 6.11 to 7.1: when the command line is parsed,
    from the end of memory downwards.
    """
    size, rest = leading_size(value)
    align, name = leading_size(rest[1:]) if rest.startswith(":") else (None, "")
    if not size or align is None or not name.startswith(":") or len(name) < 2:
        raise ValueError(f"{value!r} is no value of reserve_mem=; write SIZE:ALIGN:NAME, such as 12M:4096:trace.")
    if align & (align - 1):
        raise ValueError(f"The alignment of {value!r} is no power of two.")
    align = max(align, LEAST_ALIGNMENT)
    free = free_at(analysis, None)
    end = free.memory[-1][1]
    if not RESERVE_MEM.reached(analysis.layout.version, unknown=True):
        answer = _answer(analysis, "reserve_mem", f"reserve_mem={value}", "", size, align, Area("fails"))
        return structs.replace(
            answer, text=f"This release does not know reserve_mem=: it is understood from {RESERVE_MEM.since} on."
        )
    result = area(free, size, align, (Attempt(0, end),), free.memory)
    forms: tuple[OtherForm, ...] = ()
    if result.outcome != "fits":
        less = largest(lambda size: fits(free, size, align, 0, end), min(size, end) - 1, MIB)
        forms = (OtherForm(f"reserve_mem={argument_size(less)}{rest}", "less fits"),) if less else ()
    return _answer(
        analysis, "reserve_mem", f"reserve_mem={value}", "The region of reserve_mem=", size, align, result, forms
    )
