"""A boot log as the same machine would print it with another command line, and the self-check.

The self-check simulates the log's own command line: where that fails, what-if answers are not shown.
"""

from collections.abc import Iterable

import msgspec

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import Version
from pfnscope.model.answers import SelfCheck
from pfnscope.model.log import BootLog, MapEntry, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange, canonical
from pfnscope.simulation import arm64, x86
from pfnscope.simulation.booted import USUAL_ARCH, NotSimulated, SimulatedBoot
from pfnscope.simulation.firmware import with_inferred

_OF = {**dict.fromkeys(X86, x86.simulate), "arm64": arm64.simulate}
"""What simulates a boot, by architecture."""


def simulate(log: BootLog, command_line: str, version: Version | None) -> SimulatedBoot:
    """Boot the machine of ``log`` with ``command_line`` on the release ``version``.

    Raises NotSimulated for other architectures than x86 and arm64, where the log does not show what memory there is
    without its arguments, and where the kernel panics.
    """
    arch = log.arch or USUAL_ARCH
    of_arch = _OF.get(arch)
    if of_arch is None:
        raise NotSimulated(f"only x86 and arm64 are simulated, not {arch}")
    return of_arch(log, command_line, version)


def self_check(log: BootLog, again: BootLog) -> tuple[SelfCheck, ...]:
    """Compare ``again``, the log of the simulated boot with the log's own command line, with the log.

    Raises NotSimulated where the log does not show which command line that is.
    """
    log, inferred = with_inferred(log)
    if log.command_line is None and log.user_map:
        raise NotSimulated("the text has a user-defined map, but not the command line that made it")
    rows = (
        _held("node ranges", _nodes(log.node_ranges), _nodes(again.node_ranges), log.node_ranges),
        _held("zone ranges", _zones(log.zone_ranges), _zones(again.zone_ranges), log.zone_ranges),
    )
    if again.arch not in X86:
        return rows
    maps = _held("user map", _map(log.user_map), _map(again.user_map), log.user_map)
    if not log.user_map and not again.user_map:
        maps = msgspec.structs.replace(maps, agrees=True)
    elif inferred:  # the command line was read off this very map
        maps = msgspec.structs.replace(maps, agrees=None)
    return maps, *rows


def _held(
    what: str,
    printed: tuple[str, ...],
    simulated: tuple[str, ...],
    items: Iterable[MapEntry | NodeRange | ZoneRange],
) -> SelfCheck:
    lines = tuple(sorted({line for item in items for line in item.lines}))
    return SelfCheck(what, printed == simulated if printed else None, printed, simulated, lines)


def _map(entries: Iterable[MapEntry]) -> tuple[str, ...]:
    """By type, joined where they touch: setup_data cuts RAM into pieces that mean nothing."""
    kinds: dict[str, list[tuple[int, int]]] = {}
    for entry in entries:
        kinds.setdefault(entry.type.value, []).append((entry.start, entry.end))
    rows = [(start, end, kind) for kind, pairs in kinds.items() for start, end in canonical(pairs)]
    return tuple(f"{ByteRange(start, end)} {kind}" for start, end, kind in sorted(rows))


def _nodes(ranges: Iterable[NodeRange]) -> tuple[str, ...]:
    """By node, joined where they touch: memblock keeps memory apart that is mirrored, hot-pluggable or handed over."""
    nodes: dict[int, list[tuple[int, int]]] = {}
    for item in ranges:
        nodes.setdefault(item.node, []).append((item.start, item.end))
    rows = [(start, end, node) for node, pairs in nodes.items() for start, end in canonical(pairs)]
    return tuple(f"{ByteRange(start, end)} node {node}" for start, end, node in sorted(rows))


def _zones(zones: Iterable[ZoneRange]) -> tuple[str, ...]:
    return tuple(f"{zone.zone} {zone.range}" for zone in zones if zone.range is not None)
