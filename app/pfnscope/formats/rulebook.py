"""The struct-page rules for readers: states, commits with their first releases, readers, vendors' builds."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Literal

import msgspec

from pfnscope.analysis.example import PLACES, states
from pfnscope.kernel.readers import Reader, readers_for
from pfnscope.kernel.release import Deviation
from pfnscope.kernel.rules import RULES, Commit, StructPageRule, describe_releases, typical
from pfnscope.kernel.vendors import DEVIATIONS
from pfnscope.model.analysis import PageState

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
        vendors=[build_words(row) for row in DEVIATIONS if rule.covers(row.acts_like)],
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
