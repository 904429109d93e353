"""Start-up and shutdown shortcuts, exit statuses; a command that runs long opts out with ``run_long()``.

What each shortcut is worth stands in docs/decisions.md, 2026-11-30.
"""

import gc
import os
import sys
from typing import NoReturn

EXIT_FINDING, EXIT_USAGE, EXIT_NO_LAYOUT, EXIT_INTERRUPTED = 1, 2, 3, 130


class _Process:
    runs_long = False


def run_long() -> None:
    """Called first by a command that runs long, or that has threads, child processes or exit handlers.

    Switches the garbage collector on again, and ``leave`` ends the interpreter in the ordinary way.
    """
    _Process.runs_long = True
    gc.enable()


def leave(status: int) -> NoReturn:
    """End the process; without tearing down the interpreter unless the command has called :func:`run_long`."""
    if _Process.runs_long:
        sys.exit(status)
    os._exit(status)


def import_msgspec() -> None:
    """Import msgspec without typing_extensions.

    msgspec uses that package where it is installed, for what ``typing`` of Python 3.11 has as well. Whoever imports
    typing_extensions afterwards gets the real one.
    """
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment] # an import of it fails
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
