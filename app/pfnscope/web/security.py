"""Headers that keep browsers from harm, who may read the API from another site, and HEAD where there is GET."""

import socket
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfnscope.web.problems import json_problem, problem
from pfnscope.web.settings import Settings, networks

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# A standalone picture carries its own style sheet and may be embedded by others; it may run nothing.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *; sandbox"

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # The address of a stored layout is all that is needed to read it: browsers must not send it to another site.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

# As ASGI has them, in small letters: converted once, since every response gets them.
_OF_ALL = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
# What proxies add: where one is there and its word is not believed, the client may be anybody.
_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_LAYOUTS = ("/l/", "/compare", "/api/v1/layouts", "/api/v1/compare")
_OF_LAYOUTS = [*_OF_ALL, (b"x-robots-tag", b"noindex")]


def host_names(base_url: str | None, allowed: str) -> frozenset[str]:
    """The names, in small letters, under which requests may reach the server, beside those that are addresses."""
    base = urlsplit(base_url or "").hostname or "localhost"
    names = {base, "localhost", socket.gethostname(), *allowed.split()}
    return frozenset(name.lower().rstrip(".") for name in names if name)


class AllowedHosts:
    """Refuses requests under a name that is not the server's.

    A page of another site could otherwise reach a server behind a firewall under a name that it controls (DNS
    rebinding), and links would name that host. Addresses pass: no name leads a browser to them.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request: refuse it, or pass it on."""
        if scope["type"] == "http" and not self._knows(Headers(scope=scope).get("host", "")):
            detail = "This server does not go by that name: set PFNSCOPE_BASE_URL or PFNSCOPE_ALLOWED_HOSTS."
            await json_problem(problem(HTTPStatus.MISDIRECTED_REQUEST, detail))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, host: str) -> bool:
        """Whether a Host header names this server; HTTP/1.0 has none."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        plain = host.lower().removesuffix(f":{'' if port is None else port}").strip("[]") == name  # and nothing else
        return not host or (plain and (name.rstrip(".") in self._names or _is_address(name)))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def refuse_strangers(request: Request, settings: Settings) -> None:
    """Raise 403 unless the client is in one of the networks that may read the metrics.

    Behind a proxy whose word about clients is not believed, the connection is the proxy's, and nobody is.
    """
    client = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in _OF_PROXIES)
    try:
        address = ip_address(client)
    except ValueError:
        known = False
    else:
        address = getattr(address, "ipv4_mapped", None) or address
        known = any(address in network for network in networks(settings.metrics_networks))
    if not known or (forwarded and not settings.trusted_proxies):
        raise HTTPException(403, "Numbers are shown to the addresses in PFNSCOPE_METRICS_NETWORKS alone.")


class SecurityHeaders:
    """Adds the headers that a response does not set itself; keeps stored layouts out of search engines."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is no HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sets = {name for name, _ in message["headers"]}
                ours = _OF_LAYOUTS if scope["path"].startswith(_LAYOUTS) else _OF_ALL
                message["headers"] = [*message["headers"], *(pair for pair in ours if pair[0] not in sets)]
            await send(message)

        # The server drops the body of an answer to HEAD; it looks at its own copy of the method.
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await self._app(inner, receive, with_headers)
        if inner is not scope:
            scope.update({name: inner[name] for name in ("route", "route_path") if name in inner})


class ApiCors(CORSMiddleware):
    """Lets scripts of other sites read the API, and nothing else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let pass what is not of the API."""
        ours = scope["type"] == "http" and scope["path"].startswith(("/api/", "/openapi.json"))
        if ours:
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a preflight request; a refusal is a problem like all others."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return Response(status_code=204, headers=_without_body(response))
        refusal = json_problem(problem(response.status_code, f"{bytes(response.body).decode()}."))
        refusal.headers.update(_without_body(response))
        return refusal


def _without_body(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if not name.startswith("content-")}
