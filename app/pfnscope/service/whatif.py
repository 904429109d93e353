"""What-if: the machine of a log with another command line, and where a reservation could go on it."""

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import Reading, read
from pfnscope.kernel.command_line import arguments
from pfnscope.model.answers import Placements, Simulation
from pfnscope.model.document import Document
from pfnscope.report.build import document
from pfnscope.report.simulated import simulation
from pfnscope.service.analyzing import DEFAULTS, Options, judged
from pfnscope.service.boots import rows
from pfnscope.service.errors import BadOption, CannotSimulate
from pfnscope.service.places import NOTHING, Reservation, placed, with_start
from pfnscope.simulation import NotSimulated, own_command_line

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


class Question(msgspec.Struct, frozen=True):
    """What a page shows beside the layout: a ``change`` of it, and where a ``reservation`` lies or can go."""

    change: Change | None = None
    reservation: Reservation = NOTHING

    @property
    def places(self) -> bool:
        """Whether something is to be placed."""
        return bool(self.reservation.kinds)

    def without_region(self) -> Change | None:
        """The change without the region that is to be placed: another start of it stands in for the one tried."""
        if self.change is None or not self.reservation.size:
            return self.change
        argument = self.reservation.argument
        kept = [piece for piece in self.change.append.split() if not piece.startswith(argument)]
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
        places = placed(analysis, question.reservation)[1]
        return with_start(analysis, places) if question.reservation.size else places, "", on
    except (BadOption, CannotSimulate, NotSimulated) as error:
        return None, str(error), None
    except ValueError:
        return None, f"not a kernel release: {kernel!r}", None
