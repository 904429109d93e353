"""What the command says: documents on standard output, messages on standard error, and why it does not go on."""

import sys


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
