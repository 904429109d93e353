"""Where two documents say different things: range by range what the one has there, and what the other."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple, TypeVar

from msgspec import Struct

from pfnscope.model.document import Document
from pfnscope.model.log import MapEntry
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.report.difference import own_arguments, some
from pfnscope.report.words import SEVERITY_WORDS, TYPE_WORDS, place_words, placement_words, state_words
from pfnscope.units import format_size
from pfnscope.words import printable

T = TypeVar("T")

_MOST_WORDS = 3
"""Overlapping facts of one place that are named."""


class Row(Struct, frozen=True):
    """A place, empty where it is the whole machine, with what each side says of it and the lines that say so."""

    place: str
    before: str
    after: str
    lines: tuple[Lines, Lines] = ((), ())


class Group(Struct, frozen=True):
    """The rows of one subject; ``what`` is the document's field."""

    what: str
    title: str
    rows: list[Row]


class _Fact(NamedTuple):
    memory: ByteRange
    label: str
    lines: Lines = ()


def told_apart(a: Document, b: Document) -> list[Group]:
    """What differs, in the order in which a reader asks: the command line, the map, nodes, zones, holes, the kernel."""
    size = min(a.kernel.page_size, b.kernel.page_size)
    groups = [Group("command_line", "Command line", list(_command_lines(a, b)))]
    for what, title, nothing in _SUBJECTS:
        rows = _rows(_facts(a, what), _facts(b, what), nothing, size)
        if what == "firmware_map" and any(rows == group.rows for group in groups):
            continue  # the map in force is the firmware's
        groups.append(Group(what, title, rows))
    groups.append(Group("kernel", "Kernel", list(_kernels(a, b))))
    return [group for group in groups if group.rows]


_SUBJECTS = (
    ("map_in_force", "Memory map in force", "no entry"),
    ("firmware_map", "Firmware map", "no entry"),
    ("srat", "SRAT", "no node"),
    ("node_ranges", "Node ranges", "no node"),
    ("zone_ranges", "Zone ranges", "no zone"),
    ("zone_spans", "Zone spans", "no zone"),
    ("holes", "Holes", "no hole"),
    ("sections", "Frames with a struct page", "no struct page"),
)
"""Field, title, and what is said where a side has nothing."""


def _facts(document: Document, what: str) -> list[_Fact]:
    """What a document says, each with the bytes that it is about."""
    size = document.kernel.page_size
    if what in ("map_in_force", "firmware_map"):
        entries: Iterable[MapEntry] = getattr(document, what)
        return [_Fact(item.range, TYPE_WORDS.get(item.type, item.type), item.lines) for item in entries]
    if what == "srat":
        return [
            _Fact(item.range, f"node {item.node}{', hotplug' * item.hotplug}", item.lines) for item in document.srat
        ]
    if what == "node_ranges":
        return [_Fact(item.range, f"node {item.node}", item.lines) for item in document.node_ranges]
    if what == "zone_ranges":
        return [_Fact(item.range, item.zone, item.lines) for item in document.zone_ranges if item.range]
    if what == "zone_spans":
        return [_Fact(item.frames.in_bytes(size), f"{item.zone} of node {item.node}") for item in document.zone_spans]
    if what == "holes":
        return [
            _Fact(
                item.frames.in_bytes(size),
                f"{placement_words(item)}, {state_words(item)}, {SEVERITY_WORDS[item.severity]}",
                item.lines,
            )
            for item in document.holes
        ]
    return [_Fact(item.in_bytes(size), "struct page") for item in document.sections.ranges]


def _rows(before: list[_Fact], after: list[_Fact], nothing: str, page_size: int) -> list[Row]:
    """Maximal runs of bytes that are told differently in the same way."""
    out: list[tuple[int, int, Row]] = []
    for start, end, sides in _runs(before, after):
        words = [", ".join(dict.fromkeys(fact.label for fact in side)) or nothing for side in sides]
        lines = [side[0].lines if side else () for side in sides]
        row = Row("", words[0], words[1], (lines[0], lines[1]))
        if out and out[-1][1] == start and (out[-1][2].before, out[-1][2].after) == (row.before, row.after):
            out[-1] = (out[-1][0], end, out[-1][2])
        else:
            out.append((start, end, row))
    return [
        Row(place_words(ByteRange(start, end).frames_outward(page_size), page_size), row.before, row.after, row.lines)
        for start, end, row in out
    ]


def _runs(before: list[_Fact], after: list[_Fact]) -> Iterator[tuple[int, int, tuple[list[_Fact], list[_Fact]]]]:
    """Runs of bytes with the first facts of both sides there, where labels differ; O(n log n), whatever overlaps."""
    steps: list[tuple[int, int, int, _Fact]] = []
    for side, facts in enumerate((before, after)):
        for fact in facts:
            steps += [(fact.memory.start, side, 1, fact), (fact.memory.end, side, -1, fact)]
    steps.sort(key=itemgetter(0))
    active: tuple[dict[_Fact, int], dict[_Fact, int]] = ({}, {})
    uneven: dict[str, int] = {}  # how many more facts of one label the second side has here
    last = 0
    for at, group in groupby(steps, key=itemgetter(0)):
        if uneven and last < at:
            yield last, at, (list(islice(active[0], _MOST_WORDS)), list(islice(active[1], _MOST_WORDS)))
        for _, side, by, fact in group:
            _count(active[side], fact, by)
            _count(uneven, fact.label, by if side else -by)
        last = at


def _count(counts: dict[T, int], what: T, by: int) -> None:
    now = counts.get(what, 0) + by
    if now:
        counts[what] = now
    else:
        counts.pop(what, None)


def _command_lines(a: Document, b: Document) -> Iterator[Row]:
    if a.kernel.command_line == b.kernel.command_line:
        return
    one, other = a.kernel.command_line, b.kernel.command_line
    if one is None or other is None:
        yield Row("", "not known" if one is None else "known", "not known" if other is None else "known")
        return
    alone = [some(texts) if texts else "" for texts in (own_arguments(one, other), own_arguments(other, one))]
    yield Row("", alone[0], alone[1]) if any(alone) else Row("", "the same arguments", "in another order or number")


def _kernels(a: Document, b: Document) -> Iterator[Row]:
    for name in ("release", "arch", "page_size", "section_size", "memory_model"):
        one, other = getattr(a.kernel, name), getattr(b.kernel, name)
        if one != other:
            yield Row(name.replace("_", " "), _value(one), _value(other))


def _value(value: object) -> str:
    if value is None:
        return "not known"
    return format_size(value) if isinstance(value, int) else printable(str(value))
