"""Arguments of the command line held against the printed maps: those that did not do what they say, and the others."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from pfnscope.analysis import Analysis
from pfnscope.findings import corrections
from pfnscope.findings.codes import BY_CODE, RANK
from pfnscope.findings.drafts import MOST_ALIKE, Draft, failures, no_remedy, of_failure
from pfnscope.findings.regained import regained_without
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.argument_notes import argument_notes
from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.map_arguments import Action, ArgumentNote, MapOperation
from pfnscope.kernel.memory_limit import limit_notes
from pfnscope.kernel.region_kinds import ACPI, PRAM, RAM, RESERVED
from pfnscope.kernel.regressions import ARGUMENTS_TOO_EARLY
from pfnscope.kernel.thresholds import STUB_SPARES_REGIONS
from pfnscope.layout.map_changes import printed_image
from pfnscope.model.analysis import SEVERITIES
from pfnscope.model.answers import SelfCheck
from pfnscope.model.log import BootLog, Failure, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, Lines, Pairs, canonical, clip, intersection
from pfnscope.simulation import NotSimulated, SimulatedBoot, features_of, has_mirrors, self_check
from pfnscope.simulation.firmware import first_map
from pfnscope.simulation.traps import MOST_RANGES
from pfnscope.units import MIB, address_words, format_size, range_words

_NAMED_LINES = 8


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings of this subject; of notes of one code the first ones."""
    boot = _own_boot(analysis)
    simulated = analysis.origin == "simulated"
    for failure in failures(analysis.log, "arguments"):
        if failure.code != "image-not-ram":
            yield of_failure(failure)
        elif not simulated:  # the notes tell it of a boot that did not happen
            yield _image(analysis, failure, boot)
    log = analysis.booted_from
    if log.command_line is None:
        return
    yield from _fake_nodes(analysis)
    if boot is None:
        version, given = features_of(log, log.stable_of(analysis.release)), arguments(log.command_line)
        notes = [*limit_notes(given, analysis.layout.arch), *argument_notes(given, version, mirrors=has_mirrors(log))]
        yield from _noted(analysis, notes, ())
        return
    in_vain = () if simulated else tuple(_in_vain(log, boot))
    vain = {operation.column for operation, _, _ in in_vain}
    yield from _without_effect(analysis, in_vain)
    notes = [note for note in boot.problems if note.code and _part(boot.operations, note).column not in vain]
    if not simulated and any(failure.code == "image-not-ram" for failure in log.failures):
        notes = [note for note in notes if note.code != "image-in-region"]
    yield from _noted(analysis, notes, boot.operations)
    rows = () if simulated or vain else _rows(log, boot)
    wrong = [row for row in rows if row.agrees is False and _comparable(analysis, row)]
    if wrong:
        yield _not_reproduced(log, wrong)
    else:
        noted = {_part(boot.operations, note).column for note in notes}
        image = None if simulated else printed_image(log)
        noted |= {item.column for item in boot.operations if image is not None and _holds(item, image.range)}
        yield from _as_they_say(analysis, log, [item for item in boot.operations if item.column not in noted | vain])


def _own_boot(analysis: Analysis) -> SimulatedBoot | None:
    """The boot with the log's own command line, where that works on a memory map that the text has."""
    log = analysis.booted_from
    given = arguments(log.command_line or "")
    if not any(argument.name in ("mem", "memmap") for argument in given) or analysis.layout.arch not in X86:
        return None
    if not log.map_in_force:
        return None
    try:
        return analysis.machine.own
    except NotSimulated:
        return None


class _Part(Struct, frozen=True):
    """A piece of the command line that is told of as one: ``text`` as the reader sees it, at ``column``."""

    text: str
    column: int
    operation: MapOperation | None


def _part(operations: Sequence[MapOperation], note: ArgumentNote, given: Sequence[Argument] = ()) -> _Part:
    """What a note is about: an operation, or else a whole argument; both are in the order of the command line."""
    for operation in _at(operations, note.column):
        return _Part(f"{operation.argument.name}={operation.text}", operation.column, operation)
    for argument in _at(given, note.column):
        return _Part(argument.text, argument.column, None)
    return _Part("", note.column, None)


Piece = TypeVar("Piece", MapOperation, Argument)


def _at(pieces: Sequence[Piece], column: int) -> Sequence[Piece]:
    """The piece of the command line at a column, if any."""
    at = bisect_right(pieces, column, key=lambda piece: piece.column)
    return [piece for piece in pieces[max(at - 1, 0) : at] if column < piece.column + max(len(piece.text), 1)]


def _noted(analysis: Analysis, notes: Iterable[ArgumentNote], operations: tuple[MapOperation, ...]) -> Iterator[Draft]:
    """A finding for each piece of the command line that there are notes on; the gravest note is its sentence."""
    log = analysis.booted_from
    given = arguments(log.command_line or "")
    groups: dict[int, tuple[_Part, list[ArgumentNote]]] = {}
    for note in notes:
        part = _part(operations, note, given)
        groups.setdefault(part.column, (part, []))[1].append(note)
    alike: dict[str, int] = {}
    for part, own in groups.values():
        first, *others = sorted(own, key=_gravity)
        alike[first.code] = alike.get(first.code, 0) + 1
        if alike[first.code] > MOST_ALIKE:
            continue
        yield Draft(
            first.code,
            f"{part.text}: {first.message}",
            _lines(log, part.operation),
            _ranges(log, part.operation),
            details=partial(_messages, others),
            remedy=partial(corrections.of_notes, analysis, part.operation, (first, *others)),
        )


