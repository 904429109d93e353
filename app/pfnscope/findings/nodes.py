"""NUMA nodes: what the kernel says of them, nodes without memory and why, memory between nodes, nodes too small."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby

from pfnscope.analysis import Analysis
from pfnscope.analysis.whatif import what_if
from pfnscope.findings.drafts import Draft, failures, no_remedy, nothing, of_failure
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.thresholds import SMALL_NODES
from pfnscope.layout.nodes import online_nodes, small_nodes
from pfnscope.model.analysis import worse
from pfnscope.model.findings import Remedy
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, MemoryType, SratEntry
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, Pairs, canonical, clip, difference
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.units import MIB, format_size
from pfnscope.words import plural

_MOST_NAMED = 4
_MOST_NODES = 8
_MOST_BOOTS = 8
_MOST_RANGES = 2000
"""Simulated boots for one remedy, and ranges of map and memory beyond which none is tried."""
_SLACK = MIB
"""RAM that nodes may leave out: numa_meminfo_cover_memory() in numa.c of x86, 2.6.39 to 6.7, and memblock.c, 6.8."""


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings of this subject."""
    rejected = False
    for failure in failures(analysis.log, "nodes"):
        rejected = rejected or failure.code == "numa-rejected"
        yield of_failure(failure, partial(_left_out, analysis) if failure.code == "numa-rejected" else nothing)
    yield from _without_memory(analysis, rejected=rejected)
    yield from _without_processors(analysis)
    yield from _memory_of_no_node(analysis, rejected=rejected)
    yield from _small(analysis)
    yield from _interleaved(analysis)
    yield from _overlapping(analysis.log)


def _left_out(analysis: Analysis) -> Iterator[str]:
    """Where the RAM is that the nodes of the firmware leave out."""
    ranges = sorted(_uncovered(analysis.log), key=lambda item: -item.size)
    if ranges:
        yield f"Of no node: {_places(ranges)}."


def _uncovered(log: BootLog) -> list[ByteRange]:
    """RAM of the memory map that no entry of the SRAT and no CXL window covers; none where map or SRAT is missing."""
    ram = _ram(log)
    if not log.srat or not ram:
        return []
    nodes = canonical([(item.start, item.end) for item in log.srat] + [(n.start, n.end) for n in log.window_nodes])
    return [ByteRange(*pair) for pair in difference(ram, nodes)]


def _ram(log: BootLog) -> Pairs:
    """RAM before the command line took some of it."""
    entries = log.extended_map or log.firmware_map or log.map_before_kernel
    return canonical((item.start, item.end) for item in entries if item.type is MemoryType.RAM)


def _without_memory(analysis: Analysis, *, rejected: bool) -> Iterator[Draft]:
    """Nodes without memory, those of one reason together."""
    log = analysis.log
    shown = {item.node: item.lines for item in log.initmem if item.range is None}
    nodes = {node: lines for node, lines in shown.items() if node not in analysis.layout.by_node}
    if not rejected and not any(item.name == "numa" for item in arguments(log.command_line or "")):
        nodes = {**dict.fromkeys(_emptied(analysis), ()), **nodes}
    entries = _by_node(log.srat)
    reasons = sorted((_why(analysis, node, entries.get(node, [])), node) for node in nodes)
    for (code, why), group in groupby(reasons, key=lambda item: item[0]):
        names = [node for _, node in group]
        own = [entry for node in names for entry in entries.get(node, [])]
        ranges = tuple(entry.range for entry in own)
        lines = {line for node in names for line in nodes[node]} | {line for entry in own for line in entry.lines}
        text = f"{_named(names)} {'has' if len(names) == 1 else 'have'} no memory{why}."
        lost = code == "node-memory-lost" or "leaves out" in why
        remedy = partial(_give_back, analysis, names) if lost else no_remedy
        yield Draft(code, text, tuple(sorted(lines)), ranges, remedy=remedy)


def _by_node(srat: Iterable[SratEntry]) -> dict[int, list[SratEntry]]:
    entries: dict[int, list[SratEntry]] = {}
    for item in srat:
        entries.setdefault(item.node, []).append(item)
    return entries


def _emptied(analysis: Analysis) -> Iterator[int]:
    """Nodes to which the SRAT gives RAM of the firmware's map, and of which nothing is memory."""
    layout, ram = analysis.layout, _ram(analysis.log)
    if not layout.memory:
        return
    memory = tuple((a * layout.page_size, b * layout.page_size) for a, b in layout.memory_frames.pairs)
    for node, entries in _by_node(analysis.log.srat).items():
        pairs = canonical((item.start, item.end) for item in entries)
        if node not in layout.by_node and _common(pairs, ram) and not _common(pairs, memory):
            yield node


def _common(pairs: Pairs, others: Pairs) -> Pairs:
    """What both have."""
    return tuple(part for pair in pairs for part in clip(others, *pair))


