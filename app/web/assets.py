"""Static files under URLs that carry a hash of their content, so that browsers may keep them for ever."""

import hashlib
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"


class Assets(StaticFiles):
    """The folder ``static``. Mounted at /static; ``url`` names its files in templates."""

    def __init__(self, root: Path) -> None:
        super().__init__(directory=root)
        self._root = root
        self._hashes: dict[str, tuple[int, str]] = {}

    def url(self, name: str) -> str:
        """The URL of a file, such as ``/static/page.css?v=3f2a…``. Raises FileNotFoundError."""
        return f"/static/{name}?v={self._hash(name)}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; to be kept for ever only under the hash of what it holds now."""
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
            fresh = asked == self._hash(path)
            response.headers["Cache-Control"] = _FOR_EVER if fresh else _ASK_EACH_TIME
        return response

    def _hash(self, name: str) -> str:
        path = self._root / name
        changed = path.stat().st_mtime_ns
        known = self._hashes.get(name)
        if known is None or known[0] != changed:
            known = changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            self._hashes[name] = known
        return known[1]
