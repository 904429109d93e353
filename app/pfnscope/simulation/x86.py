"""An x86 boot with another command line: the firmware's map, what arguments make of it, nodes and zones."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from pfnscope.kernel.architectures import zone_limits
from pfnscope.kernel.argument_notes import argument_notes
from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.map_arguments import Action, ArgumentNote, MapOperation, map_operations
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import ZONES_CUT
from pfnscope.layout.map_changes import own_changes, without_mtrr_trim
from pfnscope.layout.nodes import online_nodes, small_nodes
from pfnscope.model.log import BootLog, E820Change, MapEntry, MemblockRegion, MemoryType, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange, Lines, borders, canonical, difference
from pfnscope.simulation.booted import (
    USUAL_ARCH,
    Assumed,
    NotSimulated,
    SimulatedBoot,
    booted,
    features_of,
    has_mirrors,
)
from pfnscope.simulation.e820 import MOST_LINES, label_of
from pfnscope.simulation.firmware import (
    Image,
    Memory,
    Panics,
    boot_memory,
    first_map,
    kernel_image,
    limit_of,
    with_inferred,
)
from pfnscope.simulation.numa import Block, place_nodes
from pfnscope.simulation.traps import Before, traps
from pfnscope.units import PAGE_SIZE


def simulate(log: BootLog, command_line: str, version: Version | None) -> SimulatedBoot:
    """Boot the machine of ``log`` with ``command_line`` on the release ``version``.

    Raises NotSimulated for logs without the firmware's map, and where the kernel panics.
    """
    _keeps_what_cannot_be_undone(log, command_line)
    own = log.command_line
    log, inferred = with_inferred(log)
    if any(argument.name == "disable_mtrr_trim" for argument in arguments(command_line)):
        log = without_mtrr_trim(log)
    features = features_of(log, version)
    operations, problems = map_operations(arguments(command_line), features)
    problems += argument_notes(arguments(command_line), features, mirrors=has_mirrors(log))
    assumed: Assumed = [("firmware_map", inferred)] if inferred else []
    image = kernel_image(log, command_line, version)
    worked_on = inferred is not None and own is not None
    return _boot(log, command_line, version, operations, problems, image, assumed, worked_on=worked_on)


def _keeps_what_cannot_be_undone(log: BootLog, command_line: str) -> None:
    """Raises NotSimulated where an argument is left out whose effect is in the only map that the text has."""
    if first_map(log) or not log.user_map:
        return
    kept = {argument.text for argument in arguments(command_line)}
    done, _ = map_operations(arguments(log.command_line or ""), None)
    gone = [item.argument.text for item in done if item.argument.text not in kept]
    if gone:
        raise NotSimulated(f"the text has no firmware memory map, so what was there without {gone[0]} is not known")


def boot_as_printed(log: BootLog, version: Version | None) -> SimulatedBoot:
    """The log's own boot, from the last map that its arguments have worked on, as printed.

    What those arguments did to a user-defined map is in it, whether or not the text has them. Raises as
    :func:`simulate` does.
    """
    command_line = log.command_line or ""
    if not log.user_map and first_map(log):
        return simulate(log, command_line, version)
    image = kernel_image(log, command_line, version)
    modified = log.modified_map if log.user_map else ()
    log = msgspec.structs.replace(
        log, firmware_map=log.map_before_kernel, extended_map=(), user_map=(), modified_map=modified
    )
    return _boot(log, command_line, version, (), (), image, [])


def _boot(
    log: BootLog,
    command_line: str,
    version: Version | None,
    operations: tuple[MapOperation, ...],
    problems: tuple[ArgumentNote, ...],
    image: Image | None,
    assumed: Assumed,
    *,
    worked_on: bool = False,
) -> SimulatedBoot:
    arch = log.arch or USUAL_ARCH
    if not first_map(log):
        raise NotSimulated("the text has no firmware memory map to start from")
    if not all(entry.label for entry in (*first_map(log), *log.user_map)):
        raise NotSimulated("the text has lost the types of entries in its memory map")
    lines = log.command_line_lines
    given = arguments(command_line)
    try:
        memory = boot_memory(
            log,
            operations,
            version,
            image,
            lines[:MOST_LINES],
            soft_reserve=not _soft_reserve_off(given),
            limit_pfn=limit_of(log, arch),
        )
    except Panics as error:
        raise NotSimulated(f"the kernel panics with this command line: {error}") from None
    if not memory.memory:
        raise NotSimulated(_nothing_left(first_map(log)))
    if memory.image_mended and image and image.assumed:
        assumed.append(("kernel image", f"taken from {image.assumed}"))
    regions = place_nodes(log, given, memory.memory, memory.max_pfn * PAGE_SIZE, version, assumed)
    zones = zone_ranges(log, arch, regions, memory.max_pfn, version, assumed)
    own = own_changes(log, log.user_map or first_map(log))
    simulated = booted(
        msgspec.structs.replace(
            log,
            arch=arch,
            page_size=PAGE_SIZE,
            user_map=memory.user_map,
            extended_map=(),
            modified_map=memory.table if log.modified_map else (),
            e820_changes=(*_argument_changes(operations, memory, lines), *own),
        ),
        command_line,
        [MemblockRegion(*ByteRange(item.start, item.end), item.node, None, item.lines) for item in regions],
        zones,
        version,
        PAGE_SIZE,
        canonical((entry.start, entry.end) for entry in first_map(log) if entry.type is MemoryType.RAM),
    )
    offline = _offline(log, simulated.node_ranges, arch, version, memory.max_pfn * PAGE_SIZE)
    initmem = tuple(item for item in simulated.initmem if item.node not in offline)
    simulated = msgspec.structs.replace(simulated, initmem=initmem)

    def find_problems() -> tuple[ArgumentNote, ...]:
        before = Before.of(first_map(log), log.srat, image, known=not worked_on)
        notes = argument_notes(given, version, mirrors=has_mirrors(log))
        return (*problems, *notes, *traps(given, operations, before, memory.memory, version))

    return SimulatedBoot(
        simulated,
        command_line,
        operations,
        find_problems,
        tuple(assumed),
        memory.image_mended,
    )


def _nothing_left(map_: tuple[MapEntry, ...]) -> str:
    """Why no memory is left to boot with: the map itself has none, or the arguments took it."""
    usable = canonical((e.start, e.end) for e in map_ if e.type is MemoryType.RAM)
    taken = canonical((e.start, e.end) for e in map_ if e.type is not MemoryType.RAM)
    left = difference(usable, taken)
    if any(end // PAGE_SIZE > -(-start // PAGE_SIZE) for start, end in left):
        return "no memory is left with this command line; the kernel cannot boot"
    if not left and usable:
        ranges = " and ".join(str(ByteRange(start, end)) for start, end in usable[:2])
        return f"the memory map leaves no RAM: what is usable in it, {ranges}, is reserved as well, and reserved wins"
    return "the memory map leaves no RAM"


def _soft_reserve_off(given: Iterable[Argument]) -> bool:
    return any(argument.name == "efi" and "nosoftreserve" in (argument.value or "").split(",") for argument in given)


def _argument_changes(operations: Iterable[MapOperation], memory: Memory, lines: Lines) -> Iterable[E820Change]:
    """What arguments change, in the ranges they name, as the kernel prints it; it does not print what they add."""
    words = {entry.type: entry.label for entry in (*memory.user_map, *memory.table)}
    for operation in operations:
        if operation.action not in (Action.UPDATE, Action.REMOVE):
            continue
        old, new = (None if kind is None else label_of(kind, words) for kind in (operation.old, operation.new))
        action: Literal["update", "remove"] = "update" if operation.action is Action.UPDATE else "remove"
        yield E820Change(action, *ByteRange(operation.start, operation.end), old, new, lines)


def _offline(
    log: BootLog, node_ranges: tuple[NodeRange, ...], arch: str, version: Version | None, end: int
) -> frozenset[int]:
    """Nodes that are too small to be brought online, but for those that the log shows to be so all the same."""
    own_end = max((item.end for item in log.node_ranges), default=0)
    had = small_nodes(log, arch, version, own_end) & online_nodes(log)
    return small_nodes(msgspec.structs.replace(log, node_ranges=node_ranges), arch, version, end) - had


_OF_DMA = ("DMA", "DMA32")
_OF_ARCH = ("DMA", "DMA32", "Normal", "HighMem")


def zone_ranges(
    log: BootLog, arch: str, regions: list[Block], max_pfn: int, version: Version | None, assumed: Assumed
) -> tuple[ZoneRange, ...]:
    """What "Zone ranges" would say; ``max_pfn`` is one behind the last frame of RAM.

    The log tells which zones that kernel has, whether they end with RAM, and on i386 where HighMem begins. Source:
    zone_sizes_init() in arch/x86/mm/init.c, 4.17, arch_zone_limits_init(), 7.1, and free_area_init(): a zone begins
    where the one before it ends, the first one with the first frame of memory.
    """
    low, top = min(region.start for region in regions), max_pfn * PAGE_SIZE
    known = {zone.zone: zone.range for zone in log.zone_ranges}
    limits = [(zone, end) for zone, end in zone_limits(arch, None, low) if not known or zone in known]
    high_memory = known.get("HighMem")
    cut = _zones_cut(log, dict(limits), version)
    low_ram = next(reversed(log.page_counts.low_ram), None)
    out: list[ZoneRange] = []
    for zone, limit in limits:
        end = limit
        if arch == "i386" and zone == "Normal":
            end = high_memory.start if high_memory else low_ram.value if low_ram else limit
            if end == limit and limit is not None and top > limit:
                assumed.append(("zone_ranges", "where HighMem begins is not in the text: the usual 896 MiB"))
        high = max(low, top if end is None else end if zone in _OF_DMA and not cut else min(end, top))
        out.append(ZoneRange(zone, *borders(ByteRange(low, high) if low < high else None), ()))
        low = high
    out += [ZoneRange(zone, None, None, ()) for zone in known if zone not in _OF_ARCH]
    return tuple(out)


def _zones_cut(log: BootLog, limits: Mapping[str, int | None], version: Version | None) -> bool:
    """Whether zones for DMA end with RAM: as the log shows it, or else as the release has it."""
    ends = [item.end for item in log.node_ranges]
    top = max((*ends, *(count.value * PAGE_SIZE for count in log.page_counts.last_pfn)), default=0)
    for zone in log.zone_ranges:
        limit = limits.get(zone.zone) if zone.zone in _OF_DMA else None
        if limit is not None and zone.end is not None and top < limit:
            return zone.end < limit
    return ZONES_CUT.reached(version, unknown=True)
