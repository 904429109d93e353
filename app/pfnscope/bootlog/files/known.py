"""Files that are known: what they sum up is a check, and of the rest a note says that nothing is needed."""

from collections.abc import Iterable

from pfnscope.bootlog.files.lines import KnownLine, MemTotal
from pfnscope.bootlog.files.notes import Notes
from pfnscope.bootlog.model import Lines, NodeTotal


def totals(lines: Iterable[object]) -> tuple[NodeTotal, ...]:
    """Memory that the kernel hands out, by file and node; the first of each counts, since it changes little."""
    found: dict[tuple[str, int | None], NodeTotal] = {}
    for line in lines:
        if isinstance(line, MemTotal):
            found.setdefault((line.file, line.node), NodeTotal(line.file, line.node, line.kib, line.lines))
    return tuple(found.values())


def not_needed(lines: Iterable[object], notes: Notes) -> None:
    """Name the files that were recognised and tell nothing of struct pages."""
    files: dict[str, Lines] = {}
    for line in lines:
        if isinstance(line, KnownLine) and line.file != "numactl -H":
            files.setdefault(line.file, line.lines)
    for name, where in files.items():
        message = f"{name} is recognised and not needed: free memory says nothing of struct pages."
        notes.say("info", "file-not-needed", message, where)
