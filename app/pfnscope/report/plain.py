"""Text in columns: wrapped sentences, tables that fit a width, and letters that a terminal or a mail can show."""

from collections.abc import Iterable, Sequence
from textwrap import wrap as wrapped

import msgspec

from pfnscope.words import printable

NARROWEST = 72
"""Columns, those of a mail; ranges of 64-bit machines and commands with them do not fit much fewer."""

_SGR = {
    "title": "1",
    "danger": "1;31",
    "caution": "33",
    "info": "36",
    "none": "2",
    "dim": "2",
    "pmem": "35",
    "good": "32",
    "gone": "31",
    "come": "32",
}
_ASCII = str.maketrans(
    {
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{MIDDLE DOT}": "-",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{REPLACEMENT CHARACTER}": "?",
    }
)


class Look(msgspec.Struct, frozen=True):
    """How a text is to look: ``width`` in columns, letters beyond ASCII, colours.

    ``full``: with all tables, also where there is nothing to do.
    """

    width: int = 80
    unicode: bool = False
    colour: bool = False
    full: bool = False

    def text(self, text: str) -> str:
        """A text on one line without control characters, which could drive the reader's terminal."""
        shown = printable(text)
        return shown if self.unicode else shown.translate(_ASCII).encode("ascii", "replace").decode()

    def paint(self, role: str | None, text: str) -> str:
        """The text in the colour of its role; as it is where colours are off or the role has none."""
        code = _SGR.get(role or "") if self.colour else None
        return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text

    def wrap(self, text: str, first: str = "", rest: str | None = None) -> list[str]:
        """Lines of running text; ``first`` and ``rest`` are the indents of the first line and of those after it."""
        return wrapped(
            self.text(text),
            self.width,
            initial_indent=first,
            subsequent_indent=first if rest is None else rest,
            break_on_hyphens=False,
        )


PLAIN = Look()
"""80 columns of ASCII: what pipes, files, mails and the server get."""


def listed(words: Iterable[str], look: Look, separator: str = ", ", indent: str = "") -> list[str]:
    """Words after each other, lines broken between two of them and never inside one."""
    lines: list[str] = []
    for word in map(look.text, words):
        if lines and len(lines[-1] + separator + word + separator.rstrip()) <= look.width:
            lines[-1] += separator + word
            continue
        if lines:
            lines[-1] = (lines[-1] + separator).rstrip()
        lines.append(indent + word)
    return lines


def paragraphs(sentences: Iterable[str], look: Look) -> list[str]:
    """Each sentence wrapped and set in by two columns."""
    return [line for text in sentences for line in look.wrap(text, "  ")]


def table(
    rows: Sequence[Sequence[str]],
    look: Look,
    *,
    heads: Sequence[str] = (),
    flexible: Sequence[int] = (),
    right: Sequence[int] = (),
    roles: Sequence[str | None] = (),
) -> list[str]:
    """Lines of a table, under ``heads`` where there are some.

    Cells of the ``flexible`` columns are wrapped where the rows would be too wide, others only if need be.
    ``right`` names columns that are set flush right, ``roles`` gives each row a colour.
    """
    if not rows:
        return []
    cells = [[look.text(cell) for cell in row] for row in ([heads] if heads else []) + [*rows]]
    colours = (["dim"] if heads else []) + [*(roles or [None] * len(rows))]
    columns = [i for i in range(len(cells[0])) if any(row[i] for row in cells)]
    if not columns:
        return []
    widths = _fitted(cells, columns, flexible, look.width - 2)
    out = []
    for row, role in zip(cells, colours, strict=True):
        pieces = {i: wrapped(row[i], widths[i], break_on_hyphens=False) or [""] for i in columns}
        for line in range(max(len(lines) for lines in pieces.values())):
            shown = [lines[line] if line < len(lines) else "" for lines in pieces.values()]
            padded = (
                text.rjust(widths[i]) if i in right else text.ljust(widths[i])
                for i, text in zip(columns, shown, strict=True)
            )
            out.append(look.paint(role, f"  {'  '.join(padded)}".rstrip()))
    return out


def _fitted(
    cells: Sequence[Sequence[str]], columns: Sequence[int], flexible: Sequence[int], width: int
) -> dict[int, int]:
    """Widths of the columns: natural ones, or with the widest made narrower until all fit.

    First flexible ones down to the longest word of each, then further, at the price of broken words; then all.
    """
    widths = {i: max(1, *(len(row[i]) for row in cells)) for i in columns}
    words = {i: max((len(word) for row in cells for word in row[i].split()), default=1) for i in columns}
    excess = sum(widths.values()) + 2 * (len(columns) - 1) - width
    for least, narrowed in ((words, flexible), (dict.fromkeys(columns, 8), flexible), (words, columns)):
        while excess > 0:
            loose = [i for i in columns if i in narrowed and widths[i] > least[i]]
            if not loose:
                break
            widest = max(loose, key=lambda i: widths[i])
            widths[widest] -= 1
            excess -= 1
    return widths
