"""Work without an end; importable by worker processes."""

import os
from pathlib import Path
from signal import pause


def for_ever(pipe: Path) -> None:
    """Write the number of this process into a pipe, and go on until somebody ends it."""
    pipe.write_text(f"{os.getpid()}\n")
    pause()
