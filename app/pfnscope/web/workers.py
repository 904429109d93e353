"""Work on texts: short work in threads, the rest in processes that can be stopped; no more than there is room for."""

import asyncio
import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
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
from pfnscope.web.bodies import content_length
from pfnscope.web.observe import EVENTS
from pfnscope.web.problems import json_problem, problem

P = ParamSpec("P")
T = TypeVar("T")

SMALL = 8 << 10
"""Bytes of a text that is judged in 0.1 s of a processor at most, whatever is in it, and mostly in 0.01 s."""

_MEMORY = 3 << 30  # address space of one such process; several times what a text of the largest size takes
_WAITING_FOR_EACH = 8  # beyond these a text is refused at once
_PATIENCE_SECONDS = 5


class Workers:
    """A bounded number of threads and of processes, each with a bounded queue. The event loop only waits for them.

    Every method raises 503 where too many wait already or the wait gets long, and 413 for work that takes longer than
    ``seconds``.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._threads = anyio.CapacityLimiter(count)
        self._processes = anyio.CapacityLimiter(count)
        self._unbounded = anyio.CapacityLimiter(math.inf)  # the two above are held already when a call starts
        self._seconds = seconds
        self.observe: Histogram | None = None

    @property
    def busy(self) -> int:
        """How many are at work now."""
        return self._threads.borrowed_tokens + self._processes.borrowed_tokens

    def refusal(self, size: int) -> HTTPException | None:
        """The 503 that a text of so many bytes would get now, if any, so that it need not be read."""
        return _too_many() if _is_full(self._threads if size <= SMALL else self._processes) else None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work(*args, **kwargs)``, computed in a thread.

        A thread cannot be stopped: what takes too long is answered in time, and keeps its place until it ends.
        """
        place, loop = object(), asyncio.get_running_loop()
        await _enter(self._threads, place)
        started = False

        def bound() -> T:
            nonlocal started
            started = True
            try:
                return work(*args, **kwargs)
            finally:
                with suppress(RuntimeError):  # the server has stopped in the meantime
                    loop.call_soon_threadsafe(self._threads.release_on_behalf_of, place)

        try:
            with self._in_time("thread"):
                return await anyio.to_thread.run_sync(bound, limiter=self._unbounded, abandon_on_cancel=True)
        except RuntimeError as error:
            if started or not _never_started(error):
                raise
            self._threads.release_on_behalf_of(place)
            EVENTS.warning("no thread could be started for an analysis", exc_info=error)
            raise _too_many() from error

    async def compute(self, text: bytes, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work``, a function of a module with values that can be pickled, on that text.

        In a process of its own where the text is not small: it does not hold up the event loop, stops when its time
        is over, and takes no more memory than it may.
        """
        if len(text) <= SMALL:
            return await self.run(work, *args, **kwargs)
        return await self.apart(work, *args, **kwargs)

    async def apart(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``work`` as :meth:`compute` has it of a large text: in a process, whatever the text."""
        place = object()
        await _enter(self._processes, place)
        try:
            with self._in_time("process"):
                call = partial(jobs.alone, _MEMORY, work, *args, **kwargs)
                return await anyio.to_process.run_sync(call, cancellable=True, limiter=self._unbounded)
        except (MemoryError, OSError, ImportError, RuntimeError, anyio.BrokenWorkerProcess) as error:
            if _never_started(error):
                EVENTS.warning("no process could be started for an analysis", exc_info=error)
                raise _too_many() from error
            if isinstance(error, RuntimeError):
                raise
            EVENTS.warning("an analysis ran out of memory or ended its process", exc_info=error)
            raise HTTPException(413, "This text takes more memory to analyse than a text may here.") from error
        finally:
            self._processes.release_on_behalf_of(place)

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


async def _enter(limiter: anyio.CapacityLimiter, place: object) -> None:
    with anyio.move_on_after(0 if _is_full(limiter) else _PATIENCE_SECONDS):
        await limiter.acquire_on_behalf_of(place)
        return
    raise _too_many()


def _is_full(limiter: anyio.CapacityLimiter) -> bool:
    return limiter.statistics().tasks_waiting >= _WAITING_FOR_EACH * limiter.total_tokens


def _too_many() -> HTTPException:
    return HTTPException(
        503, "Too many texts are being analysed; try again in a moment.", {"Retry-After": str(_PATIENCE_SECONDS)}
    )


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
            refusal = self._workers.refusal(content_length(Headers(scope=scope)))
            if refusal is not None:
                scope["route_path"] = scope["path"]
                answer = json_problem(problem(refusal.status_code, refusal.detail))
                answer.headers.update(refusal.headers or {})
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
