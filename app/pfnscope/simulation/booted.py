"""The log of a boot that did not happen: what it keeps of the real one on every architecture, and what follows anew."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from msgspec import Struct, structs

from pfnscope.kernel.architectures import max_order_pages
from pfnscope.kernel.command_line import arguments, movable_arguments
from pfnscope.kernel.map_arguments import ArgumentNote, MapOperation
from pfnscope.kernel.release import Version
from pfnscope.kernel.vendors import parse_release
from pfnscope.layout.zones import marked, movable_starts
from pfnscope.model.counts import PrintedCounts
from pfnscope.model.layout import MemoryRange, ZoneLimit
from pfnscope.model.log import FIRST_MIB, BootLog, Initmem, MemblockRegion, MovableStart, NodeRange, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, Pairs, clip
from pfnscope.simulation.e820 import joined_lines

_PLACED_ANEW = frozenset({"crashkernel", FIRST_MIB, "cma", "struct-pages"})
"""Kinds of reserved regions that come from arguments or follow memory; they would lie elsewhere."""

USUAL_ARCH = "x86_64"
"""That of a log which does not tell its architecture."""

Assumed = list[tuple[str, str]]
"""What was not proven, each with its source."""


class NotSimulated(Exception):
    """Nothing can be said of this command line; the message tells the reader why."""


class SimulatedBoot(Struct, frozen=True, dict=True):
    """The log of a boot that did not happen, and what its reader has to know.

    ``log`` holds what such a boot would print and no line of the log proves; ``lines`` of its facts are those that
    they follow from. ``assumed`` names what was not proven, each with its source. ``find_problems`` looks for what is
    wrong with the arguments, which most boots are not simulated for. ``operations`` are what they do to memory.
    """

    log: BootLog
    command_line: str
    operations: tuple[MapOperation, ...]
    find_problems: Callable[[], tuple[ArgumentNote, ...]]
    assumed: tuple[tuple[str, str], ...]
    image_mended: bool

    @cached_property
    def problems(self) -> tuple[ArgumentNote, ...]:
        """What is wrong with the arguments, and known mistakes in them."""
        return self.find_problems()


def booted(
    log: BootLog,
    command_line: str,
    regions: Sequence[MemblockRegion],
    zones: tuple[ZoneRange, ...],
    version: Version | None,
    page_size: int,
    ram: Pairs,
) -> BootLog:
    """The log with another command line, memory with its nodes, and zones; what follows from these is done here.

    ``ram`` is what the kernel may take from: what the log has reserved there would lie elsewhere.
    """
    simulated = structs.replace(
        log,
        command_line=command_line,
        node_ranges=tuple(NodeRange(item.node or 0, *item.range, item.lines) for item in regions),
        zone_ranges=zones,
        movable_start=(),
        initmem=tuple(_initmem(regions)),
        memblock_memory=tuple(regions),
        memblock_reserved=_still_reserved(ram, log.memblock_reserved),
        memblock_reserve_events=_still_reserved(ram, log.memblock_reserve_events),
        reserved_regions=tuple(region for region in log.reserved_regions if region.kind not in _PLACED_ANEW),
        # no count of a boot that was not, only what tells how this kernel is configured
        page_counts=PrintedCounts(deferred=log.page_counts.deferred, flag_widths=log.page_counts.flag_widths),
        files=structs.replace(log.files, zoneinfo=(), memory_blocks=(), memblock_memory=()),
        events=(),
        diagnostics=(),
    )
    return structs.replace(simulated, movable_start=_movable_start(simulated, version, page_size))


def _initmem(regions: Iterable[MemblockRegion]) -> Iterable[Initmem]:
    nodes: dict[int, list[MemblockRegion]] = {}
    for region in regions:
        nodes.setdefault(region.node or 0, []).append(region)
    for node, own in sorted(nodes.items()):
        yield Initmem(node, *ByteRange(own[0].start, own[-1].end), joined_lines(own[0].lines, own[-1].lines))


def _still_reserved(ram: Pairs, regions: tuple[MemblockRegion, ...]) -> tuple[MemblockRegion, ...]:
    """Firmware tables and low memory stay reserved; what the kernel took from RAM would lie elsewhere."""
    return tuple(region for region in regions if not clip(ram, region.start, region.end))


def _movable_start(log: BootLog, version: Version | None, page_size: int) -> tuple[MovableStart, ...]:
    """Where ZONE_MOVABLE starts on each node of a simulated log whose node and zone ranges are done."""
    options = movable_arguments(arguments(log.command_line or ""), version)
    if not options:
        return ()
    memory = [MemoryRange(item.range.frames_inward(page_size), item.node, item.lines) for item in log.node_ranges]
    limits = [
        ZoneLimit(item.zone, item.range.frames_inward(page_size) if item.range else None, ())
        for item in log.zone_ranges
    ]
    block = max_order_pages(log.arch, page_size)
    starts = movable_starts(marked(log, memory, page_size), limits, options, version, page_size, block)
    return tuple(
        MovableStart(node, Address(start * page_size), log.command_line_lines) for node, start in starts.items()
    )


def has_mirrors(log: BootLog) -> bool | None:
    """Whether firmware mirrors memory: what the EFI map says; None where the text has none."""
    return any("MR" in entry.attributes for entry in log.efi_map) if log.efi_map else None


def features_of(log: BootLog, version: Version | None) -> Version | None:
    """The version that tells which arguments are known; None where a vendor backports.

    RHEL 7 prints 3.10 and knows ``memmap=nn!ss`` all the same.
    """
    release = parse_release(log.release, log.banner)
    return version if release is None or release.tells_features(version) else None
