"""What is strange about a whole boot: facts that contradict each other, and facts that are missing."""

from collections.abc import Iterable, Iterator, Sequence

from pfnscope.bootlog.boots.cuts import cuts
from pfnscope.bootlog.boots.draft import MAPS, Draft
from pfnscope.bootlog.model import Diagnostic, Lines, NodeRange, SratEntry
from pfnscope.ranges import ByteRange

Claim = tuple[ByteRange, object, Lines]
"""A range, who claims it, and the lines that say so."""


def oddities(draft: Draft, nodes: Sequence[NodeRange]) -> Iterator[Diagnostic]:
    """Diagnostics of a boot that no single line gives; each kind once, with the number of its repeats."""
    if draft.banner is None:
        message = 'There is no "Linux version" line, so the text does not tell the kernel release.'
        if draft.running:
            message = f'There is no "Linux version" line; an oops in the text is of {" and ".join(draft.running)}.'
        yield Diagnostic("info", "no-release", message)
    yield from cuts(draft)
    if draft.untold:
        message = "More lines of this boot deserve a remark than are listed here."
        yield Diagnostic("warning", "more-diagnostics", message)
    clashes = list(_clashes((node.range, node.node, node.lines) for node in nodes))
    if clashes:
        where, (first, second), line = clashes[0]
        message = f"Nodes {first} and {second} both claim the memory from {where:#x} on{_others(clashes)}."
        yield Diagnostic("warning", "overlapping-nodes", message, line)
    doubtful = list(_half_overlaps(draft.values("srat")))
    if doubtful:
        where, line = doubtful[0]
        message = f"Entries of the SRAT overlap in part from {where:#x} on{_others(doubtful)}: digits may be lost."
        yield Diagnostic("warning", "overlapping-srat", message, line)
    spans: dict[int, ByteRange | None] = {}
    for node in draft.values("initmem"):
        if spans.setdefault(node.node, node.range) != node.range:
            message = f"The span of node {node.node} is printed twice and differs: the text may hold two boots."
            yield Diagnostic("warning", "conflicting-initmem", message, node.lines[0])
            break
    for name in MAPS:
        clashes = list(_clashes((entry.range, object(), entry.lines) for entry in draft.values(name)))
        if clashes:
            where, _, line = clashes[0]
            message = (
                f"Entries of the {name.replace('_', ' ')} overlap from {where:#x} on{_others(clashes)}: "
                "the text may hold two different maps of that name."
            )
            yield Diagnostic("warning", "conflicting-map", message, line)


def _clashes(claims: Iterable[Claim]) -> Iterator[tuple[int, tuple[object, object], int]]:
    """Where a range begins inside one of somebody else: the address, both owners and the line."""
    reach: Claim | None = None
    for claim in sorted(claims, key=lambda claim: claim[0]):
        memory, owner, lines = claim
        if reach is not None and memory.start < reach[0].end and owner != reach[1]:
            yield memory.start, (reach[1], owner), lines[0]
        if reach is None or memory.end > reach[0].end:
            reach = claim


def _half_overlaps(entries: Iterable[SratEntry]) -> Iterator[tuple[int, int]]:
    """Where an entry begins inside another and ends behind it: the address and the line.

    Kernels before 2.6.24 printed what a node has so far, so one entry within another is nothing odd.
    """
    before: SratEntry | None = None
    for entry in sorted(entries, key=lambda entry: entry.range):
        if before is not None and before.range.start < entry.range.start < before.range.end < entry.range.end:
            yield entry.range.start, entry.lines[0]
        if before is None or entry.range.end > before.range.end:
            before = entry


def _others(clashes: Sequence[object]) -> str:
    more = len(clashes) - 1
    return f", and so in {more} more {'place' if more == 1 else 'places'}" if more else ""
