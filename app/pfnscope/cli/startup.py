"""What quick commands spare at their start and their end, and how a command says that it is not one of them."""

import gc
import os
import sys
from typing import NoReturn


class _Run:
    takes_time = False


def take_time() -> None:
    """Said first by a command that goes on for long, or has threads, children or functions to call at its end.

    Garbage is looked for again, and the end is that of every Python program.
    """
    _Run.takes_time = True
    gc.enable()


def leave(status: int) -> NoReturn:
    """End the command. A quick one has written all: taking the interpreter apart would cost half of its start."""
    if _Run.takes_time:
        sys.exit(status)
    os._exit(status)


def import_msgspec() -> None:
    """Import msgspec without typing_extensions, which takes 10 ms of the 110 that a report may take.

    msgspec looks there first for what the typing of every Python that we support has, too. typing_extensions itself is
    left as it is: whoever asks for it later gets it.
    """
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment] # an import of it fails
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
