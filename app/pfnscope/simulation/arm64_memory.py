"""What memory an arm64 machine has before its command line limits it, as far as a log shows it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct, structs

from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.memory_limit import memory_limit
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import TREE_MARKS_NOMAP
from pfnscope.layout.zones import NOMAP
from pfnscope.model.log import BootLog, EfiEntry, MemblockRegion, NodeRange
from pfnscope.model.ranges import ByteRange, Pairs, canonical, contains, difference, touches
from pfnscope.simulation.booted import Assumed
from pfnscope.simulation.numa import Block, assign, nodes_of_the_log
from pfnscope.units import MIB

_ALL = 1 << 64
_CACHED = frozenset({"WB", "WT", "WC"})
_USABLE = ("Loader", "Boot", "Conventional", "ACPI Reclaim", "Persistent")
"""How the types begin whose memory is mapped where it can be cached with write-back."""

_TAKEN = frozenset({"node-data", "cma", "crashkernel", "initrd", "struct-pages"})
"""Kinds of reserved regions that the kernel has taken from mapped memory."""


class Known(Struct, frozen=True):
    """Memory by address, with nodes and flags; NOMAP is memory that is kept out of the map.

    ``firmware_nomap`` is what was so before a limit came to it; ``guessed`` where no line tells which memory that is.
    ``gaps``: what lies between regions may be memory of a device tree, which was removed behind a limit. ``limit`` is
    the one, in bytes, that this memory was cut at already, at the address ``end``; None where it is all there is.
    """

    regions: tuple[MemblockRegion, ...]
    firmware_nomap: Pairs
    guessed: bool = False
    gaps: bool = False
    limit: int | None = None
    end: int | None = None


def known_memory(log: BootLog, limit: int | None, version: Version | None, page_size: int, assumed: Assumed) -> Known:
    """The memory of a log's own boot, from its node ranges or a memblock dump; of EFI's map where that was cut lower.

    ``limit``: how much of it is needed, None for all.
    """
    source: Sequence[NodeRange | MemblockRegion] = log.node_ranges or log.memblock_memory
    printed = (MemblockRegion(item.start, item.end, item.node or 0, None, item.lines) for item in source)
    ranges = sorted(printed, key=lambda item: item.range)
    flags = _flags(log)
    if flags is None:
        named = canonical([*_efi_nomap(log, page_size), *_device_tree_nomap(log)])
        nomap = canonical([*named, *_alternating(log, ranges, named)])
        regions = tuple(structs.replace(item, flags=NOMAP if contains(nomap, item.start) else 0) for item in ranges)
    else:
        regions = tuple(structs.replace(item, flags=_flags_at(flags, item.start)) for item in ranges)
    gaps = len(_pairs(regions)) > 1 and not log.by_efi and not TREE_MARKS_NOMAP.reached(version, unknown=True)
    known = Known(regions, _of_firmware(log, regions), guessed=flags is None and not log.efi_map, gaps=gaps)
    known = _cut(log, known, page_size)
    if known.limit is not None and (limit is None or limit > known.limit):
        whole = _of_efi(log, page_size, assumed)
        if whole and not difference(_pairs(regions), _pairs(whole)):
            return Known(whole, _of_firmware(log, whole))
    return known


def _pairs(regions: Iterable[MemblockRegion]) -> Pairs:
    return canonical((item.start, item.end) for item in regions)


def is_nomap(region: MemblockRegion) -> bool:
    """Whether the kernel keeps the memory out of its map."""
    return bool((region.flags or 0) & NOMAP)


def reached(regions: Iterable[MemblockRegion], limit: int) -> int | None:
    """The address up to which there is so much memory: __find_max_addr() in mm/memblock.c, 4.9 to 7.1."""
    for region in regions:
        if limit <= region.end - region.start:
            return region.start + limit
        limit -= region.end - region.start
    return None


def _cut(log: BootLog, known: Known, page_size: int) -> Known:
    """The same with the limit that took memory away in the log's own boot, as far as lines and memory show it.

    The line that prints it counts in whole MiB. Where it is missing, memory above the limit of the command line shows
    that this is not the one of the boot.
    """
    limit = memory_limit(arguments(log.command_line or ""), page_size)
    printed = next((item.size for item in log.failures if item.code == "memory-limit" and item.size), None)
    if printed is not None and (limit is None or limit // MIB * MIB != printed):
        limit = printed
    if limit is None or not known.regions:
        return known
    end, top = reached(known.regions, limit), max(item.end for item in known.regions)
    if end is None and known.gaps and limit <= top - known.regions[0].start:
        end = top
    if end is None or (printed is None and any(item.end > end and not is_nomap(item) for item in known.regions)):
        return known
    return structs.replace(known, limit=limit, end=end)


# memory that is kept out of the map


Flags = list[tuple[int, int, int]]


def _flags(log: BootLog) -> Flags | None:
    """Ranges with their flags, as a dump, debugfs or /proc/iomem has them; None where the text has none of them.

    Source: request_standard_resources() in arch/arm64/kernel/setup.c, 5.10 and 6.1: "reserved" beside "System RAM".
    """
    dumped = [item for item in log.memblock_memory if item.flags is not None]
    listed = [item for item in log.files.memblock_memory if item.flag]
    resources = [item for item in log.files.iomem if item.depth == 0]
    if dumped:
        return sorted((item.start, item.end, item.flags or 0) for item in dumped)
    if listed:
        return sorted((item.start, item.end, NOMAP * (item.flag == "NOMAP")) for item in listed)
    if any(item.name == "System RAM" for item in resources):
        return sorted((item.start, item.end, NOMAP) for item in resources if item.name == "reserved")
    return None


def _flags_at(flags: Flags, address: int) -> int:
    """The flags of the range that an address lies in; 0 where it lies in none."""
    at = bisect_right(flags, address, key=lambda item: item[0]) - 1
    return flags[at][2] if at >= 0 and address < flags[at][1] else 0


def _alternating(log: BootLog, regions: Sequence[MemblockRegion], named: Pairs) -> Iterator[tuple[int, int]]:
    """Every other one of the regions of a node that touch each other.

    memblock keeps neighbours of one node apart only where their flags differ (memblock_merge_regions(), mm/memblock.c,
    4.9 to 7.1). Which of them are NOMAP is shown by what the kernel took from the others; else they are the smaller.
    """
    if any(item.hotplug for item in log.srat):
        return
    taken = canonical((item.start, item.end) for item in log.reserved_regions if item.kind in _TAKEN)
    for run in _touching(regions):
        nomap = (at % 2 for at, item in enumerate(run) if contains(named, item.start))
        mapped = (1 - at % 2 for at, item in enumerate(run) if touches(taken, item.start, item.end))
        even, odd = (sum(item.end - item.start for item in run[at::2]) for at in (0, 1))
        yield from ((item.start, item.end) for item in run[next(chain(nomap, mapped), int(odd < even)) :: 2])


def _touching(regions: Sequence[MemblockRegion]) -> Iterator[list[MemblockRegion]]:
    """Runs of two regions and more that touch and have one node."""
    run: list[MemblockRegion] = []
    for region in (*regions, None):
        if region is not None and run and (run[-1].end, run[-1].node) == (region.start, region.node):
            run.append(region)
            continue
        if len(run) > 1:
            yield run
        run = [region] if region is not None else []


def _device_tree_nomap(log: BootLog) -> Iterator[tuple[int, int]]:
    for item in log.reserved_regions:
        if item.kind.startswith("device-tree nomap"):
            yield item.start, item.end


def _of_firmware(log: BootLog, regions: Iterable[MemblockRegion]) -> Pairs:
    """What EFI keeps out of the map. A device tree's reserved memory comes only behind the limit."""
    if not log.by_efi:
        return ()
    nomap = _pairs(item for item in regions if is_nomap(item))
    return difference(nomap, canonical(_device_tree_nomap(log)))


