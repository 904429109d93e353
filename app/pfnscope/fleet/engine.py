"""Dask: batches handed to worker processes, of this machine or of a cluster, and their answers as they come."""

import logging
import time
from asyncio import CancelledError
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import dask
from distributed import Client, Future, LocalCluster, as_completed
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker
from distributed.security import Security

from pfnscope import __version__
from pfnscope.fleet.errors import CannotScan
from pfnscope.fleet.source import Source
from pfnscope.fleet.work import Answer, given_up, version, work

Batch = tuple[Source, ...]

AHEAD = 4
"""Batches per worker thread that are under way: enough that none waits, few enough to hold."""
BYTES_AHEAD = 64 << 20
"""Of logs out of archives, which travel with their batch."""
_WAIT_SECONDS = 30

_CONFIG = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a log out of an archive may be as large as it likes
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.preload": ["pfnscope.fleet.preload"],
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
