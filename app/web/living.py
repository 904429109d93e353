"""Whether a layout is still there, asked of the storage once for all requests that wait for it."""

import asyncio

from app.service.layouts import Layouts, StoreUnavailable


class Living:
    """Asks in one query for everybody who came while the last one ran.

    Nobody is told what was true before they asked: a layout that was deleted is gone for the next request, on every
    server. One query at a time takes no more than one connection, however many ask.
    """

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self._waiting: list[tuple[str, asyncio.Future[int | None]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def until(self, layout_id: str) -> int | None:
        """When the layout expires, in seconds since 1970 UTC; None where it is not there. Raises StoreUnavailable."""
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((layout_id, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    names = {name for name, _ in batch}
                    # the loop's own threads: half the price of a library's, for what is done most often
                    found = await asyncio.get_running_loop().run_in_executor(None, self._layouts.there, names)
                except BaseException as error:
                    for _, answer in batch:
                        if not answer.done():
                            answer.set_exception(StoreUnavailable("the storage does not answer"))
                    if not isinstance(error, StoreUnavailable):
                        raise
                    continue
                for name, answer in batch:
                    if not answer.done():  # done already where the client has gone
                        answer.set_result(found.get(name))
        finally:
            self._asking = None
