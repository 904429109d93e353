"""PostgreSQL on a disk that is full in truth: said so, nothing acknowledged is lost, and no restart of the server."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.postgres import Cluster
from tests.support.server import Serve


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, which a Unix socket needs, with a disk of its own below: ``small``."""
    with tempfile.TemporaryDirectory(prefix="full-") as name:
        small = Path(name, "small")
        small.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=80m,mode=1777", "none", str(small)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("a disk of 80 MB needs the right to mount one")
        yield Path(name)
        subprocess.run(["umount", "--lazy", small], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    size = shutil.disk_usage(disk).free
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    assert shutil.disk_usage(disk).free == 0
    return filler


@pytest.mark.parametrize("full", ["tables", "write-ahead log"])
def test_a_full_postgresql_disk(folder: Path, serve: Serve, full: str, request: pytest.FixtureRequest) -> None:
    small = folder / "small"
    cluster = Cluster(folder, data=small) if full == "tables" else Cluster(folder, write_ahead_log=small)
    request.addfinalizer(lambda: None if cluster.ended else cluster.stop())
    client = serve(database_url=cluster.url)
    acknowledged = []

    def write() -> httpx.Response:
        log = f"{EXAMPLE_LOG}\n{secrets.token_hex(100_000)}\n"
        answer = client.post("/api/v1/layouts", content=log, params={"keep": "everything"})
        if answer.status_code == 201:
            acknowledged.append(answer.json()["id"])
        return answer

    def seen() -> Counter[int]:
        return Counter(client.get(f"/l/{name}.txt").status_code for name in acknowledged)

    assert write().status_code == 201
    filler = fill(small)
    while (refused := write()).status_code == 201:
        assert len(acknowledged) < 500, "it is not full"
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 0
    assert client.get("/healthz").status_code == 200
    assert client.post("/api/v1/analyze", content=EXAMPLE_LOG).status_code == 200
    if full == "tables":
        assert "full" in refused.json()["detail"]
        assert set(seen()) == {200}, "what is stored is read"
    filler.unlink()
    # A full write-ahead log ends PostgreSQL itself, unless there is room again before it has tried to recover.
    for _ in range(1000):
        if cluster.ended:
            cluster.start()
        answer = write()
        if answer.status_code == 201:
            break
        assert answer.status_code == 503
    assert answer.status_code == 201
    assert set(seen()) == {200}, "what was acknowledged is there"
