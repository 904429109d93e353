"""Rows and words of a document for the layout page. Nothing is judged here: rows are chosen, sorted and named."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pfnscope.drawing.lanes import frames, undecided
from pfnscope.kernel.architectures import WITH_MODEL
from pfnscope.model.analysis import SEVERITIES, Event, Hole, Severity, foremost
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange
from pfnscope.report import counted
from pfnscope.report.words import ORIGIN_WORDS, SEVERITY_WORDS, STATE_WORDS, frames_of_events, placement_words
from pfnscope.service import Options
from pfnscope.units import PAGE_SIZE, format_size

BASIS_WORDS = {
    "evidence": "State as this log shows it",
    "release": "State as this release leaves it",
    "assumed": "State assumed",
}
ARCHITECTURES = WITH_MODEL
"""Those that a verdict is possible for."""
_COMMANDS = ("lsmem",)
_MOST_HOLES = 200
_FEW_BOOTS = 8
_MOST_PAIRS = 100
"""Boots of a text of which all pairs are offered, and of more, those with the one that is shown."""


class Fact(msgspec.Struct, frozen=True):
    """One entry of the line of facts; ``assumed`` where the log does not prove it, ``word`` what explains it."""

    text: str
    strong: bool = False
    assumed: bool = False
    bad: bool = False
    word: str = ""


class Piece(msgspec.Struct, frozen=True):
    """A part of a text; ``marked`` where it is set apart from the rest."""

    text: str
    marked: bool


class HoleRow(msgspec.Struct, frozen=True):
    """A hole in words, with its index in the document."""

    index: int
    hole: Hole
    range: str
    size: str
    owner: str
    placement: str
    state: str


class HoleGroup(msgspec.Struct, frozen=True):
    """Holes of one severity that the same readers reach, for the same reason."""

    severity: str
    readers: list[Piece]
    why: str
    rule: str
    basis: str
    rows: list[HoleRow]


class EventRow(msgspec.Struct, frozen=True):
    """Events with one text in one hole as one row: how many, and at which page frames."""

    event: Event
    count: int
    place: str
    hole: str
    index: int | None


def facts(document: Document) -> list[Fact]:
    """Release, architecture, nodes, RAM, sections, agreement with the printed counts."""
    kernel, assumed = document.kernel, set(document.kernel.assumed)
    release = f"Linux {kernel.release}" if kernel.release else "kernel release unknown"
    items = [Fact(release, strong=True, assumed="release" in assumed)]
    items.append(Fact(kernel.arch or "architecture unknown", assumed="arch" in assumed))
    if document.origin == "computed":
        items.append(Fact(f"layout {ORIGIN_WORDS[document.origin]}", strong=True))
    nodes = {item.node for item in document.node_ranges}
    if nodes:
        items.append(Fact("1 node" if len(nodes) == 1 else f"{len(nodes)} nodes", word="node"))
    ram = _ram(document)
    if ram:
        items.append(Fact(ram, word="usable"))
    if kernel.page_size != PAGE_SIZE or "page_size" in assumed:
        items.append(
            Fact(f"pages of {format_size(kernel.page_size)}", assumed="page_size" in assumed, word="page-frame")
        )
    if kernel.section_size:
        unproven = bool(assumed & {"section_size", "memory_model"})
        items.append(Fact(f"sections of {format_size(kernel.section_size)}", assumed=unproven, word="section"))
    elif kernel.memory_model == "flatmem":
        items.append(Fact("FLATMEM", assumed="memory_model" in assumed, word="flatmem"))
    if "zone_ranges" in assumed or "zone_spans" in assumed:
        items.append(Fact("zone limits", assumed=True, word="zone-range"))
    agreement = counted.agreement(document.checks)
    if agreement:
        differs = any(check.agrees is False for check in document.checks)
        items.append(Fact(agreement, bad=differs, word="printed-facts"))
    return items


def _ram(document: Document) -> str:
    size = document.kernel.page_size
    mapped = [frames(entry.range, size, inward=True) for entry in document.map_in_force if entry.type == "ram"]
    nodes = [frames(item.range, size, inward=True) for item in document.node_ranges]
    # a map that has less than the nodes is not whole
    spans = max(mapped, nodes, key=_pages)
    if not spans:
        return ""
    total, reach = _pages(spans) * size, max(span.end for span in spans) * size
    return f"{_round(total)} RAM" + (f" in {_round(reach)}" if _round(reach) != _round(total) else "")


def _pages(spans: Sequence[FrameRange]) -> int:
    return sum(span.pages for span in spans)


def _round(size: int) -> str:
    """A size for a glance: a few KiB more or less at whole GiB do not matter there."""
    for unit in (1 << 40, 1 << 30, 1 << 20):
        if size >= unit:
            return format_size(round(size * 10 / unit) * unit // 10)
    return format_size(size)


def coded(sentence: str) -> list[Piece]:
    """A sentence with its addresses, files and arguments marked for a monospaced font."""
    pieces: list[Piece] = []
    for given in sentence.split(" "):
        quoted = given.startswith("“") and "”" in given
        # an argument: its font sets it apart already
        word = given.replace("“", "", 1).replace("”", "", 1) if quoted else given
        core = word.rstrip(",.;:")
        is_code = quoted or core.lstrip("[(").startswith(("0x", "/proc/", "memmap=", "mem=", "movable"))
        # a comma inside a range belongs to it, one behind a word does not
        core = word if is_code and word.startswith("[") and word.endswith(",") else core
        pieces.append(Piece(core, is_code))
        pieces.append(Piece(word[len(core) :] + " ", marked=False))
    return pieces


def hole_groups(document: Document) -> list[HoleGroup]:
    """The holes, worst first, of equally bad ones those that reports speak of, then by address; at most 200."""
    order = sorted(enumerate(document.holes), key=lambda item: foremost(item[1]))
    groups: dict[tuple[object, ...], list[HoleRow]] = {}
    for index, hole in order[:_MOST_HOLES]:
        alike = (*foremost(hole), hole.reachable_by, hole.why, hole.rule, hole.basis)
        groups.setdefault(alike, []).append(_hole_row(index, hole, document.kernel.page_size))
    return [_hole_group(rows) for rows in groups.values()]


def _hole_group(rows: list[HoleRow]) -> HoleGroup:
    hole = rows[0].hole
    return HoleGroup(
        hole.severity,
        _readers(hole.reachable_by),
        hole.why,
        hole.rule or "",
        BASIS_WORDS[hole.basis] + (", whatever the rule says" if hole.by_rule else ""),
        rows,
    )


def _hole_row(index: int, hole: Hole, page_size: int) -> HoleRow:
    return HoleRow(
        index=index,
        hole=hole,
        range=str(hole.frames),
        size=format_size(hole.pages * page_size),
        owner=hole.label or hole.type or "no map entry",
        placement=placement_words(hole),
        state=_state(hole),
    )


def _state(hole: Hole) -> str:
    words = STATE_WORDS[hole.state]
    if hole.state == "initialised" and hole.linked_zone:
        return f"{words}, linked to {hole.linked_zone}" + (
            "" if hole.linked_node is None else f" of node {hole.linked_node}"
        )
    return words


def _readers(names: Sequence[str]) -> list[Piece]:
    """``/proc/kpageflags, kpagecount``: the folder is named with its first file only; files and commands are marked."""
    pieces: list[Piece] = []
    folder = ""
    for name in names:
        at, _, file = name.rpartition("/")
        pieces.append(Piece(file if at and at == folder else name, name.startswith("/") or name in _COMMANDS))
        folder = at
    return pieces


def event_rows(document: Document) -> list[EventRow]:
    """The events in the order of the log; those that a reader reports of each page of a hole are one row."""
    groups: dict[tuple[str, str, FrameRange | None], list[Event]] = {}
    for event in document.events:
        groups.setdefault((event.kind, event.text, event.hole), []).append(event)
    indexes = {hole.start_pfn: index for index, hole in enumerate(document.holes)}
    rows = []
    for events in groups.values():
        first = events[0]
        hole = first.hole
        rows.append(
            EventRow(
                first, len(events), frames_of_events(events), str(hole or ""), indexes[hole.start] if hole else None
            )
        )
    return rows


class BootRow(msgspec.Struct, frozen=True):
    """A boot of the text: its number, severity and what tells it from the others, in words."""

    index: int
    severity: Severity | None
    words: str


def boot_rows(today: Document) -> list[BootRow]:
    """The boots of a text, worst first."""
    common = set.intersection(*(set(row.arguments) for row in today.boots)) if today.boots else set()
    rows = []
    for row in today.boots:
        own = " ".join(text for text in row.arguments if text not in common) or _differing(row.differs)
        own = " · ".join(filter(None, (own, row.source)))
        kind = "capture kernel" if row.capture_kernel else SEVERITY_WORDS[row.severity] if row.severity else ""
        rows.append(BootRow(row.index, row.severity, f"{row.index} {kind}{': ' if kind and own else ' '}{own}".strip()))
    return sorted(
        rows, key=lambda row: (SEVERITIES.index(row.severity) if row.severity else len(SEVERITIES), row.index)
    )


def _differing(names: Sequence[str]) -> str:
    """``other user map, node ranges``; empty where nothing differs."""
    return f"other {', '.join(name.replace('_', ' ') for name in names[:2])}" if names else ""


def pairs_of_boots(shown: int, count: int) -> list[tuple[int, int]]:
    """The pairs to compare, neighbours first; of many boots those with the one that is shown."""
    every = [(a, b) for a in range(1, count + 1) for b in range(a + 1, count + 1)] if count <= _FEW_BOOTS else []
    with_shown = [(min(shown, at), max(shown, at)) for at in range(1, min(count, _MOST_PAIRS) + 1) if at != shown]
    return sorted(every or with_shown, key=lambda pair: (pair[1] - pair[0], pair))


def unproven(document: Document, overrides: Options) -> list[str]:
    """Which of release and architecture the text does not prove, so that a reader may name them, or has done so."""
    kernel = document.kernel
    if not document.node_ranges:
        return []  # neither would bring a verdict
    release = kernel.release is None or overrides.kernel is not None
    arch = kernel.arch is None or "arch" in kernel.assumed or overrides.arch is not None
    return [name for name, missing in (("kernel", release), ("arch", arch)) if missing]


def blank_words(document: Document) -> str:
    """What an empty place of the bars means."""
    return "blank: not in this text" if undecided(document) else "blank: no memory, no struct page"


def day(seconds: int) -> str:
    """A date in UTC, such as 2027-02-21."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
