"""Connections of strangers: requests that never end, answers that are never taken, and what is no HTTP at all."""

import sys
from asyncio import TimerHandle, Transport
from secrets import token_hex
from typing import ClassVar

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.web.errors import MEDIA_TYPE, problem
from app.web.observing import HEADER
from app.web.security import HEADERS

_SENTENCE = {
    408: "The request did not come within {seconds:g} seconds.",
    431: "The headers of this request are too large.",
}


class Connection(H11Protocol):
    """uvicorn's connection, with the time limits that it leaves to proxies, and problems for what it cannot read.

    A body that is read has a limit of its own (``bodies.Intake``), and an idle connection uvicorn's.
    """

    HEAD_SECONDS: ClassVar[float] = 20
    """How long the head of a request may take, and how long a client may take nothing of an answer."""
    MOST_UNSENT: ClassVar[int] = 256 << 20
    """Bytes of answers that clients of one process may leave untaken together; the oldest are given up beyond."""

    _unsent: ClassVar[dict["Connection", None]] = {}  # in the order in which they fell behind

    _since: float | None = None  # when the wait for the end of a head, or of a body that nobody reads, began
    _left = 0  # bytes of answers untaken at the last look
    _look: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look = self.loop.call_later(self.HEAD_SECONDS, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._unsent.pop(self, None)
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE:
            self._since = self._since or self.loop.time()
        else:
            self._since = None

    def pause_writing(self) -> None:
        """See asyncio.Protocol: the client takes less than it is sent."""
        super().pause_writing()
        self._unsent[self] = None
        while len(self._unsent) > 1 and sum(map(_size, self._unsent)) > self.MOST_UNSENT:
            oldest = next(iter(self._unsent))
            del self._unsent[oldest]
            oldest.transport.abort()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._unsent.pop(self, None)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn has one sentence for everything
        """Refuse what h11 cannot read, in the form of all errors."""
        error = sys.exc_info()[1]  # uvicorn calls this where it caught it, and does not tell
        self._refuse(error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400)

    def _check(self) -> None:
        left = _size(self)
        if left and left == self._left:
            self.transport.abort()
            return
        self._left = left
        now = self.loop.time()
        if self._since is not None and now - self._since >= self.HEAD_SECONDS:
            if self.conn.trailing_data[0]:
                self._refuse(408)
            else:  # browsers connect in advance: no answer to what they did not ask
                self.transport.close()
            self._since = None  # what is left is that the answer is taken
        due = self.HEAD_SECONDS if self._since is None else self._since + self.HEAD_SECONDS - now
        self._look = self.loop.call_later(due, self._check)

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # nothing of an answer is on its way
            sentence = _SENTENCE.get(status, "This is no HTTP request that can be read.")
            body = msgspec.json.encode(problem(status, sentence.format(seconds=self.HEAD_SECONDS)))
            told = {**HEADERS, HEADER: token_hex(16), "Content-Type": MEDIA_TYPE, "Connection": "close"}
            headers = [
                (name.encode(), value.encode()) for name, value in (told | {"Content-Length": str(len(body))}).items()
            ]
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            if self.cycle is not None:
                self.cycle.disconnected = True  # what a handler still answers goes nowhere
        self.transport.close()


def _size(connection: Connection) -> int:
    return connection.transport.get_write_buffer_size()
