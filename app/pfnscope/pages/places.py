"""Where a reservation lands, as a page asks and answers it: the choice of kinds, each with its form, and the answer."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.placeable import PlacedKind
from pfnscope.kernel.region_kinds import PLACEABLE, Kind
from pfnscope.model.analysis import Severity
from pfnscope.model.answers import AddedHole, Obstacle, Placement, Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import Lines
from pfnscope.pages.query import VALUES, LayoutQuery, encoded
from pfnscope.report.placed import (
    SUBJECTS,
    TONES,
    Advice,
    Row,
    advice,
    bad_words,
    obstacle_size,
    obstacles,
    other_words,
    others_title,
    row_words,
    rows,
    title,
    writing,
)
from pfnscope.report.words import STATE_WORDS, first_sentence, place_words
from pfnscope.service.places import Reservation, placeable
from pfnscope.service.whatif import Change
from pfnscope.units import GIB, PAGE_SIZE, argument_size, format_size, leading_size

_MOST_PLACES = 80
_USUAL = {"crashkernel": "256M", "cma": "256M", "reserve_mem": "20M:4096:trace", "hugetlb_cma": "4G"}
"""What stands in the fields of a log that has no such argument."""

_FAILURES: dict[str, PlacedKind] = {
    "crashkernel-failed": "crashkernel",
    "crashkernel-low-failed": "crashkernel",
    "crashkernel-value": "crashkernel",
    "huge-pages-failed": "gigantic",
    "cma-failed": "cma",
    "hugetlb-cma-failed": "hugetlb_cma",
    "reserve-mem-failed": "reserve_mem",
}
"""What is to be placed, by the code of the finding that says that the kernel found no memory for it."""


class Placing(msgspec.Struct, frozen=True, kw_only=True):
    """The questions where something lands: of the ``kinds`` that this layout can be asked about one is ``chosen``.

    ``regions`` are the memmap= arguments of the log that can be moved, each with the question where to, causes of
    holes first; ``move`` is the one that is. The others are what stands in the fields, ``values`` by the name of the
    argument.
    """

    kinds: dict[PlacedKind, str]
    chosen: PlacedKind | None
    regions: dict[str, str]
    move: str
    size: str
    kind: Kind
    align: str
    values: dict[str, str]
    node: str
    bad: str


def placing(today: Document, query: LayoutQuery) -> Placing:
    """The questions that a page offers, the likeliest of them chosen: what is asked, what moves, what has failed."""
    reservation = query.question.reservation
    causes = {cause for hole in today.holes for cause in hole.causes}
    texts = [item.text for item in arguments(today.kernel.command_line or "") if usual_region([item.text])[0]]
    movable = sorted(texts, key=lambda text: text not in causes)
    kinds = placeable(today)
    likely = ("memmap" if movable else None, _failed(today), *_written(today), *kinds)
    chosen = _kind_of_query(reservation) or next((kind for kind in likely if kind in kinds), None)
    return Placing(
        kinds={kind: _CHOICES.get(kind, SUBJECTS[kind]) for kind in kinds},
        chosen=chosen if chosen in kinds else next(iter(kinds), None),
        regions={text: encoded([*query.options, ("move", text)]) for text in movable} if "memmap" in kinds else {},
        move=reservation.move,
        size=reservation.size or usual_region(causes)[0] or "1G",
        kind=reservation.kind,
        align=reservation.align or "",
        values=_own_values(today) | {name: value for name in VALUES if (value := getattr(reservation, name))},
        node="" if reservation.node is None else str(reservation.node),
        bad="\n".join(reservation.bad),
    )


_CHOICES = {"bad": "bad addresses"}


def _kind_of_query(reservation: Reservation) -> PlacedKind | None:
    """The kind of the question in the address."""
    kinds = ["memmap" if kind in ("size", "move") else kind for kind in reservation.kinds]
    return next((kind for kind in SUBJECTS if kind in kinds), None)


def _failed(today: Document) -> PlacedKind | None:
    """The kind of the worst finding that says that there was no memory."""
    return next((kind for item in today.findings if (kind := _kind_of_finding(today, item.code))), None)


def _kind_of_finding(document: Document, code: str) -> PlacedKind | None:
    """What can be asked about a finding: where its memory would be; None where it is none of a reservation."""
    kind = _FAILURES.get(code)
    if kind == "cma" and any(item.code == "hugetlb-cma-failed" for item in document.findings):
        kind = "hugetlb_cma"  # the kernel complains of its area first
    if kind == "gigantic" and not _has_gigantic(document):
        return None
    return kind if kind in placeable(document) else None


def _written(document: Document) -> Iterator[PlacedKind]:
    """What the log's command line reserves."""
    names = {item.name for item in arguments(document.kernel.command_line or "") if item.value}
    for kind in SUBJECTS:
        if (kind in VALUES and kind in names) or (kind == "gigantic" and _has_gigantic(document)):
            yield kind


