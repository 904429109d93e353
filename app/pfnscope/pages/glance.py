"""A text without a layout at a glance: what it begins with, and what it looks like."""

from pfnscope.patterns import compiled
from pfnscope.words import counted, printable

_STAMP = r"\[ *([0-9]{1,9})\.[0-9]{6}\]"
_MARKUP = r"(?i)\s*<(?:!doctype|html|\?xml|head|body)"
_START = 1 << 16
"""Bytes at the start of a text that are looked at."""
_LATE = 60
"""Seconds after which a kernel has long printed its memory map."""
_LONGEST_LINE = 100


def glance(text: bytes) -> str:
    """One or two sentences: how long it is, its first line, and where its look says so, why it has no layout."""
    start = text[:_START]
    first = next((line for line in start.splitlines() if line.strip()), b"")
    if not first:
        return "The text is empty."
    if b"\0" in start:
        return "This is no text: it has zero bytes. Send a log as text, packed, in an archive or as a mail."
    count = text.count(b"\n") + (not text.endswith(b"\n"))
    line = " ".join(printable(first.decode("utf-8", "replace"), " ").split())
    shown = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
    return " ".join(filter(None, [f"{counted(count, 'line')}, the first “{shown}”.", _look(start)]))


def _look(start: bytes) -> str:
    if compiled(_MARKUP).match(start):
        return "This looks like a web page: save the log itself, often called “raw”."
    stamp = compiled(_STAMP).search(start)
    seconds = int(stamp.group(1) or 0) if stamp else 0
    if seconds < _LATE:
        return ""
    return (
        f"This looks like the end of a log: its first stamp is {seconds:,} seconds after boot, the map stands in front."
    )
