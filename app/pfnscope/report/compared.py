"""Documents side by side: what changed, in one sentence and in the order in which a reader asks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from pfnscope.model.document import Document
from pfnscope.model.log import MapEntry
from pfnscope.model.ranges import ByteRange, FrameRange
from pfnscope.model.stability import Stability
from pfnscope.report.difference import Change, summary
from pfnscope.report.stability import stability_of
from pfnscope.report.words import SEVERITY_WORDS, STATE_WORDS, TYPE_WORDS, pages_words, placement_of
from pfnscope.units import format_size
from pfnscope.words import printable


class Side(msgspec.Struct, frozen=True):
    """One of the two: its title, origin and verdict."""

    title: str
    origin: str
    release: str | None
    severity: str
    summary: str


class OtherSide(Side, frozen=True):
    """The third side and those after it: what changed from the first side to this one."""

    changes: list[Change]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from ``a`` to ``b``, and to ``others``. No entry means no difference.

    ``stability`` compares the firmware's maps of all sides; null where they are not of one machine as far as is known.
    """

    format: Literal[1] = 1
    summary: str
    a: Side
    b: Side
    changes: list[Change]
    others: list[OtherSide] = []
    stability: Stability | None = None


Item = dict[str, Any]
Key = Callable[[Item], object]


def compared(a: Document, b: Document, *others: Document) -> Comparison:
    """Compare documents with the first. Line numbers are left out: they differ between any two texts."""
    changes = list(_changes(a, b))
    more = [OtherSide(*_said_of(document), list(_changes(a, document))) for document in others]
    stable = stability_of((a, b, *others))
    return Comparison(
        summary=summary((a, b, *others), [changes, *(side.changes for side in more)], stable),
        a=Side(*_said_of(a)),
        b=Side(*_said_of(b)),
        changes=changes,
        others=more,
        stability=stable,
    )


def _said_of(document: Document) -> tuple[str, str, str | None, str, str]:
    said = document.verdict
    return document.boot.title, document.origin, document.kernel.release, said.severity, said.summary


def _range(item: Item) -> object:
    return item["start"], item["end"]


_LISTS: tuple[tuple[str, Key, tuple[str, ...]], ...] = (
    ("firmware_map", _range, ("start", "end", "type")),
    ("user_map", _range, ("start", "end", "type")),
    ("modified_map", _range, ("start", "end", "type")),
    ("srat", lambda item: (item["node"], item["start"]), ("node", "start", "end", "hotplug")),
    ("node_ranges", lambda item: (item["node"], item["start"]), ("node", "start", "end")),
    ("zone_ranges", lambda item: item["zone"], ("zone", "start", "end")),
    ("movable_start", lambda item: item["node"], ("node", "start")),
    (
        "zone_spans",
        lambda item: (item["node"], item["zone"]),
        ("node", "zone", "start_pfn", "end_pfn", "spanned_pages", "present_pages"),
    ),
    (
        "holes",
        lambda item: (item["start_pfn"], item["end_pfn"]),
        (
            "start_pfn",
            "end_pfn",
            "pages",
            "placement",
            "node",
            "zone",
            "type",
            "state",
            "linked_node",
            "linked_zone",
            "severity",
        ),
    ),
)


def _changes(a: Document, b: Document) -> Iterator[Change]:
    kernels = [_fields(doc.kernel, ("release", "arch", "page_size", "section_size", "memory_model")) for doc in (a, b)]
    if kernels[0] != kernels[1]:
        yield Change("kernel", "changed", kernels[0], kernels[1])
    lines = [{"command_line": doc.kernel.command_line} for doc in (a, b)]
    if lines[0] != lines[1]:
        yield Change("command_line", "changed", lines[0], lines[1])
    for what, key, names in (("map_in_force", _range, ("start", "end", "type")), *_LISTS):
        lists = [getattr(doc, what) for doc in (a, b)]
        untyped = any(not entry.label for items in lists for entry in items if isinstance(entry, MapEntry))
        shown = tuple(name for name in names if not (untyped and name == "type"))
        yield from _of_list(what, key, *(_items(items, shown) for items in lists))
    ranges = [[{"start_pfn": at.start, "end_pfn": at.end} for at in doc.sections.ranges] for doc in (a, b)]
    yield from _of_list("sections", lambda item: item["start_pfn"], *ranges)


def _items(items: Iterable[msgspec.Struct], names: Sequence[str]) -> list[Item]:
    return [_fields(item, names) for item in items]


