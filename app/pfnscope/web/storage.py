"""Calls of the storage, in threads of their own: a database that hangs takes nothing from work that needs none."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

import anyio

from pfnscope.service.layouts import StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 12  # fewer than the connections that a pool has
_SECONDS = 8  # more than the storage's own time-outs for one step, so that a call beyond it hangs and is not slow

_SOON_SECONDS = 1


class StorageCalls:
    """Runs methods of ``Layouts``; at most so many at once in one server process, each for so many seconds.

    A thread cannot be stopped: a call that hangs keeps its place until it ends. While one does, the others are
    refused at once: their clients would wait for nothing, and hold what they have sent meanwhile.
    """

    def __init__(self, at_once: int = _AT_ONCE, seconds: float = _SECONDS) -> None:
        # Not anyio's threads: handing over a call takes half the time, and Living does it for most requests.
        self._threads = ThreadPoolExecutor(at_once, "storage")
        self._seconds = seconds
        self._hanging: set[Future[Any]] = set()

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``call``. Raises what it raises, and StoreUnavailable where it does not end in time."""
        return await self._within(self._seconds, partial(call, *args, **kwargs))

    async def soon(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for those who can do without: they wait a second, and who waits longer is not refused for it."""
        return await self._within(min(_SOON_SECONDS, self._seconds), partial(call, *args, **kwargs))

    async def _within(self, seconds: float, call: Callable[[], T]) -> T:
        self._hanging = {other for other in self._hanging if not other.done()}
        if self._hanging:
            raise StoreUnavailable("the storage does not answer")
        try:
            running = self._threads.submit(call)
        except RuntimeError as error:  # the machine has no more threads, or the server is ending
            raise StoreUnavailable("the storage cannot be reached") from error
        try:
            with anyio.fail_after(seconds):
                return await asyncio.wrap_future(running)
        except TimeoutError as error:
            if not running.cancel() and seconds == self._seconds:  # one that has not begun never begins
                self._hanging.add(running)
            raise StoreUnavailable("the storage does not answer") from error

    def close(self) -> None:
        """Begin no more calls. Waits for none."""
        self._threads.shutdown(wait=False, cancel_futures=True)
