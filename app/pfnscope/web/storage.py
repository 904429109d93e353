"""Calls of the storage, in threads of their own: a database that hangs takes nothing from work that needs none."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 16


class StorageCalls:
    """Runs methods of ``Layouts``; at most so many at once in one server process."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``call``. Raises what it raises."""

        def bound() -> T:
            return call(*args, **kwargs)

        return await anyio.to_thread.run_sync(bound, limiter=self._limiter)
