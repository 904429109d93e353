"""Where the files beside the code are: the same answer in a checkout and in an installed wheel."""

from functools import cache
from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parent


@cache
def folder(name: Literal["templates", "static", "sample_logs"]) -> Path:
    """The folder of that name: bundled into the package by the wheel, beside it in a checkout."""
    bundled = _PACKAGE / "_bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent.parent / name
