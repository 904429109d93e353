"""Work on texts: short work in threads, the rest in processes that can be stopped, each client in its turn."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_process
import anyio.to_thread
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from pfnscope.service import jobs
from pfnscope.service.handing import memory, pack, path_of, unpack
from pfnscope.web.aside import aside
from pfnscope.web.clients import client_of
from pfnscope.web.intake import content_length
from pfnscope.web.observe import EVENTS
from pfnscope.web.problems import json_problem, problem
from pfnscope.web.turns import RETRY_SECONDS, Turns, too_many

P = ParamSpec("P")
T = TypeVar("T")

SMALL = 8 << 10
"""Bytes of a text that is judged in 0.1 s of a processor at most, whatever is in it, and mostly in 0.01 s."""

_MEMORY = 3 << 30  # address space of one such process; several times what a text of the largest size takes
# Of one client, beside the one that runs. A browser opens several addresses at once, of which most need a thread.
WAITING_FOR_PROCESSES = 1
_WAITING_FOR_THREADS = 8
_READS, _WAITING_FOR_READS = 4, 32


class Workers:
    """Threads and processes, so many of each at work. The event loop only waits for them.

    Every method raises 429 where this client has enough work here, 503 where others have or the wait gets long, and
    413 for work that takes longer than ``seconds``.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._threads = Turns(count, _WAITING_FOR_THREADS)
        self._processes = Turns(count, WAITING_FOR_PROCESSES)
        self._reads = Turns(_READS, _WAITING_FOR_READS)
        self._unbounded = anyio.CapacityLimiter(math.inf)  # a turn has begun already when a call starts
        self._seconds = seconds
        self._patience = seconds + RETRY_SECONDS
        self.observe: Histogram | None = None
        self.spend: Callable[[str, float], None] = lambda _, __: None
        """Is told the client and the seconds of each piece of work."""

    @property
    def busy(self) -> int:
        """How many are at work now."""
        return self._threads.busy + self._processes.busy

    def refusal(self, client: str, size: int) -> HTTPException | None:
        """What a text of so many bytes would be refused with now, if it would, so that it need not be read."""
        return (self._threads if size <= SMALL else self._processes).refusal(client)

    @asynccontextmanager
    async def reading(self, client: str) -> AsyncIterator[None]:
        """The turn of this client to take a text out of the storage, which nobody has counted before it is there."""
        turn = await self._reads.begun(client, self._patience)
        try:
            yield
        finally:
            self._reads.leave(turn)

    async def in_thread(self, client: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work(*args, **kwargs)``, which is known to be short, computed in a thread.

        A thread cannot be stopped: what takes too long is answered in time, and keeps its place until it ends.
        """
        loop = asyncio.get_running_loop()
        turn = await self._threads.begun(client, self._patience)
        started: float | None = None

        def ended(seconds: float) -> None:
            self._threads.leave(turn)
            self.spend(client, seconds)

        def bound() -> T:
            nonlocal started
            started = time.monotonic()
            try:
                return work(*args, **kwargs)
            finally:
                with suppress(RuntimeError):  # the server has stopped in the meantime
                    loop.call_soon_threadsafe(ended, time.monotonic() - started)

        try:
            with self._in_time("thread"):
                return await anyio.to_thread.run_sync(bound, limiter=self._unbounded, abandon_on_cancel=True)
        except BaseException as error:
            if started is not None:
                raise
            self._threads.leave(turn)  # a call that is cancelled before its thread begins is never made
            if not _never_started(error):
                raise
            EVENTS.warning("no thread could be started for an analysis", exc_info=error)
            raise too_many() from error

    async def in_process(self, client: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work``, a function of a module with values that can be pickled, from a process of its own.

        It does not hold up the event loop, takes no more memory than it may, and is killed when its time is over or
        this call is cancelled.
        """
        turn = await self._processes.begun(client, self._patience)
        start = time.monotonic()
        try:
            with anyio.CancelScope(shield=True):  # anyio lets a process live on that is cancelled while it starts
                await anyio.to_process.run_sync(jobs.ready, limiter=self._unbounded)
            with memory() as given, memory() as result:
                call = await aside(pack, (work, args, kwargs), given)
                handed = partial(jobs.alone, _MEMORY, jobs.handed, call, path_of(given), path_of(result))
                with self._in_time("process"):
                    packed = await anyio.to_process.run_sync(handed, cancellable=True, limiter=self._unbounded)
                value: T = await aside(unpack, packed, result)
                return value
        except (MemoryError, OSError, ImportError, RuntimeError, anyio.BrokenWorkerProcess) as error:
            if _never_started(error):
                EVENTS.warning("no process could be started for an analysis", exc_info=error)
                raise too_many() from error
            if isinstance(error, RuntimeError):
                raise
            EVENTS.warning("an analysis ran out of memory or ended its process", exc_info=error)
            raise HTTPException(413, "This text takes more memory to analyse than a text may here.") from error
        finally:
            self._processes.leave(turn)
            self.spend(client, time.monotonic() - start)

    @contextmanager
    def _in_time(self, where: str) -> Iterator[None]:
        start = anyio.current_time()
        try:
            with anyio.fail_after(self._seconds):
                yield
        except TimeoutError as error:
            raise HTTPException(413, f"This text takes longer than {self._seconds:g} seconds to analyse.") from error
        finally:
            if self.observe is not None:
                self.observe.labels(where).observe(anyio.current_time() - start)


def _never_started(error: BaseException) -> bool:
    """Whether the machine had no room for a thread or a process: the text is not to blame.

    anyio starts a process, and asyncio up to Python 3.11 a thread that waits for its end. A process that ends is a
    BrokenWorkerProcess, which has a message only where it ended before its first work.
    """
    match error:
        case OSError() | ImportError():  # the package is being replaced under a running server
            return True
        case RuntimeError():
            return str(error) == "can't start new thread"  # threading has no class of its own for it
        case anyio.BrokenWorkerProcess():
            return bool(error.args)
    return False


class Overload:
    """Middleware that refuses texts for which there is no room, before a handler spends time on them.

    ``paths`` are those at which programs send texts. A page's form is refused by its handler, with a page.
    """

    def __init__(self, app: ASGIApp, workers: Workers, paths: Collection[str]) -> None:
        self._app = app
        self._workers = workers
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request: refuse it, or pass it on where there is room."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._paths:
            refusal = self._workers.refusal(client_of(scope), content_length(Headers(scope=scope)))
            if refusal is not None:
                scope["route_path"] = scope["path"]
                answer = json_problem(problem(refusal.status_code, refusal.detail))
                answer.headers.update(refusal.headers or {})
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
