"""NUMA nodes from the SRAT, or from what the log shows of nodes: checked, split by numa=fake=, put on memory."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import CUT_TO_MEMORY, MIB_WITHOUT_NODE
from pfnscope.kernel.vendors import emulates_nodes
from pfnscope.model.log import BootLog, MemoryType, NodeRange
from pfnscope.model.ranges import Lines, Pairs, Ranked, canonical, clip, difference
from pfnscope.simulation.e820 import joined_lines
from pfnscope.units import MIB, PAGE_SIZE, leading_size

LEAST_FAKE_NODE = 32 * MIB
"""FAKE_NODE_MIN_SIZE: a power of two, arch/x86/include/asm/numa.h, 4.17; include/linux/numa_memblks.h, 6.12."""

SLACK = MIB
"""RAM that no node covers, beyond which the nodes are refused: numa_meminfo_cover_memory(), 4.17; SZ_1M, 6.8."""

DMA32_END = 4 << 30
_NODES = 1024  # MAX_NUMNODES with the widest node field; kernels with fewer nodes refuse sooner


class Block(Struct, frozen=True):
    """Bytes ``[start, end)`` of a node, as numa_meminfo keeps them."""

    node: int
    start: int
    end: int
    lines: Lines = ()


class Refused(Exception):
    """The kernel does not use these nodes; the message says why."""


def bounds(memory: Pairs, max_address: int, version: Version | None) -> tuple[int, int]:
    """From where to where the kernel looks at nodes; ``max_address`` is the end of max_pfn, in bytes.

    Source: numa_cleanup_meminfo(), arch/x86/mm/numa.c 4.17 and mm/numa_memblks.c 6.12 to 7.3-rc.
    """
    if CUT_TO_MEMORY.reached(version, unknown=True) and memory:
        return memory[0][0], memory[-1][1]
    return 0, max_address


def clean_up(blocks: Sequence[Block], memory: Pairs, low: int, high: int) -> list[Block]:
    """Drop what holds no memory, cut to ``[low, high)``, join the blocks of a node with no other node in between.

    Raises Refused where blocks of different nodes overlap. The kernel tries each pair; here one walk by address finds
    the same, and what is joined keeps the place of its first block. Source: numa_cleanup_meminfo(),
    arch/x86/mm/numa.c 4.18 and mm/numa_memblks.c 6.12 to 7.1.
    """
    kept = [
        (at, Block(block.node, max(block.start, low), min(block.end, high), block.lines))
        for at, block in enumerate(blocks)
        if block.start < high and holds(memory, block.start, block.end)
    ]
    runs: list[tuple[int, Block]] = []
    for at, block in sorted(kept, key=lambda item: (item[1].start, item[1].end)):
        if not runs or runs[-1][1].node != block.node:
            if runs and block.start < runs[-1][1].end:
                raise Refused(
                    f"nodes {min(runs[-1][1].node, block.node)} and {max(runs[-1][1].node, block.node)} overlap"
                )
            runs.append((at, block))
            continue
        first, run = runs[-1]
        joined = Block(run.node, run.start, max(run.end, block.end), joined_lines(run.lines, block.lines))
        runs[-1] = (min(first, at), joined)
    return [run for _, run in sorted(runs, key=lambda item: item[0])]


def holds(memory: Pairs, start: int, end: int) -> bool:
    """Whether any memory lies in ``[start, end)``."""
    at = bisect_right(memory, start, key=lambda pair: pair[1])
    return at < len(memory) and memory[at][0] < end


def uncovered(blocks: Iterable[Block], memory: Pairs) -> Pairs:
    """Memory that no block covers."""
    return difference(memory, canonical((block.start, block.end) for block in blocks))


def assign(blocks: Iterable[Block], memory: Pairs) -> list[Block]:
    """memblock.memory with its nodes, in address order: regions are split at the ends of blocks and keep apart.

    Memory outside all blocks is left out; it is less than :data:`SLACK`. Neighbours of one node that touch are one
    region. Source: memblock_set_node() and memblock_merge_regions(), mm/memblock.c 4.17 to 7.1.
    """
    pieces = sorted(
        (
            Block(block.node, start, end, block.lines)
            for block in blocks
            for start, end in clip(memory, block.start, block.end)
        ),
        key=lambda piece: piece.start,
    )
    out: list[Block] = []
    for piece in pieces:
        if out and out[-1].end == piece.start and out[-1].node == piece.node:
            out[-1] = Block(piece.node, out[-1].start, piece.end, out[-1].lines)
        else:
            out.append(piece)
    return out


def fake_nodes(text: str, blocks: Sequence[Block], memory: Pairs, max_address: int) -> list[Block]:
    """Split the nodes as ``numa=fake=TEXT`` asks: ``N`` nodes in all, ``<size>M|G`` each, or ``NU`` of each node.

    Raises Refused where the kernel gives up emulation. Cost follows the number of emulated nodes and of ranges.
    Source: numa_emulation() in arch/x86/mm/numa_emulation.c, 4.18, and mm/numa_emulation.c, 6.12; ``NU`` from 4.19.
    """
    digits, _ = leading_size(text, suffixes=False)
    present = Ranked(memory)
    if "U" in text:
        return _uniform(blocks, digits or 0, present)
    total = present.between(0, max_address)
    if "M" in text or "G" in text:
        size = leading_size(text)[0] or 0
        if not size:
            raise Refused("numa=fake= without a size")
        least = _round_up(max(total // _NODES, LEAST_FAKE_NODE))
        size = max(size, least) // LEAST_FAKE_NODE * LEAST_FAKE_NODE
        return _interleave(blocks, present, size, nodes=_NODES, big=0)
    nodes = min(digits or 0, _NODES)
    if not nodes:
        raise Refused("numa=fake= without a number of nodes")
    size = total // PAGE_SIZE // nodes * PAGE_SIZE
    big = size % LEAST_FAKE_NODE * nodes // LEAST_FAKE_NODE
    size -= size % LEAST_FAKE_NODE
    if not size:
        raise Refused("not enough memory for each node")
    return _interleave(blocks, present, size, nodes=nodes, big=big)


def _interleave(blocks: Sequence[Block], memory: Ranked, size: int, *, nodes: int, big: int) -> list[Block]:
    """Take a node's worth from each physical node in turn, until nothing is left of any."""
    left: dict[int, deque[Block]] = {}
    for block in blocks:
        left.setdefault(block.node, deque()).append(block)
    out: list[Block] = []
    physical = sorted(left)
    while physical:
        for node in physical:
            block = left[node].popleft()
            end = block.start + size + (LEAST_FAKE_NODE if len(out) < big else 0)
            end = _with_memory(block, end, size, memory)
            end = min(_stretched(end, block.end, size, memory), block.end)
            _emulate(out, Block(len(out) % nodes, block.start, end, block.lines))
            if end < block.end:
                left[node].appendleft(Block(block.node, end, block.end, block.lines))
        physical = [node for node in physical if left[node]]
    return out


