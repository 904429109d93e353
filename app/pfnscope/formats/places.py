"""Where a reservation lies or can go, as text: the answer, where exactly, what is in the way, what to write, bars."""

from collections.abc import Iterable, Sequence

from pfnscope.drawing.ascii import bars_of_places
from pfnscope.model.answers import AddedHole, Obstacle, Placements
from pfnscope.model.document import Document
from pfnscope.report.placed import (
    TONES,
    Row,
    advice,
    bad_words,
    obstacle_size,
    obstacles,
    other_words,
    others_title,
    row_words,
    rows,
    title,
    writing,
)
from pfnscope.report.plain import PLAIN, Look, table
from pfnscope.report.words import ORIGIN_WORDS, STATE_WORDS, VERDICTS, harm_words, pages_words
from pfnscope.units import argument_size, format_size
from pfnscope.words import plural

_NOT_TRIED = "not tried: memory is in too many pieces, and starts further up than those above count as unsafe"
MOST = 100
"""Rows of a list of a text; the JSON has all."""


def placed_text(document: Document, places: Placements, look: Look = PLAIN) -> str:
    """The answer in the layout of ``document``, lines ended by newlines."""
    lines = _region(document, places, look) if places.what == "memmap" else _reservation(document, places, look)
    return "\n".join(lines) + "\n"


def _region(document: Document, places: Placements, look: Look) -> list[str]:
    """Safe and unsafe starts of a memmap= region."""
    on = f" on {places.release}" if places.release else ", for releases that are not known"
    step = format_size(places.align)
    out = [line for text in _advice(document, places) for line in look.wrap(text)]
    out += [""] if out else []
    out += look.wrap(f"memmap={argument_size(places.size)}{places.kind}START{on}, START a multiple of {step}")
    out += _origin(document, look)
    out += _bars(document, places, look)
    out += ["", look.paint("title", "Starts")]
    if not places.placements:
        out.append("  No memory of this machine holds such a region whole.")
    for item in places.placements[:MOST]:
        word, role = ("safe  ", "good") if item.safe else ("UNSAFE", "danger")
        last = item.end - places.align
        out.append(look.paint(role, f"  {word}  {item.start}" + ("" if last == item.start else f" to {last:#x}")))
        more = [_said(hole) for hole in item.holes]
        more += [f"dangerous on {', '.join(item.dangerous_on)}"] if item.dangerous_on else []
        more += [_NOT_TRIED] if item.untried else []
        out += [line for text in more for line in look.wrap(text, " " * 10, " " * 12)]
    return out + _hidden(len(places.placements), places.left_out)


def _advice(document: Document, places: Placements) -> list[str]:
    """What to write in place of an argument that has to go elsewhere."""
    if places.move is None:
        return []
    said = advice(places, document.kernel.version)
    return [text for text in (said.sentence, writing(places)[1]) if text]


def _said(hole: AddedHole) -> str:
    linked = "" if hole.linked_zone is None else f", linked to {hole.linked_zone} of node {hole.linked_node}"
    where = "in no zone" if hole.placement == "outside-zone-spans" else "in a zone"
    harm = harm_words(hole.severity)
    return f"adds {hole.frames}, {pages_words(hole.pages)} {where}, {STATE_WORDS[hole.state]}{linked}, {harm}"


def _reservation(document: Document, places: Placements, look: Look) -> list[str]:
    """What the kernel places itself, or bad memory that it is kept from."""
    out = [look.paint(VERDICTS[TONES[places.outcome]][1], line) for line in look.wrap(places.text)]
    out += _origin(document, look)
    argument, quoted = writing(places)
    if argument:
        out += ["", look.paint("title", "Write")]
        out += [f"  {look.text(argument)}", *look.wrap(quoted, "  ")]
    if places.other_forms:
        out += ["", look.paint("title", others_title(places))]
    for form in places.other_forms:
        out += [f"  {look.text(form.command_line)}", *look.wrap(other_words(form), " " * 6)]
    out += _bars(document, places, look)
    if places.notes:
        out += ["", look.paint("title", "Notes")]
        out += [line for text in places.notes for line in look.wrap(text, "  ", "    ")]
    out += _where(places, document, look)
    out += _listed("In the way", [_obstacle_cells(item) for item in obstacles(places)], look)
    rows = [(str(item.address), bad_words(item), _lines(item.lines)) for item in places.addresses]
    return out + _listed("Addresses", rows, look, places.left_out)


def _where(places: Placements, document: Document, look: Look) -> list[str]:
    """The ranges that are taken or may be, then those where nothing goes."""
    every = rows(places, document, MOST)
    if not every:
        return []
    cells = [_cells(row) for row in every]
    roles = [None if row.fits else "dim" for row in every]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    out = ["", look.paint("title", title(places))]
    if sum(widths) + 2 * sum(map(bool, widths)) <= look.width:
        out += table(cells, look, roles=roles)
    else:
        for (memory, size, *rest), role in zip(cells, roles, strict=True):
            more = look.wrap("; ".join(filter(None, rest)), " " * 6)
            out += [look.paint(role, line) for line in (f"  {memory}  {size}", *more)]
    return out + _hidden(len(places.placements), places.left_out)


def _cells(row: Row) -> Sequence[str]:
    return (str(row.memory), row.size, row.home, row_words(row), _lines(row.lines))


def _obstacle_cells(item: Obstacle) -> Sequence[str]:
    return (str(item.range), obstacle_size(item), item.name, _lines(item.lines))


def _lines(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    return f"{plural(len(lines), 'line')} {', '.join(map(str, lines[:4]))}{', …' if len(lines) > 4 else ''}"


def _listed(title: str, cells: Sequence[Sequence[str]], look: Look, left_out: int = 0) -> list[str]:
    """A title with a table, of long ones the beginning; nothing where there are no rows."""
    if not cells:
        return []
    return ["", look.paint("title", title), *table(cells[:MOST], look, flexible=(2, 3)), *_hidden(len(cells), left_out)]


def _hidden(count: int, left_out: int = 0) -> list[str]:
    """How many rows are not shown; ``left_out``: so many more, placements or addresses, are in no form."""
    known = f"--format json has {f'the first {count:,}' if left_out else 'all'}"
    return [f"  {count - MOST + left_out:,} more: {known}"] if count > MOST else []


def _origin(document: Document, look: Look) -> list[str]:
    return look.wrap(f"The layout is {ORIGIN_WORDS['computed']}.") if document.origin == "computed" else []


def _bars(document: Document, places: Placements, look: Look) -> list[str]:
    bars: Iterable[str] = bars_of_places(document, places, look)
    return ["", look.paint("title", "Page frames"), *bars] if bars else []
