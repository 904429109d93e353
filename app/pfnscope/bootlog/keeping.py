"""What is stored of a log: the lines about memory, at their places, and nothing else."""

from collections.abc import Callable, Iterator
from io import BytesIO

from pfnscope.bootlog.decoding import ADDED, DECODED, decode
from pfnscope.bootlog.excerpts import PROSE_LINES, is_log, is_prose
from pfnscope.bootlog.reader import Reading
from pfnscope.bootlog.records import ELLIPSIS
from pfnscope.bootlog.text import Text

_LOG = b"[]."  # the first line behind all that is kept, where it shows that the log goes on
_FAR = 4096  # bytes of a line that show whether somebody wrote it

HabitOf = Callable[[bytes], int]


def keep_memory_lines(text: bytes | Text, reading: Reading) -> bytes:
    """The text with every line blanked that says nothing about memory; line numbers stay. ``reading`` is its reading.

    What somebody wrote between two log lines becomes an ellipsis, since it tells excerpts apart: reading
    the kept text gives the same boots.
    """
    searchable = text if isinstance(text, Text) else Text(text)
    data, habit_of = searchable.decoded, searchable.habit_of
    out = BytesIO()
    number, at = 1, 0
    for line in reading.lines:
        start = _skip(data, at, line - number)
        if number > 1:
            out.writelines(_blanked(data[at:start], line - number, habit_of))
        else:
            out.write(b"\n" * (line - number))
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end + 1
        out.write(data[start:end])
        number, at = line + 1, end
    lines = reading.line_count - number + 1
    if number > 1 and lines and is_log(_first_line(data[at:]), habit_of):
        out.writelines((_LOG, b"\n" * lines))
    else:
        out.writelines(_blanked(data[at:], lines, habit_of))
    kept = out.getvalue()
    return kept if decode(kept) == kept else kept + DECODED


def _first_line(gap: bytes) -> bytes:
    return Text(gap[:_FAR], decoded=True).data.split(b"\n", 1)[0]


def _skip(data: bytes, at: int, lines: int) -> int:
    for _ in range(lines):
        end = data.find(b"\n", at)
        at = len(data) if end < 0 else end + 1
    return at


def _blanked(gap: bytes, lines: int, habit_of: HabitOf) -> Iterator[bytes]:
    """As many empty lines, the first one and the last line of prose among them marked; only what is near can matter.

    The first, because a wrapped command line might seem to end there.
    """
    if not lines:
        return
    begins = is_prose(_first_line(gap), habit_of)
    last, mark = _last_prose(gap, lines, habit_of)
    if begins:
        yield ELLIPSIS
    if last is None or (begins and last == 0):
        yield b"\n" * lines
        return
    yield b"\n" * last
    yield mark
    yield b"\n" * (lines - last)


def _last_prose(gap: bytes, lines: int, habit_of: HabitOf) -> tuple[int | None, bytes]:
    """Which line of a gap is the last that begins with prose, or holds some, and what marks it.

    A soft line break joins lines: what follows one is the rest of a line, and no prose by itself.
    """
    end, rest = len(gap), b""
    for back in range(min(lines, PROSE_LINES)):
        start = gap.rfind(b"\n", 0, max(end - 1, 0)) + 1
        line = gap[start:end].removesuffix(b"\n") + rest
        before = gap[max(start - 3, 0) : start]
        end = start
        if before.endswith(b"=\n") and before[:1] not in (b"=", b"\n") and len(before) == 3:
            rest = line
            continue
        rest = b""
        if any(is_prose(piece, habit_of) for piece in _pieces(line)):
            return lines - back - 1, ELLIPSIS if is_prose(line.split(ADDED, 1)[0], habit_of) else ADDED + ELLIPSIS
    return None, b""


def _pieces(line: bytes) -> Iterator[bytes]:
    """What a line holds where the decoding ended lines in it: the last of it, from the end."""
    end = len(line)
    for _ in range(PROSE_LINES):
        start = line.rfind(ADDED, 0, end) + 1
        yield line[start : min(end, start + _FAR)]
        if not start:
            return
        end = start - 1