def _messages(notes: list[ArgumentNote]) -> tuple[str, ...]:
    return tuple(note.message for note in notes)


def _gravity(note: ArgumentNote) -> tuple[int, int]:
    return SEVERITIES.index(BY_CODE[note.code].severity), RANK[note.code]


def _lines(log: BootLog, operation: MapOperation | None) -> Lines:
    """Lines of the command line, and of what the map has where the argument works."""
    if operation is None:
        return log.command_line_lines
    map_ = log.user_map or first_map(log)
    entries = (item for item in map_ if item.start < operation.end and operation.start < item.end)
    lines = {line for item in islice(entries, _NAMED_LINES) for line in item.lines}
    return tuple(sorted({*log.command_line_lines, *lines}))


def _ranges(log: BootLog, operation: MapOperation | None) -> tuple[ByteRange, ...]:
    """Where an argument works, up to the end of the map."""
    if operation is None or operation.start == operation.end:
        return ()
    end = max((item.end for item in (*first_map(log), *log.user_map)), default=operation.end)
    if operation.end == 1 << 64:
        return (ByteRange(operation.start, end),) if operation.start < end else ()
    return (ByteRange(operation.start, operation.end),)


def _ram(map_: Iterable[MapEntry]) -> Pairs:
    return canonical((item.start, item.end) for item in map_ if item.type is MemoryType.RAM)


def _size(pairs: Pairs) -> int:
    return sum(end - start for start, end in pairs)


# arguments that had no effect


def _in_vain(log: BootLog, boot: SimulatedBoot) -> Iterator[tuple[MapOperation, Pairs, str]]:
    """Operations that take RAM away, all of which the log has all the same: what it has, and which list shows it."""
    if not log.firmware_map:
        return
    firmware, simulated = _ram(first_map(log)), _ram(boot.log.user_map)
    if log.user_map:
        printed, where = _ram(log.user_map), "user-defined map"
    elif log.node_ranges:
        printed, where = canonical((item.start, item.end) for item in log.node_ranges), "node ranges"
    else:
        return
    ranges = 0
    for operation in boot.operations:
        ranges += len(clip(firmware, operation.start, operation.end))
        if ranges > MOST_RANGES:
            return
        takes = operation.action is Action.REMOVE or (operation.action is Action.ADD and operation.new != RAM)
        own = clip(firmware, max(operation.start, MIB), operation.end)
        inside = _size(own)
        if not takes or not inside or _size(clip(simulated, max(operation.start, MIB), operation.end)) == inside:
            continue
        if intersection(own, printed) == own:
            yield operation, own, where


def _without_effect(analysis: Analysis, in_vain: tuple[tuple[MapOperation, Pairs, str], ...]) -> Iterator[Draft]:
    log, release = analysis.booted_from, analysis.release
    known = release is not None and release.stable in ARGUMENTS_TOO_EARLY.releases
    words = (f"Known of that time: {ARGUMENTS_TOO_EARLY.words}.",) if known else ()
    for operation, own, where in in_vain[:MOST_ALIKE]:
        ranges = " and ".join(range_words(*pair) for pair in own[:2]) + (" is" if len(own) == 1 else " are")
        yield Draft(
            "argument-no-effect",
            f"{operation.argument.name}={operation.text} had no effect: {ranges} still RAM.",
            _lines(log, operation),
            tuple(ByteRange(*pair) for pair in own),
            details=partial(_where_seen, where, words),
            remedy=partial(corrections.of_release, analysis) if known else no_remedy,
        )


def _where_seen(where: str, words: tuple[str, ...]) -> tuple[str, ...]:
    return (f"The {where} of the log {'has' if where.endswith('map') else 'have'} it as memory.", *words)


def reasons(analysis: Analysis) -> tuple[str, ...]:
    """Why simulating the log's own command line does not give its own maps, as far as findings explain it."""
    return tuple(draft.text for draft in drafts(analysis) if draft.code in _EXPLAIN)


_EXPLAIN = frozenset({"argument-no-effect", "image-not-ram", "argument-ignored"})


def _fake_nodes(analysis: Analysis) -> Iterator[Draft]:
    """numa=fake= on a kernel without CONFIG_NUMA_EMU, which says nothing of it (arch/x86/mm/numa.c, 4.17 to 7.1)."""
    log = analysis.booted_from
    numa = [item for item in arguments(log.command_line or "") if item.name == "numa"]
    fakes = [item for item in numa if (item.value or "").startswith("fake=")]
    whole = log.node_ranges and log.zone_ranges and log.firmware_map
    if not fakes or log.emulated_nodes or not whole or analysis.origin == "simulated":
        return
    if len({item.node for item in log.node_ranges}) > max(1, len({item.node for item in log.srat})):
        return
    text = f"{fakes[-1].text} had no effect: no line names a node of it, as in a kernel without CONFIG_NUMA_EMU."
    yield Draft("argument-ignored", text, log.command_line_lines)


