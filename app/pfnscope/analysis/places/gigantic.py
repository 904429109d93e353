"""How many gigantic pages each node can give at boot, and what forbids one more."""

from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import MOST_NODES, assumed, free_at, in_the_way, lines_of, unlogged
from pfnscope.analysis.places.free import CRASH_KERNEL, FreeMemory
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.pools import (
    EXACT_NODE,
    IMAGE_SPARES_GIGANTIC,
    GiganticPages,
    after_crash_kernel,
    gigantic_moment,
    gigantic_pages,
)
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import HUGE_PAGES_OF_NODES, STUB_PLACES_IMAGE, STUB_SPARES_REGIONS
from pfnscope.model.answers import NodePages, OtherForm, Placement, Placements
from pfnscope.model.ranges import Address, Pairs, canonical, difference, intersection
from pfnscope.simulation import NotSimulated
from pfnscope.units import GIB, argument_size, format_size
from pfnscope.words import plural

MOST_RUNS = 256
"""Runs of all nodes that name what lies in them; a log of strangers may have thousands."""


def gigantic(analysis: Analysis, node: int | None) -> Placements:
    """The gigantic pages of a node, or of all.

    Raises NotSimulated where nothing can be said, and ValueError for a node that there is not.
    """
    layout, version = analysis.layout, analysis.layout.version
    row = gigantic_pages(layout.arch, layout.page_size)
    if row is None:
        raise NotSimulated(f"no gigantic pages are known of {layout.arch or 'an unknown architecture'}")
    unit = row.size
    moment = gigantic_moment(layout.arch, version)
    later = CRASH_KERNEL if moment and not after_crash_kernel(version) else frozenset[str]()
    free = free_at(analysis, moment, later)
    nodes = tuple(item for item in free.nodes if node in (None, item[0]))
    if not free.nodes and node is None:
        nodes = ((0, free.memory),)
    if not nodes:
        known = ", ".join(str(number) for number, _ in free.nodes[:MOST_NODES])
        raise ValueError(f"There is no node {node} with memory; there are {known or 'none'}.")
    sure = canonical(pair for _, memory in nodes for pair in _whole(intersection(free.sure, memory), unit))
    most = sum(places(intersection(free.free, memory), unit) for _, memory in nodes)
    demand, pages, risk = _request(analysis, free, sure, unit, node)
    fewer = _quiet(analysis, free, sure, unit) if demand > pages else 0
    if _not_registered(analysis, row):
        pages = most = 0
    counts = tuple(_node_pages(free, number, memory, unit, risk) for number, memory in nodes) if most else ()
    return Placements(
        what="gigantic",
        size=unit,
        align=unit,
        release=analysis.release.text if analysis.release else None,
        assumed=assumed(analysis),
        placements=tuple(
            item
            for number, memory in nodes
            for item in runs(free, number, memory, unit, risk, max(1, MOST_RUNS // len(nodes)))
        ),
        command_line=_argument(version, unit, demand, node) if pages else None,
        outcome="fits" if pages else "may-fail" if most else "fails",
        text=_text(unit, pages, most, counts, node)
        + (_more_than_there_are(demand, pages) if demand > pages > 0 else ""),
        notes=tuple(_notes(analysis, row, node, free, risk)),
        other_forms=(OtherForm(_argument(version, unit, fewer, None), "so many are found wherever the image lies"),)
        if fewer and pages
        else (),
        node_pages=counts,
    )


def _not_registered(analysis: Analysis, row: GiganticPages) -> bool:
    """Whether the kernel prints which huge pages this machine has, and gigantic ones are not among them."""
    huge = {item.name for item in analysis.log.sizes if item.kind == "huge-pages"}
    return row.printed and bool(huge) and f"{row.size // GIB}.00 GiB" not in huge


def _request(analysis: Analysis, free: FreeMemory, sure: Pairs, unit: int, node: int | None) -> tuple[int, int, Pairs]:
    """How many to ask for, how many that gives in any case, and where among them the image may lie.

    Whoever asks for all that look good to the code that places the image keeps it out of all that can be given.
    """
    count = places(sure, unit)
    if node is not None:
        risk = _where_the_image_may_lie(analysis, free, sure, unit, node)
        pages = count - min(2, places(risk, unit))
        return pages, pages, risk
    for demand in (count, places(canonical(free.memory), unit)):
        if not _where_the_image_may_lie(analysis, free, sure, unit, demand):
            return demand, count, ()
    pages = _quiet(analysis, free, sure, unit)
    return pages, pages, _where_the_image_may_lie(analysis, free, sure, unit, pages)


def _quiet(analysis: Analysis, free: FreeMemory, sure: Pairs, unit: int) -> int:
    """As many as are found in any case if so many are asked for: an image can lie over the border of two."""
    count = places(sure, unit)
    for pages in range(count, max(count - 2, 0), -1):
        risk = _where_the_image_may_lie(analysis, free, sure, unit, pages)
        if pages <= count - min(2, places(risk, unit)):
            return pages
    return max(count - 2, 0)


def _where_the_image_may_lie(analysis: Analysis, free: FreeMemory, sure: Pairs, unit: int, demand: int) -> Pairs:
    """Those of the pages that are free in any case in which KASLR can put the kernel's image.

    That of x86-64 spares the lowest whole gigantic pages of RAM, as many as hugepages= begins with: of
    ``hugepages=node:number`` that is the node. With EFI, some releases look at no arguments, and later ones do not move
    the image where there is hugepages=.
    """
    version = analysis.layout.version
    if not free.moves:
        return ()
    if analysis.layout.arch != "x86_64" or not IMAGE_SPARES_GIGANTIC.reached(version, unknown=True):
        return sure
    if analysis.log.by_efi and STUB_PLACES_IMAGE.reached(version, unknown=True):
        return () if STUB_SPARES_REGIONS.reached(version, unknown=True) else sure
    left, spared = demand * unit, list[tuple[int, int]]()
    for start, end in _whole(canonical(free.memory), unit):
        spared.append((start, min(end, start + left)))
        left -= spared[-1][1] - start
    return difference(sure, canonical(spared))


def _node_pages(free: FreeMemory, node: int, memory: Pairs, unit: int, risk: Pairs) -> NodePages:
    """Pages of ``unit`` bytes that a node gives in any case, and at most; an image can lie over the border of two."""
    sure, most = (places(intersection(pieces, memory), unit) for pieces in (free.sure, free.free))
    return NodePages(node, sure - min(2, places(intersection(risk, memory), unit)), most)


def places(pieces: Pairs, unit: int) -> int:
    """How many whole units the pieces hold, at multiples of the unit."""
    return sum((end - start) // unit for start, end in _whole(pieces, unit))


def runs(
    free: FreeMemory, node: int, memory: Pairs, unit: int, risk: Pairs, named: int = MOST_RUNS
) -> Iterator[Placement]:
    """Starts of units on a node, by address: free in any case, perhaps, and those with its RAM that are not.

    Of the first ``named`` runs it is said what lies in them.
    """
    sure = _whole(intersection(free.sure, memory), unit)
    most = _whole(intersection(free.free, memory), unit)
    touched = canonical((start // unit * unit, -(-end // unit) * unit) for start, end in memory)
    kinds = (
        *((pair, True, True) for pair in difference(sure, risk)),
        *((pair, True, False) for pair in difference(most, difference(sure, risk))),
        *((pair, False, True) for pair in difference(touched, most)),
    )
    for number, ((start, end), safe, certain) in enumerate(sorted(kinds)):
        silent = number >= named or (safe and certain)
        blocked = () if silent else unlogged(free, start, end) if safe else in_the_way(free, memory, start, end)
        lines = lines_of(blocked)
        yield Placement(
            Address(start), Address(end), safe, certain=certain, blocked_by=blocked, lines=lines, size=unit, node=node
        )


def _whole(pieces: Pairs, unit: int) -> Pairs:
    """The whole units in pieces; not the first of all, since memblock never gives page 0."""
    pairs = ((-(-max(start, 1) // unit) * unit, end // unit * unit) for start, end in pieces)
    return tuple((start, end) for start, end in pairs if start < end)


def _argument(version: Version | None, unit: int, pages: int, node: int | None) -> str:
    of_node = f"{node}:" if node is not None and HUGE_PAGES_OF_NODES.reached(version, unknown=True) else ""
    return f"hugepagesz={argument_size(unit)} hugepages={of_node}{pages}"


def _text(unit: int, pages: int, most: int, counts: tuple[NodePages, ...], node: int | None) -> str:
    who = "This machine" if node is None else f"Node {node}"
    what = f"{_range(pages, most)} {plural(most, 'page')} of {format_size(unit)}"
    shares = ", ".join(
        f"{_range(item.pages, item.at_most) if item.at_most else 'none'} on node {item.node}"
        for item in counts[:MOST_NODES]
    )
    shares += ", …" if len(counts) > MOST_NODES else ""
    return f"{who} can give {what} at boot{f': {shares}' if len(counts) > 1 else ''}."


def _more_than_there_are(demand: int, pages: int) -> str:
    """Why more are to be asked for than there are."""
    return (
        f" Ask for {demand}: KASLR keeps the kernel's image out of the lowest {demand} places for such pages, and the"
        f" {pages} are among these. The kernel then warns that it has found fewer."
    )


def _range(pages: int, most: int) -> str:
    if not most:
        return "no"
    return f"{pages:,}" if pages == most else f"{pages:,} to {most:,}"


def _notes(analysis: Analysis, row: GiganticPages, node: int | None, free: FreeMemory, risk: Pairs) -> Iterator[str]:
    version = analysis.layout.version
    if _not_registered(analysis, row):
        yield f"The kernel prints the huge pages that this machine has, and those of {format_size(row.size)} are none."
        return
    if node is not None and not HUGE_PAGES_OF_NODES.reached(version, unknown=True):
        yield f"This release spreads them over all nodes; hugepages=node:number: {HUGE_PAGES_OF_NODES.since} and later."
    elif len(free.nodes) > 1 and not EXACT_NODE.reached(version, unknown=True):
        yield "Where a node has too few, hugepages=node:number takes pages of other nodes on this release."
    if any(argument.name == "hugetlb_cma" for argument in arguments(analysis.log.command_line or "")):
        yield "Beside hugetlb_cma= the kernel allocates none at boot."
    if risk:
        yield "KASLR may put the kernel's image over two of them; nokaslr keeps it low."
