"""What the command says: documents on standard output, messages on standard error, and why it does not go on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any


class Refusal(Exception):
    """Why the command does not go on, in one line; it ends with status 2."""


class WrongUsage(Refusal):
    """A refusal of what was typed: how the command is used stands above it."""


def say(text: str, end: str = "\n") -> None:
    """Write to standard error; where that is closed or full nobody can be told."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(f"{text}{end}")
            sys.stderr.flush()
    except OSError:
        sys.stderr = None  # else the interpreter tries once more on its way out


def show(data: bytes) -> None:
    """Write to standard output; a Refusal where that fails."""
    if sys.stdout is None:
        raise Refusal("standard output is closed")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = None  # else the interpreter tries once more on its way out
        raise Refusal(f"cannot write: {error.strerror}") from error


if TYPE_CHECKING:
    from pfnscope.report.plain import Look

WIDEST = 120
"""Columns; a wider terminal shows the report no better."""
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
_SILENT_SECONDS = 1.0
_BEAT_SECONDS = 0.5


def look(width: int | None, colour: str) -> "Look":
    """How a text on standard output is to look.

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
    """Whether somebody is looking; a closed stream is no terminal."""
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
    """Whether the locale's letters are UTF-8.

    Python's own idea is not asked: it takes C for UTF-8, and says so to others by setting LC_CTYPE (PEP 538).
    """
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] in _COERCED:
        del names[1]
    return next(filter(None, names), "").lower().replace("-", "").endswith("utf8")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Tell on a terminal's standard error that ``what`` goes on, with the seconds; quick work says nothing."""
    if not is_terminal(sys.stderr):
        yield
        return
    from threading import Event, Thread
    from time import monotonic

    done, start = Event(), monotonic()

    def beat() -> None:
        told = done.wait(_SILENT_SECONDS)
        while not told:
            _over(f"pfnscope: {what}, {monotonic() - start:.0f} s")
            told = done.wait(_BEAT_SECONDS)

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        if monotonic() - start > _SILENT_SECONDS:
            _over("")


def counted(at: int, total: int) -> None:
    """Tell on a terminal's standard error how far many files are; nothing remains when the last is done."""
    if is_terminal(sys.stderr):
        _over(f"pfnscope: {at} of {total} files" if at < total else "")


def _over(text: str) -> None:
    """Replace the last line of standard error."""
    sys.stderr.write(f"\r{text}\x1b[K")
    sys.stderr.flush()
