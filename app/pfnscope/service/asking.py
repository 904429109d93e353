"""The use case of a page that is asked: a layout, the same machine changed, and where a region could go."""

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import Reading, read
from pfnscope.model.document import Document
from pfnscope.model.placement import Placements
from pfnscope.model.simulation import Simulation
from pfnscope.report.build import document
from pfnscope.report.simulated import simulation
from pfnscope.service.analyzing import DEFAULTS, Options, judged
from pfnscope.service.errors import BadOption, CannotSimulate
from pfnscope.service.placing import Kind, place_in
from pfnscope.service.simulating import NO_CHANGE, Change, simulated
from pfnscope.simulation import NotSimulated


class Question(msgspec.Struct, frozen=True):
    """What is asked beside the layout itself: a ``change``, and with a ``size`` where such a region can go."""

    change: Change | None = None
    size: str = ""
    kind: Kind = "!"
    align: str | None = None

    @property
    def region(self) -> str:
        """How an argument that places this region begins: ``memmap=1G!``."""
        return f"memmap={self.size}{self.kind}"

    def without_region(self) -> Change | None:
        """The change without the region that is to be placed: another start of it stands in for the one tried."""
        if self.change is None:
            return None
        kept = [piece for piece in self.change.append.split() if not piece.startswith(self.region)]
        return msgspec.structs.replace(self.change, append=" ".join(kept))


NO_QUESTION = Question()

MOST_RANGES = 4096
"""Ranges of a log that is simulated while somebody waits for a page; no machine is known with a tenth of them."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A layout with what was asked of it. Each of ``cannot``, ``refused`` and ``unplaced`` is empty or a sentence.

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
    """Analyse a log and answer what is asked of it. Raises what :func:`pfnscope.service.analyze` raises.

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
    if question.size and large:
        unplaced = large
    elif question.size:
        places, unplaced, on = _places(shown, real, question, options.kernel)
    return Answer(
        today=document(shown),
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
        return simulation(real, real.machine.as_analysed().boot(NO_CHANGE.of(real.log.command_line or ""))), ""
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
    line, base = real.log.command_line or "", question.without_region()
    try:
        if base is None or (base.of(line) == line and kernel is None):
            return place_in(shown, question.size, question.kind, question.align), "", None
        analysis, simulation = what_if(real, base.of(line), kernel=kernel)
        return place_in(analysis, question.size, question.kind, question.align), "", simulation.command_line
    except (BadOption, CannotSimulate, NotSimulated) as error:
        return None, str(error), None
    except ValueError:
        return None, f"not a kernel release: {kernel!r}", None
