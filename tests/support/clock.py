"""An event loop whose clock jumps: what waits for hours is over at once."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from selectors import SelectorKey, SelectSelector
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(asyncio.SelectorEventLoop):
    """Its time goes on by as much as it would wait. For work without threads and connections."""

    def __init__(self) -> None:
        super().__init__(_Never(self))
        self.now = 0.0

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now


class _Never(SelectSelector):
    """Waits only where nothing is due at any time."""

    def __init__(self, loop: _Jumping) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """What there is to read or write."""
        self._loop.now += timeout or 0
        return super().select(None if timeout is None else 0)


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, in a thread of its own: the browser tests may keep an event loop in this one."""

    def in_loop() -> T:
        with asyncio.Runner(loop_factory=_Jumping) as runner:
            return runner.run(work)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(in_loop).result()
