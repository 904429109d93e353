"""Does simulating the log's own command line reproduce the log? If it does not, what-if answers are worth little."""

from collections.abc import Iterable

import msgspec

from pfnscope.model.log import BootLog, MapEntry, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange
from pfnscope.model.ranges.engine import canonical
from pfnscope.model.simulation import SelfCheck
from pfnscope.simulation.boot import NotSimulated
from pfnscope.simulation.inferred import with_inferred


def self_check(log: BootLog, again: BootLog) -> tuple[SelfCheck, ...]:
    """Compare ``again``, the log of the simulated boot with the log's own command line, with the log.

    Raises NotSimulated where the log does not show which command line that is.
    """
    log, inferred = with_inferred(log)
    if log.command_line is None and log.user_map:
        raise NotSimulated("the text has a user-defined map, but not the command line that made it")
    maps = _held("user map", _map(log.user_map), _map(again.user_map), log.user_map)
    if not log.user_map and not again.user_map:
        maps = msgspec.structs.replace(maps, agrees=True)
    elif inferred:  # the command line was read off this very map
        maps = msgspec.structs.replace(maps, agrees=None)
    return (
        maps,
        _held("node ranges", _nodes(log.node_ranges), _nodes(again.node_ranges), log.node_ranges),
        _held("zone ranges", _zones(log.zone_ranges), _zones(again.zone_ranges), log.zone_ranges),
    )


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
    return tuple(f"{memory} node {node}" for memory, node in sorted((item.range, item.node) for item in ranges))


def _zones(zones: Iterable[ZoneRange]) -> tuple[str, ...]:
    return tuple(f"{zone.zone} {zone.range}" for zone in zones if zone.range is not None)
