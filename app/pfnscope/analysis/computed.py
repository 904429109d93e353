"""The log of a boot that prints a memory map and no node ranges, with those that its kernel makes of that map."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import Release, Version
from pfnscope.model.analysis import Check
from pfnscope.model.answers import SelfCheck
from pfnscope.model.log import BootLog, Diagnostic, MapEntry, MemoryType, NodeRange
from pfnscope.simulation import NotSimulated, SimulatedBoot, boot_as_printed, self_check, simulate
from pfnscope.simulation.e820 import MOST_LINES, joined_lines


class ComputedLog(Struct, frozen=True):
    """``log`` with computed ranges; ``assumed`` names what no line proves, ``checks`` hold printed lists to ours.

    ``why_not`` is empty, or says why nothing is computed: ``log`` is then as it was.
    """

    log: BootLog
    assumed: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    why_not: str = ""


def completed(log: BootLog, release: Release | None, arch: str | None) -> ComputedLog:
    """Boot the log's own command line on its map, where nothing else in it tells the memory of nodes.

    What the log prints stays as printed. Only x86 is simulated: others take their memory from device trees or from
    lists that are not this map.
    """
    if log.node_ranges or log.memblock_memory or log.files.zoneinfo or not (log.map_in_force or log.efi_map):
        return ComputedLog(log)
    version = log.stable_of(release)
    arch = arch or log.arch
    if arch not in X86:
        where = arch or "an unknown architecture"
        return ComputedLog(log, why_not=f"what a kernel makes of a memory map is computed for x86, not for {where}")
    if not log.map_in_force:
        return ComputedLog(log, why_not="an EFI map alone does not tell what the boot loader makes of it")
    try:
        boot = boot_as_printed(structs.replace(log, arch=arch), version)
    except NotSimulated as error:
        return ComputedLog(log, why_not=str(error))
    nodes = "" if log.srat else "; the text has no SRAT, so all of it is taken for node 0"
    if len({item.node for item in boot.log.node_ranges}) > 1:
        nodes = ""
    source = "user-defined map" if log.user_map else "memory map"
    message = f"Node ranges, zones and holes are computed from the {source}: the text does not print them."
    note = Diagnostic("info", "computed", message, log.map_in_force[0].lines[0], None)
    assumed = [("node_ranges", f"computed from the {source}{nodes}")]
    user_map = log.user_map or boot.log.user_map
    if user_map and not log.user_map:
        assumed.append(("user_map", "what the command line makes of the firmware map"))
    filled = structs.replace(
        log,
        user_map=user_map,
        node_ranges=tuple(_with_lines(boot.log.node_ranges, user_map or log.map_in_force)),
        zone_ranges=log.zone_ranges or boot.log.zone_ranges,
        movable_start=log.movable_start or boot.log.movable_start,
    )
    return ComputedLog(filled, (*assumed, *boot.assumed), tuple(_checks(log, boot, version)), (note,))


def _with_lines(ranges: Iterable[NodeRange], map_: Iterable[MapEntry]) -> Iterator[NodeRange]:
    """The ranges, each with the lines of the map's RAM that it is made of too."""
    ram = sorted((item for item in map_ if item.type is MemoryType.RAM), key=lambda item: item.start)
    for item in ranges:
        lines = item.lines
        first = max(bisect_right(ram, item.start, key=lambda entry: entry.start) - 1, 0)
        for entry in map(ram.__getitem__, range(first, len(ram))):
            if entry.start >= item.end or len(lines) >= MOST_LINES:
                break
            if entry.end > item.start:
                lines = joined_lines(lines, entry.lines)
        yield structs.replace(item, lines=tuple(sorted(lines)))


def _checks(log: BootLog, boot: SimulatedBoot, version: Version | None) -> Iterator[Check]:
    """The user-defined map, held against what the command line makes of the firmware map; the zones' limits.

    ``boot`` is the one from the map as printed, which is another where the user's map is not the firmware's.
    """
    try:
        again = simulate(log, log.command_line or "", version) if log.user_map else boot
        rows = self_check(log, again.log)
    except NotSimulated:
        return
    yield from (_check(row) for row in rows if row.agrees is not None and row.lines)


def _check(row: SelfCheck) -> Check:
    printed, computed = row.printed, row.simulated
    if row.agrees:
        printed = computed = (f"{len(row.printed)} ranges",)
    else:
        printed, computed = (_only(one, other) for one, other in ((printed, computed), (computed, printed)))
    words = [" and ".join(items) or "nothing more" for items in (printed, computed)]
    return Check(row.what, words[0], words[1], row.agrees, row.lines)


_NAMED = 2


def _only(items: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    known = set(others)
    own = [item for item in items if item not in known]
    return (*own[:_NAMED], *([f"{len(own) - _NAMED} more"] if len(own) > _NAMED else []))
