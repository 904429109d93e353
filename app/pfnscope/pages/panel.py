"""The what-if panel of a layout page, and the answer in front of its bars: what a change does, where things land."""

import msgspec

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.region_kinds import REGION_FORMS, RegionForm
from pfnscope.model.analysis import Severity
from pfnscope.model.answers import SelfCheck
from pfnscope.pages.places import Placed, Placing, placed, placing
from pfnscope.pages.query import LayoutQuery
from pfnscope.report.headline import tone
from pfnscope.report.outcome import Outcome, outcome
from pfnscope.report.simulated import agreement
from pfnscope.service.whatif import Answer, Change
from pfnscope.simulation import USUAL_ARCH


class Chip(msgspec.Struct, frozen=True):
    """An argument of the log that can be taken away."""

    text: str
    removed: bool
    cause: bool


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the panel and the answer show. ``line`` is the whole command line that the layout shown has.

    ``has_memmap``: the architecture has memmap= regions. ``tones`` are the severities of today's layout and of the
    changed one, ``outcome`` says what the change does. ``placing`` are the questions where something lands, ``placed``
    the answer; ``places_on`` is the command line of its layout, where that is not today's.
    """

    agreement: str
    trusted: bool | None
    self_check: list[SelfCheck]
    cannot: str
    refused: str
    chips: list[Chip]
    removed_other: list[str]
    append: str
    line: str
    kernel: str
    tones: tuple[Severity, ...]
    outcome: Outcome | None
    has_memmap: bool
    forms: tuple[RegionForm, ...]
    placing: Placing
    placed: Placed | None
    unplaced: str
    places_on: str | None


def panel(answer: Answer, query: LayoutQuery, kernel: str | None) -> Panel:
    """The panel of a layout page."""
    today, own, question = answer.today, answer.own, query.question
    change = question.change or Change()
    line = today.kernel.command_line or ""
    causes = {cause for hole in today.holes for cause in hole.causes}
    gone = set(change.remove) if change.full is None else set()
    shaping = [item for item in arguments(line) if item.shapes_memory]
    chips = [Chip(item.text, bool({item.name, item.text} & gone), item.text in causes) for item in shaping]
    return Panel(
        agreement=agreement(own) if own else "",
        trusted=own.replays if own else None,
        self_check=[row for row in own.self_check if row.agrees is False] if own else [],
        cannot=answer.cannot,
        refused=answer.refused.rstrip("."),
        chips=chips,
        removed_other=sorted(gone - {part for item in shaping for part in (item.name, item.text)}),
        append=change.append if change.full is None else "",
        line=change.of(line),
        kernel=kernel or "",
        tones=tuple(tone(document) for document in answer.documents),
        outcome=outcome(today, answer.changed, own.command_line if own else line) if answer.changed else None,
        has_memmap=(today.kernel.arch or USUAL_ARCH) in X86,
        forms=REGION_FORMS,
        placing=placing(today, query),
        placed=placed(answer.changed or today, answer.places, query) if answer.places else None,
        unplaced=answer.unplaced.rstrip("."),
        places_on=answer.places_on,
    )
