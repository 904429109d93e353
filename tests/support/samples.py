"""The example logs with their descriptions, for every test that runs over all of them."""

import tomllib
from pathlib import Path
from typing import Any

from pfnscope import resources

FOLDER = resources.folder("sample_logs")
SLUGS = sorted(path.parent.name for path in FOLDER.glob("*/meta.toml"))


def path(slug: str) -> Path:
    return FOLDER / slug / "dmesg.txt"


def text(slug: str) -> bytes:
    return path(slug).read_bytes()


def meta(slug: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / slug / "meta.toml").read_text())
