"""From the document to lanes of bars, in the order in which the kernel builds them.

Firmware map   |usable |res|   usable      |reserved|      usable    |
Nodes            |node 0|     node 0       |               node 1    |
Zones            |   DMA   |  DMA32        |               Normal    |
Struct pages   |      initialised          |never written| initial.  |
Holes          ||                          |41 pages|
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from pfnscope.drawing.reservations import reservations
from pfnscope.model.analysis import ALARMS, Hole
from pfnscope.model.document import Document
from pfnscope.model.layout import ZoneSpan
from pfnscope.model.log import DebugfsRegion, EfiEntry, MapEntry, MemblockRegion, ZoneInfo
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet
from pfnscope.report.words import STATE_WORDS, pages_words, placement_words
from pfnscope.units import format_size

_TYPE_KINDS = {"pram": "pmem", "soft_reserved": "soft-reserved", "disabled": "other"}
_ZONE_KINDS = {"DMA": "zone-dma", "DMA32": "zone-dma32", "Normal": "zone-normal", "Movable": "zone-movable"}
_RESOURCE_KINDS = {
    "system ram": "ram",
    "reserved": "reserved",
    "acpi tables": "acpi",
    "acpi non-volatile storage": "nvs",
    "unusable memory": "unusable",
    "persistent memory": "pmem",
    "persistent memory (legacy)": "pmem",
    "soft reserved": "soft-reserved",
}


ALARM_KINDS = ALARMS | {"uninitialised", "unsafe", "lands"}
"""Kinds of bars that are drawn however small they are."""


MAPS = ("modified", "user", "extended", "firmware")
"""Keys of the lanes of memory maps, the one in force first: see :class:`pfnscope.model.log.MemoryMaps`."""


class Bar(msgspec.Struct, frozen=True):
    """Page frames [start_pfn, end_pfn). ``kind`` names the paint, ``hole`` is an index into document.holes."""

    start_pfn: int
    end_pfn: int
    kind: str
    label: str
    detail: str
    lines: tuple[int, ...] = ()
    hole: int | None = None

    def sized(self, page_size: int) -> str:
        """The label with the size: ``usable · 3 GiB``; bars that stand for several have none."""
        if self.label.endswith(" ranges"):
            return self.label
        return f"{self.label} · {format_size((self.end_pfn - self.start_pfn) * page_size)}"


class Lane(msgspec.Struct, frozen=True):
    """One row of the drawing; ``core`` lanes tell how far the machine's memory reaches.

    ``side`` names the document that it is from, where there are two. ``simulated``: a simulation computes it whole; of
    memblock.reserved it knows some, and of the others nothing. ``in_text``: the bars in letters have it, under a key of
    up to seven.
    """

    key: str
    title: str
    subtitle: str
    bars: tuple[Bar, ...]
    core: bool = False
    side: str = ""
    simulated: bool = False
    in_text: bool = False


def lanes(document: Document, *, name_nodes: bool = False) -> tuple[Lane, ...]:
    """The lanes that the document has something for; ``name_nodes`` names nodes where there is only one, too."""
    size = document.kernel.page_size
    every = [
        _map_lane("firmware", "Firmware map", "as the firmware gave it", document.firmware_map, size),
        _map_lane("firmware-memmap", "Firmware map", "of sysfs", _other_map(document), size),
        _map_lane("extended", "Extended map", "with setup_data", document.extended_map, size),
        _map_lane("user", "User map", "after memmap=, mem=", document.user_map, size),
        _map_lane("modified", "Modified map", "as finally used", document.modified_map, size),
        Lane("iomem", "Resources", "/proc/iomem", _iomem_bars(document)),
        Lane("efi", "EFI map", "memory descriptors", tuple(_efi_bars(document))),
        *_reservation_lanes(document),
        Lane(
            "debugfs-reserved",
            "memblock.reserved",
            "of debugfs",
            _debugfs_bars(document.memblock_debugfs.reserved, size),
        ),
        Lane("debugfs-memory", "memblock.memory", "of debugfs", _debugfs_bars(document.memblock_debugfs.memory, size)),
        _lane_of_all("nodes", "Nodes", _nodes_words(document), tuple(_node_bars(document))),
        *_zone_lanes(document, name_nodes),
        *_zoneinfo_lanes(document, name_nodes),
        Lane("blocks", "Memory blocks", "units of hotplug", _block_bars(document)),
        _lane_of_all("pages", "Struct pages", _release_words(document), _page_bars(document)),
        _lane_of_all("holes", "Holes", "no memory behind", _hole_bars(document.holes, document.kernel.page_size)),
        Lane("events", "Trouble", "oopses, bad pages", tuple(_event_bars(document))),
    ]
    return tuple(lane for lane in every if lane.bars)


def map_lane(lanes: Iterable[Lane], *, or_sysfs: bool = False) -> Lane | None:
    """The lane of the map in force, or that of EFI; ``or_sysfs``: that of sysfs where the log has none."""
    every = {lane.key: lane for lane in lanes}
    keys = (*MAPS, "firmware-memmap", "efi") if or_sysfs else (*MAPS, "efi")
    return next((every[key] for key in keys if key in every), None)


def family_of(key: str) -> str:
    """Lanes of one node each stand for the lane of all, and are shown or left out together."""
    head, _, number = key.rpartition("-")
    return head if head in ("zones", "zoneinfo") and number.isdigit() else key


def missing(document: Document) -> list[str]:
    """Lanes that the text says nothing for, in words for the reader of the drawing."""
    lists = {
        "firmware map": document.firmware_map,
        "node ranges": document.node_ranges,
        "zone spans": document.zone_spans,
        "struct pages": document.sections.ranges,
    }
    return [words for words, facts in lists.items() if not facts]


def undecided(document: Document) -> bool:
    """Whether holes cannot be known: without memory or memory model nobody can tell which frames have a struct page."""
    return not document.node_ranges or (document.sections.size is None and document.kernel.memory_model != "flatmem")


def frames(memory: ByteRange, page_size: int, *, inward: bool) -> FrameRange:
    """The page frames of a range. Usable memory rounds inward, but never to nothing."""
    kept, touched = memory.frames_inward(page_size), memory.frames_outward(page_size)
    if inward and kept.pages:
        return kept
    return FrameRange(touched.start, max(touched.end, touched.start + 1))


def _place(at: FrameRange, page_size: int, memory: ByteRange | None = None) -> str:
    """Frames, pages, size and address of a bar; the bytes too where ``memory`` does not begin or end with a page."""
    words = f"{at} · {pages_words(at.pages)} · {format_size(at.pages * page_size)} · {at.start * page_size:#x}"
    exact = memory is None or memory == at.in_bytes(page_size)
    return words if exact else f"{words} · bytes {memory}"


def _nodes_words(document: Document) -> str:
    return "computed" if document.origin == "computed" else "early node ranges"


def _release_words(document: Document) -> str:
    if undecided(document):
        return "of memory only"
    version = document.kernel.version
    return "state on " + ".".join(map(str, version[:2])) if version else "state"


def _map_lane(key: str, title: str, subtitle: str, entries: Sequence[MapEntry], page_size: int) -> Lane:
    bars = []
    for entry in entries:
        at = frames(entry.range, page_size, inward=entry.type == "ram")
        kind = _TYPE_KINDS.get(entry.type, entry.type)
        label = entry.label or entry.type
        detail = f"{_place(at, page_size, entry.range)} · {label}"
        bars.append(Bar(at.start, at.end, kind, label, detail, entry.lines))
    return Lane(key, title, subtitle, _sorted(bars), simulated=key in MAPS)


def _lane_of_all(key: str, title: str, subtitle: str, bars: tuple[Bar, ...]) -> Lane:
    """A lane that every drawing has: of the log, simulated and in letters."""
    return Lane(key, title, subtitle, bars, core=True, simulated=True, in_text=True)


def _efi_bars(document: Document) -> Iterable[Bar]:
    """One bar for each run of touching descriptors of one fate: firmware cuts usable memory into hundreds.

    Descriptors may overlap: a log can hold the map before and after its changes.
    """
    size = document.kernel.page_size
    entries = [(frames(entry.range, size, inward=False), entry) for entry in document.efi_map]
    run: list[EfiEntry] = []
    start = end = 0
    for at, entry in sorted(entries, key=lambda item: item[0]):
        if run and (end < at.start or _efi_kind(run[0]) != _efi_kind(entry)):
            yield _efi_bar(start, end, run, size)
            run = []
        start, end = (start, max(end, at.end)) if run else (at.start, at.end)
        run.append(entry)
    if run:
        yield _efi_bar(start, end, run, size)


def _efi_kind(entry: EfiEntry) -> str:
    return "ram" if entry.type.lower().startswith(("conventional", "boot", "loader")) else "reserved"


def _efi_bar(start: int, end: int, run: Sequence[EfiEntry], page_size: int) -> Bar:
    types = list(dict.fromkeys(entry.type for entry in run))
    label = types[0] if len(types) == 1 else f"{len(run)} descriptors"
    detail = f"{_place(FrameRange(start, end), page_size)} · {', '.join(types)}"
    return Bar(start, end, _efi_kind(run[0]), label, detail, tuple(line for entry in run for line in entry.lines))


def _reservation_lanes(document: Document) -> Iterator[Lane]:
    """Memory set aside by name, and what else memblock.reserved has."""
    page, (named, rest) = document.kernel.page_size, reservations(document)
    bars = []
    for item in named:
        at = frames(item.range, page, inward=False)
        bars.append(
            Bar(at.start, at.end, item.kind, item.label, f"{_place(at, page, item.range)} · {item.label}", item.lines)
        )
    yield Lane("reservations", "Reservations", "crash kernel, CMA, initrd …", _sorted(bars))
    words = "taken early" if len(rest) == len(document.memblock.reserved) else "taken early, the rest"
    yield Lane("reserved", "memblock.reserved", words, tuple(_memblock_bars(document, rest)))


def _memblock_bars(document: Document, regions: Sequence[MemblockRegion]) -> Iterable[Bar]:
    for region in regions:
        at = frames(region.range, document.kernel.page_size, inward=False)
        detail = f"{_place(at, document.kernel.page_size, region.range)} · reserved"
        yield Bar(at.start, at.end, "taken", "reserved", detail, region.lines)


def _node_bars(document: Document) -> Iterable[Bar]:
    for item in document.node_ranges:
        at = frames(item.range, document.kernel.page_size, inward=True)
        detail = f"{_place(at, document.kernel.page_size, item.range)} · node {item.node}"
        yield Bar(at.start, at.end, f"node-{item.node % 4}", f"node {item.node}", detail, item.lines)


def _zone_lanes(document: Document, name_nodes: bool) -> list[Lane]:
    spans = document.zone_spans
    size = document.kernel.page_size
    computed = document.origin == "computed" and not any(item.lines for item in document.zone_ranges)
    source = "/proc/zoneinfo" if document.zoneinfo and not _has_own_spans(document) else "spans"
    source = "computed" if computed else source
    several = name_nodes or len({span.node for span in spans}) > 1
    lines = {item.zone: tuple(item.lines) for item in document.zone_ranges}
    bars = [(span.node, _zone_bar(span, several, lines.get(span.zone, ()), size)) for span in spans]
    return _by_node("zones", source, bars, core=True)


def _zoneinfo_lanes(document: Document, name_nodes: bool) -> list[Lane]:
    """The spans of /proc/zoneinfo beside those of the log; nothing where there are no others."""
    if not _has_own_spans(document):
        return []
    zones = [zone for zone in document.zoneinfo if zone.start_pfn is not None and zone.spanned_pages]
    several = name_nodes or len({zone.node for zone in zones}) > 1
    size = document.kernel.page_size
    bars = [(zone.node, _zoneinfo_bar(zone, several, size)) for zone in zones]
    return _by_node("zoneinfo", "/proc/zoneinfo", bars)


def _by_node(key: str, subtitle: str, bars: list[tuple[int, Bar]], *, core: bool = False) -> list[Lane]:
    """One lane of zones, or one per node where spans of different nodes overlap."""
    make = _lane_of_all if core else Lane
    ordered = _sorted([bar for _, bar in bars])
    if all(left.end_pfn <= right.start_pfn for left, right in pairwise(ordered)):
        return [make(key, "Zones", subtitle, ordered)]
    overlap = "spans overlap" if core else subtitle
    nodes: dict[int, list[Bar]] = {}
    for node, bar in bars:
        nodes.setdefault(node, []).append(bar)
    return [make(f"{key}-{node}", f"Zones of node {node}", overlap, _sorted(nodes[node])) for node in sorted(nodes)]


def _has_own_spans(document: Document) -> bool:
    """Whether the log itself gives the zone spans; if not, they are those of /proc/zoneinfo where that is there."""
    return bool(document.zone_ranges and (document.node_ranges or document.memblock.memory))


def _zoneinfo_bar(zone: ZoneInfo, name_node: bool, page_size: int) -> Bar:
    span = ZoneSpan.of(zone.node, zone.zone, zone.frames, zone.present_pages)
    return _zone_bar(span, name_node, zone.lines, page_size)


def _other_map(document: Document) -> Sequence[MapEntry]:
    """The map of sysfs, where it is not the only one: then it stands as the firmware map."""
    return document.firmware_memmap if document.firmware_memmap != document.firmware_map else ()


def _iomem_bars(document: Document) -> tuple[Bar, ...]:
    """Memory among the resources. Devices are left out: their windows reach far beyond all memory."""
    bars = []
    for item in document.iomem:
        kind = _RESOURCE_KINDS.get(item.name.lower())
        if kind is not None and item.depth == 0:
            at = frames(item.range, document.kernel.page_size, inward=kind == "ram")
            detail = f"{_place(at, document.kernel.page_size, item.range)} · {item.name}"
            bars.append(Bar(at.start, at.end, kind, item.name, detail, item.lines))
    return _sorted(bars)


def _debugfs_bars(regions: Sequence[DebugfsRegion], page_size: int) -> tuple[Bar, ...]:
    bars = []
    for region in regions:
        at = frames(region.range, page_size, inward=False)
        kind = "taken" if region.node is None else f"node-{region.node % 4}"
        label = "region" if region.node is None else f"node {region.node}"
        words = f"{label} · {region.flag}" if region.flag else label
        detail = f"{_place(at, page_size, region.range)} · {words}"
        bars.append(Bar(at.start, at.end, kind, label, detail, region.lines))
    return _sorted(bars)


def _block_bars(document: Document) -> tuple[Bar, ...]:
    bars = []
    for block in document.memory_blocks.ranges:
        at = frames(block.range, document.kernel.page_size, inward=False)
        kind = "other" if block.node is None else f"node-{block.node % 4}"
        label = block.state if block.zones is None else f"{block.state} · {block.zones}"
        detail = f"{_place(at, document.kernel.page_size, block.range)} · {label}"
        bars.append(Bar(at.start, at.end, kind if block.state == "online" else "unusable", label, detail, block.lines))
    return _sorted(bars)


def _zone_bar(span: ZoneSpan, name_node: bool, lines: tuple[int, ...], page_size: int) -> Bar:
    label = f"{span.zone} · node {span.node}" if name_node else span.zone
    detail = (
        f"{_place(span.frames, page_size)} · {span.zone} of node {span.node} · "
        f"{span.present_pages:,} pages present, {span.absent_pages:,} absent"
    )
    return Bar(span.start_pfn, span.end_pfn, _ZONE_KINDS.get(span.zone, "zone-other"), label, detail, lines)


def _page_bars(document: Document) -> tuple[Bar, ...]:
    size = document.kernel.page_size
    have = FrameSet.of(document.sections.ranges)
    behind = have - FrameSet.of(hole.frames for hole in document.holes)
    bars = [Bar(at.start, at.end, "initialised", "initialised", f"{_place(at, size)} · initialised") for at in behind]
    for index, hole in enumerate(document.holes):
        detail = hole_words(hole, size)
        bars.append(Bar(hole.start_pfn, hole.end_pfn, hole.state, STATE_WORDS[hole.state], detail, hole.lines, index))
    return _sorted(bars)


def _shown(hole: Hole) -> str:
    """What is added to the state where reports of the log show it, and not the rule alone."""
    return "" if hole.by_rule is None else ", as this log shows"


def hole_words(hole: Hole, page_size: int) -> str:
    """Where a hole is and what: ``[0xbffd7, 0xc0000) · 41 pages · 164 KiB · 0xbffd7000 · reserved, in no zone, …``."""
    what = f"{hole.label or hole.type or 'no map entry'}, {placement_words(hole)}, {STATE_WORDS[hole.state]}"
    cause = f" · because of {' '.join(hole.causes)}" if hole.causes else ""
    return f"{_place(hole.frames, page_size)} · {what}{_shown(hole)}{cause}"


def _hole_bars(holes: Sequence[Hole], page_size: int) -> tuple[Bar, ...]:
    bars = []
    for index, hole in enumerate(holes):
        detail = hole_words(hole, page_size)
        bars.append(
            Bar(hole.start_pfn, hole.end_pfn, hole.severity, pages_words(hole.pages), detail, hole.lines, index)
        )
    return _sorted(bars)


def _event_bars(document: Document) -> Iterable[Bar]:
    """One bar for each run of page frames that the same trouble fell on; what names no frame stands in the table."""
    indexes = {hole.start_pfn: index for index, hole in enumerate(document.holes)}
    frames_of: dict[tuple[str, int | None], dict[int, list[int]]] = {}
    for event in document.events:
        if event.pfn is not None:
            hole = indexes.get(event.hole.start) if event.hole else None
            frames_of.setdefault((event.kind, hole), {}).setdefault(event.pfn, []).extend(event.lines)
    bars = []
    for (kind, hole), lines in frames_of.items():
        for at in FrameSet.of(FrameRange(pfn, pfn + 1) for pfn in lines):
            detail = f"{_place(at, document.kernel.page_size)} · {kind}"
            source_lines = tuple(
                dict.fromkeys(line for pfn in sorted(lines) if at.start <= pfn < at.end for line in lines[pfn])
            )
            bars.append(Bar(at.start, at.end, "event", kind, detail, source_lines, hole))
    return _sorted(bars)


def _sorted(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    return tuple(sorted(bars, key=lambda bar: (bar.start_pfn, bar.end_pfn)))
