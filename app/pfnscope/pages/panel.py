"""The what-if panel of a layout page, in words: the self-check, arguments to pick, places for a region."""

from collections.abc import Iterable

import msgspec

from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.region_kinds import PLACEABLE, REGION_FORMS, Kind, RegionForm
from pfnscope.model.answers import AddedHole, Placement, Placements, SelfCheck
from pfnscope.pages.query import LayoutQuery
from pfnscope.report.simulated import agreement
from pfnscope.report.words import STATE_WORDS, pages_words
from pfnscope.service.whatif import Answer, Change
from pfnscope.units import argument_size, format_size

_MOST_PLACES = 80


class Chip(msgspec.Struct, frozen=True):
    """An argument of the log that can be taken away."""

    text: str
    removed: bool
    cause: bool


class Added(msgspec.Struct, frozen=True):
    """A hole that a placed region adds, in words."""

    range: str
    words: str
    severity: str


class Place(msgspec.Struct, frozen=True):
    """A row of the table of starts; ``query`` asks what a region at the first of them does."""

    first: str
    last: str
    safe: bool
    holes: list[Added]
    dangerous_on: str
    argument: str
    query: str


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the panel shows. ``line`` is the whole command line that the layout shown has."""

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
    size: str
    kind: str
    forms: tuple[RegionForm, ...]
    align: str
    unplaced: str
    place_title: str
    places_on: str | None
    places: list[Place] | None
    more_places: int


def panel(answer: Answer, query: LayoutQuery, kernel: str | None) -> Panel:
    """The panel of a layout page."""
    today, own, change = answer.today, answer.own, query.question.change or Change()
    line = today.kernel.command_line or ""
    causes = {cause for hole in today.holes for cause in hole.causes}
    gone = set(change.remove) if change.full is None else set()
    shaping = [item for item in arguments(line) if item.shapes_memory]
    chips = [Chip(item.text, bool({item.name, item.text} & gone), item.text in causes) for item in shaping]
    places = answer.places
    rows = None if places is None else [_place(item, places, query) for item in places.placements[:_MOST_PLACES]]
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
        size=query.question.size or usual_region(causes)[0] or "1G",
        kind=query.question.kind,
        forms=REGION_FORMS,
        align=query.question.align or "",
        unplaced=answer.unplaced,
        place_title=_place_title(places) if places else "",
        places_on=answer.places_on,
        places=rows,
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


def _place(item: Placement, places: Placements, query: LayoutQuery) -> Place:
    last = item.end - places.align
    change = query.question.without_region() or Change()
    argument = f"{query.question.region}{item.start}"
    return Place(
        str(item.start),
        "" if last == item.start else hex(last),
        item.safe,
        [_added(hole) for hole in item.holes],
        ", ".join(item.dangerous_on),
        argument,
        _with(query, change, argument),
    )


def _with(query: LayoutQuery, change: Change, argument: str) -> str:
    """The query that asks what one more argument does."""
    if change.full is not None:
        return query.query("remove", "append", set=f"{change.full} {argument}")
    return query.query(append=" ".join(filter(None, [change.append, argument])))


def _added(hole: AddedHole) -> Added:
    where = "in no zone" if hole.placement == "outside-zone-spans" else "in a zone"
    words = f"{pages_words(hole.pages)} {where}, {STATE_WORDS.get(hole.state, hole.state)}"
    return Added(str(hole.frames), words, hole.severity)
