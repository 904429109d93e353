"""Work that ends the process which does it, importable by worker processes."""

import os
from collections.abc import Sequence

from pfnscope.fleet.source import Source
from pfnscope.fleet.work import Answer, work


def deadly(batch: Sequence[Source]) -> Answer:
    """As ``work``, but a log named deadly is the end of the process."""
    if any("deadly" in source.name for source in batch):
        os._exit(1)
    return work(batch)
