"""What-if: the machine of a log with another command line, and where a memmap= region could go on it."""

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis.moving import kind_of, region_text, rewritten, safe_starts
from pfnscope.analysis.placement import placements
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import Reading, read
from pfnscope.findings.trials import MOST_BOOTS, Trials
from pfnscope.kernel import region_kinds
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.map_arguments import MapOperation
from pfnscope.model.answers import Placements, Simulation
from pfnscope.model.document import Document
from pfnscope.model.ranges import Address
from pfnscope.report.build import document
from pfnscope.report.simulated import simulation
from pfnscope.service.analyzing import DEFAULTS, Options, judged
from pfnscope.service.boots import rows
from pfnscope.service.errors import BadOption, CannotSimulate
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.units import GIB, MIB, argument_size, parse_size

LONGEST_COMMAND_LINE = 4096
"""Characters; the kernel's own limit on x86 is half of it (COMMAND_LINE_SIZE)."""


class Change(msgspec.Struct, frozen=True):
    """How the command line differs from the log's: all of it, or arguments to take away, then others to append.

    ``remove`` names arguments (``memmap``) or gives one as it is written (``memmap=1G!4G``).
    """

    full: str | None = None
    remove: tuple[str, ...] = ()
    append: str = ""

    def of(self, command_line: str) -> str:
        """The changed command line."""
        if self.full is not None:
            return self.full
        kept = [item.text for item in arguments(command_line) if not {item.name, item.text} & set(self.remove)]
        return " ".join(filter(None, [*kept, self.append.strip()]))


NO_CHANGE = Change()


def simulate(text: bytes, change: Change = NO_CHANGE, options: Options = DEFAULTS) -> Document:
    """The document of the same machine with a changed command line, on the log's release or on ``options.kernel``.

    Raises what :func:`pfnscope.service.analyze` raises, and CannotSimulate where nothing can be said.
    """
    real = judged(read(text), msgspec.structs.replace(options, kernel=None))
    return simulated(real, change, options.kernel)


def simulated_beside(text: bytes, change: Change = NO_CHANGE, options: Options = DEFAULTS) -> tuple[Document, Document]:
    """The same, behind the document of the log as it is, on the release that the log tells if it does."""
    reading = read(text)
    real = judged(reading, msgspec.structs.replace(options, kernel=None))
    today = real if real.release else judged(reading, options)
    return document(today), simulated(real, change, options.kernel)


def simulated(real: Analysis, change: Change, kernel: str | None = None) -> Document:
    """The same for a log that is analysed already."""
    command_line = change.of(own_command_line(real.booted_from))
    try:
        analysis, boot = what_if(real, command_line, kernel=kernel)
    except NotSimulated as error:
        raise CannotSimulate(str(error)) from error
    except ValueError as error:
        raise BadOption(f"Not a kernel release: {kernel!r}; give one such as 4.17 or 6.1.90.") from error
    return msgspec.structs.replace(document(analysis), simulation=simulation(real, boot))


Kind = region_kinds.Kind


class Region(msgspec.Struct, frozen=True):
    """A memmap= region to place: of ``size`` such as ``1G``, or that of ``move``, an argument of the command line.

    Its start is to be a multiple of ``align``, by default of a section.
    """

    size: str = ""
    kind: Kind = "!"
    align: str | None = None
    move: str = ""


def place(text: bytes, region: Region, options: Options = DEFAULTS) -> Placements:
    """Where a region can go.

    Raises what :func:`pfnscope.service.analyze` raises, BadOption for sizes that cannot be read and arguments that are
    not there, and CannotSimulate where the text does not tell memory, nodes and zones, or what an argument took.
    """
    return placed(judged(read(text), options), region)[1]


def placed_beside(text: bytes, region: Region, options: Options = DEFAULTS) -> tuple[Document, Placements]:
    """The same, behind the document of the layout that the places are in."""
    analysis, places = placed(judged(read(text), options), region)
    return document(analysis), places


def placed(analysis: Analysis, region: Region) -> tuple[Analysis, Placements]:
    """The same for a log that is analysed already, behind the analysis of that layout."""
    if region.move:
        if region.size:
            raise BadOption("An argument that moves keeps its size; give one of both.")
        return _moved(analysis, region.move, region.align)
    return analysis, place_in(analysis, region.size, region.kind, region.align)