def _fields(item: msgspec.Struct, names: Sequence[str]) -> Item:
    return {name: getattr(item, name) for name in names}


def _of_list(what: str, key: Key, before: list[Item], after: list[Item]) -> Iterator[Change]:
    """Items of one key in both are changed or alike; of several with one key, as many as both have are paired."""
    left: dict[object, list[Item]] = {}
    for item in after:
        left.setdefault(key(item), []).append(item)
    gone: list[Item] = []
    for item in before:
        same = left.get(key(item))
        if not same:
            gone.append(item)
            continue
        other = same.pop(0)
        if other != item:
            yield Change(what, "changed", item, other)
    yield from (Change(what, "removed", item, None) for item in gone)
    yield from (Change(what, "added", None, item) for items in left.values() for item in items)


_TITLES = {
    "command_line": "Command line",
    "map_in_force": "Memory map in force",
    "firmware_map": "Firmware map",
    "srat": "SRAT",
    "node_ranges": "Node ranges",
    "zone_ranges": "Zone ranges",
    "movable_start": "ZONE_MOVABLE",
    "zone_spans": "Zone spans",
    "holes": "Holes",
    "sections": "Frames with a struct page",
    "kernel": "Kernel",
}


class WordedChange(msgspec.Struct, frozen=True):
    """A change in words; empty where that side has nothing."""

    change: Change
    before: str
    after: str


def worded(changes_: Sequence[Change]) -> list[tuple[str, list[WordedChange]]]:
    """Titles and changes in words, in the order in which a reader asks: the map, nodes, zones, holes, the kernel.

    What the map in force says already is left out.
    """
    groups: dict[str, list[WordedChange]] = {what: [] for what in _TITLES}
    in_force = {_entries(change) for change in changes_ if change.what == "map_in_force"}
    for change in changes_:
        if change.what in groups and not (change.what == "firmware_map" and _entries(change) in in_force):
            words = [_said(change.what, item) if item else "" for item in _differing(change)]
            groups[change.what].append(WordedChange(change, *words))
    return [(_TITLES[what], changes) for what, changes in groups.items() if changes]


def _entries(change: Change) -> tuple[object, ...]:
    return tuple(tuple(item.values()) if item else None for item in (change.before, change.after))


def _differing(change: Change) -> tuple[Item | None, Item | None]:
    """Both sides; of two kernels only what differs."""
    one, other = change.before, change.after
    if change.what != "kernel" or one is None or other is None:
        return one, other
    names = [name for name in one if one[name] != other[name]]
    return {name: one[name] for name in names}, {name: other[name] for name in names}


def _said(what: str, item: Item) -> str:
    if what == "command_line":
        return printable(item["command_line"] or "not known")
    if what == "holes":
        return f"{_pfns(item)} {pages_words(item['pages'])}, {_hole(item)}"
    if "start_pfn" in item:
        known = "present_pages" in item
        spanned = f", spanned {item['spanned_pages']:,}, present {item['present_pages']:,}" if known else ""
        return f"{_named(item)}{_pfns(item)}{spanned}"
    if "end" in item:
        if item["start"] is None:
            return f"{_named(item)}empty"
        memory = ByteRange(item["start"], item["end"])
        kind = TYPE_WORDS.get(item.get("type", ""), item.get("type", ""))
        return f"{_named(item)}{memory} {format_size(memory.size)} {kind}".rstrip()
    return printable(", ".join(f"{name.replace('_', ' ')} {_value(name, value)}" for name, value in item.items()))


def _value(name: str, value: object) -> str:
    if value is None:
        return "not known"
    return format_size(value) if name.endswith("_size") and isinstance(value, int) else str(value)


def _hole(item: Item) -> str:
    where = placement_of(item["placement"], item["node"], item["zone"])
    zone, node = item["linked_zone"], item["linked_node"]
    linked = (
        "" if zone is None or (zone, node) == (item["zone"], item["node"]) else f", linked to {zone} of node {node}"
    )
    return f"{where}, {STATE_WORDS[item['state']]}{linked}, {SEVERITY_WORDS[item['severity']]}"


def _named(item: Item) -> str:
    node = f"node {item['node']} " if "node" in item else ""
    return node + (f"{item['zone']} " if "zone" in item else "")


def _pfns(item: Item) -> str:
    return f"pfn {FrameRange(item['start_pfn'], item['end_pfn'])}"
