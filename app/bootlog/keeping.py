"""What is stored of a log: the lines about memory, at their places, and nothing else."""

from io import BytesIO

from app.bootlog.decoding import ADDED, decode
from app.bootlog.excerpts import is_prose
from app.bootlog.reader import Reading

_ELLIPSIS = "…".encode()


def keep_memory_lines(text: bytes, reading: Reading) -> bytes:
    """The text with every line blanked that says nothing about memory; line numbers stay.

    What somebody wrote between two log lines becomes an ellipsis, since it tells excerpts apart: reading
    the kept text gives the same boots.
    """
    data = decode(text)
    kept = sorted({line for boot in reading.boots for line in boot.recognised})
    out = BytesIO()
    number, at = 1, 0
    for line in kept:
        start = _skip(data, at, line - number)
        if number > 1:
            out.writelines(_blanked(data[at:start], line - number))
        else:
            out.write(b"\n" * (line - number))
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        out.writelines((data[start:end].replace(ADDED, b"<br>"), b"\n"))  # the same when it is read again
        number, at = line + 1, min(end + 1, len(data))
    out.write(b"\n" * (reading.line_count - number + 1))
    return out.getvalue()


def _skip(data: bytes, at: int, lines: int) -> int:
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
    return at


def _blanked(gap: bytes, lines: int) -> tuple[bytes, ...]:
    """As many empty lines, the first one and the last line of prose among them marked; only what is near can matter.

    What follows a soft line break is the rest of a line, and no prose by itself.
    """
    if lines > 1 and is_prose(gap[: gap.find(b"\n")][:4096]):  # else a wrapped command line might seem to end here
        return _ELLIPSIS, b"\n", *_marked(gap[gap.find(b"\n") + 1 :], lines - 1)
    return _marked(gap, lines)


def _marked(gap: bytes, lines: int) -> tuple[bytes, ...]:
    end = len(gap)
    for back in range(min(lines, 60)):
        start = gap.rfind(b"\n", 0, max(end - 1, 0)) + 1
        goes_on = gap[max(start - 3, 0) : start].endswith(b"=\n") and gap[max(start - 3, 0) : start] != b"==\n"
        if not goes_on and is_prose(gap[start:end][:4096]):
            return b"\n" * (lines - back - 1), _ELLIPSIS, b"\n" * (back + 1)
        end = start
    return (b"\n" * lines,)
