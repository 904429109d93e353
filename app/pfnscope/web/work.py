"""The work of one request: each answer that is computed goes through here, for the client that asked for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from typing import Annotated, ParamSpec, TypeVar

import anyio
from fastapi import Depends, HTTPException, Request

from pfnscope.service.layouts import Stored, StoreUnavailable
from pfnscope.web.clients import client_of
from pfnscope.web.deps import Services, ServicesDep

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """What a handler computes with. Every method raises as those of Workers do, and 429 where the rate is used up.

    Nobody waits or computes for a client that has left: the turn is given back, a process killed, a thread abandoned.
    The body of the request has to be read before, for what else comes of it is lost.

    ``held`` is left when the response is complete.
    """

    def __init__(self, request: Request, services: Services, held: ExitStack) -> None:
        self._request = request
        self._held = held
        self._intake = services.intake
        self._layouts = services.layouts
        self._workers = services.workers
        self._rate = services.rate_limit
        self._storage = services.storage
        self._sentence = f"At most {services.settings.rate_limit} from one client, and as many seconds of work"
        self._admitted = False
        self.client = client_of(request.scope)

    async def admit(self, texts: int = 1) -> None:
        """Count so many texts of this client; without one, only see whether there could be. Raises 429."""
        wait = await self._counted(self._rate.wait, texts)
        if wait:
            raise HTTPException(429, f"{self._sentence}; try again later.", {"Retry-After": str(wait)})
        self._admitted = True

    def admit_size(self, size: int) -> None:
        """Raise 429 or 503 where work on a text of so many bytes would be refused now: it need not be read."""
        refusal = self._workers.refusal(self.client, size)
        if refusal is not None:
            raise refusal

    async def stored(self, layout_id: str) -> Stored:
        """A stored layout, whose text counts as held until the response is complete.

        Of a client one text is read at a time. Raises NotFound, Gone, StoreUnavailable, 429 and 503.
        """
        async with self._workers.reading(self.client):
            record = await self._storage.run(self._layouts.get, layout_id)
            self._held.enter_context(self._intake.hold(self.client, len(record.text)))
        return record

    async def short(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of work that is known to be short, from a thread."""
        return await self._done(lambda: self._workers.in_thread(self.client, work, *args, **kwargs))

    async def apart(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a job from a process, which is killed when its time is over, or when the client has left."""
        return await self._done(lambda: self._workers.in_process(self.client, job, *args, **kwargs))

    async def _done(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result, paid for, of work that ends when the client leaves."""
        if not self._admitted:
            await self.admit(texts=0)
        there = anyio.CancelScope()
        watch = asyncio.create_task(self._leaves(there))
        try:
            with there:
                return await call()
        finally:
            watch.cancel()
            await self._pay()
        raise HTTPException(400, "The client has left before the answer.")  # nobody gets this; the log has it

    async def _leaves(self, there: anyio.CancelScope) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        there.cancel()

    async def _pay(self) -> None:
        """Count the whole seconds of work that this client has had."""
        seconds = self._rate.due(self.client)
        if seconds:
            with anyio.CancelScope(shield=True):  # bounded by the patience with shared counters
                await self._counted(self._rate.count, seconds)

    async def _counted(self, question: Callable[[str, int], T], amount: int) -> T:
        """The answer of the rate limit: of shared counters where they answer soon, else of this process's own."""
        if self._rate.blocks:
            try:
                return await self._storage.soon(question, self.client, amount)
            except StoreUnavailable as error:
                self._rate.give_up(error)
        return question(self.client, amount)


async def work_of(request: Request, services: ServicesDep) -> AsyncIterator[Work]:
    """The work of this request."""
    with ExitStack() as held:
        yield Work(request, services, held)


WorkDep = Annotated[Work, Depends(work_of)]
