"""What is known to be short, but longer than the event loop should be held: in the loop's own few threads.

To hash and to compress a body is C code that lets others run; pages that are the same for everybody take milliseconds.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE = 64 << 10
"""Bytes of a body from which others would feel that it is hashed or compressed."""


async def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of ``work``, from a thread. Raises what it raises."""
    return await asyncio.get_running_loop().run_in_executor(None, partial(work, *args, **kwargs))


async def of_body(body: bytes, work: Callable[[bytes], T]) -> T:
    """What ``work`` makes of a body: from a thread where it is large."""
    return work(body) if len(body) < LARGE else await aside(work, body)
