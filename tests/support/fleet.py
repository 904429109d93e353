"""Many small logs, made from the samples by seeded changes, and what one process makes of them."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from pfnscope.fleet.listing import sources
from pfnscope.fleet.work import unpack, work
from tests.support import samples

SMALL = ("seed-1g-4g", "seed-1g-7g", "seed-no-memmap", "odd-size")


def make_logs(folder: Path, count: int, slugs: Iterable[str] = SMALL, seed: int = 1) -> None:
    """``count`` logs below ``folder``, 500 in each folder: lines lost, releases changed, some packed, some cut."""
    random = Random(seed)
    texts = [samples.text(slug).splitlines(keepends=True) for slug in slugs]
    for number in range(count):
        lines = [line for line in random.choice(texts) if random.random() > 0.01]
        text = b"".join(lines).replace(b"4.17.0", b"4.%d.%d" % (random.randrange(12, 20), random.randrange(9)))
        kind = random.random()
        home = folder / f"{number // 500:03d}"
        home.mkdir(parents=True, exist_ok=True)
        if kind < 0.02:
            text = text[: random.randrange(len(text))]
        if kind > 0.95:
            data = gzip.compress(text, 1, mtime=0)
            # one in ten is cut off
            (home / f"{number:06d}.log.gz").write_bytes(data[: len(data) // 2] if kind > 0.995 else data)
        else:
            (home / f"{number:06d}.log").write_bytes(text)


def here(*paths: str) -> list[dict[str, Any]]:
    """The rows of the logs at some paths, made in this process, by name."""
    return by_name(unpack(work(tuple(sources(paths)))))


def by_name(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["name"]))
