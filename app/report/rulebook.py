"""The struct-page rules as wire values and in words, for the page, the API and the command."""

from collections.abc import Iterable
from textwrap import wrap

import msgspec

from app.kernel.rules import RULES, describe_releases


class RuleCommit(msgspec.Struct, frozen=True):
    """A kernel commit."""

    id: str
    subject: str


class Rule(msgspec.Struct, frozen=True):
    """One row: what the kernels of ``releases`` do to struct pages without memory, and where that was read."""

    id: str
    title: str
    releases: str
    summary: str
    passes: list[str]
    log_line: str | None
    commits: list[RuleCommit]
    source: str
    doubt: str | None


def rules() -> list[Rule]:
    """Every rule, oldest first."""
    return [
        Rule(
            id=rule.id,
            title=rule.title,
            releases=describe_releases(rule),
            summary=rule.summary,
            passes=[step.value for step in rule.passes],
            log_line=None if rule.wording.value == "none" else rule.wording.value,
            commits=[RuleCommit(commit.id, commit.subject) for commit in rule.commits],
            source=rule.source,
            doubt=rule.doubt or None,
        )
        for rule in RULES
    ]


def render(book: Iterable[Rule], width: int = 80) -> str:
    """The rules for terminals: releases and title, what happens, log line, commits, source."""
    parts = []
    for rule in book:
        lines = [f"{rule.releases}: {rule.title}", *_indented(rule.summary, width)]
        if rule.log_line:
            lines += _indented(f"prints: {rule.log_line}", width)
        for commit in rule.commits:
            lines += _indented(f'{commit.id} ("{commit.subject}")', width)
        lines += _indented(f"source: {rule.source}", width)
        if rule.doubt:
            lines += _indented(f"not certain: {rule.doubt}", width)
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _indented(text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent="  ", subsequent_indent="    ")
