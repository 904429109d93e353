"""The use case behind ``pfnscope scan``: every log at some paths analysed, one row each, in one Parquet file."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from pfnscope.fleet.engine import Batch, answers, started
from pfnscope.fleet.errors import FilesNotShared
from pfnscope.fleet.listing import check, sources
from pfnscope.fleet.source import Source, shown
from pfnscope.fleet.table import Table
from pfnscope.fleet.work import unpack

BATCH_LOGS = 32
BATCH_BYTES = 4 << 20
_UNKNOWN_SIZE = 64 << 10


class State(msgspec.Struct):
    """How far a scan is. ``done`` counts the logs of this run by the status of their row.

    ``skipped`` are those with a row of an earlier run, ``known`` all such rows, ``of_other_versions`` those among them
    that another version of pfnscope wrote; ``rows`` is what the table has at the end.
    """

    known: int
    of_other_versions: int
    done: Counter[str]
    skipped: int = 0
    rows: int | None = None


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0))


def scan(
    paths: Sequence[str],
    out: Path,
    scheduler: str | None = None,
    workers: int | None = None,
    watch: Callable[[State], None] = lambda _: None,
) -> State:
    """Analyse the logs at ``paths`` that ``out`` has no row of, and complete it. ``watch`` is told of each batch.

    On the Dask cluster at ``scheduler``, else by ``workers`` processes of this machine, as many as it has cores.
    Whatever interrupts it, the next call goes on. Raises CannotScan, FilesNotShared at the first batch whose files are
    here and not where the workers are.
    """
    check(paths)
    with Table(out) as table:
        state = State(table.known, table.of_other_versions, Counter())
        fresh = _fresh(sources(paths, (out, table.parts)), table, state)
        watch(state)
        first = next(fresh, None)
        if first is not None:
            with started(scheduler, workers or cores()) as client:
                for answer in answers(client, _batches(_chained(first, fresh))):
                    if scheduler is not None:
                        _check_shared(answer.missing, scheduler)
                    rows = unpack(answer)
                    table.add(rows, len(answer.rows))
                    state.done.update(row["status"] for row in rows)
                    watch(state)
        state.rows = table.finish()
    return state


def _check_shared(missing: Iterable[str], scheduler: str) -> None:
    """Raise FilesNotShared where a path that a worker could not find exists here."""
    for path in missing:
        if os.path.exists(path):  # noqa: PTH110 - as Path.exists, which raises for some paths
            raise FilesNotShared(
                f"The workers of {scheduler} do not see {shown(path)}, which is here: "
                "mount it under the same path there, or give URLs."
            )


def _fresh(found: Iterable[Source], table: Table, state: State) -> Iterator[Source]:
    for source in found:
        if table.finished(source):
            state.skipped += 1
        else:
            yield source


def _chained(first: Source, rest: Iterator[Source]) -> Iterator[Source]:
    yield first
    yield from rest


def _batches(found: Iterator[Source]) -> Iterator[Batch]:
    batch: list[Source] = []
    size = 0
    for source in found:
        batch.append(source)
        size += _UNKNOWN_SIZE if source.size is None else source.size
        if len(batch) >= BATCH_LOGS or size >= BATCH_BYTES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)
