"""The report for terminals and mail: plain text, stable, no wider than asked where words can be wrapped."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from app.report import counted
from app.report.document import (
    Check,
    Document,
    Event,
    Hole,
    MapEntry,
    PfnRange,
)
from app.report.document_files import BlockRange, DebugfsRegion, Resource, ZoneInfo
from app.report.simulated import agreement, carets
from app.report.words import STATE_WORDS, placement_words
from app.units import format_size

_INSPECTED = 3

Listed = ZoneInfo | Resource | MapEntry | DebugfsRegion | BlockRange


def render(document: Document, width: int = 80) -> str:
    """The whole report, lines ended by newlines. ``width`` is in columns and holds for running text."""
    parts = [
        _head(document),
        _verdict(document, width),
        _command_line(document, width),
        _simulation(document, width),
        _table("Nodes", _nodes(document)),
        _table("Zone spans", _zones(document)),
        _table("Holes: struct pages without memory", _holes(document.holes)),
        _table("Holes outside zone spans on each release", era_rows(document) if document.rule is None else []),
        _inspection(document, width),
        _events(document, width),
        _counts(document.checks, width),
        _table("Files of /proc and /sys", _files(document)),
        _notes(document, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def facts(document: Document) -> list[str]:
    """What kernel and machine this is, in a few words each; assumed values say so."""
    kernel = document.kernel
    nodes = {item.node for item in document.node_ranges}
    memory = sum(int(item.end, 16) - int(item.start, 16) for item in document.node_ranges)
    agreeing = sum(check.agrees is True for check in document.checks)
    words = [
        f"Linux {kernel.release}{_assumed(document, 'release')}" if kernel.release else "release not known",
        f"{kernel.arch}{_assumed(document, 'arch')}" if kernel.arch else "architecture not known",
        f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}" if nodes else "",
        f"{format_size(memory)} memory" if memory else "",
        f"sections of {format_size(kernel.section_size)}" if kernel.section_size else "",
        f"FLATMEM{_assumed(document, 'memory_model')}" if kernel.memory_model == "flatmem" else "",
        f"{agreeing} of {len(document.checks)} printed facts {'agrees' if agreeing == 1 else 'agree'}"
        if document.checks
        else "no printed count",
    ]
    if document.boot.count > 1:
        words.append(f"boot {document.boot.index} of {document.boot.count}")
    return [word for word in words if word]


def _assumed(document: Document, name: str) -> str:
    return " (assumed)" if name in document.kernel.assumed else ""


def _head(document: Document) -> str:
    return " · ".join(facts(document))


def _verdict(document: Document, width: int) -> str:
    said = document.verdict
    mark = {"danger": "DANGER: ", "caution": "CAUTION: ", "info": "", "none": ""}[said.severity]
    return "\n".join([*wrap(mark + said.summary, width), *_paragraphs(said.details, width)])


def _paragraphs(sentences: Iterable[str], width: int) -> list[str]:
    return [line for text in sentences for line in wrap(text, width, initial_indent="  ", subsequent_indent="  ")]


def _command_line(document: Document, width: int) -> str:
    if document.kernel.command_line is None:
        return ""
    text = _printable(document.kernel.command_line)
    indent = "  "
    lines = wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return "\n".join(["Command line", *lines])


def _simulation(document: Document, width: int) -> str:
    if document.simulation is None:
        return ""
    out = ["Simulated, not booted", *_paragraphs([agreement(document.simulation)], width)]
    return "\n".join([*out, *(_printable(line) for line in carets(document.simulation, width))])


def _nodes(document: Document) -> list[Sequence[str]]:
    return [
        (
            f"node {n.node}",
            f"[{n.start}, {n.end})",
            format_size(int(n.end, 16) - int(n.start, 16)),
            counted.line_words(n.lines),
        )
        for n in document.node_ranges
    ]


def _zones(document: Document) -> list[Sequence[str]]:
    return [
        (
            f"node {z.node}",
            z.zone,
            f"pfn [{z.start_pfn:#x}, {z.end_pfn:#x})",
            f"spanned {z.spanned_pages}",
            f"present {z.present_pages}",
        )
        for z in document.zone_spans
    ]


def _holes(holes: Iterable[Hole]) -> list[Sequence[str]]:
    return [
        (
            f"pfn [{hole.start_pfn:#x}, {hole.end_pfn:#x})",
            f"{hole.pages}",
            _printable(hole.label or "no map entry"),
            placement_words(hole).replace("every zone span", "zone spans"),
            state_words(hole),
            "harmless" if hole.severity == "none" else hole.severity,
        )
        for hole in holes
    ]


def era_rows(document: Document) -> list[Sequence[str]]:
    """What every mechanism makes of the holes outside zone spans: state, severity and releases."""
    harmless = {"none": "harmless"}
    return [(era.state, harmless.get(era.severity, era.severity), era.releases) for era in document.eras]


def state_words(hole: Hole) -> str:
    """State of a hole with the link where there is one: ``never written``, ``node 1, Normal``."""
    if hole.state == "initialised":
        return f"node {hole.linked_node}, {hole.linked_zone}" if hole.linked_zone else "no zone"
    return STATE_WORDS[hole.state]


def _inspection(document: Document, width: int) -> str:
    """Commands that show the holes that are not harmless, each whole on one line; of many holes the first ones."""
    holes = [hole for hole in document.holes if hole.severity in ("danger", "caution")]
    parts: list[str] = []
    for hole in holes[:_INSPECTED]:
        title = f"Look at [{hole.start_pfn:#x}, {hole.end_pfn:#x}) on a live machine or in a dump"
        parts.append(_table(title, [(item.tool, item.command) for item in hole.inspect]))
        warned = [item.tool for item in hole.inspect if item.warning]
        warning = next((item.warning for item in hole.inspect if item.warning), None)
        if warning:
            parts += _paragraphs([f"WARNING for {' and '.join(warned)}: {warning}"], width)
    if len(holes) > _INSPECTED:
        parts += _paragraphs([f"The same for {len(holes) - _INSPECTED} more holes: --format json."], width)
    return "\n".join(parts)


def _counts(checks: Sequence[Check], width: int) -> str:
    if not checks:
        return ""
    title = f"The kernel's own counts: {counted.explained(checks)}"
    table = _table(title, counted.rows(checks)) or title
    return "\n".join([table, *_paragraphs(filter(None, [counted.rest(checks)]), width)])


def _files(document: Document) -> list[Sequence[str]]:
    """What each neighbouring file holds; System RAM of /proc/iomem by range where no nodes are known."""
    ram = [item for item in document.iomem if item.name == "System RAM"]
    listed = document.memblock_debugfs
    found: list[tuple[str, str, Sequence[Listed]]] = [
        ("/proc/zoneinfo", "zones", document.zoneinfo),
        ("/proc/iomem", "entries", document.iomem),
        ("/sys/firmware/memmap", "entries", document.firmware_memmap),
        ("memblock.memory", "regions", listed.memory),
        ("memblock.reserved", "regions", listed.reserved),
        ("memblock.physmem", "regions", listed.physmem),
        ("memory blocks", "ranges", document.memory_blocks.ranges),
    ]
    rows: list[Sequence[str]] = []
    for name, things, items in found:
        if items:
            lines = sorted(line for item in items for line in item.lines)
            rows.append((name, f"{len(items)} {things}", "", counted.line_words(lines)))
        if name == "/proc/iomem" and not document.node_ranges:
            rows += [
                (
                    "",
                    f"[{r.start}, {r.end})",
                    format_size(int(r.end, 16) - int(r.start, 16)),
                    counted.line_words(r.lines),
                )
                for r in ram
            ]
    return rows


def _events(document: Document, width: int) -> str:
    if not document.events:
        return ""
    alike: dict[tuple[str, PfnRange | None], list[Event]] = {}
    for event in document.events:
        alike.setdefault((event.text, event.hole), []).append(event)
    out = ["Trouble in this log"]
    for (text, hole), events in alike.items():
        line = f"{_times(events)}: {_printable(text)}{_pfns(events)}"
        if hole is not None:
            line += f" in the hole [{hole.start_pfn:#x}, {hole.end_pfn:#x})"
        out += wrap(line, width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(out)


def _times(events: Sequence[Event]) -> str:
    first = f"line {events[0].lines[0]}"
    return first if len(events) == 1 else f"{first} and {len(events) - 1} more"


def _pfns(events: Iterable[Event]) -> str:
    pfns = sorted({event.pfn for event in events if event.pfn is not None})
    if not pfns:
        return ""
    return f", pfn {pfns[0]:#x}" + (f" to {pfns[-1]:#x}" if len(pfns) > 1 else "")


def _notes(document: Document, width: int) -> str:
    notes = []
    for item in document.diagnostics:
        at = f"line {item.line}: " if item.line else ""
        notes.append(at + _printable(item.message))
    return "\n".join(["Notes", *_paragraphs(notes, width)]) if notes else ""


def _table(title: str, rows: list[Sequence[str]]) -> str:
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([title, *lines])


def _printable(text: str) -> str:
    """Text from a log without control characters, which could drive the reader's terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
