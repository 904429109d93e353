"""Limits on connections: requests that never end, responses that are never read, and bytes that are no HTTP."""

import resource
from asyncio import TimerHandle, Transport
from secrets import token_hex
from typing import ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from pfnscope.web.observe import EVENTS, HEADER
from pfnscope.web.problems import MEDIA_TYPE, problem
from pfnscope.web.security import HEADERS

_RESERVED = 128  # descriptors for files, the database and processes
_SAY_AGAIN_SECONDS = 60
_LARGEST_HEAD = 1 << 16  # bytes
_LONGEST_HEADER = 1 << 14  # bytes of one line, as other servers take
_LINGER_SECONDS = 2
_SENTENCE = {
    501: "A body may be sent in chunks, and in no other transfer coding.",
    503: "This server has as many connections as it can hold; try again in a moment.",
    408: "The request did not come within {seconds:g} seconds.",
    431: "The headers of this request are too large.",
}


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with the limits that it leaves to proxies, and problems for what it cannot read.

    A body that is read has a limit of its own (``bodies.Intake``), and an idle connection uvicorn's.
    """

    HEAD_SECONDS: ClassVar[float] = 20
    """How long the head of a request may take, and how long a client may take nothing of an answer."""
    MOST_UNSENT: ClassVar[int] = 256 << 20
    """Bytes of answers that clients of one process may leave untaken together; the oldest are given up beyond."""

    MOST_OPEN: ClassVar[int] = 0
    """Connections of one process; 0: as many as it may have files open, but those that it needs itself."""

    _full_since: ClassVar[float | None] = None  # when a connection was first refused for want of descriptors
    _unsent: ClassVar[dict["Connection", None]] = {}  # in the order in which they fell behind

    _since: float | None = None  # when the wait for the end of a head, or of a body that nobody reads, began
    _requests = 0
    _in_head = False  # between the first byte of a request and the end of its head
    _in_body = False  # between that and its last byte
    _head_size = 0  # bytes of that head
    _wrong = 400  # the status for what cannot be read
    _left = 0  # bytes of answers untaken at the last look
    _look: TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """See asyncio.Protocol."""
        super().connection_made(transport)
        if len(self.connections) > (self.MOST_OPEN or _most_open()):
            self._refuse_more()
            return
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
        if self._refused:
            return
        before = self._requests - self._in_head if not self._in_body else -1
        super().data_received(data)
        if self._in_head and self._requests == before + 1:  # all of this is of one head that is not whole yet
            self._head_size += len(data)
            if self._head_size > _LARGEST_HEAD:
                self._refuse(431)
        if self._answers_nothing():
            self._since = self._since or self.loop.time()
        else:
            self._since = None

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._requests += 1
        self._in_head, self._head_size = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header, unless it is too long or there are too many. Raises ValueError, for the parser to stop."""
        size = len(name) + len(value) + 4
        self._head_size += size
        if size > _LONGEST_HEADER or self._head_size > _LARGEST_HEAD:
            self._wrong = 431
            raise ValueError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head of a request is whole. Raises ValueError, for the parser to stop."""
        if len(self.url) + self._head_size > _LARGEST_HEAD:
            self._wrong = 431
            raise ValueError
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1") or (version == "1.1" and len(self._values(b"host")) != 1):
            raise ValueError
        if [value.strip().lower() for value in self._values(b"transfer-encoding")] not in ([], [b"chunked"]):
            self._wrong = 501
            raise ValueError
        self._in_head, self._in_body = False, True
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # the parser stops here: what follows would be read by nobody

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._in_body = False
        super().on_message_complete()

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
        """Refuse what cannot be read, in the form of all errors."""
        self._refuse(self._wrong)

    def _values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name]

    def _refuse_more(self) -> None:
        """Refuse a connection for which there is no room, and say so in the log, once until there was room again.

        Where a process runs out of descriptors altogether the system closes connections, and nobody sees why.
        """
        now = self.loop.time()
        if Connection._full_since is None or now - Connection._full_since > _SAY_AGAIN_SECONDS:
            Connection._full_since = now
            fields = {"open": len(self.connections)}
            EVENTS.warning("no room for more connections: raise the limit of open files", extra={"fields": fields})
        self.loop.call_soon(self._refuse, 503)  # not now: uvloop drops what is written before it reads

    def _answers_nothing(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None at first, whatever uvicorn declares
        return cycle is None or cycle.response_complete

    def _check(self) -> None:
        left = _size(self)
        if left and left == self._left:
            self.transport.abort()
            return
        self._left = left
        now = self.loop.time()
        if self._since is not None and now - self._since >= self.HEAD_SECONDS:
            if self._in_head:
                self._refuse(408)
            else:  # browsers connect in advance: no answer to what they did not ask
                self.transport.close()
            self._since = None  # what is left is that the answer is taken
        due = self.HEAD_SECONDS if self._since is None else self._since + self.HEAD_SECONDS - now
        self._look = self.loop.call_later(due, self._check)

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing() or self._refused:
            return
        if self._answers_nothing() or not self.cycle.response_started:
            sentence = _SENTENCE.get(status, "This is no HTTP request that can be read.")
            body = msgspec.json.encode(problem(status, sentence.format(seconds=self.HEAD_SECONDS)))
            headers = {**HEADERS, HEADER: token_hex(16), "Content-Type": MEDIA_TYPE, "Connection": "close"}
            lines = "".join(
                f"{name}: {value}\r\n" for name, value in (headers | {"Content-Length": str(len(body))}).items()
            )
            self.transport.write(STATUS_LINE[status] + lines.encode("latin-1") + b"\r\n" + body)
            if self.cycle is not None:
                self.cycle.disconnected = True  # what a handler still answers goes nowhere
                self.cycle.message_event.set()
        # To close at once, with bytes unread, would take the refusal from the client again.
        self._refused = True
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _most_open() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - _RESERVED, soft // 2)


def _size(connection: Connection) -> int:
    return connection.transport.get_write_buffer_size()
