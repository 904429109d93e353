"""The report for bug trackers: GitHub-flavoured Markdown in which nothing of a log can act as markup."""

from collections.abc import Iterable, Sequence

from pfnscope.drawing.ascii import bars_of, bars_of_two
from pfnscope.formats.compared import changes
from pfnscope.formats.text import era_rows, facts
from pfnscope.model.analysis import ALARMS, Hole, worst_first
from pfnscope.model.document import Document
from pfnscope.model.layout import ZoneSpan
from pfnscope.report import headline, ledgers, notes
from pfnscope.report.compared import compared
from pfnscope.report.files import files_of_text
from pfnscope.report.plain import PLAIN
from pfnscope.report.releases import by_severity
from pfnscope.report.simulated import agreement
from pfnscope.report.words import harm_words, placement_words, state_words
from pfnscope.words import plural, printable

_NOTHING = "<!-- -->"
_MARKUP = "\\`*_{}[]<>()#+-.!|~$&@"


def render(document: Document, today: Document | None = None) -> str:
    """The report, lines ended by newlines. Of a simulated document it tells what changes from ``today``."""
    first, *others = headline.headline(document)
    bars = bars_of_two(today, document, PLAIN, one_log=True) if today else bars_of(document, PLAIN)
    parts = [
        f"**{escape(first.text)}**",
        "\n".join(f"- {escape(line.text)}" for line in others),
        *_to_paste(document),
        escape(" · ".join(facts(document))),
        f"Command line: {code(document.kernel.command_line, in_table=False)}" if document.kernel.command_line else "",
        *(_simulated(document, today) if today else []),
        block(bars),
        *_ram(document),
        table(
            ("hole", "pages", "owner", "placement", "state", "severity", "readers"),
            (
                (
                    _frames(hole),
                    str(hole.pages),
                    escape(hole.label or "no map entry"),
                    escape(placement_words(hole)),
                    escape(state_words(hole)),
                    harm_words(hole.severity),
                    escape(", ".join(hole.reachable_by)) if hole.severity in ALARMS else "",
                )
                for hole in worst_first(document.holes)
            ),
        ),
        *_releases(document),
        *_in_full(document),
        *_inspection(document),
        table(
            ("node", "zone", "span (pfn)", "spanned", "present"),
            (
                (
                    str(z.node),
                    escape(z.zone),
                    _frames(z),
                    str(z.spanned_pages),
                    str(z.present_pages),
                )
                for z in document.zone_spans
            ),
        ),
        "\n".join(f"- {escape(note)}" for note in notes.sentences(document)),
        "\n".join(f"- {escape(words)}" for words in files_of_text(document)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ram(document: Document) -> list[str]:
    """The RAM ledger: one line, or a table where something takes much."""
    ledger = document.ledger
    if ledger is None:
        return []
    said = " ".join(filter(None, (ledgers.sentence(ledger), ledgers.printed(ledger))))
    if not ledger.out_of_ordinary:
        return [escape(said)]
    rows = ledgers.waterfall(ledger)
    cells = (
        (code(ledgers.bar(row)), row.size, row.percent, escape(row.what), row.basis, escape(row.text)) for row in rows
    )
    return [f"**{ledgers.TITLE}**: {escape(said)}", table(("", "size", "share", "what", "", ""), cells)]


def _releases(document: Document) -> list[str]:
    """Releases by severity of this layout there, or all mechanisms where the release is not known."""
    if document.rule is None:
        return [
            table(
                ("outside zone spans", "severity", "on releases"),
                [tuple(map(escape, row)) for row in era_rows(document)],
            )
        ]
    rows = by_severity(document)
    return (
        [table(("severity", "on releases"), [(harm_words(severity), words) for severity, words in rows.items()])]
        if len(rows) > 1
        else []
    )


def _to_paste(document: Document) -> list[str]:
    """The arguments that the first finding's remedy has, as they are: escaped text would not be."""
    remedy = document.findings[0].remedy
    line = remedy.command_line if remedy else None
    return [f"To paste: {code(line, in_table=False)}"] if line else []


def _in_full(document: Document) -> list[str]:
    """Each finding with what the headline leaves out of it."""
    return [
        "\n".join([f"**{finding.severity}**: {escape(finding.text)}\n", *(f"- {escape(text)}" for text in sentences)])
        for finding, sentences in headline.in_full(document)
    ]


def _inspection(document: Document) -> list[str]:
    """Commands that show the gravest hole that is not harmless, those that are safe first."""
    holes = worst_first(hole for hole in document.holes if hole.severity in ALARMS)
    if not holes:
        return []
    items = [
        f"- {item.tool}: `{item.command}`" + (" (**careful**, see below)" if item.warning else "")
        for item in sorted(holes[0].inspect, key=lambda item: item.warning is not None)
    ]
    out = [f"Look at {_frames(holes[0])}:\n\n" + "\n".join(items)]
    warned = [item for item in holes[0].inspect if item.warning]
    if warned:
        tools = " and ".join(item.tool for item in warned)
        out.append(f"**Careful**: {tools} {escape(warned[0].warning or '')}.")
    more = len(holes) - 1
    return [*out, f"The same for {more} more {plural(more, 'hole')}: `--format json`."] if more > 0 else out


def _frames(item: Hole | ZoneSpan) -> str:
    return code(str(item.frames))


def _simulated(document: Document, today: Document) -> list[str]:
    said = [agreement(document.simulation)] if document.simulation else []
    said += [f"{note.severity}: {note.message}" for note in document.simulation.problems] if document.simulation else []
    lines = changes(compared(today, document), PLAIN, within=True)
    return [
        "**Simulated, not booted.** " + escape(" ".join([*said, f"Today: {today.verdict.summary}"])),
        "What changes:" if lines else "Nothing changes: maps, nodes, zones and holes stay as they are.",
        block(lines, "diff"),
    ]


def block(lines: Sequence[str], language: str = "") -> str:
    """A fenced block that its lines cannot end; nothing where there are none."""
    longest = max((len(run) for line in lines for run in _backtick_runs(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *lines, fence]) if lines else ""


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line. Backslashes do not keep GitHub from linking @name and #1."""
    flat = printable(text, " ")
    safe = "".join(f"\\{char}" if char in _MARKUP else char for char in flat)
    return safe.replace("://", "\\://").replace("@", f"@{_NOTHING}").replace("#", f"#{_NOTHING}")


def code(text: str | None, *, in_table: bool = True) -> str:
    """A code span that the text cannot end: fenced by more backticks than it has in a row."""
    flat = printable(text or "", " ")
    longest = max((len(run) for run in _backtick_runs(flat)), default=0)
    fence = "`" * (longest + 1)
    body = flat.replace("|", "\\|") if in_table else flat
    return f"{fence} {body} {fence}" if longest else f"{fence}{body}{fence}"


def _backtick_runs(text: str) -> list[str]:
    return [run for run in "".join(char if char == "`" else " " for char in text).split(" ") if run]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or nothing where there are no rows."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *body]) if body else ""
