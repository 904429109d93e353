"""The struct-page rules for readers: states, commits with their first releases, readers, vendors' builds."""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Literal

import msgspec
from msgspec import Struct

from pfnscope.analysis.eras import PLACES, states
from pfnscope.kernel.architecture_row import READ, Section, Zone
from pfnscope.kernel.architectures import ARCHITECTURES
from pfnscope.kernel.deferral import RESERVING
from pfnscope.kernel.readers import READERS, Reader, readers_for
from pfnscope.kernel.release import EVERY, Deviation, Releases
from pfnscope.kernel.rules import RULES, Commit, StructPageRule, describe_releases, typical
from pfnscope.kernel.thresholds import THRESHOLDS
from pfnscope.kernel.vendors import DEVIATIONS
from pfnscope.model.analysis import PageState
from pfnscope.units import format_size

LAST_BUILD = 9999
"""Builds of a row without an end go beyond this."""


class RuleCommit(msgspec.Struct, frozen=True):
    """A kernel commit and the first releases that have it; a question mark where the first has not been read."""

    id: str
    subject: str
    mainline: str
    stable: list[str]
    vendors: list[str]


class RuleState(msgspec.Struct, frozen=True):
    """What the mechanism makes of a kind of hole, computed by running its passes on a small layout.

    ``page_reserved`` tells whether PageReserved is set where memblock.reserved does not have the hole;
    ``when_reserved`` is the state where it has, if another.
    """

    place: Literal["middle", "top", "between", "tail"]
    where: str
    state: Literal["uninitialised", "zeroed", "initialised", "unknown"]
    linked_node: int | None
    linked_zone: str | None
    page_reserved: bool
    when_reserved: Literal["uninitialised", "zeroed", "initialised", "unknown"] | None


class RuleReader(msgspec.Struct, frozen=True):
    """Who looks at struct pages on the first release of the row, and how far. ``ordinary``: at every one of them."""

    name: str
    bound: str
    ordinary: bool


class Rule(msgspec.Struct, frozen=True):
    """One row: what the kernels of ``releases`` do to struct pages without memory, and where that was read.

    ``vendors`` are distributions' builds that do the same under another version. ``doubt`` is what is not certain of
    its history, ``limits`` what no log tells of it.
    """

    id: str
    title: str
    releases: str
    summary: str
    passes: list[str]
    states: list[RuleState]
    log_line: str | None
    commits: list[RuleCommit]
    readers: list[RuleReader]
    vendors: list[str]
    source: str
    doubt: str | None
    limits: str | None


def rules() -> list[Rule]:
    """Every rule, oldest first."""
    return [_rule(rule) for rule in RULES]


def _rule(rule: StructPageRule) -> Rule:
    return Rule(
        id=rule.id,
        title=rule.title,
        releases=describe_releases(rule),
        summary=rule.summary,
        passes=[step.value for step in rule.passes],
        states=_states(rule),
        log_line=None if rule.wording.value == "none" else rule.wording.value,
        commits=[_commit(commit) for commit in rule.commits],
        readers=[_reader(reader) for reader in readers_for(typical(rule))],
        vendors=[build_words(row) for row in DEVIATIONS if rule.covers(row.acts_like, None)],
        source=rule.source,
        doubt=rule.doubt or None,
        limits=rule.limits or None,
    )


def _commit(commit: Commit) -> RuleCommit:
    return RuleCommit(commit.id, commit.subject, commit.mainline, list(commit.stable), list(commit.vendors))


def _reader(reader: Reader) -> RuleReader:
    return RuleReader(reader.name, reader.bound.value, reader.ordinary)


def _states(rule: StructPageRule) -> list[RuleState]:
    free, kept = states(rule, reserved=False), states(rule, reserved=True)
    return [_state(place.key, place.words, free[place.key], kept[place.key]) for place in PLACES]


msgspec.json.Decoder(RuleState)  # now, for msgspec.convert below: see encoding.unpacker


def _state(key: str, words: str, free: PageState, kept: PageState) -> RuleState:
    return msgspec.convert(
        {
            "place": key,
            "where": words,
            "state": free.state,
            "linked_node": free.node,
            "linked_zone": free.zone,
            "page_reserved": free.page_reserved or free.reserved,
            "when_reserved": kept.state if kept.state != free.state else None,
        },
        RuleState,
    )