# EFI's map


def _is_memory(entry: EfiEntry) -> bool:
    words = {word.strip() for word in entry.attributes.split("|")}
    return bool(words & _CACHED) and "SP" not in words


def _whole_pages(entry: EfiEntry, page_size: int) -> tuple[int, int]:
    return entry.start // page_size * page_size, -(-entry.end // page_size) * page_size


def _efi_nomap(log: BootLog, page_size: int) -> Iterator[tuple[int, int]]:
    for entry in log.efi_map:
        usable = entry.type.startswith(_USABLE) and "WB" in entry.attributes
        if _is_memory(entry) and not usable:
            yield _whole_pages(entry, page_size)


def _of_efi(log: BootLog, page_size: int, assumed: Assumed) -> tuple[MemblockRegion, ...]:
    """All memory of EFI's map: reserve_regions() in drivers/firmware/efi/efi-init.c, 6.1; arm-init.c, 4.17."""
    memory = canonical(_whole_pages(entry, page_size) for entry in log.efi_map if _is_memory(entry))
    nomap = canonical(_efi_nomap(log, page_size))
    blocks = [Block(item.node, item.start, item.end, item.lines) for item in log.srat] or nodes_of_the_log(log)
    if blocks and not log.srat:
        assumed.append(("nodes", "memory above the limit of the log's own boot is taken for the highest node"))
    out = [
        MemblockRegion(*ByteRange(item.start, item.end), item.node, flags, item.lines)
        for flags, pairs in ((0, difference(memory, nomap)), (NOMAP, nomap))
        for item in assign(blocks or [Block(0, 0, _ALL)], pairs)
    ]
    return tuple(sorted(out, key=lambda item: item.start))
