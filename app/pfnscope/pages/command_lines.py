"""Command lines on pages: which arguments shape memory, cause holes, are new, or are misread by the kernel."""

from collections import Counter
from itertools import pairwise

import msgspec

from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.map_arguments import ArgumentNote
from pfnscope.model.answers import Simulation
from pfnscope.model.document import Document


class Piece(msgspec.Struct, frozen=True):
    """A part of a command line; ``wrong`` says how the kernel parses it differently from what was probably meant."""

    text: str
    memory: bool = False
    cause: bool = False
    added: bool = False
    wrong: str = ""


class Note(msgspec.Struct, frozen=True):
    """A note on an argument, with the text that it is about and the carets to stand below it."""

    severity: str
    message: str
    text: str
    carets: str


def pieces(document: Document, before: str | None = None) -> list[Piece]:
    """The command line of a document, cut where something else is to be said of it.

    ``before``: mark what this other command line does not have.
    """
    line = document.kernel.command_line or ""
    causes = {cause for hole in document.holes for cause in hole.causes}
    notes = document.simulation.problems if document.simulation else []
    items = arguments(line)
    new = {item.column for item in _lacking(items, before)} if before is not None else set()
    at = {column: item for item in items for column in range(item.column, item.column + len(item.text))}
    cuts = {0, len(line), *(edge for item in items for edge in (item.column, item.column + len(item.text)))}
    cuts |= {min(edge, len(line)) for note in notes for edge in (note.column, note.column + note.width)}
    out = []
    for start, end in pairwise(sorted(cuts)):
        wrong = next((note.message for note in notes if note.column <= start < note.column + note.width), "")
        item = at.get(start)
        if item is None:
            out.append(Piece(line[start:end], wrong=wrong))
        else:
            cause, added = item.text in causes, item.column in new
            out.append(Piece(line[start:end], item.shapes_memory, cause, added, wrong))
    return out


def removed(document: Document, before: str) -> list[str]:
    """The arguments of ``before`` that the document's command line does not have."""
    return [item.text for item in _lacking(arguments(before), document.kernel.command_line or "")]


def notes(simulation: Simulation | None) -> list[Note]:
    """Arguments that the kernel parses differently from what was probably meant, each with carets for its text."""
    return [_note(item, simulation.command_line) for item in simulation.problems] if simulation else []


def _note(item: ArgumentNote, line: str) -> Note:
    around = next((a for a in arguments(line) if a.column <= item.column <= a.column + len(a.text)), None)
    start, text = (around.column, around.text) if around else (item.column, line[item.column :][: item.width])
    return Note(item.severity, item.message, text, " " * (item.column - start) + "^" * max(1, item.width))


def _lacking(items: tuple[Argument, ...], other: str) -> list[Argument]:
    """The arguments that another command line does not have, or not so often; the last ones of a text."""
    left = Counter(item.text for item in arguments(other))
    out = []
    for item in items:
        left[item.text] -= 1
        if left[item.text] < 0:
            out.append(item)
    return out
