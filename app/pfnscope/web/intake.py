"""Bodies of requests as they arrive: how large, how slowly, and how much room they have together."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from pfnscope.opening.errors import TooLarge
from pfnscope.units import whole_number
from pfnscope.web.turns import RETRY_SECONDS

SMALL_BODY = 64 << 10
"""Bytes of a text that has its place in the room for small ones."""
STRETCH_BYTES, STRETCH_SECONDS = 5_000, 5
"""So much more of a body has to come within each so many seconds."""
FIRST_SECONDS, BYTES_A_SECOND = 60, 10_000
"""How long a body may take in any case, and how much has to come of one that takes longer, on the whole."""
CLIENTS_IN_ROOM = 4
"""How many clients it takes to fill the room for bodies."""

_PACE = f"{STRETCH_BYTES} bytes have to come within {STRETCH_SECONDS} seconds, {BYTES_A_SECOND} a second on the whole"
_SMALL_ROOM = 32 << 20
_SLOW_SECONDS = 1  # without STRETCH_BYTES
_LENGTH_DIGITS = 20  # the HTTP parser refuses lengths of 2^64 and more


class Arrival:
    """A body that is on its way, with the scope of what waits for it."""

    def __init__(self, client: str, now: float) -> None:
        self.client = client
        self.size = 0
        self.since = now
        """When its present stretch of bytes began."""
        self.whole = False
        self.given_up = False
        self.scope = anyio.CancelScope()
        self._start = now
        self._stretch = 0  # bytes of it
        self._set_deadline()

    def grow(self, size: int, now: float) -> None:
        """So many more bytes have come."""
        self.size += size
        self._stretch += size
        if self._stretch >= STRETCH_BYTES:
            self.since, self._stretch = now, 0
        self._set_deadline()

    def give_up(self) -> None:
        """End the wait for the rest of it."""
        self.given_up = True
        self.scope.cancel()

    def _set_deadline(self) -> None:
        whole = self._start + FIRST_SECONDS + self.size / BYTES_A_SECOND
        self.scope.deadline = min(self.since + STRETCH_SECONDS, whole)


class Room:
    """Bytes that texts may hold together: ``most`` of them, and those of one client a quarter."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_client: Counter[str] = Counter()
        self._bodies: set[Arrival] = set()
        self.held = 0

    def take(self, client: str, size: int, arrival: Arrival | None = None) -> None:
        """Take bytes for a client, maybe for that body. Where there are too few, the slowest bodies are given up.

        Raises 429 where this client has too much of the room, and 503 where it is held by texts that have come whole,
        or that come fast and are of clients with less of it.
        """
        if self._of_client[client] + size > self._most // CLIENTS_IN_ROOM:
            raise _refused(429, "Texts of yours take the room that one client may have; try again when one is done.")
        while self.held + size > self._most:
            mine = self._of_client[client] + size
            others = [body for body in self._bodies if body is not arrival and self._may_go(body, mine)]
            if not others:
                raise _refused(503, "Too many logs are being sent; try again.")
            slowest = min(others, key=lambda body: body.since)
            self.remove(slowest)
            slowest.give_up()
        self.held += size
        self._of_client[client] += size

    def _may_go(self, body: Arrival, mine: int) -> bool:
        """Whether a body may be given up for a client that would hold so many bytes.

        It is slow, or its client has more. Else whoever sends again at once, and seems fast, would push out all
        others.
        """
        slow = anyio.current_time() - body.since >= _SLOW_SECONDS
        return not body.whole and (slow or self._of_client[body.client] > mine)

    def give(self, client: str, size: int) -> None:
        """Give bytes back."""
        self.held -= size
        self._of_client -= Counter({client: size})

    def add(self, arrival: Arrival) -> None:
        """Let a body in, with what has come of it. Raises as :meth:`take`."""
        self.take(arrival.client, arrival.size, arrival)
        self._bodies.add(arrival)

    def remove(self, arrival: Arrival) -> None:
        """Give back what a body holds, if it is here."""
        if arrival in self._bodies:
            self._bodies.remove(arrival)
            self.give(arrival.client, arrival.size)


class Intake:
    """Reads bodies. They and what is unpacked from them hold no more than ``most`` bytes, and small ones apart."""

    def __init__(self, most: int) -> None:
        self._small = Room(_SMALL_ROOM)
        self._large = Room(most)

    @asynccontextmanager
    async def receive(self, request: Request, client: str, limit: int) -> AsyncIterator[bytes]:
        """The body as sent, counted as held until the context is left.

        Raises 413 once it is known to be larger than ``limit`` bytes, 400 where it breaks off, 408 where it comes too
        slowly, 429 where this client holds too much, and 503 where others do.
        """
        chunks: list[bytes] = []
        arrival = Arrival(client, anyio.current_time())
        room = self._room_for(content_length(request.headers))
        room.add(arrival)
        try:
            with arrival.scope:
                async for chunk in _checked(request, limit):
                    if arrival.given_up:
                        break
                    if room is self._small and arrival.size + len(chunk) > SMALL_BODY:
                        self._large.add(arrival)
                        self._small.remove(arrival)
                        room = self._large
                    room.take(client, len(chunk), arrival)
                    arrival.grow(len(chunk), anyio.current_time())
                    chunks.append(chunk)
            if arrival.given_up:
                raise _refused(503, "Too many logs are being sent, and this one came slowest; try again.")
            if arrival.scope.cancelled_caught:
                raise HTTPException(408, f"The body came too slowly: {_PACE}.")
            arrival.whole = True
            body = b"".join(chunks)
            chunks.clear()
            yield body
        finally:
            room.remove(arrival)

    @contextmanager
    def hold(self, client: str, size: int) -> Iterator[None]:
        """Count so many bytes, unpacked from a body, until the context is left. Raises 429 and 503."""
        room = self._room_for(size)
        room.take(client, size)
        try:
            yield
        finally:
            room.give(client, size)

    def _room_for(self, size: int) -> Room:
        return self._small if size <= SMALL_BODY else self._large


def content_length(headers: Headers) -> int:
    """The Content-Length; 0 where there is none, since the first bytes of such a body are read in any case."""
    return whole_number(headers.get("content-length", ""), _LENGTH_DIGITS) or 0


async def _checked(request: Request, limit: int) -> AsyncIterator[bytes]:
    if content_length(request.headers) > limit:
        raise HTTPException(413, str(TooLarge(limit)))
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise HTTPException(413, str(TooLarge(limit)))
            yield chunk
    except ClientDisconnect as error:  # the answer goes nowhere, but the client is at fault, not the server
        raise HTTPException(400, "The body breaks off.") from error


def _refused(status: int, detail: str) -> HTTPException:
    return HTTPException(status, detail, {"Retry-After": str(RETRY_SECONDS)})
