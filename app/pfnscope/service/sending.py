"""Sends the memory lines of a log to a server, for ``pfnscope share``.

By urllib: one request needs no more, and certificates are checked by default.
"""

import gzip
import json
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import msgspec

from pfnscope.bootlog import Text, keep_memory_lines, read
from pfnscope.errors import ServiceError
from pfnscope.service.analyzing import Options, chosen
from pfnscope.service.errors import BadOption

_SECONDS = 60  # of silence
_TOTAL_SECONDS = 180.0
_MOST_ANSWER = 1 << 20


class NotShared(ServiceError):
    """The server could not be reached, or did not take the log; the message is fit for users."""


class Shared(msgspec.Struct, frozen=True):
    """Where a layout was stored. Of ``lines`` lines ``kept_lines`` were sent; ``expires_at`` is RFC 3339."""

    url: str
    delete_token: str
    expires_at: str
    kept_lines: int = msgspec.field(name="sent")
    lines: int


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects with the new address: a redirected POST would become a GET without the log."""

    def redirect_request(self, *args: Any) -> None:
        raise NotShared(f"the server sends on to {args[-1]}; give that address with --server")


def share(
    text: bytes,
    server: str,
    options: Options | None = None,
    *,
    title: str = "",
    expires_in: int | None = None,
    opener: OpenerDirector | None = None,
    seconds: float = _TOTAL_SECONDS,
) -> Shared:
    """Send the memory lines of a log that has a layout. ``expires_in`` is in seconds.

    Raises what :func:`pfnscope.service.analyze` raises, before anything is sent; then BadOption and NotShared.
    ``opener`` replaces the default, which takes proxies from the environment and checks certificates. Sending and the
    answer take no more than ``seconds`` together.
    """
    host = _host(server)
    options = options or Options()
    log = Text(text)
    reading = read(log)
    chosen(reading, options)
    kept = keep_memory_lines(log, reading, names=False)
    parameters = {
        "title": title,
        "expires_in": expires_in,
        "kernel": options.kernel,
        "arch": options.arch,
        "boot": options.boot,
    }
    query = urlencode({name: value for name, value in parameters.items() if value})
    request = Request(  # noqa: S310 - _host has looked at the scheme
        f"{server.rstrip('/')}/api/v1/layouts?{query}",
        data=gzip.compress(kept, 6, mtime=0),
        headers={"Content-Type": "text/plain", "Content-Encoding": "gzip", "Accept": "application/json"},
    )
    opener = opener or build_opener(_NoRedirects)
    answer = _within(seconds, lambda: _answer(opener, request, host), host)
    try:
        return Shared(
            answer["url"], answer["delete_token"], answer["expires_at"], len(reading.lines), reading.line_count
        )
    except (KeyError, TypeError) as error:
        raise NotShared(f"{host} is no pfnscope server: its answer has no permalink") from error


def _host(server: str) -> str:
    try:
        parts = urlsplit(server)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadOption(f"{server!r} is no address of a server; give one such as https://pfnscope.example.org")
    return parts.netloc


def _within(seconds: float, work: Callable[[], Any], host: str) -> Any:
    """The result of ``work``. urllib bounds each read alone, and a server may send a byte a minute."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the caller is
            errors.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise NotShared(f"{host} did not answer within {seconds:g} seconds: try again, and see whether it was shared")
    return results[0]


def _answer(opener: OpenerDirector, request: Request, host: str) -> Any:
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            return _json(answer)
    except HTTPError as error:
        with error:
            problem = _json(error)
        detail = problem.get("detail") if isinstance(problem, dict) else None
        raise NotShared(f"{host} did not take the log: {detail or f'status {error.code}'}") from error
    except URLError as error:
        raise NotShared(f"{host} cannot be reached: {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotShared(f"{host} does not answer as a server should: {str(error) or type(error).__name__}") from error


def _json(answer: HTTPResponse | HTTPError) -> Any:
    try:
        return json.loads(answer.read(_MOST_ANSWER))
    except ValueError:
        return None
