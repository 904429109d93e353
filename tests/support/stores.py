"""A web server and object stores of this machine, as small as what a scan asks of them."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Files = dict[str, bytes]
CHANGED = "2026-01-01T00:00:00.000Z"


@contextmanager
def serving(files: Files) -> Iterator[str]:
    """Serve files by name as a web server with pages of links, as S3, and as Google Cloud Storage: the bucket is b."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path, query = unquote(parts.path), {key: values[0] for key, values in parse_qs(parts.query).items()}
            if path.startswith("/web/"):
                self.web(path.removeprefix("/web/"))
            elif path.startswith("/s3/b"):
                self.object_of_s3(path.removeprefix("/s3/b").lstrip("/"), query)
            elif "/b/b/o" in path:
                self.object_of_google(path.partition("/b/b/o")[2].lstrip("/"), query)
            else:
                self.answer(404)

        def web(self, name: str) -> None:
            if name in files:
                self.answer(200, files[name])
            elif name.endswith("/") and any(known.startswith(name) for known in files):
                below = sorted({known.removeprefix(name).split("/")[0] for known in files if known.startswith(name)})
                links = "".join(f'<a href="{item}">{item}</a>' for item in below)
                self.answer(200, links.encode(), "text/html")
            else:
                self.answer(404)

        def object_of_s3(self, key: str, query: dict[str, str]) -> None:
            if key:
                self.answer(200, files[key]) if key in files else self.answer(404)
                return
            keys, folders = listed(query)
            body = "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>"
            for item in keys:
                body += f"<Contents><Key>{item}</Key><Size>{len(files[item])}</Size><ETag>{len(files[item])}</ETag>"
                body += f"<LastModified>{CHANGED}</LastModified></Contents>"
            body += "".join(f"<CommonPrefixes><Prefix>{item}</Prefix></CommonPrefixes>" for item in folders)
            self.answer(200, f"{body}</ListBucketResult>".encode(), "application/xml")

        def object_of_google(self, key: str, query: dict[str, str]) -> None:
            if key and query.get("alt") == "media":
                self.answer(200, files[key]) if key in files else self.answer(404)
            elif key:
                self.answer(200, json.dumps(about(key)).encode()) if key in files else self.answer(404)
            else:
                keys, folders = listed(query)
                listing = {"items": [about(item) for item in keys], "prefixes": folders}
                self.answer(200, json.dumps(listing).encode(), "application/json")

        def answer(self, status: int, body: bytes = b"", kind: str = "application/octet-stream") -> None:
            whole = len(body)
            bounds = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
            if bounds and status == 200:
                start, end = int(bounds[1]), min(whole, int(bounds[2] or whole - 1) + 1)
                status, body = 206, body[start:end]
            self.send_response(status)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{whole}")
            for name, value in {"Content-Type": kind, "Accept-Ranges": "bytes", "ETag": f'"{whole}"'}.items():
                self.send_header(name, value)
            self.send_header("Last-Modified", formatdate(0, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    def listed(query: dict[str, str]) -> tuple[list[str], list[str]]:
        prefix, cut = query.get("prefix", ""), query.get("delimiter")
        keys: list[str] = []
        folders: set[str] = set()
        for key in sorted(files):
            rest = key.removeprefix(prefix)
            if not key.startswith(prefix):
                continue
            if cut and cut in rest:
                folders.add(prefix + rest.partition(cut)[0] + cut)
            else:
                keys.append(key)
        return keys, sorted(folders)

    def about(key: str) -> dict[str, str]:
        fixed = {"bucket": "b", "kind": "storage#object", "updated": CHANGED, "timeCreated": CHANGED}
        return {"name": key, "size": str(len(files[key])), "etag": f"e{len(files[key])}", **fixed}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