def _has_gigantic(document: Document) -> bool:
    given = arguments(document.kernel.command_line or "")
    sizes = (item.value for item in given if item.name in ("hugepagesz", "default_hugepagesz"))
    return any(leading_size(size or "")[0] == GIB for size in sizes)


def question_of(document: Document, code: str) -> str:
    """The query that asks where the memory of a finding would be; empty where nothing can be asked."""
    kind = _kind_of_finding(document, code)
    if kind is None:
        return ""
    return encoded([(kind, "1" if kind == "gigantic" else _own_values(document)[kind])])


def _own_values(document: Document) -> dict[str, str]:
    """What stands in the fields: the log's own arguments, else what is usual."""
    given = [item for item in arguments(document.kernel.command_line or "") if item.value]
    own = {name: [item for item in given if item.name == name] for name in VALUES}
    return _USUAL | {
        name: _value(items if name == "crashkernel" else items[-1:]) for name, items in own.items() if items
    }


class Other(msgspec.Struct, frozen=True):
    """Another argument that fits; ``query`` asks where that would be, empty where the page does not ask such things."""

    argument: str
    words: str
    query: str


class Range(msgspec.Struct, frozen=True):
    """A range of memory in a table: its addresses, size and words."""

    memory: str
    size: str
    home: str
    words: str
    severity: Severity
    lines: Lines


class Landing(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of what the kernel places itself, and of bad memory: its first sentence, and what follows as ``more``.

    ``shown`` of the others stand in view.
    """

    text: str
    more: str
    tone: Severity
    argument: str
    quoted: str
    others: list[Other]
    others_label: str
    shown: int
    title: str
    ranges: list[Range]
    hidden: int
    obstacles: list[Range]
    addresses: list[Range]
    notes: tuple[str, ...]


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


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer where something lands: of a memmap= region ``advice`` and ``starts``, else ``landing``.

    ``trial`` is the question what the start that is named would change.
    """

    title: str
    advice: Advice | None = None
    trial: str = ""
    starts: list[Place] = []
    hidden: int = 0
    landing: Landing | None = None


def placed(document: Document, places: Placements, query: LayoutQuery) -> Placed:
    """The answer on the page of a document."""
    if places.what != "memmap":
        return Placed(title=SUBJECTS[places.what], landing=_landing(document, places, query))
    write = _Writing(query, places)
    return Placed(
        title=_place_title(places),
        advice=advice(places, document.kernel.version),
        trial=write.trial,
        starts=[write.row(item) for item in places.placements[:_MOST_PLACES]],
        hidden=max(0, len(places.placements) + places.left_out - _MOST_PLACES),
    )


def _landing(document: Document, places: Placements, query: LayoutQuery) -> Landing:
    argument, quoted = writing(places)
    text, more = first_sentence(places.text)
    return Landing(
        text=text,
        more=more,
        tone=TONES[places.outcome],
        argument=argument,
        quoted=quoted,
        others=[
            Other(item.command_line, other_words(item), _query_of(item.command_line, query))
            for item in places.other_forms
        ],
        others_label="Or" if argument else others_title(places),
        shown=1 if places.outcome == "fits" else 2,
        title=title(places),
        ranges=[_range(row) for row in rows(places, document, _MOST_PLACES)],
        hidden=max(0, len(places.placements) + places.left_out - _MOST_PLACES),
        obstacles=[_obstacle(item) for item in obstacles(places)[:_MOST_PLACES]],
        addresses=[
            Range(str(item.address), "", "", bad_words(item), "none", item.lines)
            for item in places.addresses[:_MOST_PLACES]
        ],
        notes=places.notes,
    )


def _range(row: Row) -> Range:
    return Range(str(row.memory), row.size, row.home, row_words(row), row.severity, row.lines)


def _obstacle(item: Obstacle) -> Range:
    return Range(str(item.range), obstacle_size(item), "", item.name, "caution", item.lines)


def _query_of(command_line: str, query: LayoutQuery) -> str:
    """The question where the memory of arguments lies: all of one name, and one of those that a page asks about."""
    given = arguments(command_line)
    names = {item.name for item in given}
    if len(names) != 1 or not names <= set(VALUES):
        return ""
    return encoded([*query.options, (given[0].name, _value(given))])


def _value(given: Sequence[Argument]) -> str:
    """What stands behind an argument; several as they are written."""
    return given[0].value or "" if len(given) == 1 else " ".join(item.text for item in given)


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
