"""Stored layouts are analysed and drawn once, then served from memory for as long as they are there."""

import re
import time
from collections import OrderedDict

import anyio.to_thread
import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.service.layouts import StoreUnavailable
from app.web.caching import ASK_EACH_TIME, etag, is_known
from app.web.compressing import SMALLEST, coding, compressed
from app.web.living import Living

_PATH = re.compile(r"(?:/l|/api/v1/layouts)/([A-Za-z0-9_-]{16})(?:[./].*)?")
_MOST_BYTES = 64 << 20
_LARGEST = 4 << 20
_IN_A_THREAD = 64 << 10  # compressing more would be felt by others
# Documents never change; a deleted one is forgotten by those who saw it after so many seconds, or at its own end.
_KEPT_SECONDS = 300


class Entry(msgspec.Struct):
    """An answer of status 200. ``bodies`` are its forms by content coding, "" for the plain one."""

    route: str
    headers: list[tuple[bytes, bytes]]
    tag: str
    bodies: dict[str, bytes]

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return 1024 + sum(len(body) for body in self.bodies.values())


class StoredPages:
    """Middleware: answers GET of a stored layout in all its forms, each query string by itself.

    An answer depends on nothing but the text and the query string. Before each use the storage is asked whether the
    layout is still there: what was deleted or has expired goes on to the handlers, which say so.
    """

    def __init__(self, app: ASGIApp, living: Living) -> None:
        self._app = app
        self._living = living
        self._entries: OrderedDict[tuple[str, bytes], Entry] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is no GET of a stored layout."""
        named = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if named is None:
            await self._app(scope, receive, send)
            return
        key = scope["path"], scope["query_string"]
        entry = self._entries.get(key)
        if entry is None:
            entry = await self._made(scope, receive, send)
            if entry is None:
                return
        try:
            until = await self._living.until(named[1])
        except StoreUnavailable:
            until = None
        if until is None:
            self._forget(key)
            await self._app(scope, receive, send)
            return
        scope["route_path"] = entry.route
        await self._answer(key, entry, until, scope, send)

    async def _made(self, scope: Scope, receive: Receive, send: Send) -> Entry | None:
        """What the handlers answer, whole and uncompressed; sent on and None where that is not to be kept."""
        asked = MutableHeaders(raw=[*scope["headers"]])
        del asked["if-none-match"]
        asked["accept-encoding"] = "identity"
        inner = {**scope, "headers": asked.raw}
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
        headers.add_vary_header("Accept-Encoding")
        return Entry(scope["route_path"], headers.raw, tag, {"": body})

    async def _answer(self, key: tuple[str, bytes], entry: Entry, until: int, scope: Scope, send: Send) -> None:
        asked = Headers(scope=scope)
        headers = MutableHeaders(raw=[*entry.headers])
        headers["etag"] = entry.tag
        if headers.get("content-type", "").startswith("text/html") or key[0].endswith("/figure.json"):
            headers["cache-control"] = ASK_EACH_TIME  # pages change with the release, and people look again
        else:
            left = max(0, min(_KEPT_SECONDS, until - int(time.time())))
            headers["cache-control"] = f"private, max-age={left}, immutable"
        if is_known(entry.tag, asked.get("if-none-match", "")):
            del headers["content-type"]
            self._keep(key, entry)
            await send({"type": "http.response.start", "status": 304, "headers": headers.raw})
            await send({"type": "http.response.body", "body": b""})
            return
        name = coding(asked.get("accept-encoding", "")) if len(entry.bodies[""]) >= SMALLEST else None
        body = entry.bodies.get(name or "")
        if body is None:
            plain = entry.bodies[""]
            if len(plain) < _IN_A_THREAD:
                body = compressed(plain, name or "")
            else:
                body = await anyio.to_thread.run_sync(compressed, plain, name or "")
            self._forget(key)
            entry.bodies[name or ""] = body
        self._keep(key, entry)
        if name:
            headers["content-encoding"] = name
        headers["content-length"] = str(len(body))
        await send({"type": "http.response.start", "status": 200, "headers": headers.raw})
        await send({"type": "http.response.body", "body": body})

    def _keep(self, key: tuple[str, bytes], entry: Entry) -> None:
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

    def _forget(self, key: tuple[str, bytes]) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size
