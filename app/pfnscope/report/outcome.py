"""What a change of the command line or of the release does to a machine, in one sentence."""

from collections.abc import Sequence

from msgspec import Struct

from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.report.difference import own_arguments, some
from pfnscope.report.effect import Before, effect
from pfnscope.report.words import release_words


class Outcome(Struct, frozen=True):
    """``sentence`` says what the change does. ``added`` and ``dropped`` are the arguments that only one side has."""

    sentence: str
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def outcome(today: Document, changed: Document, command_line: str) -> Outcome:
    """What became of the struct pages that are a danger today, and which others are one after the change.

    ``command_line`` is that of today: a log that has none may show what must have been on it.
    """
    line = changed.kernel.command_line or ""
    added, dropped = tuple(own_arguments(line, command_line)), tuple(own_arguments(command_line, line))
    clause = effect(today, changed, Before("as today", "today's", again=not added))
    change = _change(today, changed, added, dropped)
    return Outcome(f"{change} {clause}.{_besides(today, changed)}", added, dropped)


def _change(today: Document, changed: Document, added: Sequence[str], dropped: Sequence[str]) -> str:
    """``On 6.12, without memmap=1G!4G``."""
    parts = []
    if today.kernel.release != changed.kernel.release:
        parts.append(f"on {release_words(changed.kernel.version) or 'a release that is not known'}")
    if added:
        parts.append(f"with {some(added)}" + (f" instead of {some(dropped)}" if dropped else ""))
    elif dropped:
        parts.append(f"without {some(dropped)}")
    words = ", ".join(parts) or "with the command line as it is"
    return f"{words[:1].upper()}{words[1:]}"


def _besides(today: Document, changed: Document) -> str:
    """What else is to be looked at only after the change, such as a crash kernel that finds no room."""
    known = {item.code for item in today.findings}
    for item in changed.findings:
        if item.severity in ALARMS and item.subject not in ("holes", "crashes") and item.code not in known:
            return f" {item.text}"
    return ""
