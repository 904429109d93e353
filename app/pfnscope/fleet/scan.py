"""The use case behind ``pfnscope scan``: every log at some paths analysed, one row each, in one Parquet file."""

import logging
import os
import time
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dask
import msgspec
from distributed import Client, Future, LocalCluster, as_completed
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker
from distributed.security import Security

from pfnscope import __version__
from pfnscope.fleet.listing import check, sources
from pfnscope.fleet.source import CannotScan, FilesNotShared, Source, shown
from pfnscope.fleet.table import Table
from pfnscope.fleet.work import Answer, given_up, unpack, version, work

Batch = tuple[Source, ...]

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


AHEAD = 4
"""Batches per worker thread that are under way: enough that none waits, few enough to hold."""
BYTES_AHEAD = 64 << 20
"""Of logs out of archives, which travel with their batch."""
_WAIT_SECONDS = 30

_CONFIG = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a log out of an archive may be as large as it likes
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.preload": ["pfnscope.fleet.work"],
}


@contextmanager
def started(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the cluster at an address, or of one made here with so many processes. Raises CannotScan.

    The one made here listens on loopback alone, and under a key of its own: Dask runs what it is sent, so any user of
    this machine could otherwise run code as this one.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_CONFIG))
        if scheduler is None:
            cluster = _local(workers)
            stack.enter_context(cluster)
            yield stack.enter_context(Client(cluster))
        else:
            yield stack.enter_context(_connected(scheduler))


def _local(workers: int) -> LocalCluster:
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tls://",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",  # None would be port 8787
            worker_dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError) as error:
        raise CannotScan(f"Dask cannot start {workers} processes here: {error}.") from error


def _connected(scheduler: str) -> Client:
    try:
        client = Client(scheduler)
    except (OSError, ValueError, TypeError) as error:
        raise CannotScan(f"No Dask scheduler answers at {scheduler}: {error}.") from error
    try:
        client.wait_for_workers(1, timeout=_WAIT_SECONDS)
        versions = set(client.run(version).values())
    except TimeoutError as error:
        raise CannotScan(f"The scheduler at {scheduler} has no workers.") from error
    except Exception as error:
        client.close()
        raise CannotScan(
            f"The workers of {scheduler} cannot run pfnscope: {error}. Install pfnscope[fleet] {__version__} there."
        ) from error
    if versions != {__version__}:
        client.close()
        raise CannotScan(f"The workers of {scheduler} have pfnscope {', '.join(sorted(versions))}, not {__version__}.")
    return client


def answers(client: Client, batches: Iterator[Batch]) -> Iterator[Answer]:
    """The answers to all batches, in no order. No more are taken than the workers can have under way.

    Logs that were with a worker each time it was killed are tried once more at the end, one at a time and nothing
    beside it: whatever else a worker holds is under suspicion with the one that killed it. Raises CannotScan.
    """
    try:
        yield from _answers(client, batches)
    except (OSError, CancelledError, FutureCancelledError) as error:
        raise CannotScan("The Dask scheduler is gone. Run again to go on.") from error


def _answers(client: Client, batches: Iterator[Batch]) -> Iterator[Answer]:
    owed: dict[Future[Answer], Batch] = {}
    suspects: list[Source] = []
    arriving = as_completed()
    room = _Room(client)

    def submit(batch: Batch) -> None:
        # without a key of its own Dask would hash the logs
        future = client.submit(work, batch, pure=False)
        owed[future] = batch
        room.take(batch)
        arriving.add(future)

    more, alone = True, False
    while more or owed or suspects:
        while more and room.left(len(owed)):
            batch = next(batches, None)
            if batch is None:
                more = False
            else:
                submit(batch)
        if not owed and suspects:
            alone = True
            submit((suspects.pop(),))
        if not owed:
            return
        future = next(arriving)
        batch = owed.pop(future)
        room.give_back(batch)
        if future.status == "finished":
            yield future.result()
        elif future.status != "error":
            raise CannotScan("The Dask scheduler is gone. Run again to go on.")
        else:
            error = future.exception()
            if isinstance(error, KilledWorker) and not alone:
                suspects += batch
            else:
                yield given_up(batch, _why(error))


def _why(error: BaseException) -> str:
    if isinstance(error, KilledWorker):
        return "The process that analysed it was killed each time, perhaps for want of memory."
    return f"The worker could not take it: {type(error).__name__}: {error}"


class _Room:
    """How much may be under way: by the workers that there are, asked now and then, and by the bytes that travel."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked = float("-inf")
        self._threads = 1
        self._bytes = 0

    def left(self, under_way: int) -> bool:
        if time.monotonic() - self._asked > 5:
            self._threads = max(1, sum(self._client.nthreads().values()))
            self._asked = time.monotonic()
        return under_way < AHEAD * self._threads and (not under_way or self._bytes < BYTES_AHEAD)

    def take(self, batch: Sequence[Source]) -> None:
        self._bytes += _travelling(batch)

    def give_back(self, batch: Sequence[Source]) -> None:
        self._bytes -= _travelling(batch)


def _travelling(batch: Sequence[Source]) -> int:
    return sum(len(source.data or b"") for source in batch)
