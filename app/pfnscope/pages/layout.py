"""The page of one layout, and of the same machine simulated with another command line."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec

from pfnscope.drawing import lanes
from pfnscope.formats.registry import FORMATS
from pfnscope.model.document import Document
from pfnscope.pages import command_lines, presenting
from pfnscope.pages.bars import Drawn, bars
from pfnscope.pages.findings import finding_rows, others_words
from pfnscope.pages.log import has_more, log_part
from pfnscope.pages.panel import panel
from pfnscope.pages.query import KNOWN, PLACES, LayoutQuery, ViewQuery, encoded
from pfnscope.pages.subjects import Subject
from pfnscope.pages.templates import Templates
from pfnscope.pages.unfurl import unfurl
from pfnscope.report import counted, headline, ledgers, notes
from pfnscope.report.apart import told_apart
from pfnscope.report.files import files_of_text
from pfnscope.report.releases import timeline
from pfnscope.report.words import SEVERITY_WORDS, STATE_WORDS
from pfnscope.service import Options
from pfnscope.service.whatif import Answer
from pfnscope.units import whole_number


class LayoutAddress(msgspec.Struct, frozen=True):
    """What the address of a layout page says beside the layout.

    ``overrides`` are its options, which links keep. ``log`` is "all" for all lines of the log, ``line`` the first one.
    """

    overrides: Options = Options()
    query: LayoutQuery = LayoutQuery()
    view: ViewQuery = ViewQuery()
    log: str = ""
    line: str = ""


def layout_page(
    templates: Templates, subject: Subject, answer: Answer, drawn: Drawn, address: LayoutAddress, base: str
) -> str:
    """The HTML of a layout, or where its ``answer`` has one of the changed layout; ``base`` is the server's address."""
    today, document = answer.today, answer.changed or answer.today
    is_all, line = address.log == "all", whole_number(address.line) or 1
    part = log_part(subject.text, document, everything=is_all, line=line)
    seen, agreeing = counted.split(document.checks)
    holes = presenting.hole_groups(document)
    findings = finding_rows(document)
    command_line = today.kernel.command_line or ""
    query = address.query.query()
    return templates.render(
        "layout.html",
        here="",
        subject=subject,
        path=subject.path,
        unfurl=unfurl(document, base, subject.path, address.query),
        doc=document,
        today=today,
        simulated=answer.changed is not None,
        panel=panel(answer, address.query, address.overrides.kernel),
        layout_query=address.query,
        place_names=PLACES,
        release_words=".".join(map(str, today.kernel.version[:2])) if today.kernel.version else "",
        open_panel=bool(answer.refused or answer.unplaced),
        options=address.overrides,
        query=f"?{query}" if query else "",
        more_query=f"&{query}" if query else "",
        facts=presenting.facts(document),
        findings=findings,
        others=others_words(findings, SEVERITY_WORDS),
        segments=timeline(document),
        portrait=ledgers.sentence(document.ledger) if document.ledger else "",
        release_query=partial(_on_release, address.query),
        boots=presenting.boot_rows(today),
        pairs=presenting.pairs_of_boots(document.boot.index, document.boot.count),
        worse_boot=headline.worse_boot(document),
        calm=headline.nothing_to_do(document),
        command=command_lines.pieces(document, command_line if answer.changed else None),
        removed=command_lines.removed(document, command_line),
        argument_notes=command_lines.notes(document.simulation or answer.own),
        changes=told_apart(today, document) if answer.changed else [],
        **bars(drawn, address.view, KNOWN, [name for name, _ in address.query.pairs]),
        fields=address.query.layout,
        exports=_exports(),
        absent=lanes.missing(document),
        blank=presenting.blank_words(document),
        undecided=lanes.undecided(document),
        unproven=[] if answer.changed else presenting.unproven(document, address.overrides),
        architectures=presenting.ARCHITECTURES,
        holes=holes,
        hidden_holes=len(document.holes) - sum(len(group.rows) for group in holes),
        events=presenting.event_rows(document),
        **_ram(document),
        notes=notes.note_rows(document.diagnostics),
        files=files_of_text(document),
        log=part,
        paged=bool(part.earlier or part.later),
        log_all=is_all,
        log_more=has_more(subject.text, document),
        checks_seen=seen,
        checks_agreeing=agreeing,
        explained=counted.explained(document.checks),
        frames_words=counted.frames_words,
        severity_words=SEVERITY_WORDS,
        state_words=STATE_WORDS,
        coded=presenting.coded,
        without=_without,
    )


def _ram(document: Document) -> dict[str, Any]:
    """The RAM ledger: its rows, and whether they stand in view."""
    ledger = document.ledger
    if ledger is None:
        return {"ledger": []}
    return {
        "ledger": ledgers.waterfall(ledger),
        "ledger_title": ledgers.TITLE,
        "ledger_words": " ".join(filter(None, (ledgers.sentence(ledger), ledgers.printed(ledger)))),
        "ledger_full": ledger.out_of_ordinary,
    }


def _exports() -> list[tuple[str, str, bool]]:
    """The entries of the menu: suffix, words, whether the axis is to scale."""
    return [(item.suffix, words, scaled) for item in FORMATS for words, scaled in item.menu.items()]


def _on_release(query: LayoutQuery, release: str) -> str:
    """The query of the same page on a release; of an empty one, on that of the log."""
    changed = query.query(kernel=release)
    return f"?{changed}" if changed else ""


def _without(causes: Iterable[str]) -> str:
    """The query that takes these arguments away."""
    return encoded(("remove", cause) for cause in causes)
