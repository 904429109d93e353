"""Work that ends the process which does it, or sees no file there; importable by worker processes."""

import os
from collections.abc import Sequence
from unittest.mock import patch

from pfnscope.fleet.source import Source
from pfnscope.fleet.work import Answer, work


def deadly(batch: Sequence[Source]) -> Answer:
    """As ``work``, but a log named deadly is the end of the process."""
    if any("deadly" in source.name for source in batch):
        os._exit(1)
    return work(batch)


def blind(batch: Sequence[Source]) -> Answer:
    """As ``work`` on a machine that has none of the files."""
    with patch("pfnscope.fleet.work.open_file", side_effect=FileNotFoundError(2, "No such file or directory")):
        return work(batch)