def _why(analysis: Analysis, node: int, entries: Sequence[SratEntry]) -> tuple[str, str]:
    """The code of the finding on a node without memory, and the rest of its sentence."""
    log = analysis.log
    windows = [item.range for item in log.window_nodes if item.node == node]
    if windows:
        return "memoryless-node", f" yet: {_places(windows)} is for CXL memory, of which none is plugged in"
    if not entries:
        only = ", only processors" if any(item.node == node for item in log.node_processors) else ""
        if log.node_processors and not only and any(item.name == "ACPI CEDT table" for item in log.reserved_regions):
            return "memoryless-node", " yet: it is probably for CXL memory, whose windows (CEDT) are nodes of their own"
        return "memoryless-node", f": the firmware's table of nodes (SRAT) gives it none{only}" if log.srat else ""
    pairs = canonical((item.start, item.end) for item in entries)
    places, ram = _places([ByteRange(*pair) for pair in pairs]), _common(pairs, _ram(log))
    if ram and log.capture_kernel:
        return "memoryless-node", ": this kernel saves the memory of one that crashed and has its own share alone"
    if ram:
        unused = _places([ByteRange(*item) for item in ram])
        limit = next((item for item in arguments(log.command_line or "") if item.name == "mem" and item.value), None)
        if limit and ram[0][0] >= analysis.layout.max_pfn * analysis.layout.page_size:
            return "memoryless-node", f": {limit.text} leaves out its RAM, {unused}"
        return "node-memory-lost", f": none of its RAM is used, {unused}"
    if all(item.hotplug for item in entries):
        return "memoryless-node", f" yet: {places} is kept for memory that is plugged in later"
    if all(item.non_volatile for item in entries):
        return "memoryless-node", f": {places} is persistent memory, which is no RAM by itself"
    if _ram(log):
        return (
            "memoryless-node",
            f": the firmware's table of nodes gives it {places}, but its map has no RAM there",
        )
    return "memoryless-node", f", although the firmware's table of nodes gives it {places}"


def _give_back(analysis: Analysis, nodes: Sequence[int]) -> Remedy | None:
    """The argument without which these nodes have memory, or all that change the layout, tried."""
    line = own_command_line(analysis.booted_from)
    given = arguments(line)
    shaping = list(dict.fromkeys(item.text for item in given if item.shapes_layout))[:_MOST_BOOTS]
    for gone in dict.fromkeys([*((text,) for text in shaping), tuple(shaping)]):
        without = " ".join(item.text for item in given if item.text not in gone)
        layout = _tried(analysis, without, lambda layout: all(node in layout.by_node for node in nodes))
        if layout is not None:
            size = sum(item.frames.pages for node in nodes for item in layout.by_node[node]) * layout.page_size
            has = f"{_named(nodes).lower()} then {'has' if len(nodes) == 1 else 'have'} {format_size(size)}"
            return Remedy(f"Boot without {' and '.join(gone)}: {has}.", checked=True, instead=gone)
    return None


def _tried(analysis: Analysis, command_line: str, good: Callable[[Layout], bool]) -> Layout | None:
    """The simulated layout with a command line, where it is ``good`` and no hole is worse than before."""
    if len(analysis.log.firmware_map) + len(analysis.layout.memory) > _MOST_RANGES:
        return None
    try:
        changed, _ = what_if(analysis, command_line)
    except NotSimulated:
        return None
    now, before = (
        FrameSet.of(hole.frames for hole in item.holes if worse(hole.severity, "info")) for item in (changed, analysis)
    )
    return changed.layout if good(changed.layout) and now <= before else None


def _without_processors(analysis: Analysis) -> Iterator[Draft]:
    """Nodes with memory alone. The kernel does not name the node of the processor that it starts on."""
    log, known = analysis.log, {item.node for item in analysis.log.node_processors}
    limited = any(item.name in ("maxcpus", "nr_cpus", "nosmp", "numa") for item in arguments(log.command_line or ""))
    if not known or limited or log.capture_kernel:
        return
    layout = analysis.layout
    for node in sorted(layout.by_node.keys() - known - {min(layout.by_node, default=0)}):
        ranges = [item.frames.in_bytes(layout.page_size) for item in layout.by_node[node]]
        lines = tuple(sorted({line for item in layout.by_node[node] for line in item.lines}))
        size = format_size(sum(item.size for item in ranges))
        yield Draft(
            "node-without-processors", f"Node {node} has {size} of memory and no processors.", lines, (*ranges,)
        )


def _memory_of_no_node(analysis: Analysis, *, rejected: bool) -> Iterator[Draft]:
    """RAM that the SRAT leaves out, too little for the kernel to reject it: no zone has it."""
    ranges = [] if rejected or len(analysis.layout.by_node) < 2 else _uncovered(analysis.log)
    size = sum(item.size for item in ranges)
    if analysis.layout.page_size <= size < _SLACK:
        lines = tuple(sorted({line for item in analysis.log.srat for line in item.lines}))
        text = f"{format_size(size)} of RAM are in no node of the firmware's table of nodes (SRAT): {_places(ranges)}."
        yield Draft("memory-without-node", text, lines, tuple(ranges))


