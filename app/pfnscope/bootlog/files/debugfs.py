"""The memblock lists of debugfs: memory, reserved and physmem."""

from collections.abc import Iterable

import msgspec

from pfnscope.bootlog.files.lines import ListHeader, ListName, ListRegion
from pfnscope.bootlog.files.notes import Notes
from pfnscope.bootlog.model import DebugfsRegion
from pfnscope.bootlog.records import merged

_PAGE = 4096  # the smallest base page


def lists(lines: Iterable[object], notes: Notes) -> dict[ListName, tuple[DebugfsRegion, ...]]:
    """The regions of each list. A list without its file name is told by what it holds, and noted.

    memblock.memory is made of whole pages; memblock.reserved has pieces of bytes.
    """
    found: dict[ListName, dict[DebugfsRegion, DebugfsRegion]] = {}
    for named, regions in _runs(lines):
        which = named or _guess(regions, found)
        if named is None:
            message = f"Which memblock list this is, the text does not say; it is taken for memblock.{which}."
            notes.say("info", "assumed-list", message, regions[0].lines)
        known = found.setdefault(which, {})
        first_copy = not known
        for region in regions:
            if not notes.possible(region.range, region.lines):
                continue
            key = DebugfsRegion(region.range, region.node, region.flag, ())
            before = known.get(key)
            if before is None and not first_copy:
                message = f"memblock.{which} comes twice and the copies differ; the first one is used."
                notes.say("warning", "conflicting-list", message, region.lines)
                break
            all_lines = merged(before.lines, region.lines) if before else region.lines
            known[key] = msgspec.structs.replace(key, lines=all_lines)
    return {which: tuple(regions.values()) for which, regions in found.items()}


def _runs(lines: Iterable[object]) -> Iterable[tuple[ListName | None, list[ListRegion]]]:
    """Lists as they follow each other: a file name opens one, and so does a number that is not the next."""
    named: ListName | None = None
    run: list[ListRegion] = []
    for line in lines:
        if isinstance(line, ListHeader):
            if run:
                yield named, run
            named, run = line.which, []
        elif isinstance(line, ListRegion):
            own = line.which or named
            if run and (line.index <= run[-1].index or own != named):
                yield named, run
                # the file name was that of the list before
                own, run = line.which, []
            named = own
            run.append(line)
    if run:
        yield named, run


def _guess(regions: list[ListRegion], found: dict[ListName, dict[DebugfsRegion, DebugfsRegion]]) -> ListName:
    whole = all(r.range.start % _PAGE == 0 and r.range.end % _PAGE == 0 for r in regions)
    return "memory" if whole and "memory" not in found else "reserved"
