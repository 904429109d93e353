"""``share`` and curl against real servers: only memory lines leave, links work, no certificate means no trust."""

import gzip
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pfnscope.formats.registry import FORMATS
from pfnscope.service.sending import NotShared, share
from tests.cli.test_command import SEED, run
from tests.support.samples import path, text
from tests.support.server import Serve

SECRET = "SerialNumber: S3CR3T"


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what is sent and answers as told by the server's ``answer``: status, headers, body."""

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[attr-defined]
        status, headers, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def recorder(
    status: int = 201, headers: dict[str, str] | None = None, body: bytes = b"{}", tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.answer, server.bodies = (status, headers or {}, body), []  # type: ignore[attr-defined]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.server_port}", server.bodies  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_link_shows_the_layout_and_the_token_deletes_it(serve: Serve) -> None:
    client = serve()
    done = run("share", SEED, "--server", f"{client.base_url}/")
    link, token, kept = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert client.get(f"{link}.txt").content == run("analyze", SEED).stdout
    assert kept.startswith("kept until 20")
    name = link.rpartition("/")[2]
    header = {"Authorization": f"Bearer {token.removeprefix('delete token: ')}"}
    assert client.delete(f"/api/v1/layouts/{name}", headers=header).status_code == 204


def test_only_memory_lines_leave_this_machine(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(text("seed-1g-4g") + f"\n[    9.000000] usb 1-1: {SECRET}\n".encode())
    answer = json.dumps({"url": "http://x/l/y", "delete_token": "t", "expires_at": "2027-01-01T00:00:00Z"}).encode()
    with recorder(body=answer) as (address, bodies):
        done = run("share", str(log), "--server", address)
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, b"http://x/l/y")
        (packed,) = bodies
    plain = gzip.decompress(packed)
    assert SECRET.encode() not in plain
    assert b"memmap=1G!4G" in plain
    assert len(plain) < len(log.read_bytes())


def test_a_text_without_a_layout_is_not_sent() -> None:
    with recorder() as (address, bodies):
        assert run("share", "-", "--server", address, stdin=b"hello\n").returncode == 3
        assert bodies == []


@pytest.mark.parametrize(
    ("status", "headers", "body", "word"),
    [
        (429, {}, b'{"detail": "At most 60/minute"}', b"At most 60/minute"),
        (500, {}, b"<html>", b"status 500"),
        (200, {}, b"<html>hello</html>", b"no pfnscope server"),
        (301, {"Location": "https://elsewhere.example/"}, b"", b"sends on to https://elsewhere.example/"),
    ],
)
def test_a_server_that_does_not_take_it_is_told_in_one_line(
    status: int, headers: dict[str, str], body: bytes, word: bytes
) -> None:
    with recorder(status, headers, body) as (address, _):
        done = run("share", SEED, "--server", address)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert word in done.stderr


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "ftp://x", "file:///etc/passwd", "nonsense", "http://[::", "http://x:y"]
)
def test_an_address_that_is_none_or_does_not_answer_is_told(address: str) -> None:
    done = run("share", SEED, "--server", address)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)


_EVIL = "\x1b[2J\x9b31m\x1b]0;pwn\x07\u202e"


def test_what_a_server_says_cannot_drive_the_terminal() -> None:
    """Neither in its answer nor in a refusal, nor in where it sends on to."""
    names = {"url": f"http://x/l/y{_EVIL}", "delete_token": f"t{_EVIL}", "expires_at": f"2027{_EVIL}"}
    for status, headers, body in (
        (201, {}, names),
        (429, {}, {"detail": f"no{_EVIL}"}),
        (301, {"Location": "https://x/\x1b[2J"}, {}),
    ):
        with recorder(status, headers, json.dumps(body).encode()) as (address, _):
            done = run("share", SEED, "--server", address)
        said = (done.stdout + done.stderr).decode()
        assert said.replace("\n", "").isprintable(), said