def _moved(analysis: Analysis, argument: str, align: str | None) -> tuple[Analysis, Placements]:
    """The places on the machine without the region of an argument, and the argument with the most fitting of them."""
    line = own_command_line(analysis.booted_from)
    try:
        operation, kind = _region_of(analysis, argument)
        without, _ = what_if(analysis, rewritten(line, operation, "").command_line)
    except NotSimulated as error:
        raise CannotSimulate(str(error)) from error
    places = place_in(without, argument_size(operation.end - operation.start), kind, align)
    trials = Trials(without, boots=MOST_BOOTS)
    for start in safe_starts(places.placements, operation.start, places.align):
        moved = rewritten(line, operation, region_text(operation, kind, start))
        if trials.helps(moved.command_line):
            text = operation.argument.text if start == operation.start else moved.argument
            return without, msgspec.structs.replace(
                places, move=operation.argument.text, command_line=text, start=Address(start)
            )
    return without, msgspec.structs.replace(places, move=operation.argument.text)


def _region_of(analysis: Analysis, argument: str) -> tuple[MapOperation, Kind]:
    """The region that an argument asks for, one of a list where it is named alone: ``memmap=1G!4G`` or ``1G!4G``."""
    regions = [(item, kind_of(item)) for item in analysis.machine.as_analysed().own.operations]
    known = [(item, kind) for item, kind in regions if kind is not None]
    for item, kind in known:
        if argument in (item.argument.text, item.text, f"memmap={item.text}"):
            return item, kind
    names = ", ".join(dict.fromkeys(item.argument.text for item, _ in known))
    has = f"those that can be moved are {names}" if names else "it has no memmap= region that could be moved"
    raise BadOption(f"The command line has no region {argument!r}; {has}.")


