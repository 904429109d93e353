"""Static files under URLs that carry a hash of their content, so that browsers may keep them for ever.

A script is served with all modules that it imports as one, under the hash of the whole: one request, one hash.
"""

import hashlib
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pfnscope.formats.html_file import module
from pfnscope.web.compression import coding

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"


class Assets(StaticFiles):
    """The folder ``static``. Mounted at /static; ``url`` names its files in templates."""

    def __init__(self, root: Path) -> None:
        super().__init__(directory=root)
        self._root = root
        self._names = frozenset(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        self._hashes: dict[str, tuple[int, str]] = {}

    def url(self, name: str) -> str:
        """The URL of a file, such as ``/static/page.css?v=3f2a…``. Raises FileNotFoundError."""
        return f"/static/{name}?v={self._hash(name)}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, which a browser may keep for ever under the hash of its content. Raises 404.

        Only names of files that were there at the start reach the file system, which raises errors for some others.
        """
        if path not in self._names:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        response = self._script(path, scope) if _is_script(path) else await self._packed(path, scope)
        if response.status_code in (200, 304):
            version = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
            response.headers["Cache-Control"] = _FOR_EVER if version == self._hash(path) else _ASK_EACH_TIME
        return response

    def _script(self, name: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        etag = f'"{self._hash(name)}"'
        if Headers(scope=scope).get("if-none-match") == etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
        return Response(module(self._root, name), media_type="text/javascript", headers={"ETag": etag})

    async def _packed(self, path: str, scope: Scope) -> Response:
        """The file, compressed where set-up has done so, which is stronger than there is time for at each request."""
        packed = f"{path}.zst"
        takes = coding(Headers(scope=scope).get("accept-encoding", "")) == "zstd"
        if not takes or packed not in self._names:
            return await super().get_response(path, scope)
        response = await super().get_response(packed, scope)
        response.headers["Vary"] = "Accept-Encoding"
        if response.status_code == HTTPStatus.OK:
            response.headers["Content-Encoding"] = "zstd"
            response.headers["Content-Type"] = guess_type(path)[0] or "application/octet-stream"
        return response

    def _hash(self, name: str) -> str:
        """Of the content as served, computed again when a file of it has changed."""
        paths = self._root.glob("*.js") if _is_script(name) else [self._root / name]
        changed = max(path.stat().st_mtime_ns for path in paths)
        known = self._hashes.get(name)
        if known is None or known[0] != changed:
            content = module(self._root, name).encode() if _is_script(name) else (self._root / name).read_bytes()
            known = changed, hashlib.sha256(content).hexdigest()[:12]
            self._hashes[name] = known
        return known[1]


def _is_script(name: str) -> bool:
    return name.endswith(".js") and "/" not in name