def build_words(row: Deviation) -> str:
    """A vendor's builds for readers: ``RHEL 8.1 and 8.2 (4.18.0-147 to before -240)``."""
    version = ".".join(map(str, row.version))
    first, before = (".".join(map(str, build)) for build in (row.first, row.before))
    if row.before[0] > LAST_BUILD:
        return f"{row.name} ({version}-{first} and later)" if first else f"{row.name} ({version})"
    return f"{row.name} ({version}-{first} to before -{before})" if first else f"{row.name} (before {version}-{before})"


def state_words(state: RuleState) -> str:
    """``never written``, ``zeroed, Reserved``, ``node 1, Normal, Reserved``; what memblock.reserved changes follows."""
    said = {"uninitialised": "never written", "zeroed": "zeroed", "unknown": "not known"}
    words = said.get(state.state, f"node {state.linked_node}, {state.linked_zone}")
    words += ", Reserved" if state.page_reserved else ""
    return f"{words} ({said[state.when_reserved]} if in memblock.reserved)" if state.when_reserved in said else words


def first_releases(commit: RuleCommit) -> str:
    """``4.18; stable 4.17.4; RHEL 8 4.18.0-147``."""
    parts = [commit.mainline]
    if commit.stable:
        parts.append(f"stable {', '.join(commit.stable)}")
    return "; ".join([*parts, *commit.vendors])


def render(book: Iterable[Rule], width: int = 80) -> str:
    """The rules for terminals: releases and title, what happens, states, log line, commits, source."""
    return "\n\n".join("\n".join(_lines(rule, width)) for rule in book) + "\n"


def _lines(rule: Rule, width: int) -> list[str]:
    lines = [f"{rule.releases}: {rule.title}", *_indented(rule.summary, width)]
    for state in rule.states:
        lines += _indented(f"{state.where}: {state_words(state)}", width)
    if rule.log_line:
        lines += _indented(f"prints: {rule.log_line}", width)
    for commit in rule.commits:
        lines += _indented(f'{commit.id} ("{commit.subject}"), first in {first_releases(commit)}', width)
    lines += _indented(f"also: {', '.join(rule.vendors)}", width) if rule.vendors else []
    lines += _indented(f"source: {rule.source}", width)
    lines += _indented(f"not certain: {rule.doubt}", width) if rule.doubt else []
    lines += _indented(f"not told by a log: {rule.limits}", width) if rule.limits else []
    return lines


def _indented(text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent="  ", subsequent_indent="    ")


INTRODUCTION = """# What each release does to struct pages

Page frames without memory can still have a struct page, since struct pages are made section by section. Who writes it,
and what, differs between releases. Made from the rows in `app/pfnscope/kernel/` by `make docs`; the verdicts follow
these rows.
Where a log carries the line of a mechanism, the line decides and not the release number, because distributions
backport.
"""


class CommitRow(Struct, frozen=True):
    """A commit, and the rows that it is part of."""

    commit: RuleCommit
    rules: tuple[Rule, ...]


class ReaderRow(Struct, frozen=True):
    """Readers on some releases: how far they look, and where that was read."""

    name: str
    releases: str
    bound: str
    ordinary: bool
    source: str


class VendorRow(Struct, frozen=True):
    """A vendor's builds, the mainline release that they act like, where that was read, and what has not been."""

    builds: str
    acts_like: str
    source: str
    doubt: str


def commit_rows(book: Iterable[Rule]) -> list[CommitRow]:
    """Every commit once, by the mainline release that has it first."""
    rows: dict[str, CommitRow] = {}
    for rule in book:
        for commit in rule.commits:
            known = rows.get(commit.id)
            rows[commit.id] = CommitRow(commit, (*known.rules, rule) if known else (rule,))
    return sorted(rows.values(), key=lambda row: _version(row.commit.mainline))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def reader_rows() -> list[ReaderRow]:
    """The readers by name and release; those that are alike on the same releases share a row."""
    rows: dict[tuple[str, str, str], list[Reader]] = {}
    for reader in READERS:
        rows.setdefault((str(reader.releases), reader.bound, reader.source), []).append(reader)
    return [
        ReaderRow(", ".join(reader.name for reader in alike), releases, alike[0].bound.value, alike[0].ordinary, source)
        for (releases, _, source), alike in rows.items()
    ]


def vendor_rows() -> list[VendorRow]:
    """The builds of distributions whose rule is not that of their version."""
    return [VendorRow(build_words(row), ".".join(map(str, row.acts_like)), row.source, row.doubt) for row in DEVIATIONS]


def threshold_rows() -> list[tuple[str, str, str, str]]:
    """The release from which a kernel does something else, what that is, and where it was read."""
    rows = sorted(THRESHOLDS, key=lambda row: row.since.mainline)
    return [(str(row.since), row.effect, row.source, row.read) for row in rows]


