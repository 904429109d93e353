"""Where areas of hugetlb_cma= lie, or why they do not fit."""

from collections.abc import Iterator

from msgspec import structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import MOST_NODES, Area, Attempt, area, free_at, placements_of, words_of
from pfnscope.analysis.places.free import CRASH_KERNEL, Free
from pfnscope.kernel.pools import (
    CMA_FROM_4G,
    CMA_IN_PARTS,
    HUGETLB_CMA,
    HUGETLB_CMA_OF_NODES,
    HUGETLB_CMA_WHOLE,
    MOST_PARTS,
    behind_crash_kernel,
    gigantic_pages,
    pool_alignment,
)
from pfnscope.model.answers import Placement, Placements
from pfnscope.model.ranges import Address, Pairs, intersection
from pfnscope.simulation import NotSimulated
from pfnscope.units import GIB, format_size, leading_size, whole_number
from pfnscope.words import counted, shortened


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
    later = frozenset[str]() if behind_crash_kernel(version) else CRASH_KERNEL
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
    analysis: Analysis, free: Free, total: int, by_node: dict[int, int], gigantic: int, align: int
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
        attempts = [Attempt(0, end)]
        if CMA_FROM_4G.reached(analysis.layout.version, unknown=True) and end >= 4 * GIB + size:
            attempts.insert(0, Attempt(4 * GIB, end, bottom_up=True))
        result = area(free, size, align, attempts, memory, node, named=number < MOST_NODES)
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
