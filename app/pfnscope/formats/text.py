"""The report for terminals, mail and CI: findings, bars in letters, tables; every line within the width."""

from collections.abc import Sequence

from pfnscope.drawing.ascii import bars_of, bars_of_two
from pfnscope.model.analysis import ALARMS, Event, Hole, worst_first
from pfnscope.model.document import Document
from pfnscope.model.log import BlockRange, DebugfsRegion, MapEntry, Resource, ZoneInfo
from pfnscope.model.ranges import FrameRange
from pfnscope.model.sources import Source, line_words
from pfnscope.report import counted, headline, ledgers, notes
from pfnscope.report.files import files_in_short, files_of_text
from pfnscope.report.plain import PLAIN, Look, listed, paragraphs, table
from pfnscope.report.releases import by_severity
from pfnscope.report.simulated import agreement, carets
from pfnscope.report.words import (
    ORIGIN_WORDS,
    frames_of_events,
    harm_words,
    linked_as_it_lies,
    state_words,
)
from pfnscope.units import format_size
from pfnscope.words import counted as counted_words
from pfnscope.words import plural

Listed = ZoneInfo | Resource | MapEntry | DebugfsRegion | BlockRange
Lines = list[str]


def render(document: Document, look: Look = PLAIN, today: Document | None = None) -> str:
    """The whole report, lines ended by newlines. As plain as :data:`PLAIN` it is the same bytes everywhere.

    Of a simulated document it tells what changes from ``today``, the document of the log as it is. Where nobody has to
    do anything it is short, unless ``look`` asks for all of it.
    """
    bars = bars_of_two(today, document, look, one_log=True) if today else bars_of(document, look)
    who, drawn = listed(facts(document), look), _titled("Page frames", bars, look)
    if is_calm(document) and not look.full:
        portrait = _portrait(document, look)
        free = _CALM_LINES - sum(len(part) + 1 for part in (who, drawn, portrait)) + 1
        parts = [[*_short_headline(document, look, free), *who], drawn, portrait]
    else:
        parts = [[*_headline(document, look), *who], drawn, _ram(document, look), *_tables(document, look, today)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


_CALM_LINES = 24
"""A report on a machine about which nothing has to be done fits into the smallest terminal."""


def is_calm(document: Document) -> bool:
    """Whether there is nothing to do, in no boot of the text, and nothing was simulated."""
    return (
        document.verdict.severity not in ALARMS
        and headline.nothing_to_do(document)
        and document.origin == "log"
        and not any(row.severity in ALARMS for row in document.boots)
        and not {"release", "arch"} & {*document.kernel.assumed}
    )


def _portrait(document: Document, look: Look) -> Lines:
    """Who a machine is that nothing has to be done about: its nodes, its zones, its holes, its RAM, in a line each."""
    sizes: dict[int, int] = {}
    for item in document.node_ranges:
        sizes[item.node] = sizes.get(item.node, 0) + item.range.size
    rows = []
    for node, size in sorted(sizes.items())[:_PORTRAYED]:
        zones = ", ".join(f"{zone.zone} {zone.frames}" for zone in document.zone_spans if zone.node == node)
        rows.append((f"node {node}", format_size(size), zones))
    rest = [f"{counted_words(len(sizes) - _PORTRAYED, 'more node')}."] if len(sizes) > _PORTRAYED else []
    harm = {0: "No hole", 1: "1 hole without memory, harmless"}
    count = len(document.holes)
    holes = f"{harm.get(count, f'{count:,} holes without memory, none of them dangerous')}. All tables: --full"
    ram = [ledgers.brief(document.ledger)] if document.ledger else []
    return [*table(rows, look, flexible=(2,)), *paragraphs([*rest, holes, *ram], look)]


_PORTRAYED = 4


def _ram(document: Document, look: Look) -> Lines:
    """The RAM ledger: one line, or all of it where something takes much, or where ``look`` asks for all."""
    ledger = document.ledger
    if ledger is None:
        return []
    if not ledger.out_of_ordinary and not look.full:
        return look.wrap(ledgers.sentence(ledger))
    cells = []
    for row in ledgers.waterfall(ledger):
        basis = f" ({row.basis})" if row.basis else ""
        lines = _all_lines(row.lines, document.sources) if look.full else ""
        cells.append((ledgers.bar(row), row.size, row.percent, f"{row.what}{basis}", lines))
    said = [text for text in (ledgers.sentence(ledger), ledgers.printed(ledger)) if text]
    return _titled(ledgers.TITLE, [*paragraphs(said, look), *table(cells, look, flexible=(3, 4), right=(1, 2))], look)


def _all_lines(lines: Sequence[int], sources: Sequence[Source]) -> str:
    """All lines of a fact; in a text of several files by file."""
    if sources or not lines:
        return line_words(lines, sources)
    return f"{plural(len(lines), 'line')} {', '.join(map(str, lines))}"


def _tables(document: Document, look: Look, today: Document | None) -> list[Lines]:
    return [
        _titled("About these findings", _in_full(document, look), look),
        _titled("Command line", _command_line(document, look), look),
        _titled("Simulated, not booted", _simulation(document, look, today), look),
        _changes(document, look, today) if today else [],
        _titled("Struct pages without memory, the gravest first", _holes(worst_first(document.holes), look), look),
        _titled(f"On other releases{_own_release(document)}", _eras(document, look), look),
        _inspection(document, look),
        _titled("Nodes", table(_nodes(document), look), look),
        _titled("Zone spans", _zones(document, look), look),
        _titled("Reports in this log", _events(document, look), look),
        _counts(document, look),
        _titled("Files of /proc and /sys", table(_files(document), look, flexible=(0,)), look),
        _titled("Notes", paragraphs(notes.sentences(document), look), look),
        _titled("Files of this text", paragraphs(files_of_text(document), look), look),
    ]


def _titled(title: str, lines: Lines, look: Look) -> Lines:
    return [*(look.paint("title", line) for line in look.wrap(title)), *lines] if lines else []


def facts(document: Document) -> list[str]:
    """What kernel and machine this is, in a few words each; assumed values say so."""
    kernel = document.kernel
    nodes = {item.node for item in document.node_ranges}
    memory = sum(item.range.size for item in document.node_ranges)
    words = [
        f"Linux {kernel.release}{_assumed(document, 'release')}" if kernel.release else "Release not known",
        f"{kernel.arch}{_assumed(document, 'arch')}" if kernel.arch else "architecture not known",
        f"layout {ORIGIN_WORDS[document.origin]}" if document.origin == "computed" else "",
        f"{len(nodes)} {plural(len(nodes), 'node')}" if nodes else "",
        f"{format_size(memory)} memory" if memory else "",
        f"sections of {format_size(kernel.section_size)}" if kernel.section_size else "",
        f"FLATMEM{_assumed(document, 'memory_model')}" if kernel.memory_model == "flatmem" else "",
        counted.agreement(document.checks) or "no printed count",
    ]
    if document.boot.count > 1:
        words.append(f"boot {document.boot.index} of {document.boot.count}")
    words.append(files_in_short(document))
    return [word for word in words if word]


def _assumed(document: Document, name: str) -> str:
    return " (assumed)" if name in document.kernel.assumed else ""


def _short_headline(document: Document, look: Look, most: int) -> Lines:
    """As many findings as there are lines for."""
    shown, _ = headline.in_front(document)
    rooms = (None, *range(len(shown) - 1, -1, -1))
    fitting = (lines for room in rooms if len(lines := _headline(document, look, room)) <= most)
    return next(fitting, _headline(document, look, 0))


def _headline(document: Document, look: Look, room: int | None = None) -> Lines:
    out: Lines = []
    for line in headline.headline(document, room):
        wrapped = look.wrap(line.text) if line.first else look.wrap(line.text, "  ")
        out += [look.paint(line.role, text) for text in wrapped]
    return out


def _in_full(document: Document, look: Look) -> Lines:
    out: Lines = []
    for finding, sentences in headline.in_full(document):
        out += look.wrap(f"{finding.severity}: {finding.text}", "  ", "    ")
        out += [line for text in sentences for line in look.wrap(text, "    ")]
    return out


def _command_line(document: Document, look: Look) -> Lines:
    return look.wrap(document.kernel.command_line, "  ") if document.kernel.command_line else []


def _simulation(document: Document, look: Look, today: Document | None) -> Lines:
    if document.simulation is None:
        return []
    said = [agreement(document.simulation), *([f"Today: {today.verdict.summary}"] if today else [])]
    return [*paragraphs(said, look), *carets(document.simulation, look)]


def _changes(document: Document, look: Look, today: Document) -> Lines:
    from pfnscope.formats.compared import changes
    from pfnscope.report.compared import compared

    lines = changes(compared(today, document), look, within=True)
    legend = " (- today, + simulated)" if lines else ""
    return _titled(
        f"What changes{legend}", lines or ["  Nothing: maps, nodes, zones and holes stay as they are."], look
    )


def _nodes(document: Document) -> list[Sequence[str]]:
    return [
        (f"node {n.node}", f"{n.range}", format_size(n.range.size), line_words(n.lines, document.sources))
        for n in document.node_ranges
    ]


def _zones(document: Document, look: Look) -> Lines:
    rows = [
        (f"node {z.node}", z.zone, str(z.frames), f"{z.spanned_pages}", f"{z.present_pages}")
        for z in document.zone_spans
    ]
    return table(rows, look, heads=("", "zone", "page frames", "spanned", "present"), right=(3, 4))


def _holes(holes: Sequence[Hole], look: Look) -> Lines:
    rows = [
        (
            str(hole.frames),
            f"{hole.pages}",
            hole.label or "none",
            _zone(hole.zone, hole.node) or "none",
            _state(hole),
            harm_words(hole.severity),
        )
        for hole in holes
    ]
    heads = ("page frames", "pages", "owner", "zone/node", "struct pages", "")
    roles = [hole.severity for hole in holes]
    return table(rows, look, heads=heads, flexible=(2, 3, 4), right=(1,), roles=roles)


def _zone(zone: str | None, node: int | None) -> str:
    return "/".join(str(item) for item in (zone, node) if item is not None)


def _state(hole: Hole) -> str:
    """Short, for the narrowest table: ``linked to Normal/1``."""
    if hole.linked_zone and not linked_as_it_lies(hole):
        return f"linked to {_zone(hole.linked_zone, hole.linked_node)}"
    return state_words(hole)


def era_rows(document: Document) -> list[Sequence[str]]:
    """What every mechanism makes of the holes outside zone spans: state, severity and releases."""
    return [(era.state, harm_words(era.severity), era.releases) for era in document.eras]


def _own_release(document: Document) -> str:
    """The mechanism of the log's own release, for the title."""
    own = next((era for era in document.eras if era.current), None)
    return f" (this is one of {own.releases})" if own and document.kernel.release else ""


def _eras(document: Document, look: Look) -> Lines:
    """By severity in a line each where the release is known, else all of it in a table."""
    if document.rule is None:
        return table(era_rows(document), look, flexible=(0, 2), roles=[era.severity for era in document.eras])
    releases = by_severity(document)
    rows = [(harm_words(severity), words) for severity, words in releases.items()]
    return table(rows, look, flexible=(1,), roles=list(releases)) if len(rows) > 1 else []


def _inspection(document: Document, look: Look) -> Lines:
    """Commands that show the gravest hole that is not harmless, ready to be copied; those that are safe first."""
    holes = worst_first(hole for hole in document.holes if hole.severity in ALARMS)
    if not holes:
        return []
    lines: Lines = []
    commands = sorted(holes[0].inspect, key=lambda item: item.warning is not None)
    for at, item in enumerate(commands):
        if item.warning and not (at and commands[at - 1].warning):
            warning = f"These {item.warning}:"
            lines += [look.paint("danger", line) for line in look.wrap(f"WARNING. {warning}", "  ")]
        first, *more = broken(item.command, look.width - 14, shell=item.tool in ("page-types", "od"))
        lines += [f"  {item.tool:<10}  {first}", *(f"{'':14}{line}" for line in more)]
    if len(holes) > 1:
        lines += paragraphs([f"The same for {len(holes) - 1} more: --format json."], look)
    return _titled(f"Look at {holes[0].frames} in a dump or on a live machine", lines, look)


def broken(command: str, width: int, *, shell: bool) -> Lines:
    """A command on as many lines as it needs, to be pasted whole.

    A shell's lines end in a backslash; those of Python are broken inside parentheses only. What gives no other place
    to break stays longer than ``width``.
    """
    lines, depth, ends = [""], 0, 2 if shell else 0
    for word in command.split(" "):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and (shell or depth) and len(line) + ends > width:
            lines[-1] += " \\" if shell else ""
            line = f"  {word}"
            lines.append("")
        lines[-1] = line
        depth += word.count("(") - word.count(")")
    return lines


def _counts(document: Document, look: Look) -> Lines:
    checks = document.checks
    if not checks:
        return []
    rows = counted.rows(checks, document.sources)
    roles = [{"DIFFERS": "caution", "": None}.get(row[3], "dim") for row in rows]
    lines = table(rows, look, flexible=(0, 1, 2, 4), roles=roles)
    lines += paragraphs(filter(None, [counted.rest(checks, document.sources)]), look)
    title = look.wrap(f"The kernel's own counts: {counted.explained(checks)}")
    return [*(look.paint("title", line) for line in title), *lines]


def _files(document: Document) -> list[Sequence[str]]:
    """What each neighbouring file holds; System RAM of /proc/iomem by range where no nodes are known."""
    ram = [item for item in document.iomem if item.name == "System RAM"]
    listed = document.memblock_debugfs
    files: list[tuple[str, str, Sequence[Listed]]] = [
        ("/proc/zoneinfo", "zones", document.zoneinfo),
        ("/proc/iomem", "entries", document.iomem),
        ("/sys/firmware/memmap", "entries", document.firmware_memmap),
        ("memblock.memory", "regions", listed.memory),
        ("memblock.reserved", "regions", listed.reserved),
        ("memblock.physmem", "regions", listed.physmem),
        ("memory blocks", "ranges", document.memory_blocks.ranges),
    ]
    rows: list[Sequence[str]] = []
    for name, things, items in files:
        if items:
            lines = sorted(line for item in items for line in item.lines)
            rows.append((name, f"{len(items)} {things}", "", line_words(lines, document.sources)))
        if name == "/proc/iomem" and not document.node_ranges:
            rows += [("", f"{r.range}", format_size(r.range.size), line_words(r.lines, document.sources)) for r in ram]
    return rows


def _events(document: Document, look: Look) -> Lines:
    alike: dict[tuple[str, FrameRange | None], list[Event]] = {}
    for event in document.events:
        alike.setdefault((event.text, event.hole), []).append(event)
    out: Lines = []
    for (text, hole), events in alike.items():
        frames = frames_of_events(events)
        line = (
            f"{_times(events, document.sources)}: {text}"
            + (f", pfn {frames}" if frames else "")
            + (f" in the hole {hole}" if hole else "")
        )
        out += look.wrap(line, "  ", "    ")
    return out


def _times(events: Sequence[Event], sources: Sequence[Source]) -> str:
    first = line_words(events[0].lines[:1], sources)
    return first if len(events) == 1 else f"{first} and {len(events) - 1} more"
