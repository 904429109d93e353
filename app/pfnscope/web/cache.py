"""Responses kept in memory, and ETags: a stored layout is analysed and drawn once for as long as it is there."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from functools import partial

import msgspec
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfnscope.service.layouts import Layouts, StoreUnavailable, is_id
from pfnscope.web.aside import of_body
from pfnscope.web.compression import SMALLEST, coding, compressed
from pfnscope.web.previews import makes_previews
from pfnscope.web.storage import StorageCalls

ASK_EACH_TIME = "private, no-cache"

_PREFIXES = ("/l/", "/api/v1/layouts/")
_MOST_BYTES = 64 << 20
_LARGEST = 4 << 20
# Documents never change. A browser that has one keeps it for so many seconds, or until the layout expires.
_KEPT_SECONDS = 300
_MOST_KNOWN = 10_000


def etag(body: bytes) -> str:
    """The ETag of a body. Weak: the same content may be sent compressed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether a client that sent this If-None-Match has what the tag names."""
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


async def tagged(request: Request, response: Response) -> Response:
    """The response with an ETag of its content, or a 304 where the client has that already."""
    tag = await of_body(bytes(response.body), etag)
    response.headers.update({"ETag": tag, "Cache-Control": ASK_EACH_TIME})
    if not is_known(tag, request.headers.get("if-none-match", "")):
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
    return Response(status_code=304, headers=kept)


class Living:
    """Whether layouts are still stored: one query for all requests that came during the last one.

    No query while SQLite has seen no commit. An answer is never older than its request: a deleted layout is gone for
    the next request, on every server. One query at a time needs one connection, however many requests wait.
    """

    def __init__(self, layouts: Layouts, storage: StorageCalls) -> None:
        self._layouts = layouts
        self._storage = storage
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
        """The answers since the storage's last commit; none where the storage does not count commits."""
        commits = self._layouts.commits()
        if commits is None or commits != self._commits or len(self._known) > _MOST_KNOWN:
            self._commits, self._known = commits, {}
        return self._known

    async def _ask(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                known = self._remembered()  # before the query: a commit during it makes this another dict
                try:
                    names = {name for name, _ in batch}
                    lifetimes = await self._storage.run(self._layouts.there, names)
                except BaseException as error:
                    batch, self._waiting = batch + self._waiting, []  # who came meanwhile need not wait as long again
                    for _, answer in batch:
                        if not answer.done():
                            answer.set_exception(StoreUnavailable("the storage does not answer"))
                    if not isinstance(error, StoreUnavailable):
                        raise
                    continue
                known.update(lifetimes)
                for name, answer in batch:
                    if not answer.done():  # done where the client is gone
                        answer.set_result(lifetimes.get(name))
        finally:
            self._asking = None


Key = tuple[str | bytes | bool, ...]


class Entry(msgspec.Struct):
    """A response of status 200. ``bodies`` are by content coding, "" is the plain one.

    ``changes``: a page, which another release of pfnscope draws differently, so that browsers ask for it each time.
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
    """Middleware that answers GET of a stored layout in all its formats, each query string by itself.

    A response depends only on the text, the query string, the Accept header, the server's address that a page names,
    and whether it is fetched for a preview. Before each use :class:`Living` says
    whether the layout is still stored; requests for one that was deleted or has expired go on to the handlers.
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
        key = _key(scope, request_headers)
        entry = self._entries.get(key)
        if entry is None:
            entry = await self._fetch(scope, receive, send)
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

    async def _fetch(self, scope: Scope, receive: Receive, send: Send) -> Entry | None:
        """The handler's response, whole and uncompressed. One that is not 200 is passed to the client: None."""
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
        tag = headers["etag"] if "etag" in headers else await of_body(body, etag)
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
            body = await of_body(entry.bodies[""], partial(compressed, name=name))
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


def _key(scope: Scope, headers: dict[bytes, bytes]) -> Key:
    named = (headers.get(name, b"") for name in (b"accept", b"host"))
    preview = makes_previews(headers.get(b"user-agent", b"").decode("latin-1"))
    return scope["path"], scope["query_string"], scope["scheme"], *named, preview


def _layout_id(path: str) -> str | None:
    """The id in the address of a stored layout, or of one of its formats."""
    prefix = next((prefix for prefix in _PREFIXES if path.startswith(prefix)), None)
    if prefix is None:
        return None
    name = path[len(prefix) :].partition("/")[0].partition(".")[0]
    return name if is_id(name) else None
