"""What memblock has free once struct pages and the memory of each processor are taken from it."""

from collections.abc import Callable, Iterable
from functools import reduce
from itertools import product

from msgspec import structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.early_allocations import EARLY
from pfnscope.analysis.places.free import FreeMemory
from pfnscope.kernel.crashkernel import ZONES_LAST, Moment
from pfnscope.kernel.vmemmap import struct_page_sizes
from pfnscope.model.answers import Obstacle
from pfnscope.model.ranges import Address, FrameSet, Pairs, canonical, clip, difference, intersection
from pfnscope.simulation.memblock import find
from pfnscope.units import MIB

STRUCT_PAGES = "struct pages"
"""What they are called where they are in the way."""

_STEP = 2 * MIB
"""What struct pages are aligned to where huge pages map them, and the memory of processors on x86."""

_FIRST = 16 * MIB
"""Struct pages and processors have nothing below: MAX_DMA_ADDRESS in mm/sparse.c and mm/percpu.c, 6.1, of x86."""

_PROCESSORS = 64
"""As many as are taken for possible where no line tells."""

_OTHER = 8 * MIB
"""Tables of sections, zones and nodes, and all else that a node has allocated piece by piece."""


def at_moment(analysis: Analysis, free: FreeMemory, moment: Moment) -> FreeMemory:
    """What is free at a moment of set-up: behind struct pages where zones are set up by then.

    Source: bootmem_init() in arch/arm64/mm/init.c, misc_mem_init() in arch/riscv/mm/init.c, 6.1.
    """
    late = moment == "after zones" and not ZONES_LAST.reached(analysis.layout.version, unknown=True)
    return after_struct_pages(analysis, free, processors=False) if late else free


def after_struct_pages(analysis: Analysis, free: FreeMemory, *, processors: bool = True) -> FreeMemory:
    """The same behind sparse_init(): struct pages of each node lie at the end of its memory, and more below them.

    ``processors``: they have their memory, too.
    They are taken where they lie in any case, unlogged wherever they may lie, whatever no line shows is taken above.
    Source: sparse_init_nid() and sparse_buffer_init() in mm/sparse.c, 6.1: in one piece or by sections, from the end of
    memory downwards; pcpu_embed_first_chunk() in mm/percpu.c, 6.1. Where lines show each step, nothing is added.
    """
    if analysis.log.memblock_reserve_events:
        return free
    size_of_processors = _processors(analysis) if processors else 0
    taken, unlogged = list(free.taken), list(free.unlogged)
    all_expected, all_sure = (_of_nodes(pairs, free.nodes) for pairs in (free.free, free.sure))
    for node, _ in free.nodes:
        expected, sure = all_expected.get(node, ()), all_sure.get(node, ())
        core, spread = extent(expected, sure, *_sizes(analysis, node))
        below = _top(difference(sure, spread), size_of_processors + _OTHER)
        taken += _obstacles(core, STRUCT_PAGES)
        unlogged += _obstacles(spread, STRUCT_PAGES)
        unlogged += _obstacles(below, EARLY)
    return structs.replace(
        free, taken=tuple(sorted(taken, key=lambda item: (item.start, item.end))), unlogged=tuple(unlogged)
    )


def _of_nodes(free: Pairs, nodes: tuple[tuple[int, Pairs], ...]) -> dict[int, Pairs]:
    """What is free of each node, in one pass however many there are and however they take turns."""
    out: dict[int, list[tuple[int, int]]] = {}
    at = 0
    for start, end, node in sorted((start, end, node) for node, pairs in nodes for start, end in pairs):
        while at < len(free) and free[at][1] <= start:
            at += 1
        last = at
        while last < len(free) and free[last][0] < end:
            out.setdefault(node, []).append((max(free[last][0], start), min(free[last][1], end)))
            last += 1
        at = max(at, last - 1)
    return {node: tuple(pairs) for node, pairs in out.items()}


def extent(expected: Pairs, sure: Pairs, least: int, most: int) -> tuple[Pairs, Pairs]:
    """Where from ``least`` to ``most`` bytes from the end downwards lie in any case, and where they may lie.

    ``expected`` is free if nothing is hidden, ``sure`` whatever is hidden. What lies between the highest and the lowest
    outcome may all hold them; the whole of ``expected`` where not even ``sure`` is known to have room.
    """
    ways: tuple[Callable[[Pairs, int], Pairs | None], ...] = (_in_one_piece, _by_steps)
    outcomes = [way(free, size) for way, free, size in product(ways, (expected, sure), {least, most})]
    known = [item for item in outcomes if item]
    if len(known) < len(outcomes):
        return (), expected
    low, high = min(item[0][0] for item in known), max(item[-1][1] for item in known)
    return reduce(intersection, known), clip(expected, low, high)


def _in_one_piece(free: Pairs, size: int) -> Pairs | None:
    at = find(free, size, _STEP, _FIRST)
    return None if at is None else ((at, at + size),)


def _by_steps(free: Pairs, size: int) -> Pairs | None:
    """Steps from the end downwards, each where it fits."""
    left, out = -(-size // _STEP) * _STEP, list[tuple[int, int]]()
    for start, end in reversed(clip(free, _FIRST, 1 << 64)):
        low, high = -(-start // _STEP) * _STEP, end // _STEP * _STEP
        if low < high:
            out.append((max(low, high - left), high))
            left -= high - out[-1][0]
        if not left:
            return canonical(out)
    return None


def _sizes(analysis: Analysis, node: int) -> tuple[int, int]:
    """Bytes of the struct pages of a node, at least and at most: sections of its memory, whole or in part its own."""
    layout = analysis.layout
    frames = FrameSet.of(item.frames for item in layout.by_node.get(node, ()))
    sizes = struct_page_sizes(layout.arch, layout.version)
    whole = frames.rounded_out(max(layout.memmap.block, 1)).pages
    if layout.flat and frames:
        whole = frames.end - frames.start + 2 * layout.memmap.block
    return frames.pages * min(sizes), -(-whole * max(sizes) // _STEP) * _STEP


def _processors(analysis: Analysis) -> int:
    """Bytes that the memory of all processors takes at most: each has a power of two."""
    log = analysis.log
    cpus = log.page_counts.possible_cpus[0].value if log.page_counts.possible_cpus else _PROCESSORS
    own = next((item.size for item in log.sizes if item.kind == "per-cpu"), 256 << 10)
    return -(-cpus * (1 << max(own - 1, 1).bit_length()) // _STEP) * _STEP


def _top(free: Pairs, size: int) -> Pairs:
    """The highest pieces that hold so many bytes in steps, and all pieces between."""
    out: list[tuple[int, int]] = []
    for start, end in reversed(free):
        steps = (end // _STEP - -(-start // _STEP)) * _STEP
        low = start if steps < size else max(start, end // _STEP * _STEP - size)
        out.append((low, end))
        size -= max(steps, 0)
        if size <= 0:
            break
    return canonical(out)


def _obstacles(pairs: Pairs, name: str) -> Iterable[Obstacle]:
    return (Obstacle(Address(start), Address(end), name) for start, end in pairs)
