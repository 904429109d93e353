"""Static files under URLs that carry a hash of their content, so that browsers may keep them for ever.

A script is named by a folder that carries the hash of all scripts, ``/static/m-3f2a…/viewer.js``: what it imports by a
relative name is under that hash too.
"""

import hashlib
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pfnscope.web.compressing import coding

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"
_MODULES = "m-"


class Assets(StaticFiles):
    """The folder ``static``. Mounted at /static; ``url`` names its files in templates."""

    def __init__(self, root: Path) -> None:
        super().__init__(directory=root)
        self._root = root
        self._hashes: dict[str, tuple[int, str]] = {}

    def url(self, name: str) -> str:
        """The URL of a file, such as ``/static/page.css?v=3f2a…``. Raises FileNotFoundError."""
        if self._is_module(name):
            self._hash(name)
            return f"/static/{_MODULES}{self._modules()}/{name}"
        return f"/static/{name}?v={self._hash(name)}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; to be kept for ever only under the hash of what it holds now."""
        told, _, name = path.partition("/")
        of_modules = told.startswith(_MODULES) and self._is_module(name)
        response = await self._packed(name if of_modules else path, scope)
        if response.status_code in (200, 304):
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
            fresh = told == _MODULES + self._modules() if of_modules else asked == self._hash(path)
            response.headers["Cache-Control"] = _FOR_EVER if fresh else _ASK_EACH_TIME
        return response

    async def _packed(self, path: str, scope: Scope) -> Response:
        """The file, packed by set-up where it was and the client takes that: better than there is time for here."""
        packed = f"{path}.zst"
        takes = coding(Headers(scope=scope).get("accept-encoding", "")) == "zstd"
        if not takes or not (self._root / packed).is_file():
            return await super().get_response(path, scope)
        response = await super().get_response(packed, scope)
        response.headers["Vary"] = "Accept-Encoding"
        if response.status_code == HTTPStatus.OK:
            response.headers["Content-Encoding"] = "zstd"
            response.headers["Content-Type"] = guess_type(path)[0] or "application/octet-stream"
        return response

    def _is_module(self, name: str) -> bool:
        return name.endswith(".js") and "/" not in name

    def _modules(self) -> str:
        names = sorted(path.name for path in self._root.glob("*.js"))
        return hashlib.sha256("".join(map(self._hash, names)).encode()).hexdigest()[:12]

    def _hash(self, name: str) -> str:
        path = self._root / name
        changed = path.stat().st_mtime_ns
        known = self._hashes.get(name)
        if known is None or known[0] != changed:
            known = changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            self._hashes[name] = known
        return known[1]