def _small(analysis: Analysis) -> Iterator[Draft]:
    """Nodes with memory that are too small for the kernel to bring them online."""
    log, layout = analysis.log, analysis.layout
    small = small_nodes(log, layout.arch, log.stable_of(analysis.release), layout.max_pfn * layout.page_size)
    nodes = sorted(small - online_nodes(log))
    if nodes:
        own = [item for node in nodes for item in layout.by_node.get(node, [])]
        text = (
            f"{_named(nodes)} {'is' if len(nodes) == 1 else 'are'} too small for this kernel (less than 4 MiB): no zone"
            " has that memory, yet the kernel hands it out and may crash on it."
        )
        lines = tuple(sorted({line for item in own for line in item.lines}))
        ranges = tuple(item.frames.in_bytes(layout.page_size) for item in own)
        yield Draft("small-node", text, lines, ranges, remedy=partial(_one_node, analysis))


def _one_node(analysis: Analysis) -> Remedy:
    """numa=off, where the simulator shows that it endangers nothing else; else a kernel or more memory."""
    release, line = f"{SMALL_NODES.since}", f"{own_command_line(analysis.booted_from)} numa=off".strip()
    if _tried(analysis, line, lambda layout: len(layout.by_node) == 1) is None:
        return Remedy(f"Give the node more memory, or boot a later kernel ({release}).")
    return Remedy(f"Boot with numa=off, or a later kernel ({release}).", "numa=off", checked=True)


def _interleaved(analysis: Analysis) -> Iterator[Draft]:
    """Nodes that have memory below and above memory of another node."""
    layout = analysis.layout
    runs = [(node, list(own)) for node, own in groupby(layout.memory, key=lambda item: item.node)]
    last = {node: at for at, (node, _) in enumerate(runs)}
    first = {node: at for at, (node, _) in reversed(list(enumerate(runs)))}
    around = sorted(node for node in first if first[node] < last[node])
    if not around:
        return
    outer, (inner, between) = around[0], runs[first[around[0]] + 1]
    place = FrameRange(between[0].frames.start, between[-1].frames.end).in_bytes(layout.page_size)
    also = f", and so {'has' if len(around) == 2 else 'have'} {_named(around[1:]).lower()}" if around[1:] else ""
    text = f"Node {outer} has memory below and above that of node {inner}, {_places([place])}{also}."
    own = [item for node in around for item in layout.by_node[node]]
    ranges = tuple(item.frames.in_bytes(layout.page_size) for item in own)
    lines = tuple(sorted({line for item in own for line in item.lines}))
    yield Draft("interleaved-nodes", text, lines, ranges, details=lambda: (_OVERLAP,))


_OVERLAP = "Zones of such nodes overlap: a page frame inside a zone's span may belong to another node."


def _overlapping(log: BootLog) -> Iterator[Draft]:
    """Memory that two nodes claim in what the kernel printed, and entries of the SRAT that overlap in part.

    Kernels before 2.6.24 printed what a node has so far, so an SRAT entry within another is as it should be.
    """
    reach = None
    for item in sorted(log.node_ranges, key=lambda item: (item.start, item.end)):
        if reach is not None and item.start < reach.end and item.node != reach.node:
            both = ByteRange(item.start, min(item.end, reach.end))
            text = f"Nodes {reach.node} and {item.node} both claim {format_size(both.size)} at {both}."
            yield Draft("overlapping-nodes", text, (*reach.lines, *item.lines), (both,))
            break
        if reach is None or item.end > reach.end:
            reach = item
    before = None
    for entry in sorted(log.srat, key=lambda entry: (entry.start, entry.end)):
        if before is not None and before.start < entry.start < before.end < entry.end:
            both = ByteRange(entry.start, before.end)
            text = f"Entries of the firmware's table of nodes (SRAT) overlap in part, at {both}: digits may be lost."
            yield Draft("overlapping-srat", text, (*before.lines, *entry.lines), (both,))
            break
        if before is None or entry.end > before.end:
            before = entry


def _named(nodes: Sequence[int]) -> str:
    """``Node 2``, ``Nodes 2, 3 and 4``, of many the first ones."""
    shown, more = nodes[:_MOST_NODES], len(nodes) - _MOST_NODES
    names = [*map(str, shown), *([f"{more} more"] if more > 0 else [])]
    first = ", ".join(names[:-1])
    return f"{plural(len(nodes), 'Node')} {f'{first} and ' if first else ''}{names[-1]}"


def _places(ranges: Sequence[ByteRange]) -> str:
    """``2 GiB at [0x80000000, 0x100000000)``, of many ranges the first ones."""
    named = " and ".join(f"{format_size(item.size)} at {item}" for item in ranges[:_MOST_NAMED])
    more = len(ranges) - _MOST_NAMED
    return named + (f" and {more} more {plural(more, 'range')}" if more > 0 else "")
