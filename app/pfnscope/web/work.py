"""The work of one request: each answer that is computed goes through here, for the client that asked for it."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import msgspec
from fastapi import Depends, Request

from pfnscope.web.deps import ServicesDep
from pfnscope.web.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")


class Work(msgspec.Struct, frozen=True):
    """What a handler computes with. Every method raises as those of Workers do."""

    workers: Workers
    client: str

    async def short(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of work that is known to be short, from a thread."""
        return await self.workers.run(work, *args, **kwargs)

    async def compute(self, text: bytes, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a job on a text: from a thread where the text is small, else from a process."""
        return await self.workers.compute(text, job, *args, **kwargs)

    async def apart(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a job from a process, which is killed when its time is over, or when the client has left."""
        return await self.workers.apart(job, *args, **kwargs)


async def work_of(request: Request, services: ServicesDep) -> Work:
    """The work of this request."""
    return Work(services.workers, request.client.host if request.client else "")


WorkDep = Annotated[Work, Depends(work_of)]