def _emulate(out: list[Block], block: Block) -> None:
    """Add a block, unless the table is full: emu_setup_memblk() in arch/x86/mm/numa_emulation.c, 4.18."""
    if len(out) >= 2 * _NODES:  # NR_NODE_MEMBLKS
        raise Refused("too many emulated memblks")
    out.append(block)


def _with_memory(block: Block, end: int, size: int, memory: Ranked) -> int:
    """Go on in steps of the least size until the node has ``size`` of memory, or the block ends."""
    while (lacking := size - memory.between(block.start, end)) > 0:
        following = memory.reached(memory.below(end) + 1) or block.end + 1
        # what lacks, or the way to the next memory, takes at least so many of the kernel's steps
        end += max(_round_up(lacking), (following - 1 - end) // LEAST_FAKE_NODE * LEAST_FAKE_NODE)
        if end > block.end:
            return block.end
    return end


def _stretched(end: int, limit: int, size: int, memory: Ranked) -> int:
    """Do not leave less than the least size below 4 GiB, nor less than a node's worth at the end of the block."""
    if end < DMA32_END and memory.between(end, DMA32_END) < LEAST_FAKE_NODE:
        end = DMA32_END
    # the kernel computes limit - end unsigned: beyond the limit it is huge, and min() mends it
    if end <= limit and memory.between(end, limit) < size:
        end = limit
    return end


def _uniform(blocks: Sequence[Block], nodes: int, memory: Ranked) -> list[Block]:
    """``NU``: every physical node in ``nodes`` parts by address, holes not counted."""
    if not nodes:
        raise Refused("numa=fake= without a number of nodes")
    out: list[Block] = []
    for block in blocks:
        size = _round_up(max((block.end - block.start) // PAGE_SIZE // nodes * PAGE_SIZE, LEAST_FAKE_NODE))
        start = block.start
        while start < block.end:
            end = start + size
            if end < DMA32_END and memory.between(end, DMA32_END) < LEAST_FAKE_NODE:
                end = DMA32_END
            end = min(end, block.end)
            _emulate(out, Block(len(out), start, end, block.lines))
            start = end
        if len(out) < nodes:
            raise Refused(f"node {block.node} gives {len(out)} of {nodes} nodes")
    return out


def _round_up(size: int) -> int:
    return -(-size // LEAST_FAKE_NODE) * LEAST_FAKE_NODE


Assumed = list[tuple[str, str]]


def place_nodes(
    log: BootLog,
    given: tuple[Argument, ...],
    memory: Pairs,
    max_address: int,
    version: Version | None,
    assumed: Assumed,
) -> list[Block]:
    """memblock.memory with nodes; ``assumed`` takes what the log does not prove.

    Source: x86_numa_init() in arch/x86/mm/numa.c, 4.17 to 6.8, and numa_memblks_init(), 6.12: the SRAT is tried
    first, one node for everything last.
    """
    options = numa_options(given)
    limits = bounds(memory, max_address, version)
    blocks = _firmware_nodes(log, options, memory, limits, version, assumed)
    fake = next((option.removeprefix("fake=") for option in reversed(options) if option.startswith("fake=")), None)
    if fake is not None and _emulates(log, version, assumed):
        try:
            blocks = clean_up(fake_nodes(fake, blocks, memory, max_address), memory, *limits)
        except Refused as error:
            assumed.append(("nodes", f"numa=fake={fake} has no effect: {error}"))
    return assign(blocks, memory)


def _firmware_nodes(
    log: BootLog,
    options: list[str],
    memory: Pairs,
    limits: tuple[int, int],
    version: Version | None,
    assumed: Assumed,
) -> list[Block]:
    one = [Block(0, *limits)]
    if any(option.startswith("off") for option in options):
        return one
    if log.srat and not any(option.startswith("noacpi") for option in options):
        blocks = _of_firmware(log)
    elif log.srat:
        return one
    else:
        if any(option.startswith(("off", "noacpi")) for option in own_options(log)):
            assumed.append(("nodes", "the log was booted without the SRAT, so all memory is taken for node 0"))
        blocks = nodes_of_the_log(log)
        if blocks and not options:
            why = "the text has no SRAT, so nodes begin where the log's own do, and a gap belongs to the node below it"
            assumed.append(("nodes", why))
    try:
        blocks = clean_up(blocks, memory, *limits)
    except Refused as error:
        assumed.append(("nodes", f"the kernel refuses the SRAT, because {error}, and takes one node"))
        return one
    lacking = uncovered(blocks, memory)
    size = sum(end - start for start, end in lacking)
    if blocks and not _accepted(size, version) and not _shown_accepted(log, lacking):
        why = f"the kernel refuses the SRAT, because nodes leave out {size >> 20} MiB of memory, and takes one node"
        assumed.append(("nodes", why))
        return one
    return blocks or one


def _accepted(size: int, version: Version | None) -> bool:
    """Whether nodes may leave out so many bytes of memory on a release."""
    return size < SLACK or (size == SLACK and MIB_WITHOUT_NODE.reached(version, unknown=True))


def numa_options(given: Iterable[Argument]) -> list[str]:
    """What a command line has behind ``numa=``, in its order."""
    return [argument.value or "" for argument in given if argument.name == "numa"]


def own_options(log: BootLog) -> list[str]:
    """The same of the log's own command line."""
    return numa_options(arguments(log.command_line or ""))


def _of_firmware(log: BootLog) -> list[Block]:
    """The SRAT and the windows for CXL memory; and where neither has memory of a node that the log prints, that.

    A window becomes a node of its own, or extends one, without a line before 6.10 (acpi_parse_cfmws() in
    drivers/acpi/numa/srat.c, from 5.17 on).
    """
    blocks = _printed_blocks(log)
    if not _agree(log, blocks):
        return blocks
    known = canonical((block.start, block.end) for block in blocks)
    for item in log.node_ranges:
        lacking = difference(((item.start, item.end),), clip(known, item.start, item.end))
        blocks += [Block(item.node, *piece, item.lines) for piece in lacking]
    return blocks


def _printed_blocks(log: BootLog) -> list[Block]:
    srat = [Block(item.node, item.start, item.end, item.lines) for item in log.srat]
    return srat + [Block(item.node, item.start, item.end, item.lines) for item in log.window_nodes]


def _agree(log: BootLog, blocks: Iterable[Block]) -> bool:
    """Whether the log's own nodes are those of its firmware: no other node is printed for what the firmware has."""
    if any(option.startswith(("off", "noacpi", "fake=")) for option in own_options(log)):
        return False
    printed = sorted((item.start, item.end, item.node) for item in log.node_ranges)
    starts, reach = [start for start, _, _ in printed], _reach(printed)
    for block in blocks:
        at = bisect_left(starts, block.end)
        if at and block.start < block.end:
            node, end, others = reach[at - 1]
            if (others if node == block.node else end) > block.start:
                return False
    return True


def _reach(printed: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """For each of some ranges in order of starts: which node reaches highest so far, to where, and all others."""
    out: list[tuple[int, int, int]] = []
    highest, end, others = -1, 0, 0
    for _, until, node in printed:
        if node == highest:
            end = max(end, until)
        elif until > end:
            highest, end, others = node, until, end
        else:
            others = max(others, until)
        out.append((highest, end, others))
    return out


def _shown_accepted(log: BootLog, lacking: Pairs) -> bool:
    """Whether the log's own boot left out all this memory too, and has the nodes of its firmware all the same."""
    if not log.node_ranges or not _agree(log, _printed_blocks(log)):
        return False
    ram = canonical((item.start, item.end) for item in log.map_in_force if item.type is MemoryType.RAM)
    printed = canonical((item.start, item.end) for item in log.node_ranges)
    return not difference(lacking, difference(ram, printed))


def nodes_of_the_log(log: BootLog) -> list[Block]:
    """Runs of node ranges of one node, where there are several nodes; a gap goes to the node below it.

    Without node ranges, what "Initmem setup node" gives each node.
    """
    initmem = (NodeRange(item.node, *item.range, item.lines) for item in log.initmem if item.range)
    printed = log.node_ranges or tuple(initmem)
    emulated = any(option.startswith("fake=") for option in own_options(log))
    if emulated or len({item.node for item in printed}) < 2:
        return []
    out: list[Block] = []
    for item in sorted(printed, key=lambda item: item.range):
        if out and out[-1].node == item.node:
            out[-1] = Block(item.node, out[-1].start, item.end, joined_lines(out[-1].lines, item.lines))
            continue
        start = item.start if out else 0
        if out:
            out[-1] = Block(out[-1].node, out[-1].start, start, out[-1].lines)
        out.append(Block(item.node, start, item.end, item.lines))
    out[-1] = Block(out[-1].node, out[-1].start, 1 << 64, out[-1].lines)
    return out


def _emulates(log: BootLog, version: Version | None, assumed: Assumed) -> bool:
    """Whether ``numa=fake=`` has an effect: the log shows nodes of it, or else the vendor builds its kernels so."""
    known = True if log.emulated_nodes else emulates_nodes(log.banner, version)
    if known is None:
        assumed.append(("nodes", "numa=fake= has its effect only in a kernel with CONFIG_NUMA_EMU"))
    elif not known:
        assumed.append(("nodes", "numa=fake= has no effect: Debian builds such kernels without CONFIG_NUMA_EMU"))
    return known is not False
