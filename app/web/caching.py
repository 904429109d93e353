"""Answers that a client may keep, as long as it asks each time whether they still hold."""

import hashlib

from fastapi import Request
from starlette.responses import Response


def tagged(request: Request, response: Response) -> Response:
    """The response with an ETag of its content, or 304 where the client has it already."""
    # Weak: the same content may be sent compressed. To be asked for each time: a layout can be deleted.
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    response.headers.update({"ETag": f"W/{tag}", "Cache-Control": "private, no-cache"})
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag not in known and "*" not in known:
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
    return Response(status_code=304, headers=kept)
