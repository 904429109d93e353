"""The use case behind ``pfnscope scan``: every log at some paths analysed by Dask, a row each, in one Parquet file."""

import logging
import os
import time
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
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
from pfnscope.fleet.work import Answer, failed, unpack, version, work

Batch = tuple[Source, ...]

BATCH_LOGS = 32
BATCH_BYTES = 4 << 20
_UNKNOWN_SIZE = 64 << 10
AHEAD = 4
"""Batches under way for each worker thread: enough that none waits, few enough to hold in memory."""
BYTES_AHEAD = 64 << 20
"""Bytes of archive members under way, which travel with their batch."""
_WAIT_SECONDS = 30
_THREADS_SECONDS = 5.0

_CONFIG = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # archive members may be large
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.preload": ["pfnscope.fleet.work"],
}


class State(msgspec.Struct):
    """Progress of a scan. ``done`` counts the logs of this run by the status of their row.

    ``skipped`` are those with a row of an earlier run, ``known`` all such rows, ``of_other_versions`` those among them
    that another version of pfnscope wrote; ``rows`` is the size of the table at the end.
    """

    known: int
    of_other_versions: int
    done: Counter[str]
    skipped: int = 0
    rows: int | None = None


def scan(
    paths: Sequence[str],
    out: Path,
    scheduler: str | None = None,
    workers: int | None = None,
    watch: Callable[[State], None] = lambda _: None,
) -> State:
    """Analyse the logs at ``paths`` that have no row in ``out`` yet, and complete the table.

    On the Dask cluster at ``scheduler``, else in ``workers`` processes of this machine, by default one for each core.
    ``watch`` is called at the start and after each batch. An interrupted scan is continued by the next call. Raises
    CannotScan, and FilesNotShared at the first file that is here and not where the workers are.
    """
    check(paths)
    with Table(out) as table:
        state = State(table.known, table.of_other_versions, Counter())
        fresh = _fresh(sources(paths, (out, table.parts)), table, state)
        watch(state)
        first = next(fresh, None)
        if first is not None:
            with _client(scheduler, workers or len(os.sched_getaffinity(0))) as client:
                for answer in _answers(client, _batches(chain((first,), fresh))):
                    if scheduler is not None:
                        _check_shared(answer.missing, scheduler)
                    rows = unpack(answer)
                    table.add(rows, len(answer.rows))
                    state.done.update(row["status"] for row in rows)
                    watch(state)
        state.rows = table.finish()
    return state


def _fresh(logs: Iterable[Source], table: Table, state: State) -> Iterator[Source]:
    for source in logs:
        if table.finished(source):
            state.skipped += 1
        else:
            yield source


def _batches(logs: Iterable[Source]) -> Iterator[Batch]:
    batch: list[Source] = []
    size = 0
    for source in logs:
        batch.append(source)
        size += _UNKNOWN_SIZE if source.size is None else source.size
        if len(batch) >= BATCH_LOGS or size >= BATCH_BYTES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def _check_shared(missing: Iterable[str], scheduler: str) -> None:
    """Raise FilesNotShared where a path that a worker could not find exists here."""
    for path in missing:
        if os.path.exists(path):  # noqa: PTH110 - Path.exists raises for some paths
            raise FilesNotShared(
                f"The workers of {scheduler} do not see {shown(path)}, which is here: "
                "mount it under the same path there, or give URLs."
            )


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the cluster at an address, or of a new one of local processes. Raises CannotScan.

    The local one listens on loopback, with TLS under a key of its own: Dask executes what it receives, so any user of
    this machine could otherwise run code as this one.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_CONFIG))
        if scheduler is None:
            cluster = _local_cluster(workers)
            stack.enter_context(cluster)
            yield stack.enter_context(Client(cluster))
        else:
            yield stack.enter_context(_connect(scheduler))


def _local_cluster(workers: int) -> LocalCluster:
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


def _connect(scheduler: str) -> Client:
    """A client of a cluster all of whose workers have this version of pfnscope."""
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


def _answers(client: Client, batches: Iterator[Batch]) -> Iterator[Answer]:
    """The answers to all batches, in no order, with no more batches under way than the workers need.

    Dask gives up a batch when several workers died of it. Its logs are tried once more at the end, one at a time and
    alone, so that only the log that kills its worker becomes a failed row. Raises CannotScan.
    """
    try:
        yield from _Run(client, batches).answers()
    except (OSError, CancelledError, FutureCancelledError) as error:
        raise CannotScan("The Dask scheduler is gone. Run again to go on.") from error


class _Run:
    """The batches of one scan on their way through Dask."""

    def __init__(self, client: Client, batches: Iterator[Batch]) -> None:
        self._client = client
        self._batches = batches
        self._completed = as_completed()
        self._under_way: dict[Future[Answer], Batch] = {}
        self._suspects: list[Source] = []
        self._bytes = 0
        self._threads = 1
        self._threads_counted = float("-inf")

    def answers(self) -> Iterator[Answer]:
        self._fill()
        while self._under_way:
            yield from self._next_answer(alone=False)
            self._fill()
        while self._suspects:
            self._submit((self._suspects.pop(),))
            yield from self._next_answer(alone=True)

    def _fill(self) -> None:
        while self._has_room():
            batch = next(self._batches, None)
            if batch is None:
                return
            self._submit(batch)

    def _submit(self, batch: Batch) -> None:
        future = self._client.submit(work, batch, pure=False)  # pure: Dask would hash the logs to make a key
        self._under_way[future] = batch
        self._bytes += _bytes_in(batch)
        self._completed.add(future)

    def _next_answer(self, *, alone: bool) -> Iterator[Answer]:
        """Wait for a batch; nothing where its logs have to be tried again."""
        future = next(self._completed)
        batch = self._under_way.pop(future)
        self._bytes -= _bytes_in(batch)
        if future.status == "finished":
            yield future.result()
        elif future.status != "error":
            raise CannotScan("The Dask scheduler is gone. Run again to go on.")
        else:
            error = future.exception()
            if isinstance(error, KilledWorker) and not alone:
                self._suspects += batch
            else:
                yield failed(batch, _why_failed(error))

    def _has_room(self) -> bool:
        """By the number of workers now, and by the bytes under way."""
        if time.monotonic() - self._threads_counted > _THREADS_SECONDS:
            self._threads = max(1, sum(self._client.nthreads().values()))
            self._threads_counted = time.monotonic()
        if not self._under_way:
            return True
        return len(self._under_way) < AHEAD * self._threads and self._bytes < BYTES_AHEAD


def _bytes_in(batch: Batch) -> int:
    return sum(len(source.data or b"") for source in batch)


def _why_failed(error: BaseException) -> str:
    if isinstance(error, KilledWorker):
        return "The process that analysed it was killed each time, perhaps for want of memory."
    return f"The worker could not take it: {type(error).__name__}: {error}"
