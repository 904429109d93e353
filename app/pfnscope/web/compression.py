"""Responses compressed for clients that accept it: with zstd, else with gzip."""

import gzip

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware, GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Receive, Scope, Send

from pfnscope import zstd
from pfnscope.web.aside import LARGE

SMALLEST = 500
"""Bytes of a body below which nothing is gained."""

_GZIP_LEVEL, _ZSTD_LEVEL = 5, 3


def coding(accepted: str) -> str | None:
    """``zstd``, ``gzip`` or None, by the weights of an Accept-Encoding header; zstd where they are equal."""
    if not accepted:
        return None
    weights: dict[str, float] = {}
    for offer in accepted.lower().split(","):
        name, semicolon, parameter = offer.partition(";")
        weight = _weight(parameter) if semicolon else 1.0
        if weight is not None:
            weights[name.strip()] = weight
    rest = weights.get("*", 0.0)
    best = max(("zstd", "gzip"), key=lambda name: weights.get(name, rest))  # max keeps the first of equals
    return best if weights.get(best, rest) > 0 else None


def _weight(parameter: str) -> float | None:
    """The number of ``q=0.5``, None where it is no weight (RFC 9110, 12.4.2)."""
    name, _, value = parameter.strip().partition("=")
    whole, _, thousandths = value.partition(".")
    if name != "q" or whole not in ("0", "1") or len(thousandths) > 3 or not f"0{thousandths}".isdecimal():
        return None
    return float(f"{whole}.{thousandths}")


def compressed(body: bytes, name: str) -> bytes:
    """A whole body, the same each time."""
    if name == "zstd":
        return zstd.compress(body, _ZSTD_LEVEL)
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


class Compression(GZipMiddleware):
    """Starlette's middleware for gzip, with zstd beside it; a thread compresses what is large."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, SMALLEST, _GZIP_LEVEL, LARGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is no HTTP."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        excluded, large = self.exclude_content_types, self.thread_minimum_size
        responder: ASGIApp
        match coding(Headers(scope=scope).get("accept-encoding", "")):
            case "zstd":
                responder = _ZstdResponder(
                    self.app, SMALLEST, thread_minimum_size=large, exclude_content_types=excluded
                )
            case "gzip":
                responder = GZipResponder(
                    self.app, SMALLEST, _GZIP_LEVEL, thread_minimum_size=large, exclude_content_types=excluded
                )
            case _:
                responder = IdentityResponder(self.app, SMALLEST, exclude_content_types=excluded)
        await responder(scope, receive, send)


class _ZstdResponder(GZipResponder):
    content_encoding = "zstd"

    def __init__(
        self, app: ASGIApp, minimum_size: int, *, thread_minimum_size: int, exclude_content_types: tuple[str, ...]
    ) -> None:
        super().__init__(
            app,
            minimum_size,
            thread_minimum_size=thread_minimum_size,
            exclude_content_types=exclude_content_types,
        )
        self._zstd = zstd.ZstdCompressor(_ZSTD_LEVEL)

    def _compress_body(self, body: bytes, more_body: bool) -> bytes:
        return self._zstd.compress(body, self._zstd.FLUSH_BLOCK if more_body else self._zstd.FLUSH_FRAME)
