"""Standard output and standard error: documents on one, messages and progress on the other."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pfnscope.report.plain import Look

WIDEST = 120
"""Columns; a wider terminal shows the report no better."""
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
_SILENT_SECONDS = 1.0
_BEAT_SECONDS = 0.5


class Refusal(Exception):
    """An error that ends the command with status 2; the message is one line for the user."""


class WrongUsage(Refusal):
    """An error in the command line: the command's usage is printed above the message."""


def say(text: str) -> None:
    """Write lines to standard error; nothing happens where that is closed or full.

    Control characters, which file names, logs and servers may bring to drive a terminal, are shown as what they are.
    """
    _write(f"{_shown(text)}\n")


def _write(text: str) -> None:
    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except OSError:
        sys.stderr = None  # else the interpreter flushes it once more when it ends


def _shown(text: str) -> str:
    """Text with its line breaks and tabs; all other control characters are escaped."""
    if all(line.isprintable() for line in text.split("\n")):
        return text
    from pfnscope.words import escaped

    return "\n".join("\t".join(map(escaped, line.split("\t"))) for line in text.split("\n"))


def show(data: bytes, *, painted: bool = False) -> None:
    """Write to standard output; raises Refusal where that fails.

    A terminal gets control characters as :func:`say` shows them. ``painted``: the text comes from a ``Look``, which
    has taken all of them out and put its colours in.
    """
    if sys.stdout is None:
        raise Refusal("standard output is closed")
    if not painted and is_terminal(sys.stdout):
        data = _shown(data.decode("utf-8", "replace").replace("\r\n", "\n")).encode()
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = None  # else the interpreter flushes it once more when it ends
        raise Refusal(f"cannot write: {error.strerror}") from error


def look(width: int | None, colour: str) -> "Look":
    """Width, colours and character set of text on standard output.

    A terminal gets its own width, colours unless NO_COLOR forbids them, and Unicode where the locale has it. All else
    gets 80 columns of ASCII, so that what is piped, saved or mailed is the same bytes everywhere.
    """
    from pfnscope.report.plain import NARROWEST, Look

    terminal = is_terminal(sys.stdout)
    if width is None:
        width = min(max(_columns(), NARROWEST), WIDEST) if terminal else 80
    coloured = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(
        width,
        unicode=(terminal or colour == "always") and _has_unicode(),
        colour=coloured if colour == "auto" else colour == "always",
    )


def is_terminal(stream: Any) -> bool:
    """Whether a stream, which may be None or closed, is a terminal."""
    return stream is not None and not stream.closed and bool(stream.isatty())


def _columns() -> int:
    from pfnscope.units import whole_number

    columns = whole_number(os.environ.get("COLUMNS", ""))
    if columns:
        return columns
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _has_unicode() -> bool:
    """Whether the locale is a UTF-8 one.

    By the environment: Python takes the C locale for UTF-8, and sets LC_CTYPE accordingly (PEP 538).
    """
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] in _COERCED:
        del names[1]
    return next(filter(None, names), "").lower().replace("-", "").endswith("utf8")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show ``what`` and the seconds on a terminal's standard error once it takes longer than a second."""
    if not is_terminal(sys.stderr):
        yield
        return
    from threading import Event, Thread
    from time import monotonic

    done, start = Event(), monotonic()

    def beat() -> None:
        ended = done.wait(_SILENT_SECONDS)
        while not ended:
            overwrite(f"pfnscope: {what}, {monotonic() - start:.0f} s")
            ended = done.wait(_BEAT_SECONDS)

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        if monotonic() - start > _SILENT_SECONDS:
            overwrite("")


def show_count(done: int, total: int) -> None:
    """Show the number of files done on a terminal's standard error; the line is cleared with the last one."""
    if is_terminal(sys.stderr):
        overwrite(f"pfnscope: {done} of {total} files" if done < total else "")


def overwrite(text: str) -> None:
    """Replace the current line of standard error, which is a terminal."""
    _write(f"\r{_shown(text)}\x1b[K")
