"""Whether a layout is still there, asked of the storage once for all requests that wait for it."""

import asyncio

from pfnscope.service.layouts import Layouts, StoreUnavailable

_MOST_KNOWN = 10_000


class Living:
    """Asks in one query for everybody who came while the last one ran, and not at all while nothing was written.

    Nobody is told what was true before they asked: a layout that was deleted is gone for the next request, on every
    server. One query at a time takes no more than one connection, however many ask.
    """

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self._waiting: list[tuple[str, asyncio.Future[int | None]]] = []
        self._asking: asyncio.Task[None] | None = None
        self._commits: int | None = None
        self._known: dict[str, int] = {}

    async def until(self, layout_id: str) -> int | None:
        """When the layout expires, in seconds since 1970 UTC; None where it is not there. Raises StoreUnavailable."""
        expires_at = self._remembered().get(layout_id)
        if expires_at is not None and not self._layouts.is_over(expires_at):
            return expires_at
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((layout_id, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    def _remembered(self) -> dict[str, int]:
        """What the storage said since the last commit to it; nothing where that cannot be told."""
        commits = self._layouts.commits()
        if commits is None or commits != self._commits or len(self._known) > _MOST_KNOWN:
            self._commits, self._known = commits, {}
        return self._known

    async def _ask(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                known = self._remembered()  # of before the question: a commit meanwhile makes it another one
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
                known.update(found)
                for name, answer in batch:
                    if not answer.done():  # done already where the client has gone
                        answer.set_result(found.get(name))
        finally:
            self._asking = None