def place_in(analysis: Analysis, size: str, kind: Kind = "!", align: str | None = None) -> Placements:
    """The places of a region of a size in the layout of an analysis. Raises as :func:`place` does."""
    layout = analysis.layout
    region = _bytes(size, layout.page_size)
    step = _bytes(align, layout.page_size) if align else layout.section_size or 128 * MIB
    if not layout.memory or not layout.zone_spans:
        raise CannotSimulate("the text has no node ranges, so where memory can be taken is not known")
    if layout.arch not in X86:
        raise CannotSimulate(f"memmap= regions exist on x86 only, not on {layout.arch or 'an unknown architecture'}")
    if "numa=fake" in (analysis.log.command_line or ""):
        raise CannotSimulate("with numa=fake= the nodes depend on how much memory there is; simulate one place instead")
    return Placements(
        size=region,
        align=step,
        kind=kind,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(name for name, _ in analysis.assumed),
        placements=placements(analysis, region // layout.page_size, kind, step // layout.page_size),
    )


def _bytes(text: str, page_size: int) -> int:
    size = parse_size(text)
    if not size or size % page_size or size >= 1 << 64:
        raise BadOption(f"{text!r} is no size; give whole pages, such as 1G, 128M or 0x40000000.")
    return size


class Question(msgspec.Struct, frozen=True):
    """What a page shows beside the layout: a ``change`` of it, and where a region of ``size`` or of ``move`` can go."""

    change: Change | None = None
    size: str = ""
    kind: Kind = "!"
    align: str | None = None
    move: str = ""

    @property
    def places(self) -> bool:
        """Whether a region is to be placed."""
        return bool(self.size or self.move)

    @property
    def region(self) -> str:
        """How an argument that places a region of this size begins: ``memmap=1G!``."""
        return f"memmap={self.size}{self.kind}"

    def without_region(self) -> Change | None:
        """The change without the region that is to be placed: another start of it stands in for the one tried."""
        if self.change is None or not self.size:
            return self.change
        kept = [piece for piece in self.change.append.split() if not piece.startswith(self.region)]
        return msgspec.structs.replace(self.change, append=" ".join(kept))


NO_QUESTION = Question()

MOST_RANGES = 4096
"""Ranges of a log that is simulated while somebody waits for a page; no machine is known with a tenth of them."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A layout with the answer to a question. Each of ``cannot``, ``refused`` and ``unplaced`` is empty or a sentence.

    ``own`` is the log's own command line simulated, ``cannot`` why nothing at all can be simulated; ``changed`` is the
    layout of the change, ``refused`` why there is none; ``places`` are those of the wanted region, ``unplaced`` why
    there are none; ``places_on`` is the command line of the layout that they are in, where it is not today's.
    """

    today: Document
    own: Simulation | None = None
    cannot: str = ""
    changed: Document | None = None
    refused: str = ""
    places: Placements | None = None
    unplaced: str = ""
    places_on: str | None = None

    @property
    def documents(self) -> tuple[Document, ...]:
        """Today's, and the changed one where there is one."""
        return (self.today,) if self.changed is None else (self.today, self.changed)


def ask(text: bytes, options: Options = DEFAULTS, question: Question = NO_QUESTION) -> Answer:
    """Analyse a log and answer a question about it. Raises what :func:`pfnscope.service.analyze` raises.

    With a change, ``options.kernel`` is the release of the changed layout; today's keeps the one that the log proves.
    """
    return answered(read(text), options, question)


def answered(reading: Reading, options: Options = DEFAULTS, question: Question = NO_QUESTION) -> Answer:
    """The same for a log that has been read."""
    real = judged(reading, msgspec.structs.replace(options, kernel=None))
    shown = real
    if options.kernel is not None and not (question.change is not None and real.release):
        shown = judged(reading, options)
    large = _too_large(real)
    own, cannot = (None, large) if large else _own(real)
    changed, refused = (None, "") if question.change is None else _changed(real, question.change, options.kernel, large)
    places, unplaced, on = None, "", None
    if question.places and large:
        unplaced = large
    elif question.places:
        places, unplaced, on = _places(shown, real, question, options.kernel)
    return Answer(
        today=document(shown, rows(reading.boots, shown.log, options.kernel, options.arch), reading.boots),
        own=own,
        cannot=cannot,
        changed=changed,
        refused=refused,
        places=places,
        unplaced=unplaced,
        places_on=on,
    )


def _too_large(real: Analysis) -> str:
    ranges = len(real.log.firmware_map) + len(real.log.node_ranges)
    if ranges <= MOST_RANGES:
        return ""
    return f"the text has {ranges:,} ranges, too many to simulate for a page; the command does it"


def _own(real: Analysis) -> tuple[Simulation | None, str]:
    try:
        return simulation(real, real.machine.as_analysed().boot(NO_CHANGE.of(own_command_line(real.booted_from)))), ""
    except NotSimulated as error:
        return None, str(error)


def _changed(real: Analysis, change: Change, kernel: str | None, large: str) -> tuple[Document | None, str]:
    if large:
        return None, large
    try:
        return simulated(real, change, kernel), ""
    except (CannotSimulate, BadOption) as error:
        return None, str(error)


def _places(
    shown: Analysis, real: Analysis, question: Question, kernel: str | None
) -> tuple[Placements | None, str, str | None]:
    """The places, or why there are none, and the command line of their layout where it is not today's."""
    line, base = own_command_line(real.booted_from), question.without_region()
    analysis, on = shown, None
    try:
        if base is not None and (base.of(line) != line or kernel is not None):
            analysis, boot = what_if(real, base.of(line), kernel=kernel)
            on = boot.command_line
        if question.move:
            return _moved(analysis, question.move, question.align)[1], "", on
        return _with_start(analysis, place_in(analysis, question.size, question.kind, question.align)), "", on
    except (BadOption, CannotSimulate, NotSimulated) as error:
        return None, str(error), None
    except ValueError:
        return None, f"not a kernel release: {kernel!r}", None


_USUAL_START = 4 * GIB
"""Where a region goes that could go anywhere: near the lowest memory that no 32-bit device reaches."""


def _with_start(analysis: Analysis, places: Placements) -> Placements:
    """The places of a new region with the argument for the most fitting start, booted where this can be done."""
    trials = Trials(analysis, boots=MOST_BOOTS)
    for start in safe_starts(places.placements, _USUAL_START, places.align):
        argument = f"memmap={argument_size(places.size)}{places.kind}{argument_size(start)}"
        if trials.why_not or trials.helps(f"{trials.command_line} {argument}".strip()):
            return msgspec.structs.replace(places, command_line=argument, start=Address(start))
    return places
