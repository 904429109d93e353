"""What helps against an argument that does not do what is meant, tried by the simulator."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.memmap import placements
from pfnscope.analysis.whatif import what_if
from pfnscope.findings.codes import BY_CODE
from pfnscope.findings.trials import allowed
from pfnscope.kernel.boot_loaders import quoting
from pfnscope.kernel.map_arguments import ArgumentNote, MapOperation
from pfnscope.kernel.region_kinds import PRAM
from pfnscope.kernel.regressions import ARGUMENTS_TOO_EARLY
from pfnscope.kernel.release import Version, short
from pfnscope.kernel.thresholds import STUB_PLACES_IMAGE, STUB_SPARES_REGIONS
from pfnscope.model.analysis import worse
from pfnscope.model.findings import Remedy
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.units import GIB, MIB

_MOVABLE = frozenset({"region-not-ram", "region-over-devices", "region-in-pieces", "image-in-region"})
"""Codes that another place for the region helps against."""


def of_notes(analysis: Analysis, operation: MapOperation | None, notes: Sequence[ArgumentNote]) -> Remedy | None:
    """The first correction that the simulator finds good, or why there is none; None where nothing is known to help."""
    line = own_command_line(analysis.booted_from)
    refusals: list[str] = []
    if operation is not None and len(analysis.booted_from.map_in_force) > MOST_ENTRIES:
        return None
    for note in notes:
        if not note.instead:
            continue
        if operation is None:
            return Remedy(f"Write {note.instead}.")
        if not allowed(analysis):
            return Remedy(" ".join((*refusals, _NOT_TRIED)))
        corrected = _replaced(line, operation, note.instead)
        why_not = _refusal(analysis, corrected, operation.column, {item.code for item in notes})
        if why_not is None:
            return _written(operation, note.instead)
        refusals.append(f"{operation.argument.name}={note.instead} is no better, simulated: {why_not}")
    codes = {note.code for note in notes}
    if operation is not None and operation.new == PRAM and codes & _MOVABLE:
        if not allowed(analysis, _BOOTS_OF_PLACES):
            return Remedy(" ".join((*refusals, _NOT_SEARCHED)))
        return _elsewhere(analysis, line, operation) or Remedy(" ".join((*refusals, _NO_PLACE)))
    if "dollar-lost" in codes and operation is not None and not refusals:
        words = _quoted("memmap=SIZE$START")
        return Remedy(f"Write the start again, behind a “$” that the boot loader leaves alone. {words}")
    if "memmap-without-sign" in codes and operation is not None and not refusals:
        limit = f"mem={operation.text}"
        words = _quoted(f"memmap={operation.text}$START")
        return Remedy(f"To limit RAM write {limit}, else the start behind a “$” that is left alone. {words}")
    return Remedy(" ".join(refusals)) if refusals else None


MOST_ENTRIES = 1000
"""Of a memory map on which corrections are tried; no machine that was seen has half as many."""
_BOOTS_OF_PLACES = 10
"""What the search for other places costs in simulated boots."""
_NOT_TRIED = "No correction was tried: the command line has too many arguments, or the map too many entries."
_NOT_SEARCHED = "Other places were not searched: the command line has too many arguments, or the map too many entries."
_NO_PLACE = "No other place was found that is RAM as a whole and free of danger on this release."


def of_image(analysis: Analysis) -> Remedy:
    """``nokaslr``, tried, and the releases that place the kernel elsewhere themselves."""
    log = analysis.booted_from
    version = log.stable_of(analysis.release)
    release = short(STUB_SPARES_REGIONS.since.nearest(version)) if stub_is_blind(version) else None
    newer = f"; {release} and later keep out of it without" if release else ""
    corrected = f"{own_command_line(log)} nokaslr".strip()
    try:
        changed, boot = what_if(analysis, corrected)
    except NotSimulated:
        return Remedy(f"Add nokaslr: the kernel then stays where it is linked to{newer}.", None, release)
    if boot.image_mended:
        return Remedy(f"Begin the region above the kernel's place, which is 16 MiB with nokaslr{newer}.", None, release)
    checked = _new_danger(analysis, changed) is None
    text = f"Add nokaslr, with which the kernel stays at 16 MiB{newer}."
    return Remedy(text, "nokaslr" if checked else None, release, checked)


def stub_is_blind(version: Version | None) -> bool:
    """Whether an EFI stub may place the kernel in a region of memmap=; True where no release is known."""
    places = STUB_PLACES_IMAGE.reached(version, unknown=True)
    return places and not STUB_SPARES_REGIONS.reached(version, unknown=False)


def of_release(analysis: Analysis) -> Remedy:
    """The nearest release that parses arguments behind the firmware's map again."""
    reverted = ARGUMENTS_TOO_EARLY.releases.before
    release = short(reverted.nearest(analysis.booted_from.stable_of(analysis.release)))
    return Remedy(f"Boot {release} or later, which reads the arguments behind the firmware's map.", None, release)