# the kernel's own image


def _image(analysis: Analysis, failure: Failure, boot: SimulatedBoot | None) -> Draft:
    """The kernel's sentence that its image was no RAM, with the argument that took it and why that could be."""
    image = printed_image(analysis.log)
    if boot is None or image is None:
        return of_failure(failure)
    taker = next((item for item in boot.operations if _holds(item, image.range)), None)
    if taker is None:
        return of_failure(failure)
    region = f"{taker.argument.name}={taker.text}"
    text = f"{region}: the kernel's own image lies in the region, {range_words(image.start, image.end)}, and stays RAM."
    return Draft(
        failure.code,
        text,
        tuple(sorted({*failure.lines, *image.lines, *analysis.booted_from.command_line_lines})),
        (ByteRange(image.start, image.end),),
        details=partial(_why_there, analysis),
        remedy=partial(corrections.of_image, analysis),
    )


def _holds(operation: MapOperation, image: ByteRange) -> bool:
    takes = operation.action is Action.REMOVE or (operation.action is Action.ADD and operation.new != RAM)
    return takes and operation.start < image.end and image.start < operation.end


def _why_there(analysis: Analysis) -> Iterator[str]:
    version = analysis.booted_from.stable_of(analysis.release)
    if corrections.stub_is_blind(version):
        since = STUB_SPARES_REGIONS.since
        yield (
            "Started by EFI, the kernel is placed at random, and the EFI stub looks at mem= and memmap= only from"
            f" {since} on (15aa8fb852f9)."
        )


# what agrees


def _rows(log: BootLog, boot: SimulatedBoot) -> tuple[SelfCheck, ...]:
    try:
        return self_check(log, boot.log)
    except NotSimulated:
        return ()


def _comparable(analysis: Analysis, row: SelfCheck) -> bool:
    """Zones are printed in many ways, and node ranges may be cut."""
    return row.what == "user map" or (row.what == "node ranges" and not analysis.layout.missing)


_DOUBTED = "What-if answers on this machine may be wrong."


def _not_reproduced(log: BootLog, rows: list[SelfCheck]) -> Draft:
    row = rows[0]
    printed = next((item for item in row.printed if item not in row.simulated), "nothing more")
    computed = next((item for item in row.simulated if item not in row.printed), "nothing more")
    text = (
        f"Simulating the log's own command line does not give its own {row.what}: the log prints {printed}, the"
        f" simulation gives {computed}."
    )
    lines = tuple(sorted({*log.command_line_lines, *row.lines}))
    return Draft("arguments-not-reproduced", text, lines, details=lambda: (_DOUBTED,))


_WORDS = {PRAM: "persistent memory", RESERVED: "reserved", ACPI: "ACPI data"}


def _as_they_say(analysis: Analysis, log: BootLog, operations: list[MapOperation]) -> Iterator[Draft]:
    """One sentence for each argument that took RAM away, as it says."""
    firmware = _ram(first_map(log)) if log.firmware_map else ()
    own_map = next((item for item in operations if item.action is Action.EMPTY), None)
    if own_map is not None:
        left = f": {format_size(_size(_ram(log.user_map)))} of RAM" if log.user_map else ""
        text = f"memmap=exactmap: the map is that of the command line, as it says{left}."
        yield Draft("memory-argument", text, _lines(log, None))
    for operation in islice(operations, MOST_ALIKE):
        sentence = _as_it_says(operation, firmware)
        if sentence:
            text = f"{operation.argument.name}={operation.text}: {sentence}"
            limit = operation.end == 1 << 64 and analysis.origin != "simulated"
            remedy = partial(regained_without, analysis, operation.argument) if limit else no_remedy
            yield Draft("memory-argument", text, _lines(log, operation), _ranges(log, operation), remedy=remedy)


def _as_it_says(operation: MapOperation, firmware: Pairs) -> str:
    region = range_words(operation.start, operation.end)
    if operation.action is Action.ADD and operation.new != RAM:
        return f"{region} is {_WORDS.get(operation.new or 0, f'of type {operation.new}')}, as it says."
    if operation.action is Action.UPDATE:
        return f"RAM of {region} is of type {operation.new}, as it says." if operation.old == RAM else ""
    if operation.action is Action.REMOVE and operation.end == 1 << 64:
        gone, limit = _size(clip(firmware, operation.start, operation.end)), address_words(operation.start)
        if not gone:
            return f"it changes nothing, since there is no RAM above {limit}." if firmware else ""
        whole = format_size(_size(firmware))
        return f"{format_size(gone)} of {whole} RAM lie above {limit} and are left out, as it says."
    if operation.action is Action.REMOVE and operation.old in (None, RAM):
        return f"{region} is taken out of the map, as it says."
    return ""
