"""The files that a text was put together of, in words: which were read, which said nothing, which were not used."""

from collections.abc import Iterator

from pfnscope.model.document import Document
from pfnscope.model.sources import source_of
from pfnscope.words import counted

_MOST = 20
"""Files of a kind that are named; the document has them all."""


def files_in_short(document: Document) -> str:
    """``from sos_commands/kernel/dmesg, one of 9 files, others not used``; nothing for a text of one file."""
    if not document.sources:
        return ""
    own = next((row.source for row in document.boots if row.index == document.boot.index), None)
    many = len(document.sources)
    words = [
        f"from {own}" if own else "",
        f"one of {many} files" if many > 1 else "",
        "others not used" if document.unused_files else "",
    ]
    return ", ".join(filter(None, words))


def files_of_text(document: Document) -> list[str]:
    """A sentence for each file of a text that consists of several, in the order of the text."""
    return [*_read(document), *_unused(document)] if document.sources or document.unused_files else []


def _read(document: Document) -> Iterator[str]:
    own = {source.name for line in document.recognised_lines if (source := source_of(line, document.sources))}
    boots: dict[str, list[int]] = {}
    for row in document.boots:
        if row.source is not None and len(document.boots) > 1:
            boots.setdefault(row.source, []).append(row.index)
    for source in document.sources[:_MOST]:
        numbers = boots.get(source.name, [])
        named = f", boot{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:_MOST]))}" if numbers else ""
        shown = ", read for this boot" if source.name in own else ""
        yield f"{source.name}: {counted(source.lines, 'line')} from line {source.first_line:,} on{named}{shown}."
    if document.sources[_MOST:]:
        yield f"{counted(len(document.sources) - _MOST, 'more file')}."


def _unused(document: Document) -> Iterator[str]:
    for item in document.unused_files[:_MOST]:
        yield f"{item.name}: not used, {item.reason}."
    if document.unused_files[_MOST:]:
        yield f"{counted(len(document.unused_files) - _MOST, 'more file')} not used."