def test_a_server_that_answers_byte_by_byte_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_trickle, args=(listener,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotShared, match="did not answer within"):
            share(text("seed-1g-4g"), address, seconds=0.5)


def _trickle(listener: socket.socket) -> None:
    """Answer for ever: a header in each moment, so that no single read is long."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            connection.settimeout(0.01)
            with suppress(TimeoutError):
                connection.recv(65536)


def test_names_of_the_machine_stay_here(tmp_path: Path) -> None:
    log = tmp_path / "log"
    lines = text("seed-1g-4g").splitlines()
    log.write_bytes(b"\n".join(b"Jun  5 12:00:00 atlas kernel: " + line for line in lines))
    answer = json.dumps({"url": "http://x/l/y", "delete_token": "t", "expires_at": "2027-01-01T00:00:00Z"}).encode()
    with recorder(body=answer) as (address, bodies):
        run("share", str(log), "--server", address)
    plain = gzip.decompress(bodies[0])
    assert b"atlas" not in plain
    assert b" host-1 kernel: " in plain


def test_a_certificate_that_nobody_vouches_for_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    openssl = shutil.which("openssl")
    assert openssl
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with recorder(tls=tls) as (address, bodies):
        done = run("share", SEED, "--server", address)
        assert (done.returncode, bodies) == (2, [])
        assert b"CERTIFICATE_VERIFY_FAILED" in done.stderr


def curl(*arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["curl", "-sS", *arguments], input=stdin, capture_output=True, check=True)
    return done.stdout.decode()


def test_curl_gets_text_with_the_permalink_last_and_the_text_again_at_the_permalink(serve: Serve) -> None:
    host = str(serve().base_url)
    answer = curl("--data-binary", "@-", f"{host}/", stdin=text("seed-1g-4g"))
    link = answer.splitlines()[-1]
    report = run("analyze", SEED).stdout.decode()
    assert link.startswith(f"{host}/l/")
    assert answer.startswith(report)
    assert curl(link) == report
    head = curl("-i", link, "-o", "/dev/null", "-D", "-").lower()
    assert "content-type: text/plain; charset=utf-8" in head
    assert "accept" in [
        word.strip() for line in head.splitlines() if line.startswith("vary:") for word in line[5:].split(",")
    ]
    page = curl("-H", "Accept: text/html,application/xhtml+xml,*/*;q=0.8", link)
    assert page.startswith("<!doctype html>")
    assert json.loads(curl("-H", "Accept: application/json", link))["format"] == 1
    assert curl(f"{link}.json") == run("analyze", SEED, "--format", "json").stdout.decode()


def test_an_error_can_be_read_in_a_terminal(serve: Serve) -> None:
    host = str(serve().base_url)
    for answer in (curl("--data-binary", "hello", f"{host}/"), curl(f"{host}/l/AAAAAAAAAAAAAAAA")):
        assert answer.endswith("}\n")
        assert json.loads(answer)["status"] in (404, 422)
        assert any(line.startswith('  "detail": "') for line in answer.splitlines())


FORMS = {item.suffix: item.name for item in FORMATS}


@pytest.mark.parametrize("slug", ["seed-1g-4g", "files-of-proc"])
def test_page_api_and_command_give_the_same_bytes(serve: Serve, slug: str) -> None:
    client = serve()
    layout = client.post("/api/v1/layouts?keep=everything", content=text(slug), headers={"Content-Type": "text/plain"})
    for form, name in FORMS.items():
        ours = run("analyze", str(path(slug)), "--format", name).stdout
        assert client.get(f"/l/{layout.json()['id']}.{form}").content == ours, form
        assert client.get(f"/samples/{slug}.{form}").content == ours, form
    document = run("analyze", str(path(slug)), "--format", "json").stdout
    assert client.get(f"/api/v1/layouts/{layout.json()['id']}").content == document
    analysis = client.post("/api/v1/analyze", content=text(slug), headers={"Content-Type": "text/plain"})
    assert analysis.content == document
