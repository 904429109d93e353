"""Turns at work: free places go round between clients, and each client has few pieces of work here at a time."""

import asyncio
from collections import OrderedDict, deque

import anyio
from starlette.exceptions import HTTPException

RETRY_SECONDS = 5
"""When one who was refused may try again."""

_CLIENTS_FOR_EACH = 8  # that wait for a place; others are refused at once


class Turn:
    """One piece of work of a client: it waits for ``begins``."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.begins = asyncio.Event()


class Turns:
    """So many ``places``, for one piece of work of a client each; ``waiting`` more of that client may wait.

    Clients wait in one row, each once: whoever has had a turn goes to its end. All methods are for the event loop.
    """

    def __init__(self, places: int, waiting: int) -> None:
        self._places = places
        self._waiting = waiting
        self._running: dict[str, Turn] = {}
        self._queues: dict[str, deque[Turn]] = {}  # of clients with work that has not begun
        self._row: OrderedDict[str, None] = OrderedDict()  # clients with such work that have no place

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return len(self._running)

    def check(self, client: str) -> None:
        """Raise what :meth:`join` would raise now: 429 where this client has enough work here, 503 where others do."""
        here = len(self._queues.get(client, ())) + (client in self._running)
        # Raised at once: a frame that has its own error in a variable holds what its callers hold, such as a text,
        # until garbage is next looked for.
        if here > self._waiting:
            raise _too_many_of_one(here)
        if not here and len(self._row) >= _CLIENTS_FOR_EACH * self._places:
            raise too_many()

    def refusal(self, client: str) -> HTTPException | None:
        """What :meth:`check` raises."""
        try:
            self.check(client)
        except HTTPException as refusal:
            return refusal
        return None

    def join(self, client: str) -> Turn:
        """A turn, which may have begun already; it has to be given back with :meth:`leave`. Raises 429 and 503."""
        self.check(client)
        turn = Turn(client)
        self._queues.setdefault(client, deque()).append(turn)
        if client not in self._running:
            self._row[client] = None
        self._serve()
        return turn

    def leave(self, turn: Turn) -> None:
        """Give a turn back, whether it has begun or not; one that has been given back stays so."""
        client = turn.client
        if self._running.get(client) is turn:
            del self._running[client]
            if client in self._queues:
                self._row[client] = None
        elif turn in self._queues.get(client, ()):
            self._queues[client].remove(turn)
            if not self._queues[client]:
                del self._queues[client]
                self._row.pop(client, None)
        self._serve()

    async def begun(self, client: str, seconds: float) -> Turn:
        """A turn that has begun, to be given back with :meth:`leave`.

        Raises as :meth:`join`, and 503 where it has not begun after so many seconds.
        """
        turn = self.join(client)
        try:
            with anyio.move_on_after(seconds):
                await turn.begins.wait()
        except BaseException:
            self.leave(turn)
            raise
        if not turn.begins.is_set():
            self.leave(turn)
            raise too_many()
        return turn

    def _serve(self) -> None:
        while self._row and len(self._running) < self._places:
            client, _ = self._row.popitem(last=False)
            queue = self._queues[client]
            turn = self._running[client] = queue.popleft()
            if not queue:
                del self._queues[client]
            turn.begins.set()


def too_many() -> HTTPException:
    """The refusal where the work of others takes all places."""
    return HTTPException(
        503, "Too many texts are being analysed; try again in a moment.", {"Retry-After": str(RETRY_SECONDS)}
    )


def _too_many_of_one(count: int) -> HTTPException:
    return HTTPException(
        429,
        f"{count} texts of yours are being analysed or wait for it; try again when one of them is done.",
        {"Retry-After": str(RETRY_SECONDS)},
    )
