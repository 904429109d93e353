"""The what-if panel of a layout page, and the answer in front of its bars: what a change does, where regions can go."""

from collections.abc import Iterable

import msgspec

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.region_kinds import PLACEABLE, REGION_FORMS, Kind, RegionForm
from pfnscope.model.analysis import Severity
from pfnscope.model.answers import AddedHole, Placement, Placements, SelfCheck
from pfnscope.pages.query import LayoutQuery, encoded
from pfnscope.report.headline import tone
from pfnscope.report.outcome import Outcome, outcome
from pfnscope.report.placed import Advice, advice
from pfnscope.report.simulated import agreement
from pfnscope.report.words import STATE_WORDS, place_words
from pfnscope.service.whatif import Answer, Change
from pfnscope.simulation import USUAL_ARCH
from pfnscope.units import PAGE_SIZE, argument_size, format_size

_MOST_PLACES = 80


class Chip(msgspec.Struct, frozen=True):
    """An argument of the log that can be taken away."""

    text: str
    removed: bool
    cause: bool


class Added(msgspec.Struct, frozen=True):
    """A hole that a placed region adds, in words."""

    place: str
    words: str
    severity: str


class Place(msgspec.Struct, frozen=True):
    """A row of the table of starts, each an address with its size.

    ``argument`` puts a region at the first of them, ``query`` asks what that does.
    """

    first: str
    last: str
    safe: bool
    untried: bool
    holes: list[Added]
    dangerous_on: str
    argument: str
    query: str


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the panel and the answer show. ``line`` is the whole command line that the layout shown has.

    ``regions`` are the arguments of the log that can be moved, each with the question where to, causes of holes first;
    ``move`` is the one that is. ``has_memmap``: the architecture has memmap= regions; ``placeable``: one can be placed
    on such a machine. ``tones`` are the severities of today's layout and of the changed one, ``outcome`` says what the
    change does, ``advice`` where the region can go, ``trial`` is the question what that would change.
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
    placeable: bool
    regions: dict[str, str]
    move: str
    size: str
    kind: str
    forms: tuple[RegionForm, ...]
    align: str
    unplaced: str
    place_title: str
    advice: Advice | None
    trial: str
    places_on: str | None
    places: list[Place] | None
    more_places: int


def panel(answer: Answer, query: LayoutQuery, kernel: str | None) -> Panel:
    """The panel of a layout page."""
    today, own, question = answer.today, answer.own, query.question
    change, places = question.change or Change(), answer.places
    line = today.kernel.command_line or ""
    causes = {cause for hole in today.holes for cause in hole.causes}
    gone = set(change.remove) if change.full is None else set()
    shaping = [item for item in arguments(line) if item.shapes_memory]
    chips = [Chip(item.text, bool({item.name, item.text} & gone), item.text in causes) for item in shaping]
    movable = sorted(
        (item.text for item in shaping if usual_region([item.text])[0]), key=lambda text: text not in causes
    )
    write = _Writing(query, places) if places else None
    version = (answer.changed or today).kernel.version
    return Panel(
        agreement=agreement(own) if own else "",
        trusted=own.replays if own else None,
        self_check=[row for row in own.self_check if row.agrees is False] if own else [],
        cannot=answer.cannot,
        refused=answer.refused,
        chips=chips,
        removed_other=sorted(gone - {part for item in shaping for part in (item.name, item.text)}),
        append=change.append if change.full is None else "",
        line=change.of(line),
        kernel=kernel or "",
        tones=tuple(tone(document) for document in answer.documents),
        outcome=outcome(today, answer.changed, own.command_line if own else line) if answer.changed else None,
        has_memmap=(today.kernel.arch or USUAL_ARCH) in X86,
        placeable=today.kernel.arch in X86 and bool(today.zone_spans),
        regions={text: encoded([*query.options, ("move", text)]) for text in movable},
        move=question.reservation.move,
        size=question.reservation.size or usual_region(causes)[0] or "1G",
        kind=question.reservation.kind,
        forms=REGION_FORMS,
        align=question.reservation.align or "",
        unplaced=answer.unplaced,
        place_title=_place_title(places) if places else "",
        advice=advice(places, version) if places else None,
        trial=write.trial if write else "",
        places_on=answer.places_on,
        places=[write.row(item) for item in write.places.placements[:_MOST_PLACES]] if write else None,
        more_places=max(0, len(places.placements) - _MOST_PLACES) if places else 0,
    )


def usual_region(causes: Iterable[str]) -> tuple[str, Kind]:
    """Size and kind of a region among arguments; an empty size where there is none."""
    for cause in sorted(causes):
        name, _, value = cause.partition("=")
        for kind in PLACEABLE:
            size, sign, _ = value.partition(kind)
            if name == "memmap" and sign:
                return size, kind
    return "", PLACEABLE[0]


def _place_title(places: Placements) -> str:
    on = f" on {places.release}" if places.release else ", for every release, since the text does not name one"
    return f"memmap={argument_size(places.size)}{places.kind}START{on}, START a multiple of {format_size(places.align)}"


class _Writing:
    """Writes the starts of a region: their argument, and the question what it changes."""

    def __init__(self, query: LayoutQuery, places: Placements) -> None:
        self.query, self.places = query, places
        self.change = query.question.without_region() or Change()

    @property
    def trial(self) -> str:
        """The question what the most fitting start changes; empty where there is none, or nothing to change."""
        argument = self.places.command_line
        return self.query_of(argument) if argument and argument != self.places.move else ""

    def row(self, item: Placement) -> Place:
        last = item.end - self.places.align
        argument = self._argument(item.start)
        return Place(
            _start(item.start),
            "" if last == item.start else _start(last),
            item.safe,
            item.untried,
            [_added(hole) for hole in item.holes],
            ", ".join(item.dangerous_on),
            argument,
            self.query_of(argument),
        )

    def _argument(self, start: int) -> str:
        """The argument with the region at a start; of a list of regions only the one that is moved changes."""
        move, question = self.places.move, self.query.question
        if move is None:
            return f"{question.reservation.argument}{start:#x}"
        name, _, value = move.partition("=")
        regions = value.split(",")
        known = (text for text in regions if usual_region([f"{name}={text}"])[0])
        moved = question.reservation.move.removeprefix(f"{name}=")
        moved = moved if moved in regions else next(known, regions[0])
        kind = self.places.kind or PLACEABLE[0]
        size, _, _ = moved.partition(kind)
        regions[regions.index(moved)] = f"{size}{kind}{start:#x}"
        return f"{name}={','.join(regions)}"

    def query_of(self, argument: str) -> str:
        """The query that asks what an argument does, in place of the one that moves."""
        change, move = self.change, self.places.move or ""
        if change.full is not None:
            line = change.full.replace(move, argument, 1) if move else f"{change.full} {argument}"
            return encoded([*self.query.options, ("set", line.strip())])
        if move and move in change.append:
            removed, appended = change.remove, change.append.replace(move, argument, 1)
        else:
            removed = (*change.remove, *([move] if move else []))
            appended = " ".join(filter(None, [change.append, argument]))
        return encoded([*self.query.options, *(("remove", text) for text in removed), ("append", appended)])


def _start(address: int) -> str:
    return f"{address:#x} · {format_size(address)}"


def _added(hole: AddedHole) -> Added:
    where = "in no zone" if hole.placement == "outside-zone-spans" else "in a zone"
    words = f"{where}, {STATE_WORDS.get(hole.state, hole.state)}"
    return Added(place_words(hole.frames, PAGE_SIZE), words, hole.severity)
