"""Answers that a client may keep: an ETag of their content, and 304 where the client has it already."""

import hashlib

from fastapi import Request
from starlette.responses import Response

ASK_EACH_TIME = "private, no-cache"


def etag(body: bytes) -> str:
    """The ETag of a body. Weak: the same content may be sent compressed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether a client that sent this If-None-Match has what the tag names."""
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


def tagged(request: Request, response: Response) -> Response:
    """The response with an ETag of its content, or 304 where the client has it already."""
    response.headers.update({"ETag": etag(bytes(response.body)), "Cache-Control": ASK_EACH_TIME})
    if not is_known(response.headers["ETag"], request.headers.get("if-none-match", "")):
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
    return Response(status_code=304, headers=kept)
