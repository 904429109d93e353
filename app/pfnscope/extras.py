"""What needs packages that ``pip install pfnscope`` leaves out, and the command that installs them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pfnscope.errors import ServiceError

Extra = Literal["server", "html", "postgres", "redis", "plot", "fleet", "png", "files"]

NEEDS: dict[Extra, str] = {
    "server": "serve",
    "html": "a page in one file",
    "postgres": "a database on PostgreSQL",
    "redis": "counting requests in Redis",
    "plot": "a figure of Plotly",
    "fleet": "scan",
    "png": "a picture as PNG",
    "files": "a 7z archive, a text packed with lz4, or a Word or PDF document",
}
"""What needs each extra of pyproject.toml."""


class MissingExtra(ServiceError):
    """Something for which the packages of an extra have to be installed; ``package`` is one that is not."""

    def __init__(self, extra: Extra, package: str) -> None:
        self.extra = extra
        super().__init__(f"{NEEDS[extra]} needs packages that are not installed ({package}): {installing(extra)}")


@contextmanager
def needs(extra: Extra) -> Iterator[None]:
    """Around imports of an extra's packages, or of modules that import them: raises MissingExtra without them."""
    try:
        yield
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        if name in sys.stdlib_module_names or name == __package__:
            raise
        raise MissingExtra(extra, name or str(error)) from error


def installing(extra: Extra) -> str:
    """The command that adds an extra where this program runs: a shell's own pip may be that of another Python.

    Environments that uv makes have no pip; of ``uvx`` and ``uv tool install`` they are made anew with each change.
    """
    from importlib.util import find_spec
    from pathlib import Path
    from shlex import quote

    what, home = f"'pfnscope[{extra}]'", Path(sys.prefix)
    if find_spec("pip"):
        return f"{quote(sys.executable)} -m pip install {what}"
    if (home / "uv-receipt.toml").exists() or "archive-v0" in home.parts:
        return f"uv tool install {what}"
    return f"uv pip install --python {quote(sys.executable)} {what}"
