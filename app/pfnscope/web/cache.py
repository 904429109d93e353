"""Stored layouts are analysed and drawn once, then served from memory for as long as they are there."""

import time
from collections import OrderedDict

import anyio.to_thread
import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfnscope.service.layouts import StoreUnavailable, is_id
from pfnscope.web.caching import ASK_EACH_TIME, etag, is_known
from pfnscope.web.compressing import SMALLEST, coding, compressed
from pfnscope.web.living import Living

_PREFIXES = ("/l/", "/api/v1/layouts/")
_MOST_BYTES = 64 << 20
_LARGEST = 4 << 20
_IN_A_THREAD = 64 << 10  # compressing more would be felt by others
# Documents never change; a deleted one is forgotten by those who saw it after so many seconds, or at its own end.
_KEPT_SECONDS = 300


Key = tuple[str, bytes, bytes]


class Entry(msgspec.Struct):
    """An answer of status 200. ``bodies`` are its forms by content coding, "" for the plain one.

    ``changes``: a page, which another release draws differently, so it is asked for each time.
    """

    route: str
    headers: list[tuple[bytes, bytes]]
    tag: str
    changes: bool
    bodies: dict[str, bytes]

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return 1024 + sum(len(body) for body in self.bodies.values())


class StoredPages:
    """Middleware: answers GET of a stored layout in all its forms, each query string by itself.

    An answer depends on nothing but the text, the query string and what is accepted. Before each use the storage is
    asked whether the layout is still there: what was deleted or has expired goes on to the handlers, which say so.
    """

    def __init__(self, app: ASGIApp, living: Living) -> None:
        self._app = app
        self._living = living
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is no GET of a stored layout."""
        layout_id = _layout_id(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if layout_id is None:
            await self._app(scope, receive, send)
            return
        request_headers = dict(scope["headers"])
        key = scope["path"], scope["query_string"], request_headers.get(b"accept", b"")
        entry = self._entries.get(key)
        if entry is None:
            entry = await self._made(scope, receive, send)
            if entry is None:
                return
        try:
            until = await self._living.until(layout_id)
        except StoreUnavailable:
            until = None
        if until is None:
            self._forget(key)
            await self._app(scope, receive, send)
            return
        scope["route_path"] = entry.route
        await self._answer(key, entry, until, request_headers, send)

    async def _made(self, scope: Scope, receive: Receive, send: Send) -> Entry | None:
        """What the handlers answer, whole and uncompressed; sent on and None where that is not to be kept."""
        request_headers = MutableHeaders(raw=[*scope["headers"]])
        del request_headers["if-none-match"]
        request_headers["accept-encoding"] = "identity"
        inner = {**scope, "headers": request_headers.raw}
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                start.update(message)
            elif start and message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
            else:
                await send(message)

        await self._app(inner, receive, collect)
        scope["route_path"] = getattr(inner.get("route"), "path", "")
        if not start:
            return None
        body = b"".join(parts)
        headers = MutableHeaders(raw=start["headers"])
        tag = headers.get("etag") or etag(body)
        for name in ("etag", "content-length", "cache-control"):
            del headers[name]
        vary = {part.strip() for part in headers.get("vary", "").split(",") if part.strip()}
        headers["vary"] = ", ".join(sorted(vary | {"Accept-Encoding"}))
        page = headers.get("content-type", "").startswith("text/html") or scope["path"].endswith("/figure.json")
        raw = [*headers.raw, (b"etag", tag.encode())]
        return Entry(scope["route_path"], raw, tag, page, {"": body})

    async def _answer(
        self, key: Key, entry: Entry, until: int, request_headers: dict[bytes, bytes], send: Send
    ) -> None:
        if entry.changes:
            keep = ASK_EACH_TIME
        else:
            keep = f"private, max-age={max(0, min(_KEPT_SECONDS, until - int(time.time())))}, immutable"
        headers = [*entry.headers, (b"cache-control", keep.encode())]
        if is_known(entry.tag, request_headers.get(b"if-none-match", b"").decode("latin-1")):
            self._keep(key, entry)
            headers = [(name, value) for name, value in headers if name != b"content-type"]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        name = coding(request_headers.get(b"accept-encoding", b"").decode("latin-1")) or ""
        name = name if len(entry.bodies[""]) >= SMALLEST else ""
        body = entry.bodies.get(name)
        if body is None:
            plain = entry.bodies[""]
            if len(plain) < _IN_A_THREAD:
                body = compressed(plain, name)
            else:
                body = await anyio.to_thread.run_sync(compressed, plain, name)
            self._forget(key)
            entry.bodies[name] = body
        self._keep(key, entry)
        if name:
            headers.append((b"content-encoding", name.encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _keep(self, key: Key, entry: Entry) -> None:
        if self._entries.get(key) is entry:
            self._entries.move_to_end(key)
            return
        self._forget(key)
        if entry.size > _LARGEST:
            return
        self._entries[key] = entry
        self._bytes += entry.size
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size


def _layout_id(path: str) -> str | None:
    """The id in the address of a stored layout, or of one of its forms."""
    prefix = next((prefix for prefix in _PREFIXES if path.startswith(prefix)), None)
    if prefix is None:
        return None
    name = path[len(prefix) :].partition("/")[0].partition(".")[0]
    return name if is_id(name) else None