def architecture_rows() -> list[tuple[str, str, str, str, str]]:
    """Page sizes, memory models, sections and zones of each architecture."""
    return [
        (
            row.name,
            ", ".join(map(format_size, row.page_sizes)),
            "; ".join(f"{model.model.name}: {_on(model.why, model.releases)}" for model in row.models),
            "; ".join(_on(_section(section), section.releases) for section in row.sections),
            "; ".join(_on(", ".join(map(_zone, zones.zones)), zones.releases) for zones in row.zones),
        )
        for row in sorted(ARCHITECTURES, key=lambda row: row.name)
    ]


def _on(words: str, releases: Releases) -> str:
    return words if releases in (EVERY, READ) else f"{words} ({releases})"


def _section(section: Section) -> str:
    pages = f" with pages of {format_size(section.page_size)}" if section.page_size else ""
    pae = "" if section.pae is None else " with PAE" if section.pae else " without PAE"
    return format_size(section.size) + pages + pae


def _zone(zone: Zone) -> str:
    if zone.end is None:
        return f"{zone.name} to the end"
    start = f" above a multiple of {format_size(zone.window)}" if zone.window else ""
    return f"{zone.name} to {format_size(zone.end)}{start}{', or all above' if zone.whole_above else ''}"


def markdown() -> str:
    """The whole page as Markdown."""
    book = rules()
    return INTRODUCTION + "".join(_sections(book))


def _sections(book: list[Rule]) -> Iterator[str]:
    yield "\n## States\n\nWhat each mechanism makes of a struct page without memory, found by running its passes on a"
    yield " layout of 64 frames.\nTwo names are node and zone that the page is linked to.\n\n"
    yield _table(
        ("releases", *(state.where for state in book[0].states), "its line in the log"),
        ((f"[{r.releases}](#{r.id})", *map(_marked, r.states), f"`{r.log_line}`" if r.log_line else "") for r in book),
    )
    yield "\n## Commits\n\nWhich kernels have a commit: a question mark stands where the first release of a branch has"
    yield " not been read.\n\n"
    yield _table(
        ("commit", "subject", "first releases", "rows"),
        (
            (
                f"`{row.commit.id}`",
                row.commit.subject,
                first_releases(row.commit),
                ", ".join(f"[{rule.id}](#{rule.id})" for rule in row.rules),
            )
            for row in commit_rows(book)
        ),
    )
    yield "\n## Readers\n\nOrdinary ones look at every frame in their bound.\n\n"
    yield _table(
        ("reader", "releases", "looks at struct pages", "ordinary", "source"),
        ((r.name, r.releases, r.bound, "yes" if r.ordinary else "", r.source) for r in reader_rows()),
    )
    yield "\n## Distributions\n\nBuilds whose struct pages are those of another release than their version says.\n\n"
    yield _table(
        ("builds", "act like", "source", "not certain"),
        ((r.builds, r.acts_like, r.source, r.doubt) for r in vendor_rows()),
    )
    yield "\n## The reserve pass\n\n"
    yield _table(
        ("releases", "sets PageReserved on", "and writes", "source"),
        ((str(r.releases), r.marks, r.writes, r.source) for r in RESERVING),
    )
    yield "\n## Thresholds\n\nWhat else kernels do otherwise from a release on.\n\n"
    yield _table(("from", "what is so", "source", "read"), threshold_rows())
    yield "\n## Architectures\n\nZones are those of logs that print no zone ranges, the first page size is that of logs"
    yield " that do not tell theirs.\n\n"
    yield _table(("architecture", "page sizes", "memory model", "section", "zones"), architecture_rows())
    yield "\n## Rows\n"
    for rule in book:
        yield _row(rule)


def _marked(state: RuleState) -> str:
    return f"**{state_words(state)}**" if state.state == "uninitialised" else state_words(state)


def _row(rule: Rule) -> str:
    lines = [f'\n<a id="{rule.id}"></a>\n### {rule.releases}: {rule.title}\n\n{rule.summary}\n']
    lines += [f"{at}. {step}" for at, step in enumerate(rule.passes, 1)]
    lines.append(f"\nSource: {rule.source}.")
    lines += [f"\nAlso: {', '.join(rule.vendors)}."] if rule.vendors else []
    lines += [f"\nNot certain: {rule.doubt}."] if rule.doubt else []
    lines += [f"\nNot told by a log: {rule.limits}."] if rule.limits else []
    return "\n".join([*lines, ""])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
