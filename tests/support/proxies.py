"""nginx and Caddy with the files of ``deploy/``, on free ports of this machine and with a certificate of its own."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.process import free_port

ROOT = Path(__file__).parents[2]
NAME = "pfnscope.example.org"
_UNPACKED = ROOT / "build/proxies/usr"  # where set-up unpacks Debian's packages, so that no service is started


@contextmanager
def proxy(which: str, folder: Path, server: int) -> Iterator[int]:
    """Run one of them in front of the server at that port; its own port."""
    port = free_port()
    certificate, key = _certificate(folder)
    if which == "nginx":
        command = _nginx(folder, port, server, certificate, key)
    else:
        command = _caddy(folder, port, server, certificate, key)
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_for(port, process, folder / "proxy.log")
        yield port
    finally:
        process.terminate()
        process.wait()


def client(port: int, address: str) -> httpx.Client:
    """A client with an address of this machine, which speaks to a proxy by its name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    transport = httpx.HTTPTransport(verify=context, local_address=address)
    return httpx.Client(base_url=f"https://127.0.0.1:{port}", transport=transport, headers={"Host": NAME}, timeout=60)


def _program(name: str) -> str:
    known = shutil.which(name) or next((str(path) for path in _UNPACKED.glob(f"*bin/{name}")), None)
    assert known, f"no {name} here: tools/setup dev brings it"
    return known


def _changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _nginx(folder: Path, port: int, server: int, certificate: Path, key: Path) -> list[str]:
    site = _changed(
        (ROOT / "deploy/nginx.conf").read_text(),
        {
            "listen 443": f"listen 127.0.0.1:{port}",
            "127.0.0.1:8000": f"127.0.0.1:{server}",
            "/etc/ssl/pfnscope.pem": str(certificate),
            "/etc/ssl/pfnscope.key": str(key),
        },
    )
    (folder / "site.conf").write_text(site)
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{place}_temp_path {folder}/{place};\n" for place in places)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}include {folder}/site.conf;\n}}\n"
    )
    return [_program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, port: int, server: int, certificate: Path, key: Path) -> list[str]:
    site = _changed(
        (ROOT / "deploy/Caddyfile").read_text(),
        {
            "\n{\n": "\n{\n\tadmin off\n\tauto_https disable_redirects\n",
            f"\n{NAME} {{\n": f"\nhttps://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}\n",
            "127.0.0.1:8000": f"127.0.0.1:{server}",
        },
    )
    (folder / "Caddyfile").write_text(site)
    return [_program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "site.pem", folder / "site.key"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = monotonic() + 30
    with client(port, "127.0.0.1") as probe:
        while True:
            try:
                probe.get("/healthz", extensions={"sni_hostname": NAME})
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                assert monotonic() < end, log.read_text()
            else:
                return
