"""Scripts of other sites that may read the API."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pfnscope.web.errors import json_problem, problem


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
        """What a browser is told before; a refusal is a problem like all others."""
        told = super().preflight_response(request_headers)
        if told.status_code < 400:
            return Response(status_code=204, headers=_without_body(told))
        refused = json_problem(problem(told.status_code, f"{bytes(told.body).decode()}."))
        refused.headers.update(_without_body(told))
        return refused


def _without_body(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if not name.startswith("content-")}
