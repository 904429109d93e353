"""What differs between documents in one sentence: what was changed, and what came of it."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from pfnscope.findings.stability_words import moved_words
from pfnscope.kernel.command_line import arguments
from pfnscope.model.analysis import ALARMS, SEVERITIES
from pfnscope.model.document import Document
from pfnscope.model.stability import Stability
from pfnscope.report.effect import Before, effect
from pfnscope.report.stability import resume_words
from pfnscope.report.words import SEVERITY_WORDS
from pfnscope.words import counted, printable

_NAMED = 2
"""Arguments of each kind that a sentence names."""

_LONGEST = 60


class Change(msgspec.Struct, frozen=True):
    """One difference: ``before`` is what the first has, ``after`` what the second has; null where it has none."""

    what: str
    change: Literal["added", "removed", "changed"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


_LAYOUT = frozenset({"node_ranges", "zone_ranges", "zone_spans", "movable_start", "holes", "sections"})


def summary(documents: Sequence[Document], changes: Sequence[Sequence[Change]], stable: Stability | None) -> str:
    """One sentence of a comparison with the first document; ``changes`` are those of each of the others."""
    if len(documents) > 2:
        return _of_many(documents, changes, stable)
    a, b = documents
    kinds = {change.what for change in changes[0]}
    if not kinds:
        return "Nothing in memory differs."
    causes = [words for words in (_kernel(a, b), _command_line(a, b)) if words]
    moved = f"the firmware's map changed: {moved_words(stable)}" if stable is not None and stable.maps > 1 else ""
    if stable is None and "firmware_map" in kinds:
        causes.append("the firmware's map is that of another machine, or not whole")
    dangers = [document.verdict.severity == "danger" for document in (a, b)]
    effect = "" if moved and not causes and dangers[0] == dangers[1] else _effect(a, b, kinds)
    clauses = [
        " and ".join(filter(None, (_joined(causes), moved))) or "the layout is another one",
        effect,
        resume_words(stable) if moved and stable is not None else "",
    ]
    return f"From A to B, {'; '.join(filter(None, clauses))}."


def _of_many(documents: Sequence[Document], changes: Sequence[Sequence[Change]], stable: Stability | None) -> str:
    count = len(documents)
    if stable is not None and stable.maps > 1:
        resume = resume_words(stable)
        sentence = f"{counted(stable.maps, 'different firmware map')} in {count} boots: {moved_words(stable)}"
        return f"{sentence}{f'; {resume}' if resume else ''}."
    differing = sum(bool(items) for items in changes)
    same = "The firmware's map is the same in all" if stable is not None else "Compared with the first"
    if not differing:
        return f"{same}, and nothing else in memory differs." if stable else "Nothing in memory differs."
    worst = min(documents, key=lambda document: SEVERITIES.index(document.verdict.severity))
    at = documents.index(worst) + 1
    tail = f"; the gravest is boot {at}: {worst.verdict.severity}" if len(_severities(documents)) > 1 else ""
    return f"{same}; {differing} of {count - 1} others differ from the first in memory{tail}."


def _severities(documents: Sequence[Document]) -> set[str]:
    return {document.verdict.severity for document in documents}


def _kernel(a: Document, b: Document) -> str:
    one, other = a.kernel.release, b.kernel.release
    return f"the kernel is {printable(other or 'not known')} instead of {printable(one or 'not known')}" * (
        one != other
    )


def _command_line(a: Document, b: Document) -> str:
    """Arguments that one of them has alone; empty where a line is not known or only their order differs."""
    if a.kernel.command_line is None or b.kernel.command_line is None:
        return ""
    added = own_arguments(b.kernel.command_line, a.kernel.command_line)
    dropped = own_arguments(a.kernel.command_line, b.kernel.command_line)
    parts = [f"adds {some(added)}"] * bool(added) + [f"drops {some(dropped)}"] * bool(dropped)
    return f"the command line {' and '.join(parts)}" if parts else ""


def own_arguments(command_line: str, other: str) -> list[str]:
    """The arguments that a command line has alone, as written."""
    theirs = {item.text for item in arguments(other)}
    return [item.text for item in arguments(command_line) if item.text not in theirs]


def some(texts: Sequence[str]) -> str:
    """The first of some arguments, shortened, and how many more."""
    named = [printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…") for text in texts[:_NAMED]]
    more = [counted(len(texts) - _NAMED, "more argument")] if len(texts) > _NAMED else []
    return _joined([*named, *more])


def _effect(a: Document, b: Document, kinds: set[str]) -> str:
    one, other = a.verdict.severity, b.verdict.severity
    if ("holes" in kinds or one != other) and any(hole.severity in ALARMS for doc in (a, b) for hole in doc.holes):
        return f"in B {effect(a, b, Before('as in A', 'that of A'))}"
    if one != other:
        return f"{SEVERITY_WORDS[one]} in A, {SEVERITY_WORDS[other]} in B"
    if "holes" in kinds:
        return "other struct pages are without memory, and none is more dangerous"
    return "nodes or zones have other borders" if kinds & _LAYOUT else "nodes, zones and holes are the same"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