def _replaced(line: str, operation: MapOperation, text: str) -> str:
    return line[: operation.column] + text + line[operation.column + len(operation.text) :]


def _written(operation: MapOperation, text: str) -> Remedy:
    argument = f"{operation.argument.name}={text}"
    text = f"Write {argument} instead. {_quoted(argument)}".strip()
    whole = operation.argument.text == f"{operation.argument.name}={operation.text}"
    return Remedy(text, argument, checked=True, instead=(operation.argument.text,) if whole else ())


def _quoted(argument: str) -> str:
    """How boot loaders take the argument, in a sentence of its own; empty where there is nothing to say."""
    words = quoting(argument)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _refusal(analysis: Analysis, line: str, column: int, known: Collection[str]) -> str | None:
    """Why a corrected line is not offered; None where it does what is meant and adds no danger.

    ``known`` are codes of notes that the argument at this column has as it is, and may keep.
    """
    try:
        changed, boot = what_if(analysis, line)
    except NotSimulated as error:
        return f"{error}."
    own = analysis.machine.own
    noted = next((note for note in _grave(boot.problems) if note.column == column and note.code not in known), None)
    if noted is not None:
        return noted.message
    if len(list(_grave(boot.problems))) > len(list(_grave(own.problems))):
        return "other arguments then do not do what they say."
    return _new_danger(analysis, changed)


def _grave(notes: Iterable[ArgumentNote]) -> Iterator[ArgumentNote]:
    """The notes above info."""
    return (note for note in notes if note.code and worse(BY_CODE[note.code].severity, "info"))


def _new_danger(analysis: Analysis, changed: Analysis) -> str | None:
    known = {hole.frames for hole in analysis.holes if hole.severity == "danger"}
    hole = next((hole for hole in changed.holes if hole.severity == "danger" and hole.frames not in known), None)
    return None if hole is None else f"nothing would write the struct pages of {hole.frames}."


def _elsewhere(analysis: Analysis, line: str, operation: MapOperation) -> Remedy | None:
    """The nearest place of RAM in which such a region harms nothing."""
    whole = operation.argument.text.endswith(f"={operation.text}")
    start = operation.argument.column if whole else operation.column
    end = operation.column + len(operation.text)
    without = line[:start] + line[end:].removeprefix(",")
    try:
        machine, _ = what_if(analysis, without)
    except NotSimulated:
        return None
    page = machine.layout.page_size
    pages, step = (operation.end - operation.start) // page, machine.layout.section_size or 128 * MIB
    if not pages or not machine.layout.zone_spans:
        return None
    starts: list[tuple[bool, int]] = []
    for place in placements(machine, pages, "!", step // page):
        if place.safe:
            first, last = place.start, place.end - step
            start = min(max(operation.start // step * step, first), max(first, last // step * step))
            starts.append((bool(place.holes), start))
    size, _, _ = operation.text.partition("!")
    for _, at in sorted(starts, key=lambda item: (item[0], abs(item[1] - operation.start)))[:2]:
        text = f"{size}!{_short(at)}"
        if _refusal(analysis, _replaced(line, operation, text), operation.column, set()) is None:
            return _written(operation, text)
    return None


def _short(value: int) -> str:
    return f"{value // GIB}G" if value % GIB == 0 else f"{value // MIB}M" if value % MIB == 0 else hex(value)
